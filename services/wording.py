"""What an officer reads about a record: sentences for the short words of ``services.records``.

None of them holds a value of a person.
"""

from __future__ import annotations

from typing import Any

from odoo.api import Environment
from odoo.tools import LazyTranslate

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
