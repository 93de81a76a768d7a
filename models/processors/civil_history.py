from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from .restorer import Restorer

# Of two events of one day the divorce comes later: without a marriage there is none.
_RANK = {"marriage": 0, "divorce": 1}


def status_key(event_type, day):
    """Return by what events that decide a civil status are ordered.

    :param str event_type: ``marriage`` or ``divorce``
    :param date day: when it happened
    :rtype: tuple
    """
    return day, _RANK[event_type]


class Couple(NamedTuple):
    """The event that decides a registrant's civil status.

    :param event_id: id of the event
    :param other_id: id of the registrant who is the other half, or nothing
    :param is_married: whether it is a marriage
    """

    event_id: int
    other_id: int | None
    is_married: bool


class CRVSProcessor(models.AbstractModel):
    """Which event decides a registrant's civil status."""

    _inherit = "spp.dci.crvs.processor"

    @api.model
    def _prefetch_civil_status(self, cases, batch):
        """Look up what decided the civil status of each registrant concerned, in one query."""
        ids = {person_id for case in cases for person_id in case.persons.ids}
        self.env["spp.dci.crvs.event"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT person_id, event_type, COALESCE(event_date, version_time::date), id,
                       spouse_id
                  FROM spp_dci_crvs_event
                 WHERE person_id = ANY(%(ids)s) AND state = 'processed'
                   AND outcome NOT IN ('reversed', 'reassigned')
                   AND (event_type = 'death' OR person_status_set)
                 UNION ALL
                SELECT spouse_id, event_type, COALESCE(event_date, version_time::date), id,
                       person_id
                  FROM spp_dci_crvs_event
                 WHERE spouse_id = ANY(%(ids)s) AND state = 'processed'
                   AND outcome NOT IN ('reversed', 'reassigned')
                   AND spouse_status_set
                """,
                ids=list(ids),
            )
        )
        for partner_id, event_type, day, event_id, other_id in self.env.cr.fetchall():
            if event_type == "death":
                batch.dead.add(partner_id)
            else:
                key = status_key(event_type, day)
                if key >= batch.civil.get(partner_id, key):
                    self._note_status(batch, partner_id, key, event_id, other_id)

    @api.model
    def _note_status(self, batch, partner_id, key, event_id, other_id):
        """Note which event decides a registrant's civil status.

        :param tuple key: see :func:`status_key`
        :param int event_id: the event
        :param int other_id: the registrant who is the other half of the couple, or nothing
        """
        batch.civil[partner_id] = key
        batch.couples[partner_id] = Couple(event_id, other_id, key[1] == _RANK["marriage"])

    @api.model
    def _married_to(self, partner, batch):
        """Return the registrant whom a registrant is married to as far as events tell, or empty."""
        couple = batch.couples.get(partner.id)
        return partner.browse((couple and couple.is_married and couple.other_id) or ())

    @api.model
    def _take_back_later_status(self, case, batch):
        """Take back civil statuses from after a death that was delivered late.

        :param case: an open case of a death with a date
        """
        day, person = case.event.event_date, case.person
        if person.id not in batch.civil or batch.civil[person.id][0] <= day:
            return
        later = self.env["spp.dci.crvs.event"].search(
            [
                ("event_type", "in", list(_RANK)),
                ("event_date", ">", day),
                ("state", "=", "processed"),
                ("outcome", "not in", ("reversed", "reassigned")),
                "|",
                "&",
                ("person_id", "=", person.id),
                ("person_status_set", "=", True),
                "&",
                ("spouse_id", "=", person.id),
                ("spouse_status_set", "=", True),
            ],
            order="event_date desc, id desc",
        )
        for event in later:
            restorer = Restorer(event, partner=person).run()
            role = "person" if event.person_id == person else "spouse"
            event._move(
                "amend",
                outcome="flagged",
                changes=restorer.kept or False,
                error_message=self.env._(
                    "A registrant had died before (%s), so the change was taken back.",
                    case.event.name,
                ),
                **{f"{role}_status_set": False},
            )
        case.done[person.id].append(self.env._("civil status from after the death taken back"))
