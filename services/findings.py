"""What the answer to a lookup by identifier means. Pure: imports nothing of Odoo.

Three outcomes are never mixed up: the registry says so, the registry does not say so, and the
registry could not be asked.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from ..const import LIFELONG_ID_TYPES
from . import records

DEAD = "dead"
NOT_DEAD = "not_dead"
UNKNOWN = "unknown"
FAILED = "failed"


class Inconclusive(Exception):
    """The registry's answer does not tell.

    :ivar str problem: one of the keys of ``services.explanations``
    :ivar str detail: the registry's reason code, printable ASCII, or empty
    """

    def __init__(self, problem, detail=""):
        super().__init__(problem)
        self.problem = problem
        self.detail = detail


class Lookup(NamedTuple):
    """An identifier that a registry is asked about.

    :param id_type: type as our vocabulary spells it
    :param value: value, stripped
    """

    id_type: str
    value: str


@dataclass(frozen=True, slots=True)
class DeathFinding:
    """What a registry says about somebody's death.

    :param status: ``dead``; ``not_dead`` (the registry knows the person, or has no death under
        the identifier); ``unknown`` (no such person); ``failed`` (could not be asked)
    :param death_date: day of death, None when alive, or when the registry does not say or
        contradicts itself
    :param problem: see :class:`Inconclusive`, for ``failed`` and for a remark
    :param detail: see :class:`Inconclusive`
    :param record: the record that says "dead", as received
    """

    status: str
    death_date: date | None = None
    problem: str = ""
    detail: str = ""
    record: dict | None = field(default=None, repr=False, compare=False)


def judge_death(dialect, lookup, item):
    """Tell what an answer item says about the death of the person asked about.

    Of several records of one person, one that says "dead" suffices, since a register of births
    does not learn of deaths. Records that cannot be of one person tell nothing when only some of
    them say "dead".

    :param Dialect dialect: of the registry
    :param Lookup lookup: what was asked
    :param SearchItem | None item: the answer, None when the registry has no record
    :rtype: DeathFinding
    :raise Inconclusive: when the answer is none
    """
    if item is None:
        return DeathFinding(UNKNOWN if dialect.knows_the_living else NOT_DEAD)
    found = _matching(dialect, lookup, item)
    try:
        dead = [entry for entry in found if dialect.says_dead(item, *entry)]
    except records.InvalidRecord:
        raise Inconclusive("unreadable") from None
    if not dead:
        _check_complete(item, found)
        if found and dialect.knows_the_living:
            return DeathFinding(NOT_DEAD)
        if item.raw_records:
            problem = "other_register" if found else "other_records"
            return DeathFinding(UNKNOWN, problem=problem)
        return judge_death(dialect, lookup, None)
    if len(dead) < len(found) and _several_persons([person for person, _raw in found]):
        raise Inconclusive("several_persons")
    dates = {person.death_date for person, _raw in dead if person.death_date}
    with_date = [entry for entry in dead if entry[0].death_date] or dead
    if len(dates) > 1:
        return DeathFinding(DEAD, problem="several_dates", record=with_date[0][1])
    return DeathFinding(DEAD, next(iter(dates), None), record=with_date[0][1])


def judge_birth(dialect, lookup, item):
    """Find the person whose birth an answer item confirms.

    :param Dialect dialect: of the registry
    :param Lookup lookup: what was asked
    :param SearchItem | None item: the answer, None when the registry has no record
    :return: the person, None when the registry has no record of the identifier
    :rtype: Person | None
    :raise Inconclusive: when the answer is none
    """
    if item is None:
        return None
    found = [
        (person, raw)
        for person, raw in _matching(dialect, lookup, item)
        if dialect.tells_birth(item, person, raw)
    ]
    if not found:
        _check_complete(item, found)
        return None
    persons = [person for person, _raw in found]
    if _several_persons(persons):
        raise Inconclusive("several_persons")
    best = next((person for person in persons if person.birth_date), persons[0])
    if not best.birth_date and any("birth_date" in person.unreadable for person in persons):
        raise Inconclusive("unreadable")
    return best


def _matching(dialect, lookup, item):
    """The records that carry the identifier asked for, as pairs of person and raw record."""
    if item.status == "rjct":
        raise Inconclusive("rejected", item.reason_code)
    try:
        persons = item.records
    except records.InvalidRecord:
        raise Inconclusive("unreadable") from None
    types = dialect.same_identifier_types(lookup.id_type)
    return [
        (person, raw)
        for person, raw in zip(persons, item.raw_records, strict=True)
        if any(
            identifier.type in types and identifier.value == lookup.value
            for identifier in person.identifiers
        )
    ]


def _check_complete(item, found):
    """Refuse to read "no" into an answer of which more is to come."""
    if item.is_pending or (item.status == "rcvd" and not found):
        raise Inconclusive("not_ready")
    if item.total is not None and item.total > len(item.raw_records):
        raise Inconclusive("more_pages")


def _several_persons(persons):
    """Whether records cannot be of one person: they differ in what one keeps for life."""
    kept = {}
    for person in persons:
        facts = [("birth_date", person.birth_date)] if person.birth_date else []
        facts += [
            (identifier.type, identifier.value)
            for identifier in person.identifiers
            if identifier.type in LIFELONG_ID_TYPES
        ]
        for name, value in facts:
            if kept.setdefault(name, value) != value:
                return True
    return False


def birth_details(lookup, person):
    """Describe a person for ``CRVSService.verify_birth``.

    :param Lookup lookup: what was asked
    :param Person person: the answer
    :rtype: dict
    """
    known = {
        "given_name": person.given_name,
        "family_name": person.family_name,
        "sex": person.sex,
        "place_of_birth": person.place_of_birth,
        "mother_name": person.mother_name,
        "father_name": person.father_name,
    }
    return {
        "person_name": person.name,
        "birth_date": person.birth_date and person.birth_date.isoformat(),
        "identifier_type": lookup.id_type,
        "identifier_value": lookup.value,
        "identifiers": identifiers_of(person),
        **{name: value for name, value in known.items() if value},
    }


def identifiers_of(person):
    """List a person's own identifiers as dicts of ``type`` and ``value``."""
    return [{"type": entry.type, "value": entry.value} for entry in person.identifiers]
