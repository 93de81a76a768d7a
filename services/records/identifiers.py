"""The numbers that a record gives to a person. Pure: imports nothing of Odoo."""

from __future__ import annotations

from typing import Any, NamedTuple

from .numbers import MAX_NUMBER, normal_form
from .values import InvalidRecord, as_list, first, last_part, read_text

_TYPE_OF_NUMBER = ("identifier_type", "type", "name")
_NUMBER = ("identifier_value", "value", "identifier")

# Two partners share the number and the file of their marriage, so these do not tell them apart.
SHARED_BY_A_COUPLE = frozenset({"MRN", "OPENCRVS_RECORD_ID"})
_DEATH_NUMBERS = frozenset(
    {"DRN", "DEATHREGISTRATIONNUMBER", "DEATHREGISTRATIONNO", "DEATHREGNUMBER", "DEATHREGNO"}
    | {"DEATHCERTIFICATENUMBER", "DEATHCERTIFICATENO", "DEATHNUMBER"}
)


#: Nobody has more; a flood of them would keep every other registry's events waiting.
MAX_IDENTIFIERS = 50


class Identifier(NamedTuple):
    """A number that a registry gave to a person.

    :param type: short code in capitals, such as ``UIN``, also of ``urn:…:UIN``.
    :param value: as written, stripped, never empty, at most 100 characters.
    :param is_number: it was written as a JSON number, so leading zeros may be lost.
    """

    type: str
    value: str
    is_number: bool = False

    @property
    def key(self) -> str:
        """The value in its normal form, by which it is compared."""
        return normal_form(self.value)

    @property
    def is_of_death(self) -> bool:
        """Whether it is the registration number of a death."""
        return "".join(filter(str.isalnum, self.type)) in _DEATH_NUMBERS


class Identifiers(NamedTuple):
    """What the members for identifiers hold.

    :param usable: without repetitions, in the order received.
    :param unusable: how many cannot be used: an object, list, Boolean or fraction where a text
        belongs, or more than 100 characters.
    """

    usable: tuple[Identifier, ...] = ()
    unusable: int = 0


def read_identifiers(*values: object) -> Identifiers:
    """The identifiers in members that hold one, several or none.

    What names no type or no value identifies nobody and is passed over.

    :param values: of members such as ``identifier`` and ``identifiers``.
    :raise InvalidRecord: when one of them holds more than :data:`MAX_IDENTIFIERS`
    """
    found: dict[tuple[str, str], Identifier] = {}
    unusable = 0
    for value in values:
        items = as_list(value)
        if len(items) > MAX_IDENTIFIERS:
            raise InvalidRecord(f"holds more than {MAX_IDENTIFIERS} identifiers")
        for item in items:
            try:
                identifier = _read_identifier(item)
            except InvalidRecord:
                unusable += 1
                continue
            if identifier:
                same = (identifier.type, identifier.key)
                # Of two spellings the text counts, which still has its zeros.
                if same not in found or found[same].is_number:
                    found[same] = identifier
    return Identifiers(tuple(found.values()), unusable)


def is_identifier(value: object) -> bool:
    """Whether a value is an identifier, and not a person who has one."""
    return isinstance(value, dict) and (
        "identifier_type" in value
        or "value" in value
        or isinstance(value.get("identifier"), (str, int))
    )


def _read_identifier(value: Any) -> Identifier | None:
    """Read one.

    :raise InvalidRecord: when it cannot be used
    """
    if not isinstance(value, dict):
        # A bare number without a type identifies nobody.
        read_text(value)
        return None
    code = last_part(read_text(first(value, _TYPE_OF_NUMBER))).upper()
    if not code.isascii():
        code = normal_form(code)
    given = first(value, _NUMBER)
    number = read_text(given)
    form = normal_form(number)
    if len(number) > MAX_NUMBER or len(form) > MAX_NUMBER:
        raise InvalidRecord("is too long")
    return Identifier(code, number, isinstance(given, int)) if code and form else None
