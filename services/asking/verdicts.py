"""What the answer to a lookup by identifier means. Pure: imports nothing of Odoo.

Three outcomes are never mixed up: the registry says so, the registry does not say so, and the
registry could not be asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ...const import LIFELONG_ID_TYPES
from .. import records
from ..dialects import Dialect
from ..records import Person, SearchItem, corroboration
from ..records.life import read_life
from ..records.numbers import normal_form, rough_form
from ..records.types import foetal_name, is_foetal
from ..records.withdrawals import is_withdrawn

DEAD = "dead"
NOT_DEAD = "not_dead"
UNKNOWN = "unknown"
FAILED = "failed"


class Inconclusive(Exception):
    """The registry's answer does not tell.

    :ivar str problem: one of the keys of ``services.explanations``
    :ivar str detail: the registry's reason code, printable ASCII, or empty
    """

    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Lookup:
    """An identifier that a registry is asked about.

    :param id_type: type as the registry names it
    :param value: value, stripped
    :param given: type as our vocabulary writes it
    :param same_types: further names by which the registry may call the same type of number
    :param held: what is held of the registrant asked about, where one is known
    :param limits: how far birth dates may lie apart
    """

    id_type: str
    value: str
    given: str = field(default="", compare=False)
    same_types: frozenset[str] = field(default=frozenset(), compare=False)
    held: corroboration.Held | None = field(default=None, repr=False)
    limits: corroboration.Limits = field(default=corroboration.Limits(), compare=False)


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


def judge_death(dialect: Dialect, lookup: Lookup, item: SearchItem | None) -> DeathFinding:
    """Tell what an answer item says about the death of the person asked about.

    Of several records of one person, one that says "dead" suffices, since a register of births
    does not learn of deaths. Records that cannot be of one person tell nothing.

    :param Dialect dialect: of the registry
    :param lookup: what was asked
    :param SearchItem | None item: the answer, None when the registry has no record
    :raise Inconclusive: when the answer does not tell
    """
    if item is None:
        return DeathFinding(UNKNOWN if dialect.knows_the_living else NOT_DEAD)
    found = _matching(dialect, lookup, item)
    today = date.today()
    lives = [
        (read_life(person, dialect.names_death(item, raw), today), person, raw)
        for person, raw in found
    ]
    dead = [entry for entry in lives if entry[0].is_dead]
    if not dead:
        _check_complete(item, found)
    if _several_persons([person for person, _raw in found]):
        raise Inconclusive("several_persons")
    if any(is_withdrawn(raw) for _life, _person, raw in dead):
        raise Inconclusive("withdrawn")
    _check_held(lookup, found, dead)
    if not dead:
        if any(life.is_doubtful for life, _person, _raw in lives):
            raise Inconclusive("doubtful_death")
        if found and dialect.knows_the_living:
            return DeathFinding(NOT_DEAD)
        if found:
            return DeathFinding(UNKNOWN, problem="other_register")
        return judge_death(dialect, lookup, None)
    dates = {life.day for life, _person, _raw in dead if life.day}
    with_date = [entry for entry in dead if entry[0].day] or dead
    record = with_date[0][2]
    if len(dates) > 1:
        return DeathFinding(DEAD, problem="several_dates", record=record)
    return DeathFinding(DEAD, next(iter(dates), None), record=record)


def judge_birth(
    dialect: Dialect, lookup: Lookup, item: SearchItem | None
) -> tuple[Person, dict[str, Any]] | None:
    """Find the person whose birth an answer item confirms.

    :param Dialect dialect: of the registry
    :param lookup: what was asked
    :param SearchItem | None item: the answer, None when the registry has no record
    :return: the person and the record as received, None when the registry has no record of the
        identifier
    :rtype: tuple[Person, dict] | None
    :raise Inconclusive: when the answer does not tell
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
    if _several_persons([person for person, _raw in found]):
        raise Inconclusive("several_persons")
    if all(is_withdrawn(raw) for _person, raw in found):
        raise Inconclusive("withdrawn")
    _check_held(lookup, found, ())
    return next((entry for entry in found if entry[0].birth_date), found[0])


def _matching(
    dialect: Dialect, lookup: Lookup, item: SearchItem
) -> list[tuple[Person, dict[str, Any]]]:
    """The records that are of the person asked for, as pairs of person and raw record.

    Left out are foetal deaths, and records in which the identifier is a relative's.

    :raise Inconclusive: when the registry refused, or answered about something else
    """
    if item.status == "rjct":
        raise Inconclusive("rejected", item.reason_code)
    try:
        persons = item.records
    except records.InvalidRecord:
        raise Inconclusive("unreadable") from None
    key = normal_form(lookup.value)
    types = lookup.same_types | {lookup.id_type.upper(), dialect.identifier_type(lookup.id_type)}
    if is_foetal(f"{item.reg_type} {item.reg_record_type}"):
        return []
    matching, others, shared = [], [], False
    for person, raw in zip(persons, item.raw_records, strict=True):
        if foetal_name(raw):
            continue
        is_own = any(
            identifier.key == key and identifier.type in types for identifier in person.identifiers
        )
        is_related = key in person.related_keys
        if is_own and is_related:
            shared = True
        elif is_own:
            matching.append((person, raw))
        elif not is_related:
            others.append(person)
    if shared and not matching:
        raise Inconclusive("shared_number")
    if others and not matching:
        _check_complete(item, matching)
        rough = rough_form(lookup.value)
        almost = any(
            rough and identifier.key != key and rough_form(identifier.key) == rough
            for person in others
            for identifier in person.identifiers
        )
        raise Inconclusive("written_otherwise" if almost else "other_records")
    return matching


def _check_complete(item: SearchItem, found: Any) -> None:
    """Refuse to read "no" into an answer of which more is to come."""
    if item.is_pending or (item.status == "rcvd" and not found):
        raise Inconclusive("not_ready")
    if item.total is not None and item.total > len(item.raw_records):
        raise Inconclusive("more_pages")


def _check_held(lookup: Lookup, found: Any, dead: Any) -> None:
    """Refuse an answer whose record cannot be the registrant's.

    :raise Inconclusive: when they contradict each other
    """
    if lookup.held is None:
        return
    days = {id(person): life.day for life, person, _raw in dead}
    for person, _raw in found:
        said = corroboration.Said(person.birth, person.sex, days.get(id(person)))
        judgement = corroboration.judge(said, lookup.held, lookup.limits)
        if judgement.verdict == "contradicts":
            raise Inconclusive("contradicts_registrant", judgement.reasons[0])


def _several_persons(persons: Any) -> bool:
    """Whether records cannot be of one person: they differ in what one keeps for life."""
    kept: dict[str, Any] = {}
    for person in persons:
        facts = [("birth_date", person.birth_date)] if person.birth_date else []
        facts += [
            (identifier.type, identifier.key)
            for identifier in person.identifiers
            if identifier.type in LIFELONG_ID_TYPES and identifier.key not in person.related_keys
        ]
        for name, value in facts:
            if kept.setdefault(name, value) != value:
                return True
    return False


def birth_details(lookup: Lookup, person: Person, record: dict[str, Any]) -> dict[str, Any]:
    """Describe a person for ``CRVSService.verify_birth``.

    :param lookup: what was asked
    :param Person person: the answer
    :param record: the registry's own record, as received
    """
    known = {
        "given_name": person.given_name,
        "family_name": person.family_name,
        "sex": person.sex,
        "place_of_birth": person.place_of_birth,
        "mother_name": person.mother_name,
        "father_name": person.father_name,
        "birth_date_text": person.birth.text if not person.birth_date else "",
    }
    return {
        "person_name": person.name,
        "birth_date": person.birth_date and person.birth_date.isoformat(),
        "identifier_type": lookup.given or lookup.id_type,
        "identifier_value": lookup.value,
        "identifiers": identifiers_of(person),
        "record": record,
        **{name: value for name, value in known.items() if value},
    }


def identifiers_of(person: Person) -> list[dict[str, str]]:
    """List a person's own identifiers as dicts of ``type`` and ``value``."""
    return [{"type": entry.type, "value": entry.value} for entry in person.identifiers]
