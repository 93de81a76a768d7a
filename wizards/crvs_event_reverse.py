from odoo import fields, models
from odoo.exceptions import UserError


class CRVSEventReverse(models.TransientModel):
    """Asks a manager why events are reversed."""

    _name = "spp.dci.crvs.event.reverse"
    _description = "Reverse Vital Events"

    event_ids = fields.Many2many("spp.dci.crvs.event", string="Events", required=True)
    reason = fields.Text(required=True)

    def action_confirm(self):
        """Reverse the events.

        :return: an action that closes the question
        :raise AccessError: for users who are not CRVS managers
        :raise UserError: when no reason is given, or an event is being worked on
        """
        self.ensure_one()
        self.event_ids._check_group("manager")
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why the events are reversed."))
        self.event_ids._reverse(self.reason, self.env.user)
        return {"type": "ir.actions.act_window_close"}
