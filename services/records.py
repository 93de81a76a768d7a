"""The door to what registries send: one shape for a vital event and for a person.

Every spelling of records and events is understood behind this door and nowhere else. Pure:
imports nothing of Odoo. Whatever is wrong with a record ends in :class:`InvalidRecord`, whose
text names the place and never a value.
"""

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from .record_dates import read_date
from .record_person import (
    Identifier,
    Person,
    read_identifiers,
    read_life_and_death,
    read_person,
)
from .record_search import SearchItem, read_search_response
from .record_types import EVENT_TYPES, event_type, event_type_of
from .record_values import InvalidRecord, as_list, first, is_absent, safe_ascii

__all__ = [
    "EVENT_TYPES",
    "Identifier",
    "InvalidRecord",
    "Notification",
    "Person",
    "SearchItem",
    "VitalEvent",
    "event_from_record",
    "event_type",
    "read_date",
    "read_event",
    "read_life_and_death",
    "read_notification",
    "read_person",
    "read_search_response",
]

_COUPLE_EVENTS = ("marriage", "divorce")
_EVENT_DATE = ("event_date", "eventDate")
# What a broken record of this type must not be broken in, since the effect hangs on it.
_NEEDED = {
    "birth": {"birth_date"},
    "death": {"death_date"},
    "marriage": {"marriage_date", "spouse"},
    "divorce": {"divorce_date", "spouse"},
}
# An item delivered again differs in these without being another event.
_DELIVERY = ("reference_id", "timestamp", "transaction_id", "correlation_id")


@dataclass(frozen=True, slots=True)
class VitalEvent:
    """A birth, death, marriage or divorce as reported for one person.

    :param event_type: one of :data:`EVENT_TYPES`.
    :param event_date: when it happened, None when the record does not say. For a birth it is
        the person's birth date wherever the record holds one.
    :param person: the notified person.
    :param reference_id: the item's id at the registry.
    :param raw: the item as received; where an item held several persons, cut down to this one.
        ``read_event(raw)`` gives the same event again.
    :param problem: why the event cannot be processed, without any value; empty when it can.
    """

    event_type: str
    event_date: date | None
    person: Person
    reference_id: str
    raw: dict = field(hash=False)
    problem: str = ""

    def digest(self):
        """Recognise the same vital event in another message, spelling or order.

        Only content that has an effect counts: no names, places, reference ids or time stamps.
        An event that names nobody or cannot be read has no such content; it counts as a whole,
        so that two different ones are never taken for one.

        :return: SHA-256 in hexadecimal.
        """
        if self.problem or not self.person.identifiers:
            whole = {key: value for key, value in self.raw.items() if key not in _DELIVERY}
            content = ["v1", self.event_type, "raw", whole]
        else:
            content = [
                *("v1", self.event_type, self.event_date and self.event_date.isoformat()),
                _sorted_pairs(self.person),
            ]
            spouse = self.person.spouse
            if self.event_type in _COUPLE_EVENTS and spouse and spouse.identifiers:
                content.append(_sorted_pairs(spouse))
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Notification:
    """What a notification holds for us.

    :param events: the events of the four types, in the order received.
    :param refused: ``(reference id, event name)`` of every other item, as printable ASCII.
    """

    events: tuple[VitalEvent, ...]
    refused: tuple[tuple[str, str], ...]


def read_notification(message, tz=None):
    """The events in a ``notify`` message, in the standard or the flat shape.

    An item of ours that cannot be read is an event nevertheless, with its ``problem``.

    :param message: the ``message`` member of the envelope.
    :param tz: name of the registry's time zone, see :func:`read_date`.
    :return: a :class:`Notification`.
    :raise InvalidRecord: when the message or an item is not of either shape.
    """
    if not isinstance(message, dict):
        raise InvalidRecord("must be an object", "message")
    items = as_list(message.get("notify_event"))
    if not items and ("event_type" in message or "eventType" in message):
        events, refused = _read_item(message, tz)
        return Notification(tuple(events), tuple(refused))
    if "notify_event" not in message:
        raise InvalidRecord("holds neither notify_event nor event_type", "message")
    all_events, all_refused = [], []
    for index, item in enumerate(items):
        try:
            events, refused = _read_item(item, tz)
        except InvalidRecord as error:
            raise error.within(f"message.notify_event[{index}]") from None
        all_events += events
        all_refused += refused
    return Notification(tuple(all_events), tuple(all_refused))


def read_event(raw, tz=None):
    """The event that was stored as its original JSON.

    :param raw: ``VitalEvent.raw``.
    :param tz: name of the registry's time zone, see :func:`read_date`.
    :return: the :class:`VitalEvent`.
    :raise InvalidRecord: when it is no event of ours, or not just one, or cannot be read.
    """
    events, _refused = _read_item(raw, tz)
    if len(events) != 1:
        raise InvalidRecord("must hold exactly one birth, death, marriage or divorce")
    if events[0].problem:
        raise InvalidRecord(events[0].problem)
    return events[0]


def event_from_record(name, record, reference_id="", tz=None):
    """A record found by a search as an event.

    :param name: the type of event that the search asked for.
    :param record: one of ``SearchItem.raw_records``.
    :param reference_id: the reference id of the search.
    :param tz: name of the registry's time zone, see :func:`read_date`.
    :return: a :class:`VitalEvent`; one that cannot be read carries its ``problem``.
    :raise ValueError: when the name is none of the four types.
    """
    kind = event_type(name)
    if kind is None:
        raise ValueError("not a birth, death, marriage or divorce")
    data = {"reg_event_type": kind, "reg_records": record}
    raw = {"reference_id": reference_id, "data": data}
    events, _refused = _read_item(raw, tz)
    if len(events) == 1:
        return events[0]
    return _build(kind, _Source(record, "data.reg_records", (data, raw)), raw, tz)


def _read_item(item, tz):
    """The events of one item and, if it is not ours, its name."""
    if not isinstance(item, dict):
        raise InvalidRecord("must be an object")
    if is_absent(item.get("data")):
        return _read_flat(item, tz)
    events, refused = [], []
    blocks = as_list(item["data"])
    for data in blocks:
        if not isinstance(data, dict):
            raise InvalidRecord("must be an object", "data")
        kind, name = event_type_of(data, item)
        if kind is None:
            refused.append(_refusal(item, name))
            continue
        raw = item if len(blocks) == 1 else {**item, "data": data}
        events += _read_records(kind, data, raw, tz)
    return events, refused


def _read_flat(item, tz):
    kind, name = event_type_of(item, item)
    if kind is None:
        return [], [_refusal(item, name)]
    people = as_list(item.get("person"))
    record = people[0] if len(people) == 1 else people or {}
    return [_build(kind, _Source(record, "person", (item,), also_own=item), item, tz)], []


def _read_records(kind, data, raw, tz):
    """One event per person, or one for a couple that is listed as two persons."""
    records = as_list(data.get("reg_records"))
    place = "data.reg_records"
    if len(records) <= 1:
        record = records[0] if records else None
        return [_build(kind, _Source(record, place, (data, raw)), raw, tz)]
    if kind in _COUPLE_EVENTS and len(records) == 2:
        couple = _read_couple(kind, records, data, raw, tz)
        if couple:
            return [couple]
    events = []
    for record in records:
        part = {**raw, "data": {**data, "reg_records": record}}
        events.append(_build(kind, _Source(record, place, (data, raw)), part, tz))
    return events


def _read_couple(kind, records, data, raw, tz):
    first_event, second_event = (
        _build(kind, _Source(record, "data.reg_records", (data, raw)), raw, tz)
        for record in records
    )
    person, spouse = first_event.person, second_event.person
    broken = first_event.problem or second_event.problem
    if broken or person.spouse or spouse.spouse or person.is_same_as(spouse):
        return None
    return replace(
        first_event,
        event_date=first_event.event_date or second_event.event_date,
        person=person._replace(spouse=spouse),
    )


class _Source(NamedTuple):
    """Where an event is read from: the person's record, its place, and what stands around it."""

    record: object
    place: str
    around: tuple[dict, ...]
    also_own: dict | None = None


def _build(kind, source, raw, tz):
    person, when, problem = Person(), None, ""
    try:
        person = _read_own_person(source, tz)
        when = _read_event_date(kind, person, source, tz)
    except InvalidRecord as error:
        problem = str(error)
    return VitalEvent(kind, when, person, _reference(raw), raw, problem)


def _read_own_person(source, tz):
    extra = read_identifiers(source.also_own) if source.also_own else ()
    try:
        if source.record is None:
            raise InvalidRecord("is missing")
        person = read_person(source.record, tz)
    except InvalidRecord as error:
        raise error.within(source.place) from None
    if extra:
        person = person._replace(identifiers=tuple(dict.fromkeys(extra + person.identifiers)))
    return person


def _read_event_date(kind, person, source, tz):
    for name in person.unreadable:
        if name in _NEEDED[kind]:
            raise InvalidRecord("cannot be read", f"{source.place}.{name}")
    when = getattr(person, f"{kind}_date")
    if when is not None:
        return when
    given = (first(block, _EVENT_DATE) for block in source.around)
    try:
        return read_date(next((value for value in given if value is not None), None), tz)
    except InvalidRecord as error:
        raise error.within("event_date") from None


def _reference(item):
    return safe_ascii(item.get("reference_id"), 255)


def _refusal(item, name):
    return _reference(item), safe_ascii(name, 64) or "unknown"


def _sorted_pairs(person):
    return sorted([identifier.type, identifier.value] for identifier in person.identifiers)
