"""What an officer reads about a record: sentences for the short words of ``services.records``.

None of them holds a value of a person.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from odoo.api import Environment
from odoo.tools import LazyTranslate
from odoo.tools.translate import code_translations

_lt = LazyTranslate(__name__)
_ADDON = __name__.split(".")[2]
_VARIABLE = re.compile(r"%(?:\((\w+)\))?s")
#: letters beside variables below which a sentence is recognised in too many
_LEAST_LETTERS = 12
#: longer lines hold what a registry wrote, and stay as they are
_LONGEST_LINE = 600

#: why a record and a registrant cannot be of one person, or can, see ``records.corroboration``
REASONS = {
    "other_birth_year": _lt("the record's person was born in another year"),
    "other_birth_decade": _lt("the record's person was born in another decade"),
    "other_sex": _lt("the record's person is of another sex"),
    "death_before_birth": _lt("the death lies before the birth"),
    "birth_date_agrees": _lt("same birth date"),
    "birth_date_swapped": _lt("same birth date, day and month exchanged"),
    "birth_year_agrees": _lt("birth dates agree as far as they are known"),
    "sex_agrees": _lt("same sex"),
    "number_agrees": _lt("same number"),
    "almost_same_number": _lt("almost the same number"),
    "other_number": _lt("the registrant has another %s than the event names"),
    "birth_date_needed": _lt(
        "the birth date does not confirm a number that may have lost its zeros"
    ),
}

#: what an officer should look at, see ``records.VitalEvent.flags``
FLAGS = {
    "unusable_identifier": _lt(
        "The record has an identifier that cannot be read. It was left out; ask the registry to "
        "correct it."
    ),
    "number_identifier": _lt(
        "An identifier came as a number, so that leading zeros may be lost. The birth date was "
        "needed to confirm who is meant."
    ),
    "no_date": _lt(
        "The record says no date that can be used. What is certain was applied without it."
    ),
    "partial_date": _lt(
        "The record says only a part of the date, which is not stored as a full one."
    ),
    "sentinel_birth_date": _lt(
        "The record's birth date is one that many registers write when they do not know it. Check "
        "it."
    ),
    "other_sex": _lt(
        "The record says another sex than the registrant has; the birth date agrees. Check which "
        "is right."
    ),
}


def reason(env: Environment, code: str) -> str:
    """Put a reason into words.

    :param env: environment, for the language
    :param code: key of :data:`REASONS`, with a detail behind a colon where it takes one
    """
    code, _colon, detail = code.partition(":")
    if code not in REASONS:
        return code
    sentence = env._(REASONS[code])
    return sentence % detail if detail else sentence


def masked(text: Any) -> str:
    """Hide a value about a person, but for the end of a long one, by which it is recognised."""
    text = str(text or "")
    return f"•••{text[-2:]}" if len(text) > 6 else "•••" * bool(text)


def reasons(env: Environment, codes: Any) -> Any:
    """Put several reasons into one list of words."""
    return ", ".join(reason(env, code) for code in codes)


def flag(env: Environment, code: str) -> str | None:
    """Put a flag into a sentence, None for one that has none.

    :param env: environment, for the language
    :param code: key of :data:`FLAGS`
    """
    return env._(FLAGS[code]) if code in FLAGS else None


def retold(env: Environment, text: Any) -> Any:
    """Say a stored text of this addon in the language of who reads it.

    Whoever processed an event, mostly nobody, spoke another one. What is not recognised stays.

    :param text: one or several lines
    """
    if not text:
        return text
    languages = ["en_US", *(code for code, _name in env["res.lang"].get_installed())]
    spoken = env.lang or "en_US"
    return "\n".join(_retold_line(line, tuple(languages), spoken) for line in text.split("\n"))


def _retold_line(line: str, languages: tuple[str, ...], spoken: str) -> str:
    if len(line) > _LONGEST_LINE:
        return line
    terms = code_translations.get_python_translations(_ADDON, spoken)
    for language in languages:
        exact, patterns = _sentences(language)
        if term := exact.get(line):
            return terms.get(term) or term
        for pattern, term in patterns:
            if match := pattern.fullmatch(line):
                said = match.groupdict()
                return _VARIABLE.sub(
                    lambda variable, said=said: ", ".join(
                        _retold_line(part, languages, spoken)
                        for part in said[f"v_{variable[1] or ''}"].split(", ")
                    ),
                    terms.get(term) or term,
                )
    return line


@lru_cache(maxsize=16)
def _sentences(language: str) -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """Return this addon's sentences in a language: those without variables, and patterns."""
    if language == "en_US":
        template = code_translations.get_python_translations(_ADDON, "fr_FR")
        pairs = [(term, term) for term in template]
    else:
        found = code_translations.get_python_translations(_ADDON, language)
        pairs = [(text, term) for term, text in found.items() if text]
    exact, patterns = {}, []
    for text, term in pairs:
        names = _VARIABLE.findall(text)
        if not names:
            exact[text] = term
        elif len(set(names)) == len(names) and len(_VARIABLE.sub("", text)) >= _LEAST_LETTERS:
            parts = _VARIABLE.split(text)
            written = "".join(
                f"(?P<v_{part or ''}>.+)" if index % 2 else re.escape(part)
                for index, part in enumerate(parts)
            )
            patterns.append((re.compile(written), term))
    patterns.sort(key=lambda pair: -len(pair[0].pattern))
    return exact, patterns
