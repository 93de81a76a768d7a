from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import const
from ..models.mixins import check_group, notify


class CRVSEventReverse(models.TransientModel):
    """Asks a manager why events are undone."""

    _name = "spp.dci.crvs.event.reverse"
    _description = "Undo Vital Events"

    event_ids = fields.Many2many(
        "spp.dci.crvs.event", string="Events", required=True, context={"active_test": False}
    )
    reason = fields.Text(required=True)
    is_pending = fields.Boolean(compute="_compute_is_pending")

    @api.depends("event_ids")
    def _compute_is_pending(self):
        for wizard in self:
            wizard.is_pending = not wizard.event_ids.filtered(
                lambda event: event.state == "processed" or event.changes
            )

    def action_confirm(self):
        """Undo the events.

        :return: an action that closes the question, and names the events that could not be undone
        :raise AccessError: for users who are not CRVS managers
        :raise UserError: when no reason is given, or an event is being worked on
        """
        self.ensure_one()
        check_group(self.env, "manager")
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why the events are undone."))
        if len(self.event_ids) > const.BATCH_SIZE:
            raise UserError(
                self.env._(
                    "At most %s events are undone at once. For all events of a registry since a "
                    "time, press A Key Was Stolen on its form.",
                    const.BATCH_SIZE,
                )
            )
        self.event_ids._reverse(self.reason, self.env.user)
        if failed := self.event_ids.filtered(lambda event: event._situation() != "withdrawn"):
            message = self.env._(
                "Not undone, see the server log: %s", ", ".join(failed.mapped("name"))
            )
            return notify(self.env, message, "warning")
        return {"type": "ir.actions.act_window_close"}
