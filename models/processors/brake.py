from collections import defaultdict
from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from ... import const

# The first half of the key that locks the counting of a sender's deaths; any number of our own.
BRAKE_LOCK = 0x637276  # the other half is the sender's id
# Batches of deaths that other workers may have applied without our seeing it yet, at most.
UNSEEN_BATCHES = 20
LOCKED_DELAY_S = 1


class CRVSProcessor(models.AbstractModel):
    """The brake: a sender that reports too many deaths in an hour waits for a manager."""

    _inherit = "spp.dci.crvs.processor"

    @api.model
    def _brake(self, batch):
        """Hold the deaths of a sender beyond the number that it may report in an hour.

        Deaths that were applied in the last hour count, those of other workers too: near the limit
        one worker at a time counts and applies a sender's deaths, and the others try again.
        """
        deaths = defaultdict(list)
        for case in batch.open:
            if self._is_braked(case):
                deaths[case.event.sender_id].append(case)
        for sender, cases in deaths.items():
            limit = sender.max_deaths_per_hour
            applied = self._count_deaths(sender, batch)
            if limit - len(cases) - self._unseen_deaths() < applied < limit:
                if not self._lock_brake(sender):
                    for case in cases:
                        case.postponed = batch.now + timedelta(seconds=LOCKED_DELAY_S)
                    continue
                applied = self._count_all_deaths(sender, batch)
            for case in cases[max(limit - applied, 0) :]:
                case.outcome = "held"

    @api.model
    def _is_braked(self, case):
        """Whether a case is a death with an effect that nobody has looked at."""
        event, person = case.event, case.person
        return (
            event.event_type == "death"
            and event.sender_id
            and not event.released
            and person
            and not (person.disabled and person.death_date)
        )

    @api.model
    def _unseen_deaths(self):
        number = self.env["spp.dci.crvs.message"]._number_parameter
        return UNSEEN_BATCHES * number(const.PARAM_BATCH_SIZE)

    @api.model
    def _lock_brake(self, sender):
        """Lock the counting of a sender's deaths until the end of this transaction, if it is free.

        :rtype: bool
        """
        self.env.cr.execute(SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", BRAKE_LOCK, sender.id))
        return self.env.cr.fetchone()[0]

    @api.model
    def _deaths_applied(self, sender, batch):
        """Return the query of a sender's deaths that had an effect in the last hour.

        :rtype: SQL
        """
        return SQL(
            """
            FROM spp_dci_crvs_event
            WHERE sender_id = %s AND event_type = 'death' AND state = 'processed'
              AND outcome IN ('applied', 'flagged') AND processed_date > %s
            """,
            sender.id,
            batch.now - timedelta(hours=1),
        )

    @api.model
    def _count_deaths(self, sender, batch):
        """Count the deaths applied as far as this transaction sees them."""
        self.env["spp.dci.crvs.event"].flush_model(
            ["sender_id", "event_type", "state", "outcome", "processed_date"]
        )
        self.env.cr.execute(SQL("SELECT count(*) %s", self._deaths_applied(sender, batch)))
        return self.env.cr.fetchone()[0]

    @api.model
    def _count_all_deaths(self, sender, batch):
        """Count the deaths applied by this transaction, and by all others that ended by now."""
        applied = SQL("SELECT id %s", self._deaths_applied(sender, batch))
        found = set()
        with self.env.registry.cursor() as other:
            for cr in (self.env.cr, other):
                cr.execute(applied)
                found.update(row[0] for row in cr.fetchall())
        return len(found)
