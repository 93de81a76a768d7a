from datetime import date

from odoo import api, models
from odoo.tools import SQL

from ... import const


class CRVSProcessorCivilStatus(models.AbstractModel):
    """What marriage and divorce share: the civil status follows the latest event by date."""

    _name = "spp.dci.crvs.processor.civil_status"
    _inherit = "spp.dci.crvs.processor"
    _description = "CRVS Civil Status Processor"

    # Code in the vocabulary of civil statuses, and which of two events of one day comes later.
    _civil_status = None
    _rank = {"marriage": 0, "divorce": 1}

    @api.model
    def _precheck(self, case):
        if not case.event.event_date:
            case.fail(
                "invalid",
                self.env._(
                    "The event has no date, so it cannot be ordered among the others of this "
                    "person. Ask the registry to send it again with the date."
                ),
            )

    @api.model
    def _prefetch_for_type(self, cases, batch):
        """Look up the latest event that decided the civil status of each registrant concerned."""
        ids = {person_id for case in cases for person_id in case.persons.ids}
        self.env["spp.dci.crvs.event"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT person_id, event_type, max(event_date)
                  FROM spp_dci_crvs_event
                 WHERE person_id = ANY(%(ids)s)
                   AND state = 'processed' AND outcome NOT IN ('reversed', 'reassigned')
                   AND (event_type = 'death' OR person_status_set)
                 GROUP BY person_id, event_type
                 UNION ALL
                SELECT spouse_id, event_type, max(event_date)
                  FROM spp_dci_crvs_event
                 WHERE spouse_id = ANY(%(ids)s)
                   AND state = 'processed' AND outcome NOT IN ('reversed', 'reassigned')
                   AND spouse_status_set
                 GROUP BY spouse_id, event_type
                """,
                ids=list(ids),
            )
        )
        for partner_id, event_type, day in self.env.cr.fetchall():
            if event_type == "death":
                batch.dead.add(partner_id)
            elif day:
                key = (day, self._rank[event_type])
                batch.civil[partner_id] = max(batch.civil.get(partner_id, key), key)

    @api.model
    def _apply(self, cases, batch):
        status_id = self._codes(const.CIVIL_STATUS_NAMESPACE).get(self._civil_status)
        for case in cases:
            if not status_id:
                case.flags.append(
                    self.env._(
                        "The civil status %s is missing in the vocabulary.", self._civil_status
                    )
                )
            self._apply_to(case, case.person, "person", status_id, batch)
            if case.spouse:
                self._apply_to(case, case.spouse, "spouse", status_id, batch)

    @api.model
    def _apply_to(self, case, partner, role, status_id, batch):
        """Apply the event to one of the couple.

        :param str role: ``person`` or ``spouse``
        """
        key = (case.event.event_date, self._rank[case.event.event_type])
        if self._was_dead(case, partner, batch):
            case.flags.append(
                self.env._("The registrant had died before, so nothing was changed.")
                if role == "person"
                else self.env._("The spouse had died before and was not changed.")
            )
        elif key < batch.civil.get(partner.id, (date.min, 0)):
            if role == "person":
                case.outcome = "superseded"
        else:
            batch.civil[partner.id] = key
            case.values[f"{role}_status_set"] = True
            if status_id:
                status = self.env["spp.vocabulary.code"].browse(status_id)
                case.write(
                    partner, {"civil_status_id": status}, done=self.env._("civil status changed")
                )
            self._add_number(case, partner, batch)

    @api.model
    def _was_dead(self, case, partner, batch):
        """Whether the registrant had died by the day of the event; without a date, always."""
        if partner.death_date:
            return case.event.event_date > partner.death_date
        return partner.id in batch.dead
