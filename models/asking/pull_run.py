import logging
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...services import dialects, log_guard
from ...services.asking.explanations import RegistryError
from ...services.asking.paging import WindowReader
from ...services.asking.registry import Registry
from ..mixins import CLOCK_JUMP, Job

_logger = logging.getLogger(__name__)

_RETRY_MINUTES = 15
_ALERT_AFTER = 3  # failures in a row
_WHOLE_REGISTER = timedelta(days=30)
# Of the searches that a registry takes in a day; the rest is for checks before payments.
_SHARE_OF_PULLS = 0.8


class CRVSPull(models.Model):
    """The work of a pull: a window, its events, a commit."""

    _inherit = "spp.dci.crvs.pull"

    @api.model
    def _cron_pull(self):
        """Work on what is due (the scheduled action's method).

        A window is committed when it is complete, its events page by page. A failure leaves
        position and watermark where they are.
        """
        self._work_off(self._windows())

    @api.model
    def _windows(self):
        for pull in self.search(self._due_domain(), order="next_date, id"):
            failures = pull.failures
            while pull.next_date and pull.failures == failures:
                yield Job(pull._work, pull._note_failure)
                self.env.invalidate_all()
                if not pull.position or not pull.filtered_domain(self._due_domain()):
                    break

    @api.model
    def _due_domain(self):
        now = fields.Datetime.now()
        return [
            ("next_date", "!=", False),
            ("data_source_id.active", "=", True),
            "|",
            ("next_date", "<=", now),
            # The clock was ahead when it was last read.
            ("start_date", ">", now + CLOCK_JUMP),
        ]

    def _work(self):
        """Read the next window of the scan; begin and end the scan with its first and last one.

        :return: how many windows were read
        :rtype: int
        """
        self.ensure_one()
        if self._leaves_searches_to_checks():
            return 0
        if not self.position:
            self._begin()
            self._read_whole_register()
        self._read_window()
        if self.position > self.scan_to:
            self._finish()
        return 1

    def _leaves_searches_to_checks(self):
        """Wait for tomorrow once the searches of a day are nearly used up.

        :return: whether it has to wait
        :rtype: bool
        """
        source = self.data_source_id
        limit = source.crvs_daily_searches
        if not limit or source.crvs_searches_today < limit * _SHARE_OF_PULLS:
            return False
        tomorrow = source._crvs_search_day() + timedelta(days=1)
        self.next_date = datetime.combine(tomorrow, datetime.min.time()) + timedelta(minutes=5)
        return True

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

    def _read_window(self):
        """Search one window and store its events.

        :raise UserError: when the registry does not answer completely
        """
        source = self.data_source_id
        registry = Registry(self.env, source)
        end = self._window_end()
        attribute = self.attribute_name or registry.dialect.pull_attribute(self.kind == "import")
        reader = WindowReader(registry, self.event_type, self.page_size, attribute, self._keep)
        reader.read(self.position, end)
        if reader.full_days:
            self._tell_full(reader.full_days)
        self.position = end + timedelta(days=1)

    def _read_whole_register(self):
        """Once a month look for what no date leads to, as far as the registry shows it."""
        source = self.data_source_id
        now = fields.Datetime.now()
        if (
            not dialects.get(source.dialect).has_whole_register
            or self.event_type == "marriage"  # of which every window is the whole register
            or (self.whole_date and now - _WHOLE_REGISTER < self.whole_date <= now)
        ):
            return
        reader = WindowReader(
            Registry(self.env, source), self.event_type, self.page_size, None, self._keep
        )
        self.whole_date = now
        try:
            is_all = reader.read_whole_register()
        except RegistryError as error:
            # The windows are read all the same.
            _logger.warning("CRVS pull %s: no whole register (%s)", self.id, error.problem)
            return
        if not is_all:
            self._alert(
                "pull",
                self._crvs_managers(),
                self.env._(
                    "The registry has more records than it shows at once, so that those without a "
                    "date of birth may be missed. Ask the registry for a list of them."
                ),
            )

    def _tell_full(self, days):
        """Tell the managers of days with more events than the registry shows."""
        self._alert(
            "pull",
            self._crvs_managers(),
            self.env._(
                "The registry has more events than it shows for %s. What it shows was taken. Ask "
                "the registry for a list of those days, and compare.",
                ", ".join(map(fields.Date.to_string, days[:10])),
            ),
        )

    def _keep(self, vital_events):
        """Store the events of a page that are wanted, and commit them."""
        since, until = self._since(), self.date_to if self.kind == "import" else None
        # News of long ago is news where the register is asked for news.
        by_change = dialects.get(self.data_source_id.dialect).pulls_by_change and not until
        wanted = [
            vital
            for vital in vital_events
            if by_change
            or not vital.event_date
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
            self._alert(
                "pull",
                self._crvs_managers(),
                self.env._(
                    "Vital events could not be pulled several times in a row. See the error, and "
                    "test the connection of the data source."
                ),
            )
