"""Who in a record is not the person it is about: roles, and the numbers of relations.

Pure: imports nothing of Odoo.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from .identifiers import SHARED_BY_A_COUPLE, Identifier, is_identifier, read_identifiers
from .numbers import MAX_NUMBER, normal_form
from .values import MAX_TEXT, as_list, last_part

PARENTS = frozenset({"mother", "father", "parent"})
SPOUSES = frozenset({"spouse", "husband", "wife", "bride", "groom", "partner"})

_ROLE_KEYS = (
    *("@type", "relationship_type", "relationship", "relation", "relation_type", "role"),
    *("relationshipType", "relationType", "role_type", "roleType"),
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# Words for a relation that do not say which one it is.
_NO_ROLE = frozenset({"", "person", "crvsperson", "relation", "relatedperson"})
# Found anywhere in a word, such as grandmother or stepfather.
_RELATIONS_IN_WORDS = re.compile(
    "mother|father|parent|guardian|spouse|husband|wife|informant|witness|declarant|sibling|brother"
    "|sister|daughter|relative|relation"
)
_RELATIONS = SPOUSES | frozenset(
    {"kin", "son", "child", "children", "family", "aunt", "uncle", "cousin", "nephew", "niece"}
    | {"applicant", "reporter", "reported", "notifier", "registrar", "officiant", "celebrant"}
    | {"certifier", "physician", "doctor", "midwife", "attendant", "caregiver", "contact"}
    | {"dependant", "dependent", "fiance", "fiancee", "caretaker", "undertaker"}
)
# The person whom the record is about, when its role is named.
_SUBJECTS = frozenset({"self", "subject", "deceased", "decedent", "principal", "registrant"})
_CHILDREN = frozenset({"child", "newborn", "baby", "infant"})
# Members that hold much and never a relation, or hold the person's own numbers.
_NOT_OF_RELATIONS = frozenset(
    {"@context", "address", "birth_place", "birthPlace", "death_place", "name", "phone_number"}
    | {"email", "identifier", "identifiers"}
)
# What is said of a relation beside its numbers.
_NOT_NUMBERS = frozenset(
    {"name", "names", "surname", "sex", "gender", "date", "birthdate", "deathdate", "age", "order"}
    | {"place", "address", "status", "type", "relationship", "relation", "role", "count", "email"}
)


def roles(entry: dict[str, Any]) -> set[str]:
    """The roles that an entry names for itself, in small letters, such as ``mother``."""
    values = (value for key in _ROLE_KEYS for value in as_list(entry.get(key)))
    words = (last_part(value[:MAX_TEXT]).lower() for value in values if isinstance(value, str))
    return {"".join(filter(str.isalpha, word)) for word in words} - _NO_ROLE


def is_relation(entry: object, kind: str = "") -> bool:
    """Whether an entry has the role of a relation of the person an event is about.

    :param kind: event type: a birth is about a child, a marriage about the spouses.
    """
    if not isinstance(entry, dict) or is_subject(entry, kind):
        return False
    values = (value for key in _ROLE_KEYS for value in as_list(entry.get(key)))
    return any(isinstance(value, str) and _names_relation(value[:MAX_TEXT]) for value in values)


def is_subject(entry: object, kind: str = "") -> bool:
    """Whether an entry has the role of the person an event is about.

    :param kind: event type, see :func:`is_relation`.
    """
    if not isinstance(entry, dict):
        return False
    subjects = _SUBJECTS
    if kind == "birth":
        subjects = subjects | _CHILDREN
    elif kind in ("marriage", "divorce"):
        subjects = subjects | SPOUSES
    return not subjects.isdisjoint(roles(entry))


def related_numbers(record: dict[str, Any], itself: tuple[object, ...] = ()) -> frozenset[str]:
    """The numbers that a record gives to anybody but its own person, in whatever member.

    A number given to both tells nobody who is meant. The number of a marriage belongs to both.

    :param record: a person, or what stands around one.
    :param itself: entries of ``relations`` that are the person again.
    :return: normal forms.
    """
    found: set[str] = set()
    for member, value in record.items():
        if isinstance(value, (dict, list)):
            if value and member not in _NOT_OF_RELATIONS:
                _collect(value, found, _names_relation(member), itself)
        elif value and _names_relation(member):
            _add(member, value, found)
    return frozenset(found)


def numbers_of(entry: object) -> frozenset[str]:
    """The numbers of a relation and of whom it names in turn, in normal form."""
    found: set[str] = set()
    _collect(entry, found, True, ())
    return frozenset(found)


def _collect(value: Any, found: set[str], inside: bool, itself: tuple[object, ...]) -> None:
    """Add the numbers below a value.

    :param inside: whether it belongs to a relation
    """
    if isinstance(value, list):
        for item in value:
            if isinstance(item, (dict, list)):
                _collect(item, found, inside, itself)
            elif inside:
                _add("", item, found)
        return
    if any(value is entry for entry in itself) or is_subject(value):
        return
    inside = inside or is_relation(value)
    if is_identifier(value):
        if inside:
            numbers = read_identifiers(value).usable
            found.update(number.key for number in numbers if number.type not in SHARED_BY_A_COUPLE)
        return
    for member, content in value.items():
        is_inside = inside or _names_relation(member)
        if isinstance(content, (dict, list)):
            # The child of whom the mother is told is the person again.
            if not inside or _words(member[:MAX_TEXT]).isdisjoint(_SUBJECTS | _CHILDREN):
                _collect(content, found, is_inside, itself)
        elif is_inside:
            _add(member, content, found)


def _add(member: str, value: object, found: set[str]) -> None:
    """Add a number that stands in a member by itself, such as ``mother_nid``."""
    if not _NOT_NUMBERS.isdisjoint(_words(member[:MAX_TEXT])):
        return
    if isinstance(value, str) and len(value) <= MAX_NUMBER:
        found.add(normal_form(value))
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**MAX_NUMBER:
        found.add(str(value))


def overlap(identifiers: tuple[Identifier, ...], others: tuple[Identifier, ...]) -> bool:
    """Whether two share a number that is not shared by a couple."""
    numbers = {(other.type, other.key) for other in others}
    return any(
        (identifier.type, identifier.key) in numbers
        for identifier in identifiers
        if identifier.type not in SHARED_BY_A_COUPLE
    )


@lru_cache(maxsize=1024)
def _names_relation(name: str) -> bool:
    words = _words(name[:MAX_TEXT])
    return not words.isdisjoint(_RELATIONS) or any(
        _RELATIONS_IN_WORDS.search(word) for word in words
    )


@lru_cache(maxsize=1024)
def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORDS.findall(name))
