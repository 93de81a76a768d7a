"""Reading single JSON values of a registry: absent, one or many, text, type names.

Pure: imports nothing of Odoo.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

MAX_TEXT = 255

# Integers longer than this many digits cannot be identifiers.
_INTEGER_LIMIT = 10**MAX_TEXT
_SEPARATORS = re.compile(r"[:#/]+")
_NOT_PRINTABLE_ASCII = re.compile(r"[^\x20-\x7e]")


class InvalidRecord(ValueError):
    """A record that cannot be read.

    The text never contains a value of the record, so it may be shown, stored and logged.

    :param reason: a short sentence about what is wrong, without any value.
    :param where: the place in the message, such as ``data.reg_records.death_date``.
    """

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(f"{where}: {reason}" if where else reason)
        self.reason = reason
        self.where = where

    def within(self, place: str) -> InvalidRecord:
        """The same complaint, seen from further out.

        :param place: where the record that was read lies.
        :return: a new :class:`InvalidRecord`.
        """
        return InvalidRecord(self.reason, f"{place}.{self.where}" if self.where else place)


def is_absent(value: object) -> bool:
    """Whether a value stands for "nothing": registries send ``""``, ``[]`` and ``{}`` for it."""
    if not value:
        return value is None or isinstance(value, (str, list, dict))
    return isinstance(value, str) and value.isspace()


def as_list(value: object) -> list[Any]:
    """The values in a member that may hold one, several or none.

    :return: a list without absent values.
    """
    if isinstance(value, list):
        return [item for item in value if not is_absent(item)]
    return [] if is_absent(value) else [value]


def first(record: object, spellings: Iterable[str]) -> Any:
    """The first member under any of several spellings that is not absent.

    :param record: an object; anything else has no members.
    :param spellings: the names to try, in order of preference.
    :return: the value as received, or None.
    """
    if isinstance(record, dict):
        for spelling in spellings:
            value = record.get(spelling)
            if isinstance(value, str):
                # Asked first: thousands of records hold little else.
                if value and not value.isspace():
                    return value
            elif value is not None and as_list(value):
                return value
    return None


def read_text(value: object, where: str = "") -> str:
    """A text that matters: nothing is guessed and nothing is cut off.

    Integers become text, since registries send numbers for identifiers. A float or a Boolean
    is refused: what it was before somebody's JSON library touched it cannot be known.

    :return: the stripped text; empty when the value is absent.
    :raise InvalidRecord: for another type, or for more than 255 characters.
    """
    if isinstance(value, str):
        text = value.strip()
        if len(text) > MAX_TEXT:
            raise InvalidRecord("is too long", where)
        return text
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidRecord("must be a text", where)
    if abs(value) >= _INTEGER_LIMIT:
        raise InvalidRecord("is too long", where)
    return str(value)


def lenient_text(value: object) -> str:
    """A text that is only shown, such as a name: whatever is not text counts as absent.

    :return: one line, without control characters.
    """
    if isinstance(value, list):
        value = " ".join(part for part in value if isinstance(part, str))
    if not isinstance(value, str):
        return ""
    text = " ".join(value.split())
    return text if text.isprintable() else "".join(filter(str.isprintable, text))


def safe_ascii(value: object, limit: int) -> str:
    """A text that may go into an answer or a log line.

    :return: printable ASCII of at most ``limit`` characters; others become ``?``.
    """
    text = str(value) if isinstance(value, int) and abs(value) < _INTEGER_LIMIT else value
    text = text.strip()[:limit] if isinstance(text, str) else ""
    if text.isascii() and text.isprintable():
        return text
    return _NOT_PRINTABLE_ASCII.sub("?", text)


@lru_cache(maxsize=1024)
def last_part(name: str) -> str:
    """The bare name of a type in any notation.

    ``urn:org:IdentifierType:UIN``, ``https://example.org/types#UIN`` and ``UIN`` are the same.
    """
    parts = [part.strip() for part in _SEPARATORS.split(name)]
    return next((part for part in reversed(parts) if part), "")
