"""Whether two numbers of persons are the same. Pure: imports nothing of Odoo.

The forms are computed in PostgreSQL too, for rows that exist already. The steps of the normal form,
in this order, with the tables of this module as arguments::

    value -> translate(value, <sql_format_characters>, '')
          -> normalize(value, NFKC)
          -> translate(value, <sql_digits>)
          -> translate(value, <sql_white_space>)
          -> btrim(regexp_replace(value, ' +', ' ', 'g'), ' ')

Format characters go first, so that letters which they kept apart compose and the form of a form is
itself; no compatibility decomposition yields one. Text of ASCII letters, digits and single inner
blanks is its own form: the database need not translate it. The Unicode of PostgreSQL and of Python
may be of different years: they then differ in characters that are younger than the older of both.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: characters that a number of a person may have, as written and in its forms
MAX_NUMBER = 100

_PLACEHOLDERS = frozenset({"N/A", "NA", "NONE", "NULL", "NIL", "UNKNOWN", "UNDEFINED", "TEST", "?"})
# What fills a field that wants so many characters, whatever stands between them.
_FILLERS = "09X"

# Beyond the first two planes there are ideographs, and format characters in the fifteenth.
_CHARACTERS = [
    (chr(point), unicodedata.category(chr(point)))
    for point in (*range(0x20000), *range(0xE0000, 0xE1000))
]
_FORMAT = "".join(char for char, category in _CHARACTERS if category == "Cf")
_DIGITS = "".join(char for char, category in _CHARACTERS if category == "Nd" and not char.isascii())
_WHITE_SPACE = "".join(char for char, _category in _CHARACTERS if char.isspace())
_LETTERS = "".join(
    char for char, _category in _CHARACTERS if char != char.upper() and len(char.upper()) == 1
)
# Every kind of hyphen, slash and dot that a keyboard or a word processor makes, and the blank.
_SEPARATORS = "".join(char for char, category in _CHARACTERS if category == "Pd")
_SEPARATORS += "\u2212/\\\u2044\u2215\u29f8.\u00b7\u2027\u3002 "
del _CHARACTERS

_WITHOUT_FORMAT = str.maketrans("", "", _FORMAT)
_TO_ASCII = str.maketrans(_DIGITS, "".join(str(unicodedata.decimal(char)) for char in _DIGITS))
_TO_CAPITALS = str.maketrans(_LETTERS, "".join(char.upper() for char in _LETTERS))
_WITHOUT_SEPARATORS = str.maketrans("", "", _SEPARATORS)
_ZEROS = re.compile("(?<![0-9])0+(?=[0-9])")


@lru_cache(maxsize=4096)
def normal_form(text: str) -> str:
    """The form in which numbers are compared, theirs and ours.

    Unicode NFKC without format characters (direction marks, zero-width, byte order mark), stripped,
    inner white space one blank, decimal digits of any script as ASCII.

    :param text: a number as written.
    :return: its normal form, empty when nothing is left. It can be longer than the text.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_WITHOUT_FORMAT))
        text = text.translate(_TO_ASCII)
    return " ".join(text.split())


def rough_form(text: str) -> str:
    """What remains of a number when case, hyphens, slashes, dots, blanks and leading zeros go.

    Zeros lead where a run of digits begins. Two numbers with the same rough form are almost the
    same, which decides nothing. In PostgreSQL, from the normal form, with ``sql_letters`` and
    ``sql_separators``::

        value -> regexp_replace(value, '(?<![0-9])0+(?=[0-9])', '', 'g')
              -> translate(value, <sql_letters>)
              -> translate(value, <sql_separators>, '')
              -> regexp_replace(value, '^0+(?=[0-9])', '')

    :param text: a number as written or in its normal form.
    :return: empty for a number of nothing but punctuation, which is like no other.
    """
    found = _ZEROS.sub("", normal_form(text)).translate(_TO_CAPITALS)
    found = found.translate(_WITHOUT_SEPARATORS)
    return _ZEROS.sub("", found, count=1) if found.startswith("0") else found


def is_placeholder(text: str, extra: frozenset[str] = frozenset()) -> bool:
    """Whether a number only fills its field, so that it identifies and contradicts nobody.

    :param text: a number as written or in its normal form.
    :param extra: further words that do, in normal form and capitals.
    """
    form = normal_form(text).upper()
    core = form.translate(_WITHOUT_SEPARATORS)
    if form in _PLACEHOLDERS or core in _PLACEHOLDERS or form in extra:
        return True
    if not core:
        return True
    return len(form) > 1 and len(set(core)) == 1 and (core == form or core[0] in _FILLERS)


def sql_digits() -> tuple[str, str]:
    """The decimal digits beyond ASCII, and the ASCII digit of each, for ``translate``."""
    return _DIGITS, _DIGITS.translate(_TO_ASCII)


def sql_format_characters() -> str:
    """All characters of the category Cf, for ``translate(…, '')``."""
    return _FORMAT


def sql_white_space() -> tuple[str, str]:
    """All white space, and as many blanks, for ``translate``."""
    return _WHITE_SPACE, " " * len(_WHITE_SPACE)


def sql_letters() -> tuple[str, str]:
    """The letters that have one capital, and their capitals, for ``translate``."""
    return _LETTERS, _LETTERS.translate(_TO_CAPITALS)


def sql_separators() -> str:
    """The hyphens, slashes, dots and the blank that a rough form leaves out."""
    return _SEPARATORS
