"""Dates as registries write them. Pure: imports nothing of Odoo."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from .numbers import normal_form
from .values import as_list

Precision = Literal["day", "month", "year", "none"]

MIN_YEAR = 1800
# Longer than any date; what is cut is shown to an officer and nothing else.
_MAX_TEXT = 64

# With these days programmes fill a field for "unknown", "never" or "for ever".
_SENTINELS = frozenset(
    {date(1, 1, 1), date(1900, 1, 1), date(1970, 1, 1), date(2999, 12, 31), date(9999, 12, 31)}
)
_BIRTH_SENTINELS = frozenset({date(1900, 1, 1), date(1970, 1, 1)})
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

_CLOCK = (
    r"(?:[Tt ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,12})?)?)?"
    # xsd:date allows an offset behind a bare date; places with a local mean time have seconds.
    r" ?([Zz]|[+-]\d{1,2}(?::?\d{2}(?::?\d{2})?)?)?"
)
_DAY = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})" + _CLOCK, re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})", re.ASCII)
_YEAR = re.compile(r"(\d{4})", re.ASCII)
# Day and month in an order that nobody knows; of such a date only the year is certain.
_YEAR_LAST = re.compile(r"\d{1,2}([-/.])\d{1,2}\1(\d{4})", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?:?(\d{2})?", re.ASCII)


class DateReading(NamedTuple):
    """What a date in a record says, and how exactly.

    :param day: the full and usable date, else None.
    :param text: what was written, one line of at most 64 characters; empty when nothing was.
    :param precision: ``day``, ``month``, ``year``, or ``none`` when it is absent, unreadable,
        impossible or stands for "unknown".
    :param year: the year where it is certain, also of an impossible date such as 2081-02-32.
    :param month: the month where it is certain.
    :param is_sentinel: it is one of the days that programmes write for "unknown". A birth date is
        taken nevertheless where a person can have written it.
    """

    day: date | None = None
    text: str = ""
    precision: Precision = "none"
    year: int | None = None
    month: int | None = None
    is_sentinel: bool = False

    @property
    def is_partial(self) -> bool:
        """Whether there is a year or a month, but no day."""
        return self.precision in ("month", "year")

    @property
    def is_unusable(self) -> bool:
        """Whether something was written, but no full date that can be used."""
        return bool(self.text) and self.day is None

    def is_after(self, day: date) -> bool:
        """Whether it certainly lies after a day, as far as it is known."""
        if self.day is not None:
            return self.day > day
        if self.year is None:
            return False
        if self.month is None:
            return self.year > day.year
        return (self.year, self.month) > (day.year, day.month)

    def is_before(self, day: date) -> bool:
        """Whether it certainly lies before a day, as far as it is known."""
        if self.day is not None:
            return self.day < day
        if self.year is None:
            return False
        if self.month is None:
            return self.year < day.year
        return (self.year, self.month) < (day.year, day.month)

    def differs_from(self, other: DateReading) -> bool:
        """Whether the two cannot be the same day, as far as they are known."""
        if self.day and other.day:
            return self.day != other.day
        if self.year is None or other.year is None:
            return False
        if self.month is None or other.month is None:
            return self.year != other.year
        return (self.year, self.month) != (other.year, other.month)


NO_DATE = DateReading()


def read_date(value: object, tz: str | None = None, is_birth: bool = False) -> DateReading:
    """The date in a member of a record; whatever cannot be read is told and never raised.

    The date as written counts, whatever offset stands behind it. A registry that sends local
    midnight in UTC is read with its time zone: then a date-time that names an offset is
    converted first. A bare date and a date-time without offset stay as written.

    :param value: ``YYYY-MM-DD`` (one-digit months and days too), ``YYYYMMDD``, an ISO 8601
        date-time, a year, a year and a month, or an array of these; anything else has no date.
    :param tz: name of the registry's time zone, or None.
    :param is_birth: whether 1900-01-01 and 1970-01-01 are taken where they are written as a date.
    :return: the reading, the latest one of an array; :data:`NO_DATE` when there is none.
    """
    if isinstance(value, str):
        # Asked first: nearly every date of a record is absent or a text.
        return _read_text(value, tz, is_birth)
    if value is None:
        return NO_DATE
    readings = [
        _read_text(item, tz, is_birth) if isinstance(item, str) else _read_other(item)
        for item in as_list(value)
    ]
    # An entry that nobody understands may be the latest, so it must not be passed over.
    unclear = (reading for reading in readings if reading.year is None and not reading.is_sentinel)
    return next(unclear, None) or max(readings, key=_order, default=NO_DATE)


def _order(reading: DateReading) -> tuple[bool, int, int, int]:
    return (
        not reading.is_sentinel or reading.day is not None,
        reading.year or 0,
        reading.month or 0,
        reading.day.day if reading.day else 0,
    )


def _read_other(value: object) -> DateReading:
    """A number or something stranger; only a year and a day without punctuation can be told."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return NO_DATE._replace(text="{…}" if isinstance(value, (dict, list)) else repr(value))
    if value == 0:
        return DateReading(text="0", is_sentinel=True)
    if isinstance(value, int) and 0 < value < 10**8:
        return _read_text(str(value), None, False)
    return NO_DATE._replace(text=str(value)[:_MAX_TEXT] if isinstance(value, float) else "…")


def _read_text(text: str, tz: str | None, is_birth: bool) -> DateReading:
    if len(text) == 10 and text.isascii() and text[4] == text[7] == "-":
        # What nearly every registry sends, at C speed.
        try:
            day = date.fromisoformat(text)
        except ValueError:
            pass
        else:
            return _full(day, text, is_birth, at_midnight=False)
    shown = normal_form(text[: _MAX_TEXT * 4])[:_MAX_TEXT]
    shown = shown if shown.isprintable() else "".join(filter(str.isprintable, shown))
    if not shown:
        return NO_DATE
    if shown.strip("0") in ("", "."):
        return DateReading(text=shown, is_sentinel=True)
    if match := _DAY.fullmatch(shown):
        year, _separator, month, day_of_month, *clock = match.groups()
        return _read_day(shown, (year, month, day_of_month), clock, tz, is_birth)
    if match := _COMPACT.fullmatch(shown):
        return _read_day(shown, match.groups(), [None] * 4, tz, is_birth)
    if match := _MONTH.fullmatch(shown) or _YEAR.fullmatch(shown):
        return _incomplete(shown, int(match[1]), int(match[2]) if match.re is _MONTH else 0)
    if match := _YEAR_LAST.fullmatch(shown):
        return _incomplete(shown, int(match[2]), 0)
    return NO_DATE._replace(text=shown)


def _read_day(
    text: str,
    numbers: tuple[str, ...],
    clock: list[str | None],
    tz: str | None,
    is_birth: bool,
) -> DateReading:
    year, month, day_of_month = map(int, numbers)
    if not month or not day_of_month:
        return _incomplete(text, year, month)
    hour, minute, second, offset = clock
    try:
        day = date(year, month, day_of_month)
        zone = _zone(offset)
        at_midnight = False
        if hour is not None:
            # The end of a day is written as 24:00, and a leap second is a valid time.
            hours = int(hour)
            seconds = 59 if second == "60" else int(second or 0)
            moment = datetime.combine(day, time(hours % 24, int(minute or 0), seconds), zone)
            if hours >= 24:
                if hours > 24 or moment.time() != time():
                    raise ValueError("later than the end of the day")
                moment += timedelta(days=1)
            at_midnight = hours == 0 and moment.time() == time()
            if moment == _EPOCH:
                return DateReading(text=text, is_sentinel=True)
            if tz and offset:
                day = moment.astimezone(ZoneInfo(tz)).date()
    except (ValueError, OverflowError):
        reading = _incomplete(text, year, month if month <= 12 else 0)
        return reading._replace(precision="none")
    return _full(day, text, is_birth, at_midnight)


def _full(day: date, text: str, is_birth: bool, at_midnight: bool) -> DateReading:
    if day in _SENTINELS or day.year == 9999:
        # Midnight is what a database makes of a field without a value.
        is_taken = is_birth and day in _BIRTH_SENTINELS and not at_midnight
        if not is_taken:
            return DateReading(text=text, is_sentinel=True)
        return DateReading(day, text, "day", day.year, day.month, True)
    if day.year < MIN_YEAR:
        return NO_DATE._replace(text=text)
    return DateReading(day, text, "day", day.year, day.month)


def _incomplete(text: str, year: int, month: int) -> DateReading:
    if year in (0, 1, 9999):
        return DateReading(text=text, is_sentinel=True)
    if year < MIN_YEAR or month > 12:
        return NO_DATE._replace(text=text)
    if month:
        return DateReading(None, text, "month", year, month)
    return DateReading(None, text, "year", year)


def _zone(offset: str | None) -> timezone:
    match = _OFFSET.fullmatch(offset or "Z")
    if not match:
        return timezone.utc
    sign, *parts = match.groups()
    hours, minutes, seconds = (int(part or 0) for part in parts)
    if minutes > 59 or seconds > 59:
        raise ValueError("minutes or seconds of an offset")
    span = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return timezone(-span if sign == "-" else span)


def read_moment(value: object) -> datetime | None:
    """A time stamp such as ``2026-11-20T10:00:00+07:00``.

    :param value: ISO 8601 date-time; without an offset it is UTC. A bare date is its first moment.
    :return: the moment in UTC, without time zone as Odoo keeps it; None when it is absent,
        unreadable, or before 1971, when nobody sent messages.
    """
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        return None
    match = _DAY.fullmatch(normal_form(value))
    if not match or int(match[5] or 0) > 24:
        return None
    year, _separator, month, day, hour, minute, second, offset = match.groups()
    fraction = re.search(r"[.,](\d+)", value.partition(":")[2])
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0) % 24,
            int(minute or 0),
            59 if second == "60" else int(second or 0),
            int(fraction[1][:6].ljust(6, "0")) if fraction else 0,
            tzinfo=_zone(offset),
        )
        if hour == "24":
            moment += timedelta(days=1)
        moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year > 1970 else None
