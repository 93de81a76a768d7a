"""Whether the rest of a record and a registrant can be of one person. Pure.

One matching number decides nothing against everything else: a newborn is registered under its
mother's number, a number is typed wrong, two persons share one. So what a record says is compared
with what is held, and the reasons are what an officer reads.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

from .dates import NO_DATE, DateReading

Verdict = Literal["agrees", "contradicts", "does_not_tell"]

_SEXES = ("male", "female")


class Said(NamedTuple):
    """What a record says of its person.

    :param birth: the birth date as read
    :param sex: ``male``, ``female``, ``other`` or empty
    :param death_day: the day of the death that the record reports, if it reports one
    :param kind: event type, or empty for an answer to a question
    """

    birth: DateReading = NO_DATE
    sex: str = ""
    death_day: date | None = None
    kind: str = ""


class Held(NamedTuple):
    """What is held of a registrant.

    :param birth_date: day of birth, None when it is not known
    :param is_approximate: whether that is only an estimate
    :param sex: see :class:`Said`
    """

    birth_date: date | None = None
    is_approximate: bool = False
    sex: str = ""


class Limits(NamedTuple):
    """How many years birth dates may lie apart.

    :param years_contradict: more than these contradict
    :param years_contradict_approximate: the same where ours is approximate
    :param years_agree_approximate: no more than these agree, where ours is approximate
    """

    years_contradict: int = 2
    years_contradict_approximate: int = 10
    years_agree_approximate: int = 5


class Judgement(NamedTuple):
    """What the comparison tells.

    :param verdict: ``agrees`` only by the birth date, which is what tells persons apart
    :param reasons: short words for what decided, in order
    :param flags: short words for what an officer should look at though it does not decide
    """

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


_DEFAULT_LIMITS = Limits()


def judge(said: Said, held: Held, limits: Limits = _DEFAULT_LIMITS) -> Judgement:
    """Compare a record with a registrant.

    A death before a birth contradicts, whosever birth. So does a contradicting birth date, and
    another sex where the birth date does not agree; where it does, the sex is only flagged.

    :param said: what the record says
    :param held: what is held
    :param limits: how far birth dates may lie apart
    """
    if said.death_day and (
        (held.birth_date and said.death_day < held.birth_date)
        or (said.birth.day and said.death_day < said.birth.day)
    ):
        return Judgement("contradicts", ("death_before_birth",))
    birth, reason = _compare_births(said.birth, held, limits)
    known = said.sex in _SEXES and held.sex in _SEXES
    other_sex = known and said.sex != held.sex
    reasons = [reason] if reason else []
    if birth == "contradicts" or (other_sex and birth != "agrees"):
        reasons = reasons if birth == "contradicts" else []
        return Judgement("contradicts", tuple(reasons + ["other_sex"] * other_sex))
    if known and not other_sex:
        reasons.append("sex_agrees")
    return Judgement(birth, tuple(reasons), ("other_sex",) if other_sex else ())


def _compare_births(said: DateReading, held: Held, limits: Limits) -> tuple[Verdict, str]:
    """Compare birth dates.

    :return: the verdict, and the word for it; empty when they do not tell
    """
    ours = held.birth_date
    if ours is None or said.year is None or said.is_sentinel:
        return "does_not_tell", ""
    if said.day == ours:
        return "agrees", "birth_date_agrees"
    if said.day and (said.year, said.day.month, said.day.day) == (ours.year, ours.day, ours.month):
        return "agrees", "birth_date_swapped"
    apart = abs(said.year - ours.year)
    # Nobody is born on 1 January as often as registers say.
    vague = held.is_approximate or (ours.month, ours.day) == (1, 1)
    if vague and apart <= limits.years_agree_approximate:
        return "agrees", "birth_year_agrees"
    most = limits.years_contradict_approximate if vague else limits.years_contradict
    if apart > most:
        return "contradicts", "other_birth_decade" if apart >= 10 else "other_birth_year"
    return "does_not_tell", ""
