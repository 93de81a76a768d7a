"""Every cell of birth date, sex and number form: what agrees, contradicts or does not tell."""

from datetime import date

import pytest

from ...services.records.corroboration import Held, Judgement, Limits, Said, judge
from ...services.records.dates import read_date

OURS = date(1980, 5, 4)
# What the record says of the birth, whether ours is approximate, and what it means.
BIRTHS = [
    ("1980-05-04", False, "agrees"),
    ("1980-04-05", False, "agrees"),  # day and month exchanged
    ("1980-06-01", False, "does_not_tell"),
    ("1982-05-04", False, "does_not_tell"),
    ("1983-05-04", False, "contradicts"),
    ("1931-01-01", False, "contradicts"),
    ("1985-12-31", True, "agrees"),
    ("1986-01-01", True, "does_not_tell"),
    ("1990-01-01", True, "does_not_tell"),
    ("1991-01-01", True, "contradicts"),
    ("1980", False, "does_not_tell"),
    ("1983", False, "contradicts"),
    ("1983-05", False, "contradicts"),
    ("1975", True, "agrees"),
    ("", False, "does_not_tell"),
    ("unknown", False, "does_not_tell"),
    ("1900-01-01", False, "does_not_tell"),
]
SEXES = [("female", "female"), ("female", "male"), ("", "male"), ("female", ""), ("other", "male")]


@pytest.mark.parametrize(("written", "approximate", "births"), BIRTHS)
@pytest.mark.parametrize(("said_sex", "held_sex"), SEXES)
def test_every_cell(written, approximate, births, said_sex, held_sex):
    said = Said(read_date(written, is_birth=True), said_sex)
    judgement = judge(said, Held(OURS, approximate, held_sex))
    differ = {said_sex, held_sex} == {"male", "female"}
    expected = "contradicts" if differ and births != "agrees" else births
    assert judgement.verdict == expected
    assert ("other_sex" in judgement.flags) == (differ and births == "agrees")
    if expected == "contradicts":
        assert judgement.reasons


def test_first_of_january_counts_as_approximate():
    held = Held(date(1980, 1, 1))
    assert judge(Said(read_date("1985-07-07")), held).verdict == "agrees"
    assert judge(Said(read_date("1990-07-07")), held).verdict == "does_not_tell"
    assert judge(Said(read_date("1991-07-07")), held).verdict == "contradicts"


def test_a_registrant_without_birth_date_is_not_contradicted():
    assert judge(Said(read_date("1931-02-03")), Held()) == Judgement("does_not_tell")


@pytest.mark.parametrize(
    ("written", "held"), [("1980-05-04", OURS), ("", OURS), ("2024-05-02", None)]
)
def test_nobody_dies_before_being_born(written, held):
    day = date(1980, 5, 3) if held else date(2024, 5, 1)
    judgement = judge(Said(read_date(written), death_day=day), Held(held))
    assert judgement == Judgement("contradicts", ("death_before_birth",))


def test_the_numbers_are_the_senders():
    said, held = Said(read_date("1983-05-04")), Held(OURS)
    assert judge(said, held, Limits(years_contradict=3)).verdict == "does_not_tell"
    assert judge(said, held, Limits(years_contradict=0)).verdict == "contradicts"
