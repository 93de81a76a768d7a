from odoo import api, fields, models

from ... import const
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
    numbers = fields.Char(compute="_compute_facts")
    household = fields.Char(compute="_compute_facts")
    programs = fields.Char("Programmes", compute="_compute_facts")
    can_choose = fields.Boolean(compute="_compute_can_choose")
    is_held = fields.Boolean(
        compute="_compute_is_held", help="Whether the held event is about this one when released."
    )

    def _compute_facts(self):
        """Tell what an officer knows people by; read with more rights, as the record beside it."""
        memberships = self.env["spp.dci.crvs.processor.death"].sudo()._by_partner
        persons = self.sudo().person_id
        groups = memberships(
            "spp.group.membership",
            [
                ("individual", "in", persons.ids),
                ("active", "=", True),
                ("ended_date", "=", False),
            ],
            "individual",
        )
        groups = {person_id: some.group for person_id, some in groups.items()}
        holders = {*persons.ids, *(group.id for some in groups.values() for group in some)}
        programs = memberships(
            "spp.program.membership",
            [("partner_id", "in", list(holders)), ("state", "in", const.LIVE_MEMBERSHIPS)],
        )
        for candidate in self:
            person = candidate.person_id.sudo()
            households = groups.get(person.id, person.browse())
            candidate.numbers = ", ".join(
                f"{number.id_type_id.display_name} {number.value}"
                for number in person.reg_ids
                if number.status != "invalid"
            )
            candidate.household = ", ".join(households.mapped("display_name"))
            # A household's programmes are its members' too.
            names = [
                program.display_name
                for holder in (person, *households)
                if holder.id in programs
                for program in programs[holder.id].program_id
            ]
            candidate.programs = ", ".join(dict.fromkeys(names))

    @api.depends("event_id.error_kind")
    def _compute_can_choose(self):
        for candidate in self:
            candidate.can_choose = candidate.event_id.error_kind in ("no_match", "ambiguous")

    @api.depends("event_id.outcome", "event_id.forced_person_id")
    def _compute_is_held(self):
        for candidate in self:
            event = candidate.event_id
            meant = event.forced_person_id or event.candidate_ids.person_id
            candidate.is_held = event.outcome == "held" and candidate.person_id == meant

    @api.depends("agrees", "contradicts")
    def _compute_texts(self):
        for candidate in self:
            candidate.agrees_text = wording.reasons(self.env, candidate.agrees or ())
            candidate.contradicts_text = wording.reasons(self.env, candidate.contradicts or ())

    def action_choose(self):
        """Say that an event that found nobody is about this registrant.

        :return: an action that says what came of it
        :rtype: dict
        :raise AccessError: for users who are not CRVS officers
        :raise UserError: when it is clear already whom the event is about
        """
        self.ensure_one()
        check_group(self.env, "officer")
        self.check_access("read")
        return self.event_id._choose_and_tell(self.person_id)

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
