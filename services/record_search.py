"""Answers to searches, item by item. Pure: imports nothing of Odoo."""

from typing import NamedTuple

from .record_person import Person, read_person
from .record_values import InvalidRecord, as_list, is_absent, lenient_text, safe_ascii

# Of several statuses for one reference id the one that promises least counts.
_STATUSES = ("rjct", "pdng", "rcvd", "succ")


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
    """

    status: str
    reason_code: str
    reason_message: str
    raw_records: tuple
    reg_type: str
    page: int | None
    page_size: int | None
    total: int | None
    people: tuple[Person, ...]
    problem: str
    reg_record_type: str = ""

    @property
    def records(self):
        """The persons found, in the order received.

        :raise InvalidRecord: when one of them cannot be read, since an answer that was not
            understood must not look like "not found".
        """
        if self.problem:
            raise InvalidRecord(self.problem)
        return self.people

    @property
    def is_pending(self):
        """Whether the registry has not answered yet.

        A complete record under the status ``rcvd`` counts as an answer: published samples have it.
        """
        return self.status == "pdng" or (self.status == "rcvd" and not self.raw_records)


def read_search_response(message, tz=None, read=read_person):
    """The items of an answer to a search, by the reference id they belong to.

    Several items for one reference id are pages of one answer and come back as one.

    :param message: the ``message`` member of the envelope.
    :param tz: name of the registry's time zone, see :func:`read_date`.
    :param read: :func:`read_person`, or :func:`read_life_and_death` where that is enough.
    :return: ``{reference id: SearchItem}``; empty for ``search_response: []``.
    :raise InvalidRecord: when there is no ``search_response``, which is not the same as an empty
        one, or an item is not an object.
    """
    response = message.get("search_response") if isinstance(message, dict) else None
    if is_absent(response) and response != []:
        raise InvalidRecord("is missing", "message.search_response")
    found = {}
    for index, item in enumerate(as_list(response)):
        if not isinstance(item, dict):
            raise InvalidRecord("must be an object", f"message.search_response[{index}]")
        reference = safe_ascii(item.get("reference_id"), 255)
        page = _read_item(item, index, tz, read)
        found[reference] = _merge(found[reference], page) if reference in found else page
    return found


def _read_item(item, index, tz, read):
    place = f"message.search_response[{index}]"
    problem, reg_type, reg_record_type, records, people = "", "", "", [], []
    for block in as_list(item.get("data")):
        if not isinstance(block, dict):
            problem = f"{place}.data: must be an object"
            continue
        reg_type = reg_type or safe_ascii(block.get("reg_type"), 255)
        reg_record_type = reg_record_type or safe_ascii(block.get("reg_record_type"), 255)
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
    )


def _merge(earlier, later):
    def last(name):
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
    )


def _read_count(value):
    """A number that registries also send as text; None when it is neither."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 19:
        value = int(value)
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
    return value if usable else None
