from odoo import fields, models
from odoo.exceptions import UserError

from ..models.mixins import check_group, notify


class CRVSEventReview(models.TransientModel):
    """Asks an officer for the remark with which events are closed that need nothing more."""

    _name = "spp.dci.crvs.event.review"
    _description = "Review Vital Events"

    event_ids = fields.Many2many("spp.dci.crvs.event", string="Events", required=True)
    count = fields.Integer(compute="_compute_count")
    remark = fields.Text(required=True)

    def _compute_count(self):
        for wizard in self:
            wizard.count = len(wizard.event_ids)

    def action_confirm(self):
        """Close the events.

        :return: an action that says how many
        :rtype: dict
        :raise AccessError: for users who are not CRVS officers
        :raise UserError: when there is no remark, or nothing is left to close
        """
        self.ensure_one()
        check_group(self.env, "officer")
        self.event_ids.check_access("read")
        if not (self.remark or "").strip():
            raise UserError(self.env._("Say what came of it."))
        done = self.event_ids._review(self.remark)
        if not done:
            raise UserError(
                self.env._("Nothing was closed: somebody else did it, or it is being processed.")
            )
        if set(done.mapped("standing")) == {"set_aside"}:
            return notify(self.env, self.env._("%s set aside.", len(done)))
        return notify(self.env, self.env._("%s reviewed.", len(done)))
