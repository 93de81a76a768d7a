from odoo import api, fields, models

from ...services import wording
from ..mixins import check_group


class CRVSCandidate(models.Model):
    """A registrant whom an event may be about, for an officer to choose; never a match."""

    _name = "spp.dci.crvs.candidate"
    _description = "Candidate for a CRVS Event"
    _order = "event_id, id"
    _rec_name = "person_id"

    event_id = fields.Many2one(
        "spp.dci.crvs.event", required=True, readonly=True, index=True, ondelete="cascade"
    )
    person_id = fields.Many2one(
        "res.partner", "Registrant", required=True, readonly=True, index=True, ondelete="cascade"
    )
    agrees = fields.Json(readonly=True, help="What record and registrant have in common.")
    contradicts = fields.Json(readonly=True, help="What speaks against it.")
    agrees_text = fields.Char("Speaks for It", compute="_compute_texts")
    contradicts_text = fields.Char("Speaks against It", compute="_compute_texts")
    birthdate = fields.Date(related="person_id.birthdate")

    @api.depends("agrees", "contradicts")
    def _compute_texts(self):
        for candidate in self:
            candidate.agrees_text = wording.reasons(self.env, candidate.agrees or ())
            candidate.contradicts_text = wording.reasons(self.env, candidate.contradicts or ())

    def action_choose(self):
        """Ask for the reason why the event belongs to this registrant.

        :return: an action
        :rtype: dict
        :raise AccessError: for users who are not CRVS managers
        """
        self.ensure_one()
        check_group(self.env, "manager")
        action = self.event_id.action_reassign()
        action["context"]["default_person_id"] = self.person_id.id
        return action

    @api.model
    def _replace(self, candidates):
        """Keep the candidates of events in step with what was found last.

        :param dict candidates: by event, ``(partner id, what agrees, what contradicts)`` each
        """
        events = self.env["spp.dci.crvs.event"].union(*candidates)
        self.search([("event_id", "in", events.ids)]).unlink()
        self.create(
            [
                {
                    "event_id": event.id,
                    "person_id": partner_id,
                    "agrees": list(agrees),
                    "contradicts": list(contradicts),
                }
                for event, found in candidates.items()
                for partner_id, agrees, contradicts in found
            ]
        )
