from odoo import api, models
from odoo.tools import SQL

from .restoring import Restorer

# Of two events of one day the divorce comes later: without a marriage there is none.
_RANK = {"marriage": 0, "divorce": 1}


def status_key(event_type, day):
    """Return by what events that decide a civil status are ordered.

    :param str event_type: ``marriage`` or ``divorce``
    :param date day: when it happened
    :rtype: tuple
    """
    return day, _RANK[event_type]


class CRVSProcessor(models.AbstractModel):
    """Which event decides a registrant's civil status."""

    _inherit = "spp.dci.crvs.processor"

    @api.model
    def _prefetch_civil_status(self, cases, batch):
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
                key = status_key(event_type, day)
                batch.civil[partner_id] = max(batch.civil.get(partner_id, key), key)

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
            event.write(
                {
                    f"{role}_status_set": False,
                    "changes": restorer.kept or False,
                    "outcome": "flagged",
                    "error_message": self.env._(
                        "A registrant had died before (%s), so the change was taken back.",
                        case.event.name,
                    ),
                }
            )
        case.done[person.id].append(self.env._("civil status from after the death taken back"))
