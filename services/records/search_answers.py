"""Answers to searches, item by item. Pure: imports nothing of Odoo."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from .persons import Person, read_person
from .values import InvalidRecord, as_list, is_absent, lenient_text, safe_ascii

# Of several statuses for one reference id the one that promises least counts.
_STATUSES = ("rjct", "pdng", "rcvd", "succ")
#: Pages of one answer that are kept until all are there; nobody we ask about has so many records.
MAX_PAGES = 100
# What a page repeated by the registry has in common with the first.
_CONTENT = ("status", "status_reason_code", "data", "pagination")


class SearchItem(NamedTuple):
    """What a registry answered to one reference id.

    :param status: ``succ``, ``rjct``, ``rcvd``, ``pdng``, or empty when the registry gave none
        or one that the standard does not know; then an item without records has a ``problem``.
    :param reason_code: printable ASCII of at most 99 characters.
    :param reason_message: the registry's own words, one line of at most 200 characters. They
        may name a person: show them to who asked, do not log or store them.
    :param raw_records: the records as received, also those that cannot be read.
    :param reg_type: the register, as printable ASCII.
    :param page: number of the last page received, None when not given; so are the page size
        and the total number of records.
    :param people: the persons among them that could be read; prefer ``records``.
    :param problem: why ``records`` cannot be read; empty when it can.
    :param reg_record_type: what the records are, as printable ASCII.
    :param reg_event_type: of which event they are, likewise.
    """

    status: str
    reason_code: str
    reason_message: str
    raw_records: tuple[Any, ...]
    reg_type: str
    page: int | None
    page_size: int | None
    total: int | None
    people: tuple[Person, ...]
    problem: str
    reg_record_type: str = ""
    reg_event_type: str = ""

    @property
    def records(self) -> tuple[Person, ...]:
        """The persons found, in the order received.

        :raise InvalidRecord: when one of them cannot be read, since an answer that was not
            understood must not look like "not found".
        """
        if self.problem:
            raise InvalidRecord(self.problem)
        return self.people

    @property
    def is_pending(self) -> bool:
        """Whether the registry has not answered yet.

        A complete record under the status ``rcvd`` counts as an answer: published samples have it.
        """
        return self.status == "pdng" or (self.status == "rcvd" and not self.raw_records)


def leaves_open(header: object) -> bool:
    """Whether the header says that an empty answer is none: not finished, or refused.

    :param header: of the envelope; anything but an object says nothing
    """
    return _header_status(header) in ("pdng", "rcvd", "rjct")


def _header_status(header: object) -> str:
    status = lenient_text(header.get("status")).lower() if isinstance(header, dict) else ""
    return status if status in _STATUSES else ""


def read_search_response(
    message: Any, tz: str | None = None, read: Any = read_person, header: object = None
) -> dict[str, SearchItem]:
    """The items of an answer to a search, by the reference id they belong to.

    Several items for one reference id are pages of one answer and come back as one.

    :param message: the ``message`` member of the envelope.
    :param tz: name of the registry's time zone, see :func:`read_date`.
    :param read: :func:`read_person`, or :func:`read_life_and_death` where that is enough.
    :param header: of the envelope: what it says of the status holds for items that say nothing
        themselves and have no records.
    :return: ``{reference id: SearchItem}``; empty for ``search_response: []``.
    :raise InvalidRecord: when there is no ``search_response``, which is not the same as an empty
        one, or an item is not an object.
    """
    response = message.get("search_response") if isinstance(message, dict) else None
    if is_absent(response) and response != []:
        raise InvalidRecord("is missing", "message.search_response")
    found: dict[str, SearchItem] = {}
    for index, item in enumerate(as_list(response)):
        if not isinstance(item, dict):
            raise InvalidRecord("must be an object", f"message.search_response[{index}]")
        reference = safe_ascii(item.get("reference_id"), 255)
        page = _read_item(item, index, tz, read)
        if not page.raw_records and (
            _header_status(header) == "rjct"  # whatever an item says, all was refused
            or (not page.status and _header_status(header) != "succ")
        ):
            page = page._replace(status=_header_status(header))
        found[reference] = merge(found[reference], page) if reference in found else page
    return found


def _read_item(item: dict[str, Any], index: int, tz: str | None, read: Any) -> SearchItem:
    place = f"message.search_response[{index}]"
    problem, reg_type, reg_record_type, reg_event_type = "", "", "", ""
    records: list[Any] = []
    people: list[Person] = []
    for block in as_list(item.get("data")):
        if not isinstance(block, dict):
            problem = f"{place}.data: must be an object"
            continue
        reg_type = reg_type or safe_ascii(block.get("reg_type"), 255)
        reg_record_type = reg_record_type or safe_ascii(block.get("reg_record_type"), 255)
        reg_event_type = reg_event_type or safe_ascii(block.get("reg_event_type"), 255)
        records += as_list(block.get("reg_records"))
    for number, record in enumerate(records):
        try:
            people.append(read(record, tz))
        except InvalidRecord as error:
            problem = problem or str(error.within(f"{place}.data.reg_records[{number}]"))
    pagination = next(iter(as_list(item.get("pagination"))), None)
    pagination = pagination if isinstance(pagination, dict) else {}
    status = lenient_text(item.get("status")).lower()
    status = status if status in _STATUSES else ""
    unknown = not status and not is_absent(item.get("status"))
    if not status and not records and (unknown or "data" not in item):
        # Only a success, or an empty list in so many words, says "not found".
        problem = problem or f"{place}.status: does not tell"
    return SearchItem(
        status=status,
        reason_code=safe_ascii(item.get("status_reason_code"), 99),
        reason_message=lenient_text(item.get("status_reason_message"))[:200],
        raw_records=tuple(records),
        reg_type=reg_type,
        page=_read_count(pagination.get("page_number")),
        page_size=_read_count(pagination.get("page_size")),
        total=_read_count(pagination.get("total_count")),
        people=tuple(people),
        problem=problem,
        reg_record_type=reg_record_type,
        reg_event_type=reg_event_type,
    )


def merge(earlier: SearchItem, later: SearchItem) -> SearchItem:
    """Put two pages of one answer together.

    :param earlier: what has come so far
    :param later: a further page
    """

    def last(name: str) -> Any:
        value = getattr(later, name)
        return getattr(earlier, name) if value is None or value == "" else value

    return SearchItem(
        status=min(earlier.status, later.status, key=("", *_STATUSES).index),
        reason_code=last("reason_code"),
        reason_message=last("reason_message"),
        raw_records=earlier.raw_records + later.raw_records,
        reg_type=last("reg_type"),
        page=last("page"),
        page_size=last("page_size"),
        total=last("total"),
        people=earlier.people + later.people,
        problem=earlier.problem or later.problem,
        reg_record_type=last("reg_record_type"),
        reg_event_type=last("reg_event_type"),
    )


def _read_count(value: object) -> int | None:
    """A number that registries also send as text; None when it is neither."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 19:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 2**63 else None


# === PAGES OF ONE ANSWER THAT COME IN SEVERAL MESSAGES === #


def by_reference(message: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Group the items of an answer by the reference id they belong to.

    :param message: with ``search_response``, which :func:`read_search_response` could read
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for item in as_list(message.get("search_response")):
        groups.setdefault(safe_ascii(item.get("reference_id"), 255), []).append(item)
    return groups


def gather(kept: list[dict[str, Any]], received: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add pages to those that came before, each once.

    A page that comes again with other records is kept as well: what it says must not be lost.

    :param kept: items of one reference id
    :param received: further ones
    """
    pages = list(kept)
    known = {_digest(page) for page in pages}
    for item in received:
        if (digest := _digest(item)) not in known:
            pages.append(item)
            known.add(digest)
    return pages


def is_complete(pages: list[dict[str, Any]]) -> bool:
    """Whether all pages of an answer are there.

    Pages are told apart by their number. The total tells how many records there must be; without
    one, no page may be missing before the last.

    :param pages: items of one reference id
    """
    counts: dict[Any, int] = {}
    totals: list[int] = []
    for position, item in enumerate(pages):
        page = read_page(item, read=_read_nothing)
        if page.status == "rjct":
            return True
        number = ("unnumbered", position) if page.page is None else page.page
        counts[number] = max(counts.get(number, 0), len(page.raw_records))
        if page.total is not None:
            totals.append(page.total)
    if totals:
        return sum(counts.values()) >= max(totals)
    numbers = [number for number in counts if isinstance(number, int)]
    return not numbers or (min(numbers) <= 1 and max(numbers) - min(numbers) < len(numbers))


def read_page(item: dict[str, Any], *arguments: Any, **options: Any) -> SearchItem:
    """Read one item; arguments as of :func:`read_search_response`."""
    found = read_search_response({"search_response": [item]}, *arguments, **options)
    return next(iter(found.values()))


def _digest(item: dict[str, Any]) -> bytes:
    content = json.dumps([item.get(name) for name in _CONTENT], sort_keys=True)
    return hashlib.sha256(content.encode()).digest()


def _read_nothing(_record: Any, _tz: Any) -> None:
    return None
