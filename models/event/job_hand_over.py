import hashlib
import logging
from datetime import timedelta

from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields

from ... import const
from ...services import log_guard
from ..mixins import number

_logger = logging.getLogger(__name__)

# Attempts of a job whose transaction meets others; they end within the default lease.
MAX_ATTEMPTS = 12
CHANNEL = "root.crvs"


class JobHandOver:
    """Has the batches that the scheduler claims processed by jobs of a queue.

    A Python mixin for extensions of ``spp.dci.crvs.event``, put before ``models.Model``, that tie
    this addon to a job queue with the methods of OCA's ``queue_job``.

    The job is created in the transaction that hands the events over, so that there is never one
    without the other. It takes what is still handed over: a job that runs twice, late, or beside
    the scheduler finds nothing left to do. The scheduler itself processes what no job took within
    the lease, so that nothing depends on the job runner but the speed.
    """

    __slots__ = ()

    #: what the queue takes for "try this job again"
    _job_retry_error = RuntimeError

    def _dispatch_batch(self):
        """Hand claimed events to a job; process here what a job should have done already."""
        late = self.filtered(lambda event: event.state == "processing")
        if late:
            late._report_missed_lease()
            late._process_batch()
        fresh = self - late
        if fresh:
            fresh._hand_over()
            fresh.with_delay(
                description=self.env._("Process %s vital events", len(fresh)),
                channel=CHANNEL,
                # While the same events wait in a job already, that one will do.
                identity_key=fresh._job_identity(),
                max_retries=MAX_ATTEMPTS,
            )._process_handed_over()

    def _job_identity(self):
        ids = ",".join(map(str, sorted(self.ids)))
        return f"crvs-{hashlib.sha256(ids.encode()).hexdigest()}"

    def _report_missed_lease(self):
        """Tell the administrator when jobs do not run, or not in time.

        Events of a job are here also when their registrant was locked a moment ago.
        """
        lease = timedelta(minutes=number(self.env, const.PARAM_PROCESSING_LEASE_MIN))
        begin = fields.Datetime.now() - lease
        missed = self.filtered(lambda event: event.processing_since <= begin)
        if missed:
            _logger.warning(
                "%s vital events were not processed by the job queue in time; the scheduler "
                "processes them. Check that the job runner is running and that its channel "
                "has capacity.",
                len(missed),
            )

    def _process_handed_over(self):
        """Process events that were handed over, as far as they still are (the job's method).

        :return: number of events that got a step further
        :raise Exception: of the queue's own kind in a job whose transaction met another one
        """
        try:
            with log_guard.statements_hidden():
                done = super()._process_handed_over()
                self._as_processor()._wake_for_retries()
                self.env.flush_all()
        except TransactionRollbackError as error:
            if not self.env.context.get("job_uuid"):
                raise
            # The error's own text would be kept in the job.
            raise self._job_retry_error(
                f"Another transaction came first: {log_guard.describe(error)}"
            ) from None
        return done

    def _wake_for_retries(self):
        """Have the scheduler look in time at events that the job could not finish."""
        if any(event.next_attempt for event in self):
            self._wake_at_soonest()

    @api.model
    def _take_back(self):
        """Make everything that is handed over due, but for what a job is working on."""
        handed_over = self._as_processor().search([("state", "=", "processing")])
        with log_guard.statements_hidden():
            handed_over = handed_over.try_lock_for_update(allow_referencing=True)
        handed_over._postpone(fields.Datetime.now())
        self._wake_scheduler()
