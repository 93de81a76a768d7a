from odoo import fields, models
from odoo.exceptions import UserError

from .. import const
from ..models.mixins import check_group, notify


class CRVSEventReverse(models.TransientModel):
    """Asks a manager why events are reversed."""

    _name = "spp.dci.crvs.event.reverse"
    _description = "Reverse Vital Events"

    event_ids = fields.Many2many(
        "spp.dci.crvs.event", string="Events", required=True, context={"active_test": False}
    )
    reason = fields.Text(required=True)

    def action_confirm(self):
        """Reverse the events.

        :return: an action that closes the question, and names the events that could not be reversed
        :raise AccessError: for users who are not CRVS managers
        :raise UserError: when no reason is given, or an event is being worked on
        """
        self.ensure_one()
        check_group(self.env, "manager")
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why the events are reversed."))
        if len(self.event_ids) > const.BATCH_SIZE:
            raise UserError(
                self.env._(
                    "At most %s events are reversed at once. For all events of a registry since "
                    "a time, start an undo run from its sender.",
                    const.BATCH_SIZE,
                )
            )
        self.event_ids._reverse(self.reason, self.env.user)
        if failed := self.event_ids.filtered(lambda event: event._situation() != "withdrawn"):
            message = self.env._(
                "Not reversed, see the server log: %s", ", ".join(failed.mapped("name"))
            )
            return notify(self.env, message, "warning")
        return {"type": "ir.actions.act_window_close"}
