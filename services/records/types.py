"""The names of vital events in every spelling. Pure: imports nothing of Odoo."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from .values import MAX_TEXT, as_list, first, safe_ascii

EVENT_TYPES = ("birth", "death", "marriage", "divorce")

_PARTS = re.compile(r"[:#/]+")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^A-Za-z_\s-]+")

# Words that say no more than "this is about a registration".
_NOISE = frozenset(
    {"event", "vital", "register", "registered", "registration", "registry"}
    | {"notification", "record", "type"}
    # A later or late version of the same thing.
    | {"update", "updated", "correct", "corrected", "correction", "late", "delayed"}
    | {"amend", "amended", "amendment"}
)
_NAMES = {(kind,): kind for kind in EVENT_TYPES} | {
    ("live", "birth"): "birth",
    ("livebirth",): "birth",
}
# Whose death it is, or how it became known, makes it no other event.
_NAMES |= {
    (f"{word}death",) if joined else (word, "death"): "death"
    for word in ("infant", "neonatal", "maternal", "presumed")
    for joined in (False, True)
}
# A name that cannot be placed is kept under the gravest thing that it may mean.
_GRAVEST_FIRST = ("death", "divorce", "marriage", "birth")
# What these name is neither a birth nor a death of a person, wherever in the name they stand.
_FOETAL = re.compile("f(?:o?)et(?:al|us)|still ?b(?:irth|orn)|unborn|miscarriage")
_NOT_OURS = {"still", "abortion", "adoption", "legitimation", "recognition"}
WITHDRAWN = frozenset(
    {"cancel", "cancelled", "canceled", "cancellation", "revoke", "revoked", "revocation"}
    | {"void", "voided", "annul", "annulled", "nullified", "delete", "deleted", "deletion"}
    | {"withdrawn", "withdrawal", "retracted", "rescinded", "invalidated", "reversed"}
)
_ANNULMENT = "annulment"
_TYPE_MEMBERS = (
    *("@type", "type", "reg_type", "reg_event_type", "reg_record_type", "event_type", "eventType"),
    *("record_type", "recordType", "birth_type", "birthType", "death_type", "deathType"),
)
_FOETAL_FLAGS = (
    *("fetal_death", "is_fetal_death", "foetal_death", "is_foetal_death"),
    *("stillbirth", "is_stillbirth", "stillborn", "is_stillborn"),
)


class EventName(NamedTuple):
    """What the name of an event or register says.

    :param kind: ``birth``, ``death``, ``marriage`` or ``divorce``; None when it says none.
    :param is_known: whether it leaves no doubt about the kind. Otherwise the name contains the
        kind's word beside others that nobody knows.
    :param withdraws: whether it says that what was registered is taken back.
    :param is_foreign: whether it means an event that is close to ours but not ours, such as a
        foetal death or an adoption.
    :param is_generic: whether it says no more than that something was registered.
    """

    kind: str | None = None
    is_known: bool = False
    withdraws: bool = False
    is_foreign: bool = False
    is_generic: bool = False


class ItemType(NamedTuple):
    """Which vital event an item reports.

    :param kind: see :class:`EventName`; None when the item is none of ours.
    :param name: the name that decided, printable ASCII of at most 64 characters.
    :param is_known: see :class:`EventName`.
    :param withdraws: see :class:`EventName`.
    """

    kind: str | None
    name: str
    is_known: bool = True
    withdraws: bool = False


def add_event_type(kind: str, *names: str) -> None:
    """Have notifications of a further type of event understood.

    For addons that bring its processor, when they are loaded. Databases without the addon go on
    refusing such items, since their events have no such type.

    :param kind: the value of ``spp.dci.crvs.event.event_type``.
    :param names: further names of it, in any notation.
    """
    for name in (kind, *names):
        words = _words(name)
        _NAMES[words] = kind
        _NOT_OURS.difference_update(words)
    _read_name.cache_clear()


def event_type(name: object) -> str | None:
    """Which of the four vital events a name means.

    Only names that leave no doubt count: a foetal death, a cancelled birth or a judicial
    separation is none of them.

    :param name: for example ``LiveBirth``, ``BIRTH_REGISTERED``, ``LateDeathRegistration`` or
        ``spdci-common:RegistryEventType:LiveBirth``.
    :return: ``birth``, ``death``, ``marriage``, ``divorce`` or None.
    """
    found = read_event_name(name)
    return found.kind if found.is_known and not found.withdraws else None


def read_event_name(name: object) -> EventName:
    """What the name of an event or register says, in any notation.

    :param name: anything; what is not text says nothing. What is too long to be a name may hide
        a foreign word, so it counts as foreign.
    """
    if not isinstance(name, str):
        return EventName()
    if len(name) > MAX_TEXT:
        return EventName(is_foreign=True)
    return _read_name(name)


# A payroll's answers repeat a handful of names a hundred thousand times.
@lru_cache(maxsize=256)
def _read_name(name: str) -> EventName:
    words = _words(name)
    if _FOETAL.search(" ".join(words)) or not _NOT_OURS.isdisjoint(words):
        return EventName(is_foreign=True)
    withdraws = not WITHDRAWN.isdisjoint(words) or words[-2:] == ("in", "error")
    contained = next((kind for kind in _GRAVEST_FIRST if kind in name.lower()), None)
    if _ANNULMENT in words:
        return EventName(contained, bool(contained), bool(contained), not contained)
    for part in reversed(_PARTS.split(name)):
        known = tuple(word for word in _words(part) if word not in _NOISE | WITHDRAWN)
        if withdraws and known[-3:] == ("entered", "in", "error"):
            known = known[:-3]
        if known in _NAMES:
            return EventName(_NAMES[known], True, withdraws)
        if known:
            return EventName(contained, False, withdraws)
    return EventName(withdraws=withdraws, is_generic=True)


def event_type_of(data: dict[str, Any], item: dict[str, Any]) -> ItemType:
    """Which vital event an item of a notification reports.

    The item's event name decides. Where it is missing, or says only that something was
    registered, a register or record type that names one of the four decides. A foetal death in
    any of these places is never taken for the death of a person.

    :param data: the object that holds the names, such as ``notify_event[].data``.
    :param item: the object around it, where some registries put the event name.
    """
    spellings = ("reg_event_type", "event_type", "eventType")
    given = single(first(data, spellings) or first(item, spellings))
    registers = [single(data.get(member)) for member in ("reg_type", "reg_record_type")]
    named = [value for value in (given, *registers) if value is not None]
    name = safe_ascii(named[0], 64) if named else ""
    for value in named:
        if read_event_name(value).is_foreign:
            return ItemType(None, safe_ascii(value, 64))
    for block in (data, item):
        if foetal := foetal_name(block):
            return ItemType(None, foetal)
    event, *others = (read_event_name(value) for value in (given, *registers))
    withdraws = any(found.withdraws for found in (event, *others))
    if event.kind:
        return ItemType(event.kind, name, event.is_known, withdraws)
    kinds = {found.kind for found in others} - {None}
    kind = next((kind for kind in _GRAVEST_FIRST if kind in kinds), None)
    # A name that means nothing to us may mean anything beside the register's.
    is_known = len(kinds) == 1 and (given is None or event.is_generic)
    is_known = is_known and all(found.is_known for found in others if found.kind)
    return ItemType(kind, name, is_known, withdraws)


def foetal_name(block: object) -> str:
    """The name by which a record, or what stands around it, says that nobody was born alive.

    :param block: an object; its types and flags are looked at, not what is below them.
    :return: printable ASCII of at most 64 characters; empty when it says no such thing.
    """
    if not isinstance(block, dict):
        return ""
    for member in _TYPE_MEMBERS:
        value = block.get(member)
        for name in value if isinstance(value, list) else (value,):
            if isinstance(name, str) and is_foetal(name):
                return safe_ascii(name, 64)
    for member in _FOETAL_FLAGS:
        if block.get(member) in (True, "true", "yes", 1):
            return member
    return ""


def is_foetal(name: str) -> bool:
    """Whether a name means a foetal death or a stillbirth."""
    return bool(_FOETAL.search(" ".join(_words(name[: 4 * MAX_TEXT]))))


def single(value: object) -> object:
    """The value of a member that should hold one but may hold an array of one.

    :return: the value; an array of several comes back as it is, which is no name.
    """
    values = as_list(value)
    return values[0] if len(values) == 1 else values or None


@lru_cache(maxsize=256)
def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORDS.findall(name))
