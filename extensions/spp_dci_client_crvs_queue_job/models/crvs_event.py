import logging
from datetime import timedelta

from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models

from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.job import identity_exact
from odoo.addons.spp_dci_client_crvs import const
from odoo.addons.spp_dci_client_crvs.services import log_guard

_logger = logging.getLogger(__name__)

# Attempts of a job whose transaction meets others. With the pattern of the job function they end
# within the default lease of the events.
MAX_ATTEMPTS = 12


class CRVSEvent(models.Model):
    """Has the batches that the scheduler claims processed by jobs.

    The job is created in the transaction that hands the events over, so that there is never one
    without the other. It takes what is still handed over: a job that runs twice, late, or beside
    the scheduler finds nothing left to do. The scheduler itself processes what no job took within
    the lease, so that nothing depends on the job runner but the speed.
    """

    _inherit = "spp.dci.crvs.event"

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
                # While the same events wait in a job already, that one will do.
                identity_key=identity_exact,
                max_retries=MAX_ATTEMPTS,
            )._process_handed_over()

    def _report_missed_lease(self):
        """Tell the administrator when jobs do not run, or not in time.

        Events of a job are here also when their registrant was locked a moment ago.
        """
        lease = timedelta(minutes=self._number(const.PARAM_PROCESSING_LEASE_MIN))
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
        :raise RetryableJobError: in a job whose transaction met another one
        """
        try:
            with log_guard.statements_hidden():
                done = super()._process_handed_over()
                self._wake_for_retries()
                self.env.flush_all()
        except TransactionRollbackError as error:
            if not self.env.context.get("job_uuid"):
                raise
            # The error's own text would be kept in the job.
            raise RetryableJobError(
                f"Another transaction came first: {log_guard.describe(error)}"
            ) from None
        return done

    def _wake_for_retries(self):
        """Have the scheduler look in time at events that the job could not finish."""
        if any(event.next_attempt for event in self):
            scheduler = self._crons()[:1]
            self.with_context(cron_id=scheduler.id)._wake_at_soonest()

    @api.model
    def _take_back(self):
        """Make everything that is handed over due, but for what a job is working on."""
        handed_over = self._as_processor().search([("state", "=", "processing")])
        with log_guard.statements_hidden():
            handed_over = handed_over.try_lock_for_update(allow_referencing=True)
        handed_over.write({"next_attempt": fields.Datetime.now()})
        self._wake_scheduler()
