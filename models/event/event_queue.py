import logging
import random
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import pytz

from odoo import api, fields, models
from odoo.tools import SQL

from ... import const
from ...services import log_guard
from ..mixins import Job, number

_logger = logging.getLogger(__name__)

# Seconds that a run waits for an event that is due so soon (its registrant was locked).
PATIENCE_S = 3
# Before it is known how long events take here, a batch is as small as this.
_FIRST_BATCH = 20
# Seconds that a batch may take, far from the limits of time of Odoo's processes.
_BATCH_S = 5
# Seconds that a batch waits for a row that somebody else has locked.
_LOCK_S = 5
# Seconds that an event waits during which a process died, doubled each time in a row. While it is
# processed it is locked, so that this may be less than that takes.
_REST_S = 10
_MAX_REST_S = 3600


@dataclass(slots=True)
class _Run:
    """What a run of the scheduler remembers from batch to batch.

    :param most: size of batches that was set
    :param limit: how many events the next batch claims
    :param claimed: ids of the batch under way
    :param singly: how many events are still to be done one by one, after a batch broke down
    :param broken: ids of events that broke down without their being able to say so
    :param idle: nothing was due
    """

    most: int
    limit: int
    claimed: list = field(default_factory=list)
    singly: int = 0
    broken: set = field(default_factory=set)
    idle: bool = False
    helpers_called: bool = False


class CRVSEvent(models.Model):
    """When events are processed: the scheduler, how much at a time, and the times of retries.

    One scheduled action does the work. Duplicates of it share the backlog, one worker each, since
    a batch skips what another worker has locked.
    """

    _inherit = "spp.dci.crvs.event"

    hand_overs = fields.Integer(
        readonly=True, help="How often in a row it was handed over and did not come back."
    )

    # === RUNNING === #

    @api.model
    def _cron_process_backlog(self):
        """Process what is due, batch by batch, each committed (the scheduled action's method)."""
        if self._work_off(self._backlog()):
            self._wake_at_soonest()
            self.env["ir.cron"]._commit_progress(remaining=0)

    @api.model
    def _mend_clock(self):
        """Have events looked at that wait for a day that nothing of ours waits for.

        They were postponed by a clock that was ahead.
        """
        factor = number(self.env, const.PARAM_NO_MATCH_DELAY_FACTOR)
        longest = max(
            timedelta(days=number(self.env, const.PARAM_FUTURE_D)),
            timedelta(minutes=number(self.env, const.PARAM_TECHNICAL_MAX_DELAY_MIN)),
            timedelta(minutes=const.NO_MATCH_DELAYS_MIN[-1] * factor),
        )
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """
                UPDATE spp_dci_crvs_event SET next_attempt = %(now)s
                 WHERE id IN (SELECT id FROM spp_dci_crvs_event
                               WHERE origin = ANY(%(origins)s) AND next_attempt > %(latest)s
                                 FOR NO KEY UPDATE SKIP LOCKED)
                """,
                now=now,
                origins=[origin for origin, _soonest in self._waiting_origins()],
                latest=now + longest * 1.25 + timedelta(days=2),
            ),
            log_exceptions=False,
        )
        self.invalidate_model(["next_attempt"])

    @api.model
    def _note_unmended(self, error):
        _logger.warning("CRVS events of a clock that was ahead: %s", log_guard.describe(error))

    @api.model
    def _backlog(self):
        """Yield the batches of a run, as long as anything is due."""
        most = max(int(number(self.env, const.PARAM_BATCH_SIZE)), 1)
        run = _Run(most, self._first_limit(most))
        yield Job(self._mend_clock, self._note_unmended)
        while True:
            start = time.monotonic()
            yield Job(partial(self._process_due, run), partial(self._isolate, run))
            if run.idle and not self._wait_for_soonest():
                return
            run.limit = self._next_limit(run, time.monotonic() - start)

    @api.model
    def _process_due(self, run):
        engine = self._as_processor()
        run.claimed = []
        # What somebody has locked for long is the failure of the events that need it.
        self.env.cr.execute("SET LOCAL lock_timeout = %s", [f"{_LOCK_S}s"])
        events = engine._claim(run.limit, run.broken)
        run.claimed, run.idle = events.ids, not events
        # A full batch was probably not the last one: those who share the backlog help.
        if len(events) >= run.limit and not run.helpers_called:
            run.helpers_called = True
            self._wake_scheduler(self._crons() - self._current_cron())
        events._without_stuck()._dispatch_carefully()
        return len(events)

    @api.model
    def _isolate(self, run, error):
        """After a batch that broke down as a whole, do its events one by one.

        One that breaks down alone is postponed as a failure of its own, and the others go on.
        """
        if len(run.claimed) > 1:
            run.singly = len(run.claimed)
            return
        run.broken.update(run.claimed)
        events = self._as_processor().browse(run.claimed)
        for event in events.try_lock_for_update(allow_referencing=True):
            event._break_down(error)

    def _dispatch_batch(self):
        """Process claimed events here and now; the place to hand them to a job queue instead."""
        self._process_batch()

    @api.model
    def _soonest(self):
        """Return when the next event is due, None when none is."""
        return min((soonest for _origin, soonest in self._waiting_origins()), default=None)

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

    @api.model
    def _wake_at_soonest(self):
        """Have the scheduler run again when the next event is due, if that is before its turn."""
        if soonest := self._soonest():
            self._wake_scheduler_at(soonest)

    # === HOW MUCH AT A TIME === #
    # A batch is one transaction, and an extension can be slow, or bring down the process that it
    # runs in. Without care the same batch would then be begun, and lost, for ever.

    @api.model
    def _first_limit(self, most):
        """Return how many events a run claims first.

        :param int most: the size of batches that was set
        :rtype: int
        """
        return 1 if self._last_run_died() else min(most, _FIRST_BATCH)

    @api.model
    def _next_limit(self, run, seconds):
        """Return how many events to claim after a batch.

        :param _Run run: with the batch just done
        :param float seconds: what it took
        :rtype: int
        """
        done = len(run.claimed)
        if run.singly:
            run.singly -= 1
            return 1
        if self._last_run_died() or not done:
            return self._first_limit(run.most)
        return max(1, min(run.most, int(done * _BATCH_S / seconds)))

    @api.model
    def _last_run_died(self):
        """Tell whether the scheduled action's run before this one never ended."""
        progress = self.env["ir.cron.progress"].sudo()
        # Odoo counts the present run too, until it ends.
        return progress.browse(self.env.context.get("ir_cron_progress_id")).timed_out_counter > 1

    def _dispatch_carefully(self):
        """Dispatch claimed events; after a run that died, commit first which one is begun.

        A process that dies of it leaves it handed over: it waits, the others go on, and when that
        happened too often it is given up.
        """
        if not self._last_run_died():
            self._dispatch_batch()
        elif self:
            times = self.hand_overs if self.state == "processing" else 0
            self._hand_over(timedelta(seconds=min(_REST_S * 2**times, _MAX_REST_S)))
            self.env["ir.cron"]._commit_progress()
            self._process_handed_over()

    # === HANDING OVER === #

    def _hand_over(self, lease=None):
        """Mark locked events as being processed elsewhere, until a lease runs out.

        Whoever takes them calls :meth:`_process_handed_over`. When nobody does, they are due
        again after the lease.

        :param timedelta lease: instead of the one that is set
        """
        lease = lease or timedelta(minutes=number(self.env, const.PARAM_PROCESSING_LEASE_MIN))
        self._mark_handed_over(fields.Datetime.now() + lease)

    def _without_stuck(self):
        """Give up locked events that were handed over too often and never came back.

        Whatever they do to those who take them, it would happen again.

        :return: the other events
        """
        limit = int(number(self.env, const.PARAM_TECHNICAL_ATTEMPTS))
        stuck = self.filtered(
            lambda event: event.state == "processing" and event.hand_overs >= limit
        )
        # No retry is left, whatever the event had failed for before.
        stuck.write({"attempts": limit, "error_kind": "technical"})
        stuck._fail(
            "technical",
            self.env._(
                "Processing was begun %s times and never ended. Ask your administrator to look "
                "at the server log, then retry.",
                limit,
            ),
        )
        return self - stuck

    def _process_handed_over(self):
        """Process events that were handed over, as far as they still are.

        :return: number of events that got a step further
        """
        events = self._as_processor().try_lock_for_update(allow_referencing=True)
        return events.filtered(lambda event: event.state == "processing")._process_batch()

    # === TIMES === #

    def _retry_delay(self, kind, attempts):
        """Return how long to wait before the next attempt.

        :param str kind: what went wrong, a value of ``error_kind``
        :param int attempts: how often it did
        :return: a timedelta, or None when a person has to act first
        """
        if kind == "technical":
            if attempts >= number(self.env, const.PARAM_TECHNICAL_ATTEMPTS):
                return None
            minutes = number(self.env, const.PARAM_TECHNICAL_DELAY_MIN) * 2 ** min(attempts - 1, 20)
            minutes = min(minutes, number(self.env, const.PARAM_TECHNICAL_MAX_DELAY_MIN))
        elif kind == "no_match":
            if attempts >= number(self.env, const.PARAM_NO_MATCH_ATTEMPTS):
                return None
            # A minute first: the identifier may have been added while we looked for it.
            minutes = const.NO_MATCH_DELAYS_MIN[
                min(attempts, len(const.NO_MATCH_DELAYS_MIN)) - 1
            ] * number(self.env, const.PARAM_NO_MATCH_DELAY_FACTOR)
        else:
            return None
        return timedelta(minutes=minutes * random.uniform(1, 1.25))

    @api.model
    def _today(self, company=None):
        """Return today's date where a company is; in UTC when it does not say where.

        :param company: ``res.company``; the main one where none is given, whoever asks
        :rtype: date
        """
        now = pytz.utc.localize(fields.Datetime.now())
        return now.astimezone(self._company_tz(company)).date()

    @api.model
    def _start_of(self, day, company=None):
        """Return when a day begins where a company is, in UTC without zone.

        :param date day:
        :param company: see :meth:`_today`
        :rtype: datetime
        """
        start = self._company_tz(company).localize(datetime.combine(day, datetime.min.time()))
        return start.astimezone(pytz.utc).replace(tzinfo=None)

    @api.model
    def _company_tz(self, company=None):
        if not company:  # found without a query, since this is asked for each event
            main_id = self.env["ir.model.data"]._xmlid_to_res_id("base.main_company")
            company = self.env["res.company"].browse(main_id)
        return pytz.timezone(company.sudo().partner_id.tz or "UTC")
