"""Vital events in notifications and in records found by a search. Pure: imports nothing of Odoo."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from .dates import NO_DATE, DateReading, read_date, read_moment
from .identifiers import SHARED_BY_A_COUPLE, read_identifiers
from .persons import Person, read_person
from .relations import is_relation, is_subject
from .types import ItemType, event_type, event_type_of, foetal_name
from .values import InvalidRecord, as_list, first, is_absent, safe_ascii
from .withdrawals import is_withdrawn

#: why an event cannot be applied whose name contains a kind's word beside others
UNKNOWN_NAME = "unknown_name"

_COUPLE_EVENTS = ("marriage", "divorce")
_EVENT_DATE = ("event_date", "eventDate")
_TIMESTAMP = ("timestamp", "updated_at", "updatedAt", "last_updated", "lastUpdated")
# Where the entries of a list are kept that the event is not about.
_OTHERS = "other_records"
# An item delivered again differs in these without being another event.
_DELIVERY = ("reference_id", "timestamp", "transaction_id", "correlation_id")


@dataclass(frozen=True, slots=True)
class VitalEvent:
    """A birth, death, marriage or divorce as reported for one person.

    :param event_type: one of :data:`EVENT_TYPES`.
    :param event_date: when it happened, None when the record does not say a full date. For a birth
        it is the person's birth date wherever the record holds one.
    :param person: the notified person.
    :param reference_id: the item's id at the registry.
    :param raw: the item as received; where an item held several persons, cut down to this one.
        ``read_event(raw)`` gives the same event again.
    :param problem: why the event cannot be processed, without any value; empty when it can.
    :param when: what was written for the date.
    :param timestamp: when the registry wrote this version, UTC without zone; None when the item
        does not say.
    :param withdraws: the registry takes back what it reported before.
    :param flags: what an officer should look at: ``unusable_identifier`` (left out),
        ``number_identifier`` (came as a JSON number), ``no_date``, ``partial_date``,
        ``sentinel_birth_date`` (a day that means "unknown" elsewhere).
    """

    event_type: str
    event_date: date | None
    person: Person
    reference_id: str
    raw: dict[str, Any] = field(hash=False)
    problem: str = ""
    when: DateReading = NO_DATE
    timestamp: datetime | None = None
    withdraws: bool = False
    flags: tuple[str, ...] = ()

    def with_couple_swapped(self) -> VitalEvent:
        """The same event with the spouse as the person, and the person as the spouse.

        :raise ValueError: when the record names no spouse
        """
        if self.person.spouse is None:
            raise ValueError("the record names no spouse")
        other, spouse = self.person._replace(spouse=None), self.person.spouse
        # The number of a marriage is on one of them and belongs to both.
        shared = [one for one in other.identifiers if one.type in SHARED_BY_A_COUPLE]
        person = spouse._replace(
            spouse=other,
            marital_status=other.marital_status,
            identifiers=tuple(dict.fromkeys([*spouse.identifiers, *shared])),
        )
        return replace(self, person=person)

    def digest(self) -> str:
        """Recognise the same vital event in another message, spelling or order.

        Only content that has an effect counts: no names, places, reference ids or time stamps.
        An event that names nobody or cannot be read has no such content; it counts as a whole,
        so that two different ones are never taken for one.

        :return: SHA-256 in hexadecimal.
        """
        if self.problem or not self.person.identifiers:
            whole = {key: value for key, value in self.raw.items() if key not in _DELIVERY}
            content = ["v2", self.event_type, "raw", whole, self.withdraws]
        else:
            spouse = self.person.spouse if self.event_type in _COUPLE_EVENTS else None
            content = [
                *("v2", self.event_type, self._written(self.when), self.withdraws),
                self._facts(self.person),
                self._facts(spouse) if spouse and spouse.identifiers else None,
            ]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def withdrawn_digests(self) -> tuple[str, ...]:
        """The digests that the event has which this one takes back.

        :return: empty when this is no withdrawal, or it cannot be told.
        """
        if not self.withdraws or self.problem or not self.person.identifiers:
            return ()
        return (replace(self, withdraws=False).digest(),)

    def _facts(self, person: Person) -> list[Any]:
        """What decides who a person is."""
        own = sorted(
            [entry.type, entry.key, entry.is_number, entry.key in person.related_keys]
            for entry in person.identifiers
        )
        status = person.marital_status if self.event_type in _COUPLE_EVENTS else ""
        return [own, self._written(person.birth), person.sex, status]

    @staticmethod
    def _written(reading: DateReading) -> str:
        return reading.day.isoformat() if reading.day else reading.text


@dataclass(frozen=True, slots=True)
class Notification:
    """What a notification holds for us.

    :param events: the events of the four types, in the order received.
    :param refused: ``(reference id, event name)`` of every other item, as printable ASCII.
    """

    events: tuple[VitalEvent, ...]
    refused: tuple[tuple[str, str], ...]


def read_notification(message: object, tz: str | None = None) -> Notification:
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


def read_event(raw: object, tz: str | None = None) -> VitalEvent:
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


def event_from_record(
    name: str, record: object, reference_id: str = "", tz: str | None = None
) -> VitalEvent:
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
    events, refused = _read_item(raw, tz)
    if len(events) == 1:
        return events[0]
    named = ItemType(kind, kind)
    event = _build(named, _Source(record, "data.reg_records", (data, raw)), raw, tz)
    if refused and not event.problem:
        return replace(event, problem="data.reg_records: is of nobody who was born alive")
    return event


def _read_item(item: Any, tz: str | None) -> tuple[list[VitalEvent], list[tuple[str, str]]]:
    """The events of one item and, if it is not ours, its name."""
    if not isinstance(item, dict):
        raise InvalidRecord("must be an object")
    if is_absent(item.get("data")):
        return _read_flat(item, tz)
    events: list[VitalEvent] = []
    refused: list[tuple[str, str]] = []
    blocks = as_list(item["data"])
    for data in blocks:
        if not isinstance(data, dict):
            raise InvalidRecord("must be an object", "data")
        named = event_type_of(data, item)
        if named.kind is None:
            refused.append(_refusal(item, named.name))
            continue
        raw = item if len(blocks) == 1 else {**item, "data": data}
        found, foetal = _read_records(named, data, raw, tz)
        events += found
        refused += [_refusal(item, name) for name in foetal]
    return events, refused


def _read_flat(
    item: dict[str, Any], tz: str | None
) -> tuple[list[VitalEvent], list[tuple[str, str]]]:
    named = event_type_of(item, item)
    people = as_list(item.get("person"))
    record = people[0] if len(people) == 1 else people or {}
    name = named.name if named.kind is None else foetal_name(record)
    if name or named.kind is None:
        return [], [_refusal(item, name)]
    return [_build(named, _Source(record, "person", (item,), also_own=item), item, tz)], []


def _read_records(
    named: ItemType, data: dict[str, Any], raw: dict[str, Any], tz: str | None
) -> tuple[list[VitalEvent], list[str]]:
    """One event per person whom it is about, or one for a couple that is listed as two persons.

    :return: the events, and the names of foetal deaths among the records
    """
    given = as_list(data.get("reg_records"))
    foetal = [name for record in given if (name := foetal_name(record))]
    records = [record for record in given if not foetal_name(record)]
    place = "data.reg_records"
    if not records:
        if foetal:
            return [], foetal
        return [_build(named, _Source(None, place, (data, raw)), raw, tz)], []
    if len(given) == 1:
        kept = tuple(as_list(data.get(_OTHERS)))
        return [_build(named, _Source(records[0], place, (data, raw), others=kept), raw, tz)], []
    kind = named.kind or ""
    if kind in _COUPLE_EVENTS and len(records) == 2:
        couple = _read_couple(named, records, data, raw, tz)
        if couple:
            return [couple], foetal
    subjects = _subjects(kind, records, data, raw, tz)
    others = [record for record in records if not any(record is subject for subject in subjects)]
    events = []
    for record in subjects:
        part = {**raw, "data": {**data, "reg_records": record}}
        if others:
            part["data"][_OTHERS] = others
        source = _Source(record, place, (data, raw), others=tuple(others))
        events.append(_build(named, source, part, tz))
    return events, foetal


def _subjects(
    kind: str, records: list[Any], data: dict[str, Any], raw: dict[str, Any], tz: str | None
) -> list[Any]:
    """The persons of a list whom the event is about, and not who told of it or is related.

    An entry without a role counts only when it has the date that the event needs, or nobody does.
    """
    named = [record for record in records if is_subject(record, kind)]
    rest = [
        record
        for record in records
        if not is_subject(record, kind) and not is_relation(record, kind)
    ]
    if named:
        return named
    dated = [record for record in rest if _has_date(kind, record, tz)]
    given = any(first(block, _EVENT_DATE) is not None for block in (data, raw))
    has_relations = len(rest) < len(records)
    if dated or (has_relations and len(rest) > 1 and not given):
        return dated or rest[:1]
    return rest or records[:1]


def _has_date(kind: str, record: object, tz: str | None) -> bool:
    try:
        return bool(getattr(read_person(record, tz), kind, NO_DATE).text)
    except InvalidRecord:
        return False


def _read_couple(
    named: ItemType, records: list[Any], data: dict[str, Any], raw: dict[str, Any], tz: str | None
) -> VitalEvent | None:
    first_event, second_event = (
        _build(named, _Source(record, "data.reg_records", (data, raw)), raw, tz)
        for record in records
    )
    person, spouse = first_event.person, second_event.person
    broken = first_event.problem or second_event.problem
    if broken or person.spouse or spouse.spouse or person.is_same_as(spouse):
        return None
    dated = first_event if first_event.when.text else second_event
    return replace(
        first_event,
        event_date=dated.event_date,
        when=dated.when,
        flags=dated.flags,
        person=person._replace(spouse=spouse),
    )


class _Source(NamedTuple):
    """Where an event is read from: the person's record, its place, and what stands around it."""

    record: Any
    place: str
    around: tuple[dict[str, Any], ...]
    also_own: dict[str, Any] | None = None
    others: tuple[Any, ...] = ()


def _build(named: ItemType, source: _Source, raw: dict[str, Any], tz: str | None) -> VitalEvent:
    kind = named.kind or ""
    person, when, problem = Person(), NO_DATE, ""
    try:
        person = _read_own_person(source, tz)
        when = _read_event_date(kind, person, source, tz)
        if kind in _COUPLE_EVENTS and "spouse" in person.unreadable:
            raise InvalidRecord("cannot be read", f"{source.place}.spouse")
    except InvalidRecord as error:
        problem = str(error)
    blocks = (*source.around, source.record)
    withdraws = named.withdraws or any(is_withdrawn(block) for block in blocks)
    if not problem and not named.is_known:
        problem = UNKNOWN_NAME
    timestamps = (read_moment(first(block, _TIMESTAMP)) for block in reversed(blocks))
    return VitalEvent(
        kind,
        when.day,
        person,
        _reference(raw),
        raw,
        problem,
        when,
        read_moment(raw.get("timestamp")) or next(filter(None, timestamps), None),
        withdraws,
        _flags(kind, person, when),
    )


def _flags(kind: str, person: Person, when: DateReading) -> tuple[str, ...]:
    found = {
        "unusable_identifier": person.unusable_identifiers > 0,
        "number_identifier": any(entry.is_number for entry in person.identifiers),
        "no_date": when.day is None and not when.is_partial,
        "partial_date": when.is_partial,
        "sentinel_birth_date": person.birth.day is not None and person.birth.is_sentinel,
    }
    return tuple(name for name, is_so in found.items() if is_so)


def _read_own_person(source: _Source, tz: str | None) -> Person:
    extra: tuple[Any, ...] = ()
    unusable = 0
    if source.also_own:
        own = source.also_own
        extra, unusable = read_identifiers(own.get("identifier"), own.get("identifiers"))
    try:
        if source.record is None:
            raise InvalidRecord("is missing")
        person = read_person(source.record, tz)
    except InvalidRecord as error:
        raise error.within(source.place) from None
    if extra or unusable:
        person = person._replace(
            identifiers=tuple(dict.fromkeys((*extra, *person.identifiers))),
            unusable_identifiers=person.unusable_identifiers + unusable,
        )
    related = {
        entry.key
        for other in source.others
        if isinstance(other, dict)
        for entry in read_identifiers(other.get("identifier"), other.get("identifiers")).usable
    }
    return person._replace(related_keys=person.related_keys | related) if related else person


def _read_event_date(kind: str, person: Person, source: _Source, tz: str | None) -> DateReading:
    when: DateReading = getattr(person, kind, NO_DATE)
    if when.text:
        return when
    given = (first(block, _EVENT_DATE) for block in source.around)
    value = next((value for value in given if value is not None), None)
    return read_date(value, tz, is_birth=kind == "birth")


def _reference(item: dict[str, Any]) -> str:
    return safe_ascii(item.get("reference_id"), 255)


def _refusal(item: dict[str, Any], name: str) -> tuple[str, str]:
    return _reference(item), safe_ascii(name, 64) or "unknown"
