"""JSON as strictly as a signature needs it: one text, one meaning.

Pure Python on the standard library's C scanner. What is refused beyond RFC 8259: byte order marks,
encodings other than UTF-8, duplicate member names, NaN and infinite numbers, U+0000, lone
surrogates, nesting deeper than :data:`MAX_DEPTH`, numbers of more than :data:`MAX_DIGITS` digits.
"""

import json
import re
from itertools import accumulate
from json.decoder import scanstring
from math import isfinite

from .errors import InvalidJSON

MAX_DEPTH = 64
MAX_DIGITS = 4300  # what CPython turns into an integer by default

_SPACE = re.compile(r"[ \t\n\r]*")
_SURROGATE_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_FORBIDDEN_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_LONG_NUMBER = re.compile(rf"(?<![0-9])[0-9]{{{MAX_DIGITS + 1}}}")
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_OTHER_BYTES = bytes(set(range(256)) - set(_STEP))


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


def _check_text(text: str) -> None:
    """Refuse what the scanner would let pass, in a few linear passes at C speed.

    :raise ValueError: for deep nesting, long numbers, U+0000 and lone surrogates
    """
    # Without escaped backslashes and quotes, every backslash starts an escape and every quotation
    # mark bounds a string. (In text that is not JSON this is nonsense, which the scanner refuses.)
    plain = text.replace("\\\\", "__") if "\\" in text else text
    if "\\u" in plain and _FORBIDDEN_ESCAPE.search(_SURROGATE_PAIR.sub("_", plain)):
        raise ValueError
    outside = "".join(plain.replace('\\"', "__").split('"')[::2])
    brackets = outside.encode("ascii", "replace").translate(None, _OTHER_BYTES)
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MAX_DEPTH:
        raise ValueError
    if _LONG_NUMBER.search(outside):
        raise ValueError


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
        _check_text(text)
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
