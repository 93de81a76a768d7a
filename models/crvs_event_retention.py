from datetime import timedelta

from odoo import api, fields, models
from odoo.tools.constants import GC_UNLINK_LIMIT

from .. import const


class CRVSEvent(models.Model):
    """What becomes of the personal data in events that are long done."""

    _inherit = "spp.dci.crvs.event"

    @api.autovacuum
    def _gc_event_data(self):
        """Blank the original data of processed events past their retention.

        The identifier, what the event changed and the outcome stay. Nothing is blanked unless
        the parameter says after how many days.
        """
        days = self._number(const.PARAM_EVENT_RETENTION_D)
        if not days:
            return 0, 0
        old = self.search(
            [
                ("state", "=", "processed"),
                ("processed_date", "<", fields.Datetime.now() - timedelta(days=days)),
                ("raw_data", "!=", False),
            ],
            limit=GC_UNLINK_LIMIT,
        )
        old.write({"raw_data": False})
        return len(old), len(old) == GC_UNLINK_LIMIT

    @api.autovacuum
    def _watch_scheduler(self):
        """Call the managers when nobody processes events any more."""
        overdue = self.search(
            [("next_attempt", "<", fields.Datetime.now() - timedelta(hours=1))],
            order="next_attempt",
            limit=1,
        )
        if self._crons() and not overdue:
            return
        event = overdue or self.search([], limit=1)
        summary = self.env._("Vital events are not being processed: check the scheduled action")
        warning = self.env.ref("mail.mail_activity_data_warning")
        called = (
            self.env["mail.activity"]
            .search(
                [
                    ("res_model", "=", self._name),
                    ("activity_type_id", "=", warning.id),
                    ("summary", "=", summary),
                ]
            )
            .user_id
        )
        for manager in self._managers() - called:
            event.activity_schedule(
                "mail.mail_activity_data_warning", summary=summary, user_id=manager.id
            )
