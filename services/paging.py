"""Reading everything that a search finds, page by page, also while the pages shift.

A record that is entered while pages are read moves others from one page to the next, so that one
pass can miss some. So the pages are read again until one pass had as many different records as the
registry counts, or two passes saw the same.
"""

import hashlib
import json
import math

from . import records
from .explanations import RegistryError

_MAX_PASSES = 5
# How the standard says that a page lies behind the last one.
_NO_SUCH_PAGE = "pagination.invalid"


class WindowReader:
    """Reads the events of a window of dates.

    :param Registry registry: whom to ask
    :param str event_type: one of ``records.EVENT_TYPES``
    :param int page_size: records per page
    :param str attribute: what the dates are about, where the registry leaves the choice
    :param keep: called with the list of new events (``VitalEvent``) of each page
    """

    def __init__(self, registry, event_type, page_size, attribute, keep):
        self.registry = registry
        self.event_type = event_type
        self.page_size = page_size
        self.attribute = attribute
        self.keep = keep

    def read(self, first, last):
        """Read all events of a window.

        :param date first: first day
        :param date last: last day, included
        :raise RegistryError: when the registry does not answer completely; what it did answer
            has been kept
        :raise UserError: when it could not be reached
        """
        kept, before = set(), None
        for _pass in range(_MAX_PASSES):
            seen, total = self._read_pages(first, last, kept)
            # All there are: in this pass, or in several whose pages shifted in between.
            if total is None or total in (len(seen), len(kept)) or seen == before:
                return
            before = seen
        raise RegistryError(self.registry.env, "shifting_pages")

    def _read_pages(self, first, last, kept):
        """Read the pages once.

        :param set kept: digests of the records that were kept; the new ones are added
        :return: digests of the records seen, and how many the registry counts: None when it does
            not count, -1 when it counted differently from page to page
        :rtype: tuple[set, int | None]
        """
        seen, totals, page, pages = set(), set(), 0, None
        while pages is None or page < pages:
            page += 1
            item = self._read_page(first, last, page)
            if item is None or not item.raw_records:
                break
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
            return seen, -1
        return seen, next(iter(totals), None)

    def _read_page(self, first, last, page):
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

    def _keep_events(self, item, raw_records):
        timezone = self.registry.data_source.crvs_timezone or None
        events = [
            records.event_from_record(self.event_type, record, "", timezone)
            for record in raw_records
            if self._is_event(item, record, timezone)
        ]
        if events:
            self.keep(events)

    def _is_event(self, item, record, timezone):
        """Whether a record found is an event; one that cannot be read is kept for a person."""
        try:
            person = records.read_person(record, timezone)
            return self.registry.dialect.is_event(self.event_type, item, person, record)
        except records.InvalidRecord:
            return True


def _digest(record):
    text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
