"""Whether a registry takes back what it registered. Pure: imports nothing of Odoo."""

from __future__ import annotations

import re
from functools import lru_cache

from .types import WITHDRAWN
from .values import MAX_TEXT, as_list

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# Members that say how it stands with a registration, or why it changed …
_SAYING = frozenset({"status", "state", "reason", "action", "operation"})
_CHANGES = frozenset({"update", "change"})
# … and those that say how it stands with a person.
_OF_PERSONS = frozenset(
    {"marital", "civil", "marriage", "relationship", "employment", "health", "legal", "residence"}
    | {"disability", "citizenship", "education", "migration", "family", "cause"}
)
_ACTIVE = ("active", "is_active", "isActive")
# "Not cancelled" and "reinstated after revocation" say the opposite.
_OPPOSITE = frozenset({"not", "no", "reinstated", "restored", "uncancelled"})


def is_withdrawn(block: object) -> bool:
    """Whether an object says of itself that it is no longer in force.

    By a status or a reason of change, such as ``registration_status`` or ``update_reason``, of
    cancelled, revoked, voided, annulled, deleted or entered in error; by ``active: false``; by
    ``cancelled: true``.

    :param block: an item, what is around its records, or a record; not what is below it.
    """
    if not isinstance(block, dict):
        return False
    if any(block.get(member) in (False, "false") for member in _ACTIVE if member in block):
        return True
    for member, value in block.items():
        if isinstance(value, (str, list)):
            if _tells_standing(member[:MAX_TEXT]):
                texts = (text for text in as_list(value) if isinstance(text, str))
                if any(_says_withdrawn(text[: 4 * MAX_TEXT]) for text in texts):
                    return True
        elif value is True and _words(member[:MAX_TEXT]) - {"is"} <= WITHDRAWN:
            return True
    return False


@lru_cache(maxsize=1024)
def _tells_standing(member: str) -> bool:
    words = _words(member)
    if not words.isdisjoint(_OF_PERSONS):
        return False
    return not words.isdisjoint(_SAYING) or (not words.isdisjoint(_CHANGES) and "type" in words)


@lru_cache(maxsize=256)
def _says_withdrawn(text: str) -> bool:
    words = _words(text)
    if not words.isdisjoint(_OPPOSITE):
        return False
    return not words.isdisjoint(WITHDRAWN) or "enteredinerror" in "".join(
        char for char in text.lower() if char.isalpha()
    )


@lru_cache(maxsize=1024)
def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORDS.findall(name))
