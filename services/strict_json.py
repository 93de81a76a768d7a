"""JSON as strictly as a signature needs it: one text, one meaning.

Pure Python on the standard library's C scanner. What is refused beyond RFC 8259: byte order marks,
encodings other than UTF-8, duplicate member names, NaN and infinite numbers, U+0000, lone
surrogates, nesting deeper than :data:`MAX_DEPTH`, numbers of more than :data:`MAX_DIGITS` digits.
"""

import json
import re
from json.decoder import scanstring
from math import isfinite

from .errors import InvalidJSON

MAX_DEPTH = 64
MAX_DIGITS = 4300  # what CPython turns into an integer by default

_SPACE = re.compile(r"[ \t\n\r]*")
_SURROGATE_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_FORBIDDEN_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_LONG_RUN = b"0" * (MAX_DIGITS + 1)
_DIGITS = bytes(ord("0") if chr(byte).isdecimal() else ord(" ") for byte in range(256))
_MARKS = bytes.maketrans(b"{}", b"[]")
_OTHER_BYTES = bytes(set(range(256)) - set(b'{}[]"'))


def _unique(pairs: list) -> dict:
    """Build an object, refusing a member name that comes twice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError
    return number


def _no_constant(_name: str):
    raise ValueError


_decoder = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_constant
)


def _check_text(document: bytes) -> None:
    """Refuse what the scanner would let pass, in a few linear passes at C speed.

    In what is not JSON some of this is nonsense, which the scanner refuses.

    :raise ValueError: for deep nesting, long numbers, U+0000 and lone surrogates
    """
    # Without escaped backslashes and quotes, every backslash starts an escape and every quotation
    # mark bounds a string.
    plain = document.replace(rb"\\", b"__").replace(rb"\"", b"__")
    if rb"\u" in plain and _FORBIDDEN_ESCAPE.search(_SURROGATE_PAIR.sub(b"_", plain)):
        raise ValueError
    marks = plain.translate(_MARKS, _OTHER_BYTES).replace(b'""', b"")
    digits = _LONG_RUN in plain.translate(_DIGITS)
    if b'"' in marks or digits:
        # Brackets or many digits within strings, which do not count.
        plain = b"".join(plain.split(b'"')[::2])
        marks = plain.translate(_MARKS, _OTHER_BYTES)
        digits = _LONG_RUN in plain.translate(_DIGITS)
    if digits or _is_deep(marks):
        raise ValueError


def _is_deep(marks: bytes) -> bool:
    """Tell whether brackets, all written as square ones, are nested deeper than allowed."""
    for _level in range(MAX_DEPTH):
        inner, marks = marks, marks.replace(b"[]", b"")
        if inner == marks:
            break
    # What is left is deeper still, or without its counterpart.
    return bool(marks)


def _skip(text: str, position: int) -> int:
    return _SPACE.match(text, position).end()


def _expect(text: str, position: int, character: str) -> int:
    if not text.startswith(character, position):
        raise ValueError
    return position + 1


def _scan(text: str) -> tuple[object, dict[str, str]]:
    """Parse the text once, remembering where each member of the outermost object lies."""
    start = _skip(text, 0)
    if not text.startswith("{", start):
        value, end = _decoder.raw_decode(text, start)
        members = []
    else:
        members, end = _scan_members(text, start + 1)
        value = _unique([(name, member) for name, member, _text in members])
    if _skip(text, end) != len(text):
        raise ValueError
    return value, {name: received for name, _member, received in members}


def _scan_members(text: str, position: int) -> tuple[list, int]:
    members = []
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
        text = document.decode("utf-8")
        _check_text(document)
        return _scan(text)
    # A RecursionError can only come from text whose brackets lie within broken strings.
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
