from datetime import timedelta

from odoo import fields, models

from .. import const


class CRVSEvent(models.Model):
    """Handing batches to somebody else, such as a job queue, with a lease."""

    _inherit = "spp.dci.crvs.event"

    hand_overs = fields.Integer(
        readonly=True, help="How often in a row it was handed over and did not come back."
    )

    def _hand_over(self, lease=None):
        """Mark locked events as being processed elsewhere, until a lease runs out.

        Whoever takes them calls :meth:`_process_handed_over`. When nobody does, they are due
        again after the lease.

        :param timedelta lease: instead of the one that is set
        """
        now = fields.Datetime.now()
        lease = lease or timedelta(minutes=self._number(const.PARAM_PROCESSING_LEASE_MIN))
        for event in self:
            event.write(
                {
                    "state": "processing",
                    "processing_since": now,
                    "next_attempt": now + lease,
                    "hand_overs": event.hand_overs + 1 if event.state == "processing" else 1,
                }
            )

    def _without_stuck(self):
        """Give up locked events that were handed over too often and never came back.

        Whatever they do to those who take them, it would happen again.

        :return: the other events
        """
        limit = self._number(const.PARAM_TECHNICAL_ATTEMPTS)
        stuck = self.filtered(
            lambda event: event.state == "processing" and event.hand_overs >= limit
        )
        # No retry is left, whatever the event had failed for before.
        stuck.write({"attempts": limit, "error_kind": "technical"})
        stuck._set_error(
            "technical",
            self.env._(
                "Processing was begun %s times and never ended. Ask your administrator to look "
                "at the server log, then retry.",
                int(limit),
            ),
        )
        return self - stuck

    def _process_handed_over(self):
        """Process events that were handed over, as far as they still are.

        :return: number of events that got a step further
        """
        events = self._as_processor().try_lock_for_update(allow_referencing=True)
        return events.filtered(lambda event: event.state == "processing")._process_batch()
