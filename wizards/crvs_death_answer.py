from odoo import fields, models
from odoo.exceptions import UserError

from ..models.mixins import check_group, notify


class CRVSDeathAnswer(models.TransientModel):
    """Shows what a registry said about a registrant's life, and lets an officer record a death.

    Our code alone makes these: what becomes an event is what the registry said.
    """

    _name = "spp.dci.crvs.death.answer"
    _description = "What the Registry Says"

    partner_id = fields.Many2one("res.partner", "Registrant", required=True, readonly=True)
    data_source_id = fields.Many2one(
        "spp.dci.data.source", "Registry Asked", required=True, readonly=True
    )
    asked_by = fields.Char("Identifiers Used", readonly=True)
    result = fields.Selection(
        [
            ("dead", "Dead"),
            ("not_dead", "No Death Registered"),
            ("unknown", "Not Known There"),
            ("failed", "No Answer"),
        ],
        required=True,
        readonly=True,
    )
    sentence = fields.Char("Answer", readonly=True)
    record = fields.Json(readonly=True, groups=fields.NO_ACCESS)
    event_id = fields.Many2one("spp.dci.crvs.event", readonly=True)
    is_recorded = fields.Boolean(compute="_compute_is_recorded")

    def _compute_is_recorded(self):
        for answer in self:
            person = answer.sudo().partner_id
            answer.is_recorded = bool(answer.event_id or (person.disabled and person.death_date))

    def action_record(self):
        """Record the death as a vital event, which is processed at once.

        :return: an action that says what came of it and closes the window
        :rtype: dict
        :raise AccessError: for users who are not CRVS officers
        :raise UserError: when the registry told of no death
        """
        check_group(self.env, "officer")
        self.ensure_one()
        self.check_access("read")
        answer = self.sudo()
        if answer.result != "dead":
            raise UserError(self.env._("The registry told of no death that could be recorded."))
        if not answer.event_id:
            answer.event_id = (
                self.env["spp.dci.crvs.check"]
                .sudo()
                ._record_death(answer.data_source_id, answer.record, self.env.user)
            )
        event = answer.event_id
        done = event.outcome in ("applied", "flagged", "no_effect")
        return notify(self.env, self._what_happened(event), "success" if done else "warning")

    def _what_happened(self, event):
        _ = self.env._
        if event.outcome in ("applied", "flagged", "no_effect"):
            sentence = _("The death is recorded and applied: %s.", event.name)
        elif event.outcome == "held":
            sentence = _("The death is recorded and waits for a CRVS manager: %s.", event.name)
        elif event.state == "error":
            sentence = _("The death is recorded, but could not be applied: %s.", event.name)
        else:
            sentence = _("The death is recorded and will be applied in a moment: %s.", event.name)
        return " ".join(filter(None, [sentence, event.remark]))
