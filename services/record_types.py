"""The names of vital events in every spelling. Pure: imports nothing of Odoo."""

import re
from functools import lru_cache

from .record_values import MAX_TEXT, as_list, first, last_part

EVENT_TYPES = ("birth", "death", "marriage", "divorce")

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^A-Za-z_\s-]+")

# Words that say no more than "this is about a registration".
_NOISE = frozenset(
    {"event", "vital", "register", "registered", "registration", "registry"}
    | {"notification", "record", "type"}
)
_NAMES = {(kind,): kind for kind in EVENT_TYPES} | {
    ("live", "birth"): "birth",
    ("livebirth",): "birth",
}
# What these name is neither a birth nor a death of a person, wherever in the name they stand.
_NOT_OURS = frozenset(
    {"fetal", "foetal", "fetaldeath", "foetaldeath", "still", "stillbirth", "stillborn"}
    | {"adoption", "legitimation", "recognition", "annulment"}
)


def event_type(name):
    """Which of the four vital events a name means.

    Only names that leave no doubt count: a fetal death, a cancelled birth or a judicial
    separation is none of them.

    :param name: for example ``LiveBirth``, ``BIRTH_REGISTERED`` or
        ``spdci-common:RegistryEventType:LiveBirth``.
    :return: ``birth``, ``death``, ``marriage``, ``divorce`` or None.
    """
    if not isinstance(name, str) or is_foreign(name):
        return None
    return _NAMES.get(_meaningful_words(name))


def event_type_of(data, item):
    """Which vital event an item of a notification reports.

    The item's event name decides. Where it is missing, or says only that something was
    registered, a register or record type that names one of the four decides. A fetal death in
    any of these places is never taken for the death of a person.

    :param data: the object that holds the names, such as ``notify_event[].data``.
    :param item: the object around it, where some registries put the event name.
    :return: the type or None, and the name as received (None when there is none).
    """
    spellings = ("reg_event_type", "event_type", "eventType")
    name = single(first(data, spellings) or first(item, spellings))
    registers = [single(data.get(member)) for member in ("reg_type", "reg_record_type")]
    for given in (name, *registers):
        if is_foreign(given):
            return None, given
    if name is not None and not is_generic(name):
        return event_type(name), name
    kinds = {event_type(register) for register in registers} - {None}
    given = [value for value in (name, *registers) if value is not None]
    return kinds.pop() if len(kinds) == 1 else None, given[0] if given else None


def single(value):
    """The value of a member that should hold one but may hold an array of one.

    :return: the value; an array of several comes back as it is, which is no name.
    """
    values = as_list(value)
    return values[0] if len(values) == 1 else values or None


def is_generic(name):
    """Whether a name says that something was registered, but not what."""
    return isinstance(name, str) and not _meaningful_words(name)


def is_foreign(name):
    """Whether a name means an event that is close to ours but not ours.

    What is too long to be a name may hide such a word, so it counts as one.
    """
    if not isinstance(name, str):
        return False
    return len(name) > MAX_TEXT or not _NOT_OURS.isdisjoint(_words(name))


def _meaningful_words(name):
    return tuple(word for word in _words(last_part(name)) if word not in _NOISE)


@lru_cache(maxsize=256)
def _words(name):
    return tuple(word.lower() for word in _WORDS.findall(name))
