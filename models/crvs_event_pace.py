from datetime import timedelta

from odoo import api, models

# Before it is known how long events take here, a batch is as small as this.
_FIRST_BATCH = 20
# Seconds that a batch may take, far from the limits of time of Odoo's processes.
_BATCH_S = 5
# Seconds that an event waits during which a process died, doubled each time in a row. While it is
# processed it is locked, so that this may be less than that takes.
_REST_S = 10
_MAX_REST_S = 3600


class CRVSEvent(models.Model):
    """How much a run of the scheduler takes on at a time.

    A batch is one transaction, and an extension can be slow, or bring down the process that it
    runs in. Without care the same batch would then be begun, and lost, for ever.
    """

    _inherit = "spp.dci.crvs.event"

    @api.model
    def _first_limit(self, most):
        """Return how many events a run claims first.

        :param int most: the size of batches that was set
        :rtype: int
        """
        return 1 if self._last_run_died() else min(most, _FIRST_BATCH)

    @api.model
    def _next_limit(self, most, done, seconds):
        """Return how many events to claim after a batch.

        :param int most: the size of batches that was set
        :param int done: events in the batch
        :param float seconds: what they took
        :rtype: int
        """
        if self._last_run_died() or not done:
            return self._first_limit(most)
        return max(1, min(most, int(done * _BATCH_S / seconds)))

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
