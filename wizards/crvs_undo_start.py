from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.mixins import check_group


class CRVSUndoStart(models.TransientModel):
    """Asks a manager from when on everything of a sender is to be undone."""

    _name = "spp.dci.crvs.undo.start"
    _description = "Undo All Events of a Sender"

    sender_id = fields.Many2one("spp.dci.crvs.sender", required=True)
    since = fields.Datetime("Received Since", required=True)
    reason = fields.Text(required=True)
    event_count = fields.Integer("Events", compute="_compute_event_count")

    @api.depends("sender_id", "since")
    def _compute_event_count(self):
        undo = self.env["spp.dci.crvs.undo"]
        for wizard in self:
            wizard.event_count = (
                self.env["spp.dci.crvs.event"].search_count(
                    undo._events_domain(wizard.sender_id, wizard.since)
                )
                if wizard.sender_id and wizard.since
                else 0
            )

    def action_confirm(self):
        """Start the run; the scheduler does the work.

        :return: an action that shows the run's report
        :raise AccessError: for users who are not CRVS managers
        :raise UserError: when no reason is given
        """
        self.ensure_one()
        check_group(self.env, "manager")
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why the events are undone."))
        run = self.env["spp.dci.crvs.undo"]._start(self.sender_id, self.since, self.reason)
        return {
            "type": "ir.actions.act_window",
            "res_model": "spp.dci.crvs.undo",
            "view_mode": "form",
            "res_id": run.id,
        }
