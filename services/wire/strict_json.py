"""JSON as strictly as a signature needs it: one text, one meaning.

Pure Python on the standard library's C scanner. What is refused beyond RFC 8259: byte order marks,
encodings other than UTF-8, duplicate member names, NaN and infinite numbers, U+0000, lone
surrogates, nesting deeper than :data:`MAX_DEPTH`, numbers of more than :data:`MAX_DIGITS` digits.
"""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from math import isfinite
from typing import Any

from ..errors import InvalidJSON

MAX_DEPTH = 64
MAX_DIGITS = 4300  # what CPython turns into an integer by default

_LONG_RUN = re.compile(rf"[0-9]{{{MAX_DIGITS + 1}}}")
#: name, value and text as received of each member
_Members = list[tuple[str, Any, str]]

_SPACE = re.compile(r"[ \t\n\r]*")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object, refusing a member name that comes twice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _finite(text: str) -> float:
    number = float(text)
    if _LONG_RUN.search(text) or not isfinite(number):
        raise ValueError
    return number


def _no_constant(_name: str) -> None:
    raise ValueError


_decoder = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_constant
)


def _check_value(value: object) -> None:
    """Refuse what the scanner lets pass, level by level of the parsed value.

    :raise ValueError: for deep nesting, U+0000 and lone surrogates
    """
    level: list[Any] = [value]
    for _depth in range(MAX_DEPTH + 1):
        strings: list[str] = []
        inner: list[Any] = []
        containers = False
        for item in level:
            if isinstance(item, str):
                strings.append(item)
            elif isinstance(item, dict):
                containers = True
                strings.extend(item)
                inner.extend(item.values())
            elif isinstance(item, list):
                containers = True
                inner.extend(item)
        text = "".join(strings)
        if "\0" in text:
            raise ValueError
        text.encode()  # refuses lone surrogates
        if not containers:
            return
        level = inner
    raise ValueError


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _expect(text: str, position: int, character: str) -> int:
    if not text.startswith(character, position):
        raise ValueError
    return position + 1


def _scan(text: str) -> tuple[object, dict[str, str]]:
    """Parse the text once, remembering where each member of the outermost object lies."""
    start = _skip(text, 0)
    if not text.startswith("{", start):
        value, end = _decoder.raw_decode(text, start)
        members: _Members = []
    else:
        members, end = _scan_members(text, start + 1)
        value = _unique([(name, member) for name, member, _text in members])
    if _skip(text, end) != len(text):
        raise ValueError
    return value, {name: received for name, _member, received in members}


def _scan_members(text: str, position: int) -> tuple[_Members, int]:
    members: _Members = []
    position = _skip(text, position)
    if text.startswith("}", position):
        return members, position + 1
    while True:
        name, position = scanstring(text, _expect(text, _skip(text, position), '"'), True)
        start = _skip(text, _expect(text, _skip(text, position), ":"))
        value, end = _decoder.raw_decode(text, start)
        members.append((name, value, text[start:end]))
        position = _skip(text, end)
        if text.startswith("}", position):
            return members, position + 1
        position = _expect(text, position, ",")


def parse(document: bytes) -> tuple[object, dict[str, str]]:
    """Read a JSON document, once.

    :param document: the bytes as received
    :return: the value, and for an object the received text of each of its members, untouched
    :raise InvalidJSON: for anything but one strict JSON document in UTF-8
    """
    try:
        value, texts = _scan(document.decode("utf-8"))
        _check_value(value)
        return value, texts
    # The scanner gives up long after the depth that is allowed.
    except (ValueError, RecursionError):
        pass
    # Raised here and not above: the scanner's own error would carry the whole text along.
    raise InvalidJSON


def canonical(value: object) -> str:
    """Write a parsed value so that equal texts mean equal values, type for type.

    ``True``, ``1`` and ``1.0`` are equal in Python and different here.

    :param value: JSON value as :func:`parse` returns it
    :return: compact JSON with sorted names, not escaped
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
