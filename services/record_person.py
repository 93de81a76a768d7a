"""One shape for a person, whatever the registry calls it. Pure: imports nothing of Odoo."""

from datetime import date
from typing import NamedTuple

from .record_dates import read_date
from .record_values import (
    MAX_TEXT,
    InvalidRecord,
    as_list,
    first,
    is_absent,
    last_part,
    lenient_text,
    read_text,
)

_DATES = {
    "birth_date": ("birth_date", "birthdate", "birthDate"),
    "death_date": ("death_date", "deathdate", "deathDate"),
    "marriage_date": ("marriage_date", "marriagedate", "marriageDate"),
    "divorce_date": ("divorce_date", "divorcedate", "divorceDate"),
}
_TYPE_OF_NUMBER = ("identifier_type", "type", "name")
_NUMBER = ("identifier_value", "value", "identifier")
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
_RELATIVES = (*_PARENT_NUMBERS, "relations", "spouse", "spouse_identifier")
_ROLE_KEYS = ("@type", "relationship_type", "relationship", "relation", "role")
# Words for a relation that do not say which one it is.
_NO_ROLE = frozenset({"", "person", "crvsperson", "relation", "relatedperson"})
_PARENTS = frozenset({"mother", "father", "parent"})
_SPOUSES = frozenset({"spouse", "husband", "wife", "bride", "groom", "partner"})
# Two partners share the number and the file of their marriage, so these do not tell them apart.
_SHARED_BY_A_COUPLE = frozenset({"MRN", "OPENCRVS_RECORD_ID"})


class Identifier(NamedTuple):
    """A number that a registry gave to a person.

    :param type: short code in capitals, such as ``UIN``, also of ``urn:…:UIN``.
    :param value: stripped, never empty, at most 255 characters.
    """

    type: str
    value: str


class Person(NamedTuple):
    """A person of a record.

    ``identifiers`` are the person's own, in the order received; those of parents, spouse and
    other relations never get there. ``marriage_date`` and ``divorce_date`` are the latest ones.
    ``sex`` is ``male``, ``female``, ``other`` or empty; ``marital_status`` one of the standard's
    letters S, M, W, D, L, A, U or empty. ``spouse`` is set when the record names exactly one.
    ``unreadable`` names the fields that hold something which cannot be understood; these are
    None, which must not be taken for "absent" where the field matters.
    """

    identifiers: tuple[Identifier, ...] = ()
    name: str = ""
    given_name: str = ""
    family_name: str = ""
    sex: str = ""
    birth_date: date | None = None
    death_date: date | None = None
    marriage_date: date | None = None
    divorce_date: date | None = None
    marital_status: str = ""
    place_of_birth: str = ""
    mother_name: str = ""
    father_name: str = ""
    parents: tuple[tuple[Identifier, ...], ...] = ()
    spouse: "Person | None" = None
    unreadable: tuple[str, ...] = ()

    @property
    def is_dead(self):
        """Whether the record itself says that the person is dead.

        That a record of a death register exists is for the dialect to judge.

        :raise InvalidRecord: when there is a death date that cannot be read: "could not ask"
            must become neither "dead" nor "alive".
        """
        if "death_date" in self.unreadable:
            raise InvalidRecord("is not a full and possible date", "death_date")
        return self.death_date is not None

    def is_same_as(self, other):
        """Whether an identifier that is not shared by a couple shows the same person."""
        return _overlap(self.identifiers, other.identifiers)


def read_person(record, tz=None):
    """The person in a record, from any of the known spellings.

    :param record: an object as described by the standard's CRVSPerson.
    :param tz: name of the registry's time zone, see :func:`read_date`.
    :return: a :class:`Person`.
    :raise InvalidRecord: when it is not an object, or its own identifiers cannot be read: then
        nobody knows who is meant. Other fields are listed in ``unreadable`` instead.
    """
    fields, unreadable = _read_plain(record, tz)
    if not any(record.get(member) for member in _RELATIVES):
        return Person(**fields, unreadable=tuple(unreadable))
    relations = [
        (relation, _roles(relation))
        for relation in as_list(record.get("relations"))
        if isinstance(relation, dict)
    ]
    for role in ("mother", "father"):
        parent = next((relation for relation, roles in relations if role in roles), None)
        if parent:
            fields[f"{role}_name"] = _read_names(parent)["name"]
    try:
        fields["parents"] = _read_parents(record, relations)
    except InvalidRecord:
        unreadable.append("parents")
    try:
        fields["spouse"] = _read_spouse(record, fields["identifiers"], relations, tz)
    except InvalidRecord:
        unreadable.append("spouse")
    return Person(**fields, unreadable=tuple(unreadable))


def read_identifiers(record):
    """The own identifiers of a record's person, from ``identifier`` and ``identifiers``.

    :return: a tuple of :class:`Identifier`, without repetitions, in the order received.
    :raise InvalidRecord: when one of them has a type or a value that is neither text nor integer.
    """
    found = {}
    for member in ("identifier", "identifiers"):
        values = record.get(member)
        if is_absent(values):
            continue
        for index, value in enumerate(values if isinstance(values, list) else [values]):
            try:
                identifier = _read_identifier(value)
            except InvalidRecord as error:
                place = f"{member}[{index}]" if isinstance(values, list) else member
                raise error.within(place) from None
            if identifier:
                found[identifier] = None
    return tuple(found)


def _read_identifier(value):
    if not isinstance(value, dict):
        # A bare number without a type identifies nobody.
        read_text(value)
        return None
    code = last_part(read_text(first(value, _TYPE_OF_NUMBER), "type")).upper()
    number = read_text(first(value, _NUMBER), "value")
    return Identifier(code, number) if code and number else None


def _overlap(identifiers, others):
    return any(
        identifier in others
        for identifier in identifiers
        if identifier.type not in _SHARED_BY_A_COUPLE
    )


def read_life_and_death(record, tz=None):
    """As much of a record's person as tells who it is and whether they live.

    A payroll's worth of answers is read like this: names, places and relatives cost more than
    all the rest.

    :return: a :class:`Person` with nothing but identifiers, birth and death date; what cannot be
        read, is listed and raises as in :func:`read_person`.
    """
    identifiers = _read_own_identifiers(record)
    dates, unreadable = _read_dates(record, ("birth_date", "death_date"), tz)
    return Person(identifiers, **dates, unreadable=tuple(unreadable))


def _read_plain(record, tz):
    """The fields of a person without relatives, and the list of what could not be read."""
    identifiers = _read_own_identifiers(record)
    fields, unreadable = _read_dates(record, _DATES, tz)
    fields |= _read_names(record)
    fields["identifiers"] = identifiers
    fields["sex"] = _SEX.get(_word(first(record, ("sex", "gender"))), "")
    status = _word(first(record, ("marital_status", "maritalStatus")))
    fields["marital_status"] = _MARITAL_STATUS.get(status, "")
    fields["place_of_birth"] = _read_place(first(record, _PLACE_OF_BIRTH))
    return fields, unreadable


def _read_own_identifiers(record):
    if not isinstance(record, dict):
        raise InvalidRecord("must be an object")
    return read_identifiers(record)


def _read_dates(record, names, tz):
    dates, unreadable = {}, []
    for name in names:
        try:
            dates[name] = read_date(first(record, _DATES[name]), tz)
        except InvalidRecord:
            unreadable.append(name)
    return dates, unreadable


def _read_names(record):
    name = next(iter(as_list(record.get("name"))), None)
    parts = [
        lenient_text(first(name, spellings) or first(record, spellings))
        for spellings in (_GIVEN_NAME, _SECOND_NAME, _FAMILY_NAME)
    ]
    given, _second, family = parts
    full = lenient_text(name) or " ".join(part for part in parts if part)
    return {"name": full, "given_name": given, "family_name": family}


def _read_place(value):
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


def _word(value):
    """The bare word of a code such as ``spdci-common:Sex:female``, in small letters."""
    return last_part(lenient_text(value)[:MAX_TEXT]).lower().replace("_", " ")


def _roles(relation):
    values = (value for key in _ROLE_KEYS for value in as_list(relation.get(key)))
    words = (last_part(value[:MAX_TEXT]).lower() for value in values if isinstance(value, str))
    return {"".join(filter(str.isalpha, word)) for word in words} - _NO_ROLE


def _read_parents(record, relations):
    sources = [{"identifier": record.get(member)} for member in _PARENT_NUMBERS]
    sources += [relation for relation, roles in relations if roles & _PARENTS]
    parents = (read_identifiers(source) for source in sources)
    return tuple(dict.fromkeys(identifiers for identifiers in parents if identifiers))


def _read_spouse(record, own_identifiers, relations, tz):
    """The one other partner whom a record names.

    A former spouse may be listed beside the present one, so of several none is taken.
    """
    named = as_list(record.get("spouse"))
    numbers = read_identifiers({"identifier": record.get("spouse_identifier")})
    typed = [relation for relation, roles in relations if roles & _SPOUSES]
    if not typed:
        typed = [relation for relation, roles in relations if not roles]
    partners = [_read_partner(value, tz) for value in named or typed]
    if numbers:
        known = [partner for partner in partners if _overlap(numbers, partner.identifiers)]
        partners = known or [Person(identifiers=numbers)]
    # Some records list the couple, so that the person appears among the relations too.
    others = {
        partner: None for partner in partners if not _overlap(own_identifiers, partner.identifiers)
    }
    return next(iter(others)) if len(others) == 1 else None


def _read_partner(value, tz):
    if isinstance(value, str):
        return Person(name=lenient_text(value))
    is_identifier = isinstance(value, dict) and (
        "identifier_type" in value
        or "value" in value
        or isinstance(value.get("identifier"), (str, int))
    )
    if is_identifier:
        return Person(identifiers=read_identifiers({"identifier": value}))
    fields, unreadable = _read_plain(value, tz)
    return Person(**fields, unreadable=tuple(unreadable))
