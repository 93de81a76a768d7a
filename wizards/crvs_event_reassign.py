from odoo import fields, models
from odoo.exceptions import UserError

from ..models.mixins import check_group


class CRVSEventReassign(models.TransientModel):
    """Asks a manager whom an event is about."""

    _name = "spp.dci.crvs.event.reassign"
    _description = "Give a Vital Event to Another Registrant"

    event_id = fields.Many2one("spp.dci.crvs.event", required=True)
    person_id = fields.Many2one(
        "res.partner",
        string="Registrant",
        required=True,
        domain=[("is_registrant", "=", True), ("is_group", "=", False)],
        context={"active_test": False},
    )
    reason = fields.Text(required=True)

    def action_confirm(self):
        """Undo the event on the wrong registrant and apply it to the right one.

        :return: an action that shows the new event
        :raise AccessError: for users who are not CRVS managers
        :raise UserError: when no reason is given, or it cannot be done
        """
        self.ensure_one()
        check_group(self.env, "manager")
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why the event belongs to another registrant."))
        event = self.event_id._reassign(self.person_id, self.reason, self.env.user)
        return {
            "type": "ir.actions.act_window",
            "res_model": "spp.dci.crvs.event",
            "view_mode": "form",
            "res_id": event.id,
        }
