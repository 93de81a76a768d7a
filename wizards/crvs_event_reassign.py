from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.mixins import check_group


class CRVSEventReassign(models.TransientModel):
    """Asks whom an event is about: officers where nobody was found, managers of any event."""

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
    is_unmatched = fields.Boolean(compute="_compute_is_unmatched")
    reason = fields.Text()

    @api.depends("event_id")
    def _compute_is_unmatched(self):
        for wizard in self:
            wizard.is_unmatched = wizard.event_id.error_kind in ("no_match", "ambiguous")

    def action_confirm(self):
        """Apply the event to the right registrant, undone before where it hit the wrong one.

        :return: an action that says what came of it, or shows the new event
        :raise AccessError: for users who are not CRVS officers, or not managers where the event
            was applied to somebody
        :raise UserError: when no reason is given, or it cannot be done
        """
        self.ensure_one()
        check_group(self.env, "officer")
        if self.is_unmatched:
            return self.event_id._choose_and_tell(self.person_id)
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
