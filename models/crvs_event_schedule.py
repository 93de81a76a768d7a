import random
import time
from datetime import datetime, timedelta

import pytz
from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models
from odoo.tools import SQL

from .. import const

# How often one run starts a batch again that met another worker's commit.
MAX_CONFLICTS = 20
# Seconds that a run waits for an event that is due so soon (its registrant was locked).
PATIENCE_S = 3
# A wake-up older than this is not leant on: leaning on it keeps the scheduler from taking it.
TRIGGER_AGE_S = 1


class CRVSEvent(models.Model):
    """When events are processed: the scheduler, its waking, and the times of retries.

    One scheduled action does the work. Duplicates of it share the backlog, one worker each, since
    a batch skips what another worker has locked.
    """

    _inherit = "spp.dci.crvs.event"

    # ------------------------------------------------------------------
    # Running
    # ------------------------------------------------------------------

    @api.model
    def _cron_process_backlog(self):
        """Process what is due, batch by batch, each committed (the scheduled action's method).

        Never raises because of an event: Odoo would in time switch the scheduled action off.
        """
        cron = self.env["ir.cron"]
        engine = self._as_processor()
        most = max(int(self._number(const.PARAM_BATCH_SIZE)), 1)
        limit = self._first_limit(most)
        conflicts, helpers_called, time_left = 0, False, True
        while time_left and conflicts <= MAX_CONFLICTS:
            start = time.monotonic()
            try:
                events = engine._claim(limit)
                if not events and not self._wait_for_soonest():
                    break
                events._without_stuck()._dispatch_carefully()
                # A full batch was probably not the last one. What others have locked, or what
                # is not due yet, must not be counted: Odoo would run us again at once.
                remaining = limit if len(events) == limit else 0
                if remaining and not helpers_called:
                    helpers_called = True
                    self._wake(self._crons().filtered(lambda job: job.id != self._cron_id()))
                time_left = cron._commit_progress(len(events), remaining=remaining)
                limit = self._next_limit(most, len(events), time.monotonic() - start)
            except TransactionRollbackError:
                # Another worker committed a row of ours after our snapshot: look again.
                self.env.cr.rollback()
                conflicts += 1
                time.sleep(random.uniform(0, 0.05 * conflicts))
        else:
            # The time is up. Odoo only notes that there is more to do, and looks a minute later.
            self._wake(self._crons().filtered(lambda job: job.id == self._cron_id()))
            return
        self._wake_at_soonest()
        cron._commit_progress(remaining=0)

    def _dispatch_batch(self):
        """Process claimed events here and now; the place to hand them to a job queue instead."""
        self._process_batch()

    def _cron_id(self):
        return self.env.context.get("cron_id")

    @api.model
    def _soonest(self):
        """Return when the next event is due, None when none is."""
        self.env.cr.execute("SELECT min(next_attempt) FROM spp_dci_crvs_event")
        return self.env.cr.fetchone()[0]

    @api.model
    def _wait_for_soonest(self):
        """Wait when something is due in a moment, outside of any transaction.

        :return: whether it is worth looking again
        """
        soonest = self._soonest()
        wait = (soonest - fields.Datetime.now()).total_seconds() if soonest else 0
        if not 0 < wait <= PATIENCE_S:
            return False
        self.env.cr.commit()
        time.sleep(wait)
        return True

    # ------------------------------------------------------------------
    # Waking
    # ------------------------------------------------------------------

    @api.model
    def _first_cron(self):
        """Return the scheduled action that this addon brought, empty when it was deleted."""
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id(
            "spp_dci_client_crvs.ir_cron_process_events"
        )
        return self.env["ir.cron"].sudo().browse(cron_id or ())

    @api.model
    def _crons(self):
        """Return the scheduled actions that share the backlog, as far as they are switched on."""
        first = self._first_cron().exists()
        if not first:
            return first
        # The technical user's environment shows archived records too.
        return first.with_context(active_test=True).search(
            [("model_id", "=", first.model_id.id), ("code", "=", first.code)]
        )

    @api.model
    def _wake_scheduler(self):
        """Have what is due processed as soon as this transaction is committed."""
        self._wake(self._first_cron())

    @api.model
    def _wake(self, crons):
        """Trigger scheduled actions, unless each will run after this transaction anyway.

        Leaning on a trigger that exists is safe only while it is locked against deletion until
        our commit. The scheduler deletes it when a run begins, so the run that takes it begins
        after our commit and sees what we committed. A trigger that a run has deleted already,
        though not yet committed, is locked by it and skipped here: then a new one is made. Young
        ones only, since a crowd that keeps locking one row would keep the scheduler waiting.

        :param crons: ``ir.cron`` records
        """
        now = fields.Datetime.now()
        for cron in crons:
            self.env.cr.execute(
                SQL(
                    """
                    SELECT id FROM ir_cron_trigger
                     WHERE cron_id = %s AND call_at BETWEEN %s AND %s
                     LIMIT 1 FOR KEY SHARE SKIP LOCKED
                    """,
                    cron.id,
                    now - timedelta(seconds=TRIGGER_AGE_S),
                    now,
                ),
                log_exceptions=False,
            )
            if not self.env.cr.rowcount:
                cron.sudo()._trigger()

    @api.model
    def _wake_at_soonest(self):
        """Have the scheduler run again when the next event is due, if that is before its turn."""
        cron = self._crons().filtered(lambda job: job.id == self._cron_id())
        soonest = self._soonest()
        if not cron or not soonest or soonest >= cron.nextcall:
            return
        at = max(soonest, fields.Datetime.now() + timedelta(seconds=TRIGGER_AGE_S))
        known = self.env["ir.cron.trigger"].sudo()
        if not known.search_count(
            [
                ("cron_id", "=", cron.id),
                ("call_at", ">", fields.Datetime.now()),
                ("call_at", "<=", at),
            ],
            limit=1,
        ):
            cron._trigger(at=at)

    # ------------------------------------------------------------------
    # Times
    # ------------------------------------------------------------------

    @api.model
    def _number(self, parameter):
        """Return a system parameter that is a number, its default where it is unusable."""
        return self.env["spp.dci.crvs.message"]._number_parameter(parameter)

    def _retry_delay(self, kind, attempts):
        """Return how long to wait before the next attempt.

        :param str kind: what went wrong, a value of ``error_kind``
        :param int attempts: how often it did
        :return: a timedelta, or None when a person has to act first
        """
        if kind == "technical":
            if attempts >= self._number(const.PARAM_TECHNICAL_ATTEMPTS):
                return None
            minutes = self._number(const.PARAM_TECHNICAL_DELAY_MIN) * 2 ** min(attempts - 1, 20)
            minutes = min(minutes, self._number(const.PARAM_TECHNICAL_MAX_DELAY_MIN))
        elif kind == "no_match":
            if attempts >= self._number(const.PARAM_NO_MATCH_ATTEMPTS):
                return None
            # A minute first: the identifier may have been added while we looked for it.
            minutes = const.NO_MATCH_DELAYS_MIN[
                min(attempts, len(const.NO_MATCH_DELAYS_MIN)) - 1
            ] * self._number(const.PARAM_NO_MATCH_DELAY_FACTOR)
        else:
            return None
        return timedelta(minutes=minutes * random.uniform(1, 1.25))

    @api.model
    def _today(self):
        """Return today's date where the company is; in UTC when it does not say where.

        :rtype: date
        """
        return pytz.utc.localize(fields.Datetime.now()).astimezone(self._company_tz()).date()

    @api.model
    def _start_of(self, day):
        """Return when a day begins where the company is, in UTC without zone.

        :param date day:
        :rtype: datetime
        """
        start = datetime.combine(day, datetime.min.time())
        return self._company_tz().localize(start).astimezone(pytz.utc).replace(tzinfo=None)

    @api.model
    def _company_tz(self):
        return pytz.timezone(self.env.company.partner_id.tz or "UTC")
