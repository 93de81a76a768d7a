"""Forms of numbers, in which they are compared, and what only fills a field."""

import pytest

from ...services.records import numbers


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("7700", "7700"),
        (" 77  00 ", "77 00"),
        ("\u200e7700\ufeff", "7700"),
        ("７７００", "7700"),
        ("٧٧٠٠", "7700"),
        ("७७००", "7700"),
        ("77\u00a000", "77 00"),
        ("\u200b", ""),
        ("ab-1", "ab-1"),
    ],
)
def test_normal_form(written, form):
    assert numbers.normal_form(written) == form
    assert numbers.normal_form(form) == form


@pytest.mark.parametrize(
    ("one", "other"),
    [("ab12", "AB12"), ("12-34", "1234"), ("1/2.3 4", "1234"), ("007", "7"), ("A-007", "A7")],
)
def test_rough_forms_of_almost_equal_numbers(one, other):
    assert numbers.rough_form(one) == numbers.rough_form(other) != ""


@pytest.mark.parametrize(("one", "other"), [("70", "7"), ("A1", "A2"), ("100", "1")])
def test_rough_forms_of_different_numbers(one, other):
    assert numbers.rough_form(one) != numbers.rough_form(other)


@pytest.mark.parametrize(
    "filler",
    [
        *("N/A", "na", "None", "NULL", "nil", "unknown", "Undefined", "test", "-", ".", "?", ""),
        *("000000000", "999", "xxx", "00-00-00", "n.a.", "---"),
    ],
)
def test_placeholders(filler):
    assert numbers.is_placeholder(filler)


@pytest.mark.parametrize("number", ["7", "0", "1212", "TEST1", "N1", "11-12"])
def test_no_placeholders(number):
    assert not numbers.is_placeholder(number)


def test_further_placeholders():
    assert numbers.is_placeholder("pending", frozenset({"PENDING"}))
    assert not numbers.is_placeholder("pending")


def test_what_postgresql_is_given_to_compute_the_same():
    digits, ascii_digits = numbers.sql_digits()
    assert len(digits) == len(ascii_digits) > 500
    assert set(ascii_digits) == set("0123456789")
    blanks, spaces = numbers.sql_white_space()
    assert len(blanks) == len(spaces)
    assert "\u200e" in numbers.sql_format_characters()
    letters, capitals = numbers.sql_letters()
    assert (capitals[letters.index("a")], len(letters)) == ("A", len(capitals))
    assert {"-", "/", ".", " "} <= set(numbers.sql_separators())
