"""What an officer reads about a record: sentences for the short words of ``services.records``.

None of them holds a value of a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from odoo.api import Environment
from odoo.tools import LazyTranslate
from odoo.tools.translate import code_translations

_lt = LazyTranslate(__name__)

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


# === SENTENCES THAT ARE STORED === #

_MODULE = "spp_dci_client_crvs"
_SOURCE = "en_US"
_PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?s")
# What has less text of its own than this would match anything.
_LEAST_LETTERS = 8
# Longer lines hold what a registry wrote.
_LONGEST_LINE = 600


def retold(env: Environment, text: str | None) -> str | None:
    """Say stored sentences of ours in the reader's language, whichever they were written in.

    They are written by who had something processed, in most cases the scheduler, and read by
    people of other languages. What is not recognised stays as it is.

    :param env: environment of the reader
    :param text: sentences of this addon, one a line
    """
    installed = [code for code, _name in env["res.lang"].get_installed()]
    languages = tuple(dict.fromkeys([_SOURCE, *installed]))
    if not text or len(languages) == 1:
        return text
    return "\n".join(_retold(line, env.lang or _SOURCE, languages) for line in text.split("\n"))


def _retold(text: str, reader: str, languages: tuple[str, ...]) -> str:
    if len(text) > _LONGEST_LINE:
        return text
    terms = code_translations.get_python_translations(_MODULE, reader)
    for language in languages:
        sentences, patterns = _spoken(language, languages)
        if text in sentences:
            return terms.get(sentences[text], sentences[text])
        for pattern, names, term in patterns:
            if match := pattern.fullmatch(text):
                told = [_retold(value, reader, languages) for value in match.groups()]
                values = dict(zip(names, told, strict=True)) if names[0] else tuple(told)
                return terms.get(term, term) % values
    parts = text.split(", ")
    return ", ".join(_retold(part, reader, languages) for part in parts) if parts[1:] else text


@lru_cache(maxsize=16)
def _spoken(language: str, languages: tuple[str, ...]) -> tuple[dict[str, str], list[Any]]:
    """Return the sentences of a language, and patterns of those with places, most text first."""
    terms = dict(_terms(language, languages))
    patterns = []
    for sentence, term in terms.items():
        # The text between the places, and the names of these, in turn.
        texts, names = (_PLACEHOLDER.split(sentence)[part::2] for part in (0, 1))
        size = sum(map(len, texts))
        if names and size >= _LEAST_LETTERS:
            pattern = re.compile("(.+?)".join(re.escape(text.replace("%%", "%")) for text in texts))
            patterns.append((size, (pattern, names, term)))
    patterns.sort(key=lambda entry: -entry[0])
    return terms, [entry for _size, entry in patterns]


def _terms(language: str, languages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Return how a language says each term."""
    if language == _SOURCE:
        for other in languages:
            for term in code_translations.get_python_translations(_MODULE, other):
                yield term, term
    for term, sentence in code_translations.get_python_translations(_MODULE, language).items():
        yield sentence, term
