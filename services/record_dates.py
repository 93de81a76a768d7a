"""Dates as registries write them. Pure: imports nothing of Odoo."""

import re
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from .record_values import InvalidRecord, as_list

MIN_YEAR = 1800

_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
# xsd:date allows an offset behind a bare date, xsd:dateTime any fraction of a second.
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,12})?)?)?"
    r" ?([Zz]|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII,
)


def read_date(value, tz=None):
    """The date in a member of a record.

    The date as written counts, whatever offset stands behind it. A registry that sends local
    midnight in UTC is read with its time zone: then a date-time that names an offset is
    converted first. A bare date and a date-time without offset stay as written.

    :param value: ``YYYY-MM-DD``, ``YYYYMMDD``, an ISO 8601 date-time, or an array of these.
    :param tz: name of the registry's time zone, or None.
    :return: the date, the latest one of an array; None when there is none.
    :raise InvalidRecord: for anything else, also for a year or a month without a day.
    """
    if value is None:
        return None
    return max((_read_one(item, tz) for item in as_list(value)), default=None)


def _read_one(value, tz):
    if not isinstance(value, str):
        raise InvalidRecord("must be a date in a text")
    text = value.strip()
    if len(text) == 10 and text[4] == text[7] == "-":
        return _in_range(_plain_date(text))
    match = _ISO.fullmatch(text) or _COMPACT.fullmatch(text)
    if not match:
        raise InvalidRecord("is not a full date")
    year, month, day, hour, minute, second, offset = (*match.groups(), *(None,) * 4)[:7]
    zone = ZoneInfo(tz) if tz and offset else None
    try:
        result = date(int(year), int(month), int(day))
        if hour:
            # A leap second is a valid time, which Python does not know.
            seconds = 59 if second == "60" else int(second or 0)
            clock = time(int(hour), int(minute), seconds, tzinfo=_zone(offset))
            moment = datetime.combine(result, clock)
            result = moment.astimezone(zone).date() if zone else result
    except (ValueError, OverflowError):
        # Without the cause: its text may quote the value.
        raise InvalidRecord("is not a possible date") from None
    return _in_range(result)


def _plain_date(text):
    """What nearly every registry sends, ``YYYY-MM-DD``, at C speed."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidRecord("is not a possible date")


def _in_range(day):
    if day.year < MIN_YEAR:
        raise InvalidRecord("is too long ago")
    return day


def _zone(offset):
    if offset is None or offset in "Zz":
        return timezone.utc
    digits = offset[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if minutes > 59:
        raise ValueError("minutes of an offset")
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if offset[0] == "-" else span)
