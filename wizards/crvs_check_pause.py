from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.mixins import check_group, notify


class CRVSCheckPause(models.TransientModel):
    """Asks before memberships are paused of people whom a registry does not know."""

    _name = "spp.dci.crvs.check.pause"
    _description = "Pause Memberships after a Death Check"

    check_id = fields.Many2one(
        "spp.dci.crvs.check", required=True, readonly=True, ondelete="cascade"
    )
    line_ids = fields.Many2many(
        "spp.dci.crvs.check.line",
        readonly=True,
        string="Results",
        help="Empty for all whom the registry does not know.",
    )
    people_count = fields.Integer("People", compute="_compute_counts")
    membership_count = fields.Integer("Memberships to Pause", compute="_compute_counts")
    other_count = fields.Integer("Without an Enrolled Membership", compute="_compute_counts")

    @api.depends("check_id", "line_ids")
    def _compute_counts(self):
        for wizard in self:
            lines = wizard._lines()
            found = lines._to_pause()
            wizard.people_count = len(lines)
            wizard.membership_count = sum(map(len, found))
            paid = {partner_id for some in found for partner_id in some.partner_id.ids}
            wizard.other_count = len(set(lines.partner_id.ids) - paid)

    def _lines(self):
        """Return the results it is about; who meanwhile turned out alive is not among them."""
        chosen = [("id", "in", self.line_ids.ids)] if self.line_ids else []
        results = ("unknown", "failed") if chosen else ("unknown",)
        return self.env["spp.dci.crvs.check.line"].search(
            [("check_id", "=", self.check_id.id), ("result", "in", results), *chosen]
        )

    def action_confirm(self):
        """Pause the memberships, and put their bearers on the exclusion list.

        :return: an action that says how many
        :rtype: dict
        :raise AccessError: for everybody but officers, about their own runs, and managers; for
            officers who may not change memberships
        :raise UserError: when there is nothing left to pause
        """
        self.ensure_one()
        check_group(self.env, "officer")
        self.check_id._check_officer()
        count = self._lines()._pause()
        if not count:
            raise UserError(
                self.env._("Nothing was paused: none of them has an enrolled membership any more.")
            )
        return notify(self.env, self.env._("%s memberships paused.", count))
