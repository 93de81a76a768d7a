"""Dates in every form registries write them, and what is none."""

from datetime import date, datetime

import pytest

from ...services.records.dates import NO_DATE, read_date, read_moment


@pytest.mark.parametrize(
    "value",
    [
        *("2024-03-09", " 2024-03-09 ", "20240309", "2024-3-9", "٢٠٢٤-٠٣-٠٩", 20240309),
        *("2024-03-09T11:20:00", "2024-03-09t11:20:00z", "2024-03-09 11:20"),
        *("2024-03-09T11:20:00.5Z", "2024-03-09T11:20:00,123456789+05:30", "2024-03-09T23:59:60Z"),
        *("2024-03-09T00:30:00+1400", "2024-03-09T23:30:00-11", "2024-03-09T00:30:00+05:59"),
        *("2024-03-09T11:20:00+1", "2024-03-09T11:20:00+02:35:20", "2024-03-09T24:00:00"),
        *("2024-03-09Z", "2024-03-09+07:00", ["2024-03-09"]),
    ],
)
def test_the_date_as_written_counts(value):
    reading = read_date(value)
    assert (reading.day, reading.precision) == (date(2024, 3, 9), "day")


@pytest.mark.parametrize("value", [None, "", "   ", [], {}, [""], ["", None]])
def test_absent(value):
    assert read_date(value) == NO_DATE


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        # Local midnight sent in UTC, east and west of Greenwich.
        ("2024-03-08T17:00:00Z", "Asia/Bangkok", date(2024, 3, 9)),
        ("2024-03-08T17:00:00.000+00:00", "Asia/Bangkok", date(2024, 3, 9)),
        ("2024-03-09T05:00:00Z", "America/New_York", date(2024, 3, 9)),
        ("2024-03-09T02:00:00+07:00", "UTC", date(2024, 3, 8)),
        ("2024-03-08T22:00:00-05:30", "UTC", date(2024, 3, 9)),
        # Without an offset there is nothing to convert.
        ("2024-03-08T23:30:00", "Asia/Bangkok", date(2024, 3, 8)),
        ("2024-03-08", "Asia/Bangkok", date(2024, 3, 8)),
        ("2024-03-08Z", "Asia/Bangkok", date(2024, 3, 8)),
        ("2024-03-08T24:00:00Z", "UTC", date(2024, 3, 9)),
    ],
)
def test_a_time_zone_corrects_only_what_names_an_offset(value, zone, expected):
    assert read_date(value, zone).day == expected


def test_without_a_time_zone_the_offset_is_ignored():
    assert read_date("2024-03-08T23:30:00-11:00").day == date(2024, 3, 8)


def test_the_latest_of_several_counts_unless_one_is_unclear():
    values = ["2001-05-05", "", "2019-01-01T00:00:00", "2010-12-31"]
    assert read_date(values).day == date(2019, 1, 1)
    assert read_date([*values, "nonsense"]).day is None


@pytest.mark.parametrize(
    ("value", "precision", "year", "month"),
    [
        ("2024", "year", 2024, None),
        ("2024-03", "month", 2024, 3),
        ("2024-00-00", "year", 2024, None),
        ("2024-03-00", "month", 2024, 3),
        (2024, "year", 2024, None),
        # Day and month in an order that nobody knows.
        ("03/09/2024", "year", 2024, None),
    ],
)
def test_a_part_of_a_date_is_never_a_full_one(value, precision, year, month):
    reading = read_date(value)
    assert (reading.day, reading.precision, reading.year, reading.month) == (
        None,
        precision,
        year,
        month,
    )
    assert reading.is_partial


@pytest.mark.parametrize(
    "value",
    [
        *("0000-00-00", "0001-01-01", "1900-01-01", "1970-01-01", "1970-01-01T00:00:00Z", "0", 0),
        *("9999-12-31", "2999-12-31", "9999-12-31T23:59:59Z"),
    ],
)
def test_days_that_stand_for_none_are_none(value):
    reading = read_date(value)
    assert (reading.day, reading.is_sentinel) == (None, True)


@pytest.mark.parametrize("value", ["1900-01-01", "1970-01-01"])
def test_as_a_birth_date_they_are_taken_and_marked(value):
    reading = read_date(value, is_birth=True)
    assert (reading.day, reading.is_sentinel) == (date.fromisoformat(value), True)
    assert read_date(f"{value}T00:00:00Z", is_birth=True).day is None


@pytest.mark.parametrize(
    "value",
    [
        *("2024-W10-6", "2024-069", "2024-02-30", "2023-02-29", "1799-12-31"),
        *("10000-01-01", "2024-03-09T11:60:00", "2024-03-09T11:20:61", "2024-03-09T"),
        *("2024-03-09T11:20:00+25:00", "2024-03-09T11:20:00+07:60", "2024-03-09 and more"),
        *("unknown", 1709942400.0, True, {"year": 2024}, [["2024-03-09"]]),
    ],
)
def test_nonsense_is_told_and_not_raised(value):
    reading = read_date(value)
    assert (reading.day, reading.precision) == (None, "none")
    assert reading.text


def test_a_wrong_time_zone_is_not_the_fault_of_the_record():
    with pytest.raises(KeyError):
        read_date("2024-03-09T11:20:00Z", "Nowhere/At_all")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-20T10:00:00+07:00", datetime(2026, 11, 20, 3)),
        ("2026-11-20T10:00:00.250Z", datetime(2026, 11, 20, 10, 0, 0, 250000)),
        ("2026-11-20", datetime(2026, 11, 20)),
        ("yesterday", None),
        ("", None),
        (1764000000, None),
        ("1970-01-01T00:00:00Z", None),
    ],
)
def test_moments_are_utc_without_zone(value, expected):
    assert read_moment(value) == expected


DAY = date(2024, 3, 9)


@pytest.mark.parametrize(
    ("value", "after", "before"),
    [
        ("2024-03-10", True, False),
        ("2024-03-08", False, True),
        ("2024-03-09", False, False),
        ("2024-04", True, False),
        ("2024-02", False, True),
        ("2024-03", False, False),
        ("2025", True, False),
        ("2023", False, True),
        ("2024", False, False),
        ("unknown", False, False),
    ],
)
def test_what_certainly_lies_after_or_before_a_day(value, after, before):
    reading = read_date(value)
    assert (reading.is_after(DAY), reading.is_before(DAY)) == (after, before)


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [
        ("2024-03-09", "2024-03-10", True),
        ("2024-03-09", "2024-03-09", False),
        ("2024-03", "2024-03-10", False),
        ("2024-04", "2024-03-10", True),
        ("2024", "2024-03-10", False),
        ("2023", "2024-03-10", True),
        ("unknown", "2024-03-10", False),
    ],
)
def test_whether_two_cannot_be_the_same_day(one, other, differs):
    assert read_date(one).differs_from(read_date(other)) is differs


def test_what_is_written_and_cannot_be_used():
    assert read_date("2024").is_unusable
    assert not read_date("").is_unusable
    assert not read_date("2024-03-09").is_unusable


@pytest.mark.parametrize(
    "value",
    ["9999", "0001", "1700", "2024-13", 10**9, "0000", "2026-11-20T25:00:00Z", "\x01\x02"],
)
def test_further_nonsense(value):
    assert read_date(value).day is None
    assert read_moment(value) is None


def test_the_end_of_a_day_as_a_moment():
    assert read_moment("2026-11-20T24:00:00Z") == datetime(2026, 11, 21)
    assert read_moment("2026-02-30T10:00:00Z") is None
