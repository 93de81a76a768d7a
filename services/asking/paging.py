"""Reading everything that a search finds, page by page, also while the pages shift.

A record that is entered while pages are read moves others from one page to the next, so that one
pass can miss some. So the pages are read again until one pass had as many different records as the
registry counts, or two passes saw the same.

No count is believed to be all there is when a registry counts only so far: a window that comes near
its limit is halved, down to a day, and so is one whose count looks like a limit, to see.
"""

from __future__ import annotations

import hashlib
import json
import math
from datetime import date, timedelta
from typing import Any

from .. import records
from .explanations import RegistryError

_MAX_PASSES = 5
# How the standard says that a page lies behind the last one.
_NO_SUCH_PAGE = "pagination.invalid"
# A registry that counts only so far is near its limit when it counts so much of it.
_NEAR = 0.9
# Registries that cap silently do so at a round number.
_ROUND = 500
_LEAST_ROUND = 1000


class _TooFull(Exception):
    """A window holds more, or may hold more, than the registry shows."""


class WindowReader:
    """Reads the events of a window of dates.

    :param Registry registry: whom to ask
    :param event_type: one of ``records.EVENT_TYPES``
    :param page_size: records per page
    :param attribute: what the dates are about, where the registry leaves the choice
    :param keep: called with the list of new events (``VitalEvent``) of each page
    :ivar full_days: days of which the registry does not show everything
    """

    def __init__(
        self, registry: Any, event_type: str, page_size: int, attribute: str | None, keep: Any
    ) -> None:
        self.registry = registry
        self.event_type = event_type
        self.page_size = page_size
        self.attribute = attribute
        self.keep = keep
        self.full_days: list[date] = []

    def read(self, first: date, last: date) -> None:
        """Read all events of a window; of days with too many what the registry shows.

        :param first: first day
        :param last: last day, included
        :raise RegistryError: when the registry does not answer completely; what it did answer
            has been kept
        :raise UserError: when it could not be reached
        """
        try:
            count = self._read_whole(first, last, stop_when_full=first < last)
        except _TooFull:
            self._read_halves(first, last)
            return
        if self._is_near_limit(count):
            self.full_days.append(first)
        elif first < last and self._looks_like_limit(count):
            self._read_halves(first, last)

    def read_whole_register(self) -> bool:
        """Read the register without any dates, as far as the registry shows it.

        :return: whether it showed all of it
        :raise RegistryError: see :meth:`read`
        """
        return not self._is_near_limit(self._read_whole(None, None, stop_when_full=False))

    def _read_halves(self, first: date, last: date) -> None:
        middle = first + (last - first) // 2
        self.read(first, middle)
        self.read(middle + timedelta(days=1), last)

    def _is_near_limit(self, count: int | None) -> bool:
        limit = self.registry.dialect.most_counted
        return bool(limit) and (count or 0) >= limit * _NEAR

    def _looks_like_limit(self, count: int) -> bool:
        """Whether a count is one at which registries cap silently: full pages of a round number."""
        return count >= _LEAST_ROUND and count % _ROUND == 0 and count % self.page_size == 0

    def _read_whole(self, first: date | None, last: date | None, stop_when_full: bool) -> int:
        """Read a window until it is certain that all of it was seen.

        :return: how many records it has, as far as the registry shows them
        :raise _TooFull: when they are near what it counts at most, before they are all read
        """
        kept: set[bytes] = set()
        before = None
        for _pass in range(_MAX_PASSES):
            seen, received, total = self._read_pages(first, last, kept, stop_when_full)
            # All there are: in this pass, or in several whose pages shifted in between.
            if total is None or total in (len(seen), len(kept)):
                return len(seen)
            if seen == before:
                # Records that come twice are counted twice.
                if received >= total or (not stop_when_full and self._is_near_limit(total)):
                    return total
                raise RegistryError(self.registry.env, "missing_pages")
            before = seen
        raise RegistryError(self.registry.env, "shifting_pages")

    def _read_pages(
        self, first: date | None, last: date | None, kept: set[Any], stop_when_full: bool
    ) -> tuple[set[Any], int, int | None]:
        """Read the pages once.

        :param kept: digests of the records that were kept; the new ones are added
        :return: digests of the records seen, how many came, and how many the registry counts: None
            when it does not count, -1 when it counted differently from page to page
        """
        seen: set[bytes] = set()
        totals: set[int | None] = set()
        page, pages, received = 0, None, 0
        while pages is None or page < pages:
            page += 1
            item = self._read_page(first, last, page)
            if item is not None and stop_when_full and self._is_near_limit(item.total):
                raise _TooFull
            if item is not None and not item.raw_records and (item.total or 0) > received:
                # It counts more than it sends: what lies behind is not "no more".
                if not self._is_near_limit(item.total):
                    raise RegistryError(self.registry.env, "missing_pages")
                totals.add(item.total)
            if item is None or not item.raw_records:
                break
            received += len(item.raw_records)
            digests = {_digest(record): record for record in item.raw_records}
            news = [record for digest, record in digests.items() if digest not in kept]
            nothing_new = seen.issuperset(digests)
            seen.update(digests)
            kept.update(digests)
            self._keep_events(item, news)
            totals.add(item.total)
            if pages is None and item.total is not None:
                pages = math.ceil(item.total / len(item.raw_records))
            # Without a total a short page need not be the last: registries limit their pages.
            if item.total is None and nothing_new:
                break
        if len(totals) > 1:
            return seen, received, -1
        return seen, received, next(iter(totals), None)

    def _read_page(self, first: date | None, last: date | None, page: int) -> Any:
        criteria = self.registry.dialect.event_criteria(
            self.event_type, first, last, page, self.page_size, self.attribute
        )
        item = self.registry.search([criteria])[0]
        if item is None:
            return None
        if item.status == "rjct" and page > 1 and item.reason_code.endswith(_NO_SUCH_PAGE):
            return None
        if item.status == "rjct":
            raise RegistryError(self.registry.env, "rejected", item.reason_code)
        if item.problem and not item.raw_records:
            raise RegistryError(self.registry.env, "unreadable")
        if item.is_pending:
            raise RegistryError(self.registry.env, "not_ready")
        return item

    def _keep_events(self, item: Any, raw_records: Any) -> None:
        timezone = self.registry.data_source.crvs_timezone or None
        events = [
            records.event_from_record(self.event_type, record, "", timezone)
            for record in raw_records
            if self._is_event(item, record, timezone)
        ]
        if events:
            self.keep(events)

    def _is_event(self, item: Any, record: Any, timezone: Any) -> Any:
        """Whether a record found is an event; one that cannot be read is kept for a person."""
        try:
            person = records.read_person(record, timezone)
            return self.registry.dialect.is_event(self.event_type, item, person, record)
        except records.InvalidRecord:
            return True


def _digest(record: Any) -> Any:
    text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
