"""Dates in every form registries write them."""

from datetime import date

import pytest

from ..services.record_dates import read_date
from ..services.records import InvalidRecord


@pytest.mark.parametrize(
    "value",
    [
        "2024-03-09",
        " 2024-03-09 ",
        "20240309",
        "2024-03-09T11:20:00",
        "2024-03-09t11:20:00z",
        "2024-03-09 11:20",
        "2024-03-09T11:20:00.5Z",
        "2024-03-09T11:20:00,123456789+05:30",
        "2024-03-09T23:59:60Z",
        "2024-03-09T00:30:00+1400",
        "2024-03-09T23:30:00-11",
        "2024-03-09T00:30:00+05:59",
        "2024-03-09Z",
        "2024-03-09+07:00",
        ["2024-03-09"],
    ],
)
def test_the_date_as_written_counts(value):
    assert read_date(value) == date(2024, 3, 9)


@pytest.mark.parametrize("value", [None, "", "   ", [], {}, [""], ["", None]])
def test_absent(value):
    assert read_date(value) is None


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
    ],
)
def test_a_time_zone_corrects_only_what_names_an_offset(value, zone, expected):
    assert read_date(value, zone) == expected


def test_without_a_time_zone_the_offset_is_ignored():
    assert read_date("2024-03-08T23:30:00-11:00") == date(2024, 3, 8)


def test_the_latest_of_several_counts():
    assert read_date(["2001-05-05", "", "2019-01-01T00:00:00", "2010-12-31"]) == date(2019, 1, 1)


@pytest.mark.parametrize(
    "value",
    [
        "2024",
        "2024-03",
        "03/09/2024",
        "2024-3-9",
        "2024-W10-6",
        "2024-069",
        "2024-02-30",
        "2023-02-29",
        "0000-00-00",
        "1799-12-31",
        "10000-01-01",
        "2024-03-09T24:00:00",
        "2024-03-09T11:60:00",
        "2024-03-09T11:20:61",
        "2024-03-09T11:20:00+25:00",
        "2024-03-09T11:20:00+07:60",
        "2024-03-09T",
        "2024-03-09 and more",
        "٢٠٢٤-٠٣-٠٩",
        "unknown",
        20240309,
        0,
        1709942400.0,
        True,
        False,
        {"year": 2024},
        ["2024-03-09", "nonsense"],
        [["2024-03-09"]],
    ],
)
def test_nonsense_is_refused(value):
    with pytest.raises(InvalidRecord):
        read_date(value)


def test_a_conversion_beyond_the_calendar_is_refused():
    with pytest.raises(InvalidRecord):
        read_date("9999-12-31T23:59:59Z", "Asia/Bangkok")


def test_the_limits_of_the_calendar():
    assert read_date("1800-01-01") == date(1800, 1, 1)
    assert read_date("9999-12-31") == date(9999, 12, 31)


def test_a_wrong_time_zone_is_not_the_fault_of_the_record():
    with pytest.raises(KeyError):
        read_date("2024-03-09T11:20:00Z", "Nowhere/At_all")
