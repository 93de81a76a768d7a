import logging
import time
from datetime import timedelta

from dateutil.relativedelta import relativedelta
from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..services import dialects, log_guard
from ..services.paging import WindowReader
from ..services.registry import Registry

_logger = logging.getLogger(__name__)

ACTIVITY = "spp_dci_client_crvs.mail_activity_pull"

_RETRY_MINUTES = 15
_ALERT_AFTER = 3  # failures in a row
_MAX_CONFLICTS = 5


class CRVSPull(models.Model):
    """The work of a pull: a window, its events, a commit."""

    _inherit = "spp.dci.crvs.pull"

    @api.model
    def _cron_pull(self):
        """Work on what is due (the scheduled action's method).

        A window is committed when it is complete, its events page by page. A failure leaves
        position and watermark where they are.
        """
        for pull in self.search(self._due_domain(), order="next_date, id"):
            if not pull._work():
                break

    @api.model
    def _due_domain(self):
        return [
            ("next_date", "!=", False),
            ("next_date", "<=", fields.Datetime.now()),
            ("data_source_id.active", "=", True),
        ]

    def _work(self):
        """Read windows until the scan is complete, fails, or the time is up.

        :return: whether there is time left
        :rtype: bool
        """
        self.ensure_one()
        conflicts = 0
        while True:
            try:
                if not self.position:
                    self._begin()
                self._read_window()
                done = self.position > self.scan_to
                if done:
                    self._finish()
            except TransactionRollbackError:
                # Another worker stored the same event.
                self.env.cr.rollback()
                conflicts += 1
                if conflicts >= _MAX_CONFLICTS:
                    return True
                time.sleep(0.1 * conflicts)
                continue
            except Exception as error:  # noqa: BLE001  one pull must not keep the others waiting
                self.env.cr.rollback()
                self._note_failure(error)
                done = True
            time_left = self.env["ir.cron"]._commit_progress(
                1, remaining=0 if done else self._windows_left()
            )
            if done or not time_left:
                return bool(time_left)

    def _begin(self):
        today = fields.Date.context_today(self)
        dialect = dialects.get(self.data_source_id.dialect)
        first, _months = dialect.scan_start(self.event_type, self._since(), today)
        last = self.date_to if self.kind == "import" else today + timedelta(days=1)
        # Where other dates are searched than those of the events, up to the youngest.
        last = last if first == self._since() else today + timedelta(days=1)
        self.write(
            {
                "scan_from": first,
                "scan_to": max(first, last),
                "position": first,
                "start_date": fields.Datetime.now(),
            }
        )

    def _window_end(self):
        """Return the last day of the window at the position."""
        today = fields.Date.context_today(self)
        dialect = dialects.get(self.data_source_id.dialect)
        _first, months = dialect.scan_start(self.event_type, self._since(), today)
        end = self.position + relativedelta(months=months) - timedelta(days=1)
        return min(end, self.scan_to)

    def _windows_left(self):
        days = (self._window_end() - self.position).days + 1
        return -(-((self.scan_to - self.position).days + 1) // days)

    def _read_window(self):
        """Search one window and store its events.

        :raise UserError: when the registry does not answer completely
        """
        source = self.data_source_id
        registry = Registry(self.env, source)
        end = self._window_end()
        reader = WindowReader(
            registry, self.event_type, self.page_size, self.attribute_name or None, self._keep
        )
        reader.read(self.position, end)
        self.position = end + timedelta(days=1)

    def _keep(self, vital_events):
        """Store the events of a page that are wanted, and commit them."""
        since, until = self._since(), self.date_to if self.kind == "import" else None
        wanted = [
            vital
            for vital in vital_events
            if not vital.event_date
            or (vital.event_date >= since and (not until or vital.event_date <= until))
        ]
        source = self.data_source_id
        new = self.env["spp.dci.crvs.event"]._store(
            wanted, sender=source.crvs_sender_id, data_source=source, source="pull"
        )
        if new:
            self.event_count += len(new)
        self.env["ir.cron"]._commit_progress()

    def _finish(self):
        now = fields.Datetime.now()
        values = {"position": False, "end_date": now, "last_error": False, "failures": 0}
        if self.kind == "import":
            values["next_date"] = False
        else:
            # What was registered while the scan ran may have been missed.
            values["watermark"] = fields.Date.context_today(self, self.start_date)
            values["next_date"] = max(now, self.start_date + timedelta(hours=self.interval_hours))
        self.write(values)

    def _note_failure(self, error):
        name = log_guard.describe(error)
        # Only the text of our own sentences is known to quote nothing.
        text = str(error) if isinstance(error, UserError) else self.env._("Broke down: %s", name)
        failures = self.failures + 1
        delay = _RETRY_MINUTES * 2 ** min(failures - 1, 6)
        self.write(
            {
                "last_error": text,
                "failures": failures,
                "next_date": fields.Datetime.now() + timedelta(minutes=delay),
            }
        )
        _logger.warning(
            "CRVS pull %s failed (%s), tried again in %s minutes",
            self.id,
            getattr(error, "problem", name),
            delay,
        )
        if failures == _ALERT_AFTER:
            self._alert_managers(
                ACTIVITY,
                self.env._(
                    "Vital events could not be pulled several times in a row. See the error, and "
                    "test the connection of the data source."
                ),
            )
