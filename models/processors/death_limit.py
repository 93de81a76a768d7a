from collections import defaultdict
from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from ... import const
from ..mixins import CLOCK_JUMP, number

# The first half of the key that locks the counting of an origin's deaths; any number of our own.
LIMIT_LOCK = 0x637276  # the other half is the origin's checksum
LOCKED_DELAY_S = 1


class CRVSProcessor(models.AbstractModel):
    """The limit of deaths: an origin that brings too many in an hour waits for a manager.

    It protects from a stolen key, a registry gone wrong and a wrong import, so it counts per origin
    what nobody has looked at: a sender's deaths, whether pushed or pulled, and those of a registry
    without keys. What a manager released does not count, and what a bulk check found neither: it
    shows before how many it would apply, see ``check_run``.
    """

    _inherit = "spp.dci.crvs.processor"

    @api.model
    def _limit_deaths(self, batch):
        """Hold the deaths of an origin beyond the number that it may bring in an hour.

        Deaths that had an effect in the last hour count, those of other workers and those undone
        since too: one worker at a time counts and applies an origin's deaths, the others try again.
        """
        deaths = defaultdict(list)
        for case in batch.open:
            if self._is_limited(case):
                deaths[case.event.origin].append(case)
        for origin, cases in deaths.items():
            if not self._lock_limit(origin):
                for case in cases:
                    case.postponed = batch.now + timedelta(seconds=LOCKED_DELAY_S)
                continue
            limit = self._death_limit(cases[0].event.sender_id)
            left = max(limit - self._count_deaths(origin, batch), 0)
            for case in cases[left:]:
                case.hold("brake")

    @api.model
    def _is_limited(self, case):
        """Whether a case is a death with an effect that nobody has looked at."""
        event, person = case.event, case.person
        return (
            event.event_type == "death"
            and not event.released
            and person
            and not (person.disabled and person.death_date)
        )

    @api.model
    def _death_limit(self, sender):
        """Return how many deaths an origin may bring in an hour.

        :param sender: who signs for them; empty for a registry without keys
        :rtype: int
        """
        if sender:
            return sender.max_deaths_per_hour
        return int(number(self.env, const.PARAM_MAX_DEATHS_PER_HOUR))

    @api.model
    def _lock_limit(self, origin):
        """Lock the counting of an origin's deaths until the end of this transaction, if it is free.

        :rtype: bool
        """
        self.env.cr.execute(
            SQL("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", LIMIT_LOCK, origin)
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _count_deaths(self, origin, batch):
        """Count the deaths applied by this transaction, and by all others that ended by now."""
        self.env["spp.dci.crvs.event"].flush_model(
            ["event_type", "state", "outcome", "processed_date", "changes", "released"]
        )
        applied = SQL(
            """
            SELECT id FROM spp_dci_crvs_event
             WHERE origin = %s AND event_type = 'death' AND state = 'processed'
               AND processed_date BETWEEN %s AND %s AND released IS NOT TRUE
               AND (outcome IN ('applied', 'flagged')
                    OR outcome IN ('reversed', 'reassigned') AND changes IS NOT NULL)
            """,
            origin,
            batch.now - timedelta(hours=1),
            batch.now + CLOCK_JUMP,
        )
        found = set()
        # Our own snapshot is older than the lock.
        with self.env.registry.cursor() as other:
            for cr in (self.env.cr, other):
                cr.execute(applied)
                found.update(row[0] for row in cr.fetchall())
        return len(found)
