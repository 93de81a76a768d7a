"""One shape for a person, whatever the registry calls it. Pure: imports nothing of Odoo."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from .dates import NO_DATE, DateReading, read_date
from .identifiers import Identifier, is_identifier, read_identifiers
from .numbers import is_placeholder
from .relations import PARENTS, SPOUSES, overlap, related_numbers, roles
from .values import (
    MAX_TEXT,
    InvalidRecord,
    as_list,
    first,
    last_part,
    lenient_text,
)

_DATES = {
    "birth": ("birth_date", "birthdate", "birthDate", "date_of_birth", "dateOfBirth"),
    "death": ("death_date", "deathdate", "deathDate", "date_of_death", "dateOfDeath"),
    "marriage": ("marriage_date", "marriagedate", "marriageDate"),
    "divorce": ("divorce_date", "divorcedate", "divorceDate"),
}
_GIVEN_NAME = ("given_name", "givenName", "first_name", "firstName")
_SECOND_NAME = ("second_name", "secondName", "middle_name", "middleName")
_FAMILY_NAME = ("surname", "family_name", "familyName", "last_name", "lastName")
_PLACE_OF_BIRTH = ("birth_place", "birthplace", "birthPlace")
_ADDRESS = (
    *("address_line1", "address_line2", "locality"),
    *("sub_region_code", "region_code", "postal_code", "country_code"),
)
_SEX = {"male": "male", "m": "male", "female": "female", "f": "female", "other": "other"}
_MARITAL_STATUS = {
    **{code: code.upper() for code in "smwdlau"},
    "single": "S",
    "never married": "S",
    "married": "M",
    "widowed": "W",
    "divorced": "D",
    "separated": "L",
    "legally separated": "L",
    "annulled": "A",
    "unmarried": "U",
}
_PARENT_NUMBERS = ("parent1_identifier", "parent2_identifier")
_DECEASED = ("deceased", "is_deceased", "isDeceased", "is_dead", "isDead")
_ALIVE = ("alive", "is_alive", "isAlive")
_VITAL_STATUS = ("vital_status", "vitalStatus", "life_status", "lifeStatus", "living_status")
_YES_NO = {"true": True, "yes": True, "y": True, "1": True} | {
    "false": False,
    "no": False,
    "n": False,
    "0": False,
}
_LIFE = {"dead": True, "deceased": True, "died": True, "alive": False, "living": False}


class Person(NamedTuple):
    """A person of a record.

    ``identifiers`` are the person's own, in the order received; those of parents, spouse and
    other relations never get there. ``unusable_identifiers`` counts those that were left out.
    ``related_keys`` are the normal forms of all numbers that the record gives to anybody else.
    ``birth``, ``death``, ``marriage`` and ``divorce`` are dates as read, the latest of several;
    ``birth_date`` and so on only the full and usable ones.
    ``sex`` is ``male``, ``female``, ``other`` or empty; ``marital_status`` one of the standard's
    letters S, M, W, D, L, A, U or empty. ``is_deceased`` is what the record says in so many words,
    None when it says nothing. ``spouse`` is set when the record names exactly one.
    ``unreadable`` names the relations, ``spouse`` and ``parents``, that cannot be understood.
    """

    identifiers: tuple[Identifier, ...] = ()
    name: str = ""
    given_name: str = ""
    family_name: str = ""
    sex: str = ""
    birth: DateReading = NO_DATE
    death: DateReading = NO_DATE
    marriage: DateReading = NO_DATE
    divorce: DateReading = NO_DATE
    marital_status: str = ""
    place_of_birth: str = ""
    mother_name: str = ""
    father_name: str = ""
    parents: tuple[tuple[Identifier, ...], ...] = ()
    spouse: Person | None = None
    unreadable: tuple[str, ...] = ()
    unusable_identifiers: int = 0
    related_keys: frozenset[str] = frozenset()
    is_deceased: bool | None = None

    @property
    def birth_date(self) -> date | None:
        """Day of birth; None unless the record has a full and usable date."""
        return self.birth.day

    @property
    def death_date(self) -> date | None:
        """Day of death, see :attr:`birth_date`."""
        return self.death.day

    @property
    def marriage_date(self) -> date | None:
        """Day of the latest marriage, see :attr:`birth_date`."""
        return self.marriage.day

    @property
    def divorce_date(self) -> date | None:
        """Day of the latest divorce, see :attr:`birth_date`."""
        return self.divorce.day

    @property
    def has_death_number(self) -> bool:
        """Whether the record gives the person, and nobody else, a death registration number."""
        return any(
            identifier.is_of_death
            and identifier.key not in self.related_keys
            and not is_placeholder(identifier.value)
            for identifier in self.identifiers
        )

    def identifying(self, placeholders: frozenset[str] = frozenset()) -> tuple[Identifier, ...]:
        """The identifiers that may tell who is meant.

        Neither those that only fill a field nor those that a relation has as well. Types that
        never tell, such as the MRN, are for the caller to leave out.

        :param placeholders: further words that only fill a field, see ``is_placeholder``.
        """
        return tuple(
            identifier
            for identifier in self.identifiers
            if identifier.key not in self.related_keys
            and not is_placeholder(identifier.value, placeholders)
        )

    def is_same_as(self, other: Person) -> bool:
        """Whether an identifier that is not shared by a couple shows the same person."""
        return overlap(self.identifiers, other.identifiers)


def read_person(record: object, tz: str | None = None) -> Person:
    """The person in a record, from any of the known spellings.

    :param record: an object as described by the standard's CRVSPerson.
    :param tz: name of the registry's time zone, see :func:`read_date`.
    :return: a :class:`Person`.
    :raise InvalidRecord: when it is not an object.
    """
    record = _as_record(record)
    person = _read_plain(record, tz)
    relations = _relations(record)
    mother, father = (
        next((relation for relation, named in relations if role in named), {})
        for role in ("mother", "father")
    )
    parents: tuple[tuple[Identifier, ...], ...] = ()
    spouse, unreadable = None, []
    try:
        parents = _read_parents(record, relations)
    except InvalidRecord:
        unreadable.append("parents")
    try:
        spouse = _read_spouse(record, person.identifiers, relations, tz)
    except InvalidRecord:
        unreadable.append("spouse")
    return person._replace(
        mother_name=_read_names(mother)[0],
        father_name=_read_names(father)[0],
        parents=parents,
        spouse=spouse,
        unreadable=tuple(unreadable),
        related_keys=_related_keys(record, person.identifiers, relations),
    )


def read_life_and_death(record: object, tz: str | None = None) -> Person:
    """As much of a record's person as tells who it is and whether they live.

    A payroll's worth of answers is read like this: names, places and relatives cost more than
    all the rest.

    :return: a :class:`Person` with identifiers, dates of birth and death, sex, whether it is said
        to be deceased and the numbers of relations, as :func:`read_person` reads them.
    :raise InvalidRecord: when it is not an object.
    """
    record = _as_record(record)
    identifiers, unusable = read_identifiers(record.get("identifier"), record.get("identifiers"))
    return Person(
        identifiers,
        sex=_read_sex(record),
        birth=read_date(first(record, _DATES["birth"]), tz, is_birth=True),
        death=read_date(first(record, _DATES["death"]), tz),
        unusable_identifiers=unusable,
        related_keys=_related_keys(record, identifiers, _relations(record)),
        is_deceased=_read_deceased(record),
    )


def _as_record(record: object) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise InvalidRecord("must be an object")
    return record


def _read_plain(record: dict[str, Any], tz: str | None) -> Person:
    """The person without relatives."""
    identifiers, unusable = read_identifiers(record.get("identifier"), record.get("identifiers"))
    name, given_name, family_name = _read_names(record)
    status = _word(first(record, ("marital_status", "maritalStatus")))
    return Person(
        identifiers,
        name,
        given_name,
        family_name,
        sex=_read_sex(record),
        birth=read_date(first(record, _DATES["birth"]), tz, is_birth=True),
        death=read_date(first(record, _DATES["death"]), tz),
        marriage=read_date(first(record, _DATES["marriage"]), tz),
        divorce=read_date(first(record, _DATES["divorce"]), tz),
        marital_status=_MARITAL_STATUS.get(status, ""),
        place_of_birth=_read_place(first(record, _PLACE_OF_BIRTH)),
        unusable_identifiers=unusable,
        is_deceased=_read_deceased(record),
    )


def _read_sex(record: dict[str, Any]) -> str:
    return _SEX.get(_word(first(record, ("sex", "gender"))), "")


def _read_deceased(record: dict[str, Any]) -> bool | None:
    """What the record says of life and death in so many words; a death counts first."""
    said = {_yes_or_no(record.get(member)) for member in _DECEASED}
    said |= {
        None if (alive := _yes_or_no(record.get(member))) is None else not alive
        for member in _ALIVE
    }
    said |= {_LIFE.get(_word(record.get(member))) for member in _VITAL_STATUS}
    return True if True in said else False if False in said else None


def _yes_or_no(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value) if isinstance(value, int) and value in (0, 1) else _word(value)
    return _YES_NO.get(word)


def _read_names(record: dict[str, Any]) -> tuple[str, str, str]:
    """Full name, given name and family name."""
    name = next(iter(as_list(record.get("name"))), None)
    given, second, family = (
        lenient_text(first(name, spellings) or first(record, spellings))
        for spellings in (_GIVEN_NAME, _SECOND_NAME, _FAMILY_NAME)
    )
    full = lenient_text(name) or " ".join(part for part in (given, second, family) if part)
    return full, given, family


def _read_place(value: Any) -> str:
    """The text of a place that is a text or a Place with a name, an address or an identifier."""
    # A Place may hold an address or an identifier that is an object again, and no more.
    for _level in range(3):
        value = next(iter(as_list(value)), None)
        if not isinstance(value, dict):
            break
        text = lenient_text(first(value, ("identifier_value", "name"))) or ", ".join(
            line for line in (lenient_text(value.get(key)) for key in _ADDRESS) if line
        )
        if text:
            return text
        value = first(value, ("address", "address_line", "identifier", "value"))
    return lenient_text(value)


def _word(value: object) -> str:
    """The bare word of a code such as ``spdci-common:Sex:female``, in small letters."""
    return last_part(lenient_text(value)[:MAX_TEXT]).lower().replace("_", " ")


#: Nobody has more; see ``identifiers.MAX_IDENTIFIERS``.
MAX_RELATIONS = 50
_Relations = list[tuple[dict[str, Any], set[str]]]


def _relations(record: dict[str, Any]) -> _Relations:
    """The entries of ``relations``, each with its roles."""
    return [
        (relation, roles(relation))
        for relation in _few(as_list(record.get("relations")))
        if isinstance(relation, dict)
    ]


def _few(relations: list[Any]) -> list[Any]:
    if len(relations) > MAX_RELATIONS:
        raise InvalidRecord(f"holds more than {MAX_RELATIONS} relations")
    return relations


def _partners(relations: _Relations) -> list[dict[str, Any]]:
    typed = [relation for relation, named in relations if named & SPOUSES]
    return typed or [relation for relation, named in relations if not named]


def _related_keys(
    record: dict[str, Any], own: tuple[Identifier, ...], relations: _Relations
) -> frozenset[str]:
    """The numbers of everybody but the person, who may be listed again as one of a couple."""
    partners = _partners(relations)
    itself = [
        entry
        for entry in partners
        if overlap(own, read_identifiers(entry.get("identifier"), entry.get("identifiers")).usable)
    ]
    return related_numbers(record, tuple(itself) if len(itself) < len(partners) else ())


def _read_parents(
    record: dict[str, Any], relations: _Relations
) -> tuple[tuple[Identifier, ...], ...]:
    """The numbers of each parent.

    :raise InvalidRecord: when one of them is no identifier
    """
    sources: list[tuple[Any, ...]] = [(record.get(member),) for member in _PARENT_NUMBERS]
    sources += [
        (relation.get("identifier"), relation.get("identifiers"))
        for relation, named in relations
        if named & PARENTS
    ]
    parents = (_read_numbers(*values) for values in sources)
    return tuple(dict.fromkeys(identifiers for identifiers in parents if identifiers))


def _read_numbers(*values: object) -> tuple[Identifier, ...]:
    found = read_identifiers(*values)
    if found.unusable:
        raise InvalidRecord("cannot be read")
    return found.usable


def _read_spouse(
    record: dict[str, Any],
    own: tuple[Identifier, ...],
    relations: _Relations,
    tz: str | None,
) -> Person | None:
    """The one other partner whom a record names.

    A former spouse may be listed beside the present one, so of several none is taken.

    :raise InvalidRecord: when what stands there is neither a person nor an identifier
    """
    named: list[Any] = as_list(record.get("spouse"))
    numbers = _read_numbers(record.get("spouse_identifier"))
    partners = [_read_partner(value, tz) for value in named or _partners(relations)]
    if numbers:
        known = [partner for partner in partners if overlap(numbers, partner.identifiers)]
        partners = known or [Person(identifiers=numbers)]
    # Some records list the couple, so that the person appears among the relations too.
    others = dict.fromkeys(partner for partner in partners if not overlap(own, partner.identifiers))
    return next(iter(others)) if len(others) == 1 else None


def _read_partner(value: object, tz: str | None) -> Person:
    if isinstance(value, str):
        return Person(name=lenient_text(value))
    if is_identifier(value):
        return Person(identifiers=_read_numbers(value))
    person = _read_plain(_as_record(value), tz)
    if person.unusable_identifiers:
        raise InvalidRecord("cannot be read")
    return person
