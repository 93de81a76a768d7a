"""Persons in every spelling that registries use."""

from datetime import date

import pytest

from ...services.records import Identifier, InvalidRecord, Person, read_person
from ...services.records.life import Life, read_life
from ...services.records.persons import read_life_and_death

UIN = Identifier("UIN", "847951632")
BRN = Identifier("BRN", "947951532")


@pytest.mark.parametrize(
    "record",
    [
        {"identifier": {"identifier_type": "UIN", "identifier_value": "847951632"}},
        {"identifier": [{"identifier_type": "UIN", "identifier_value": "847951632"}]},
        {"identifiers": {"type": "UIN", "value": "847951632"}},
        {"identifiers": [{"type": "uin", "value": " 847951632 "}]},
        {"identifier": {"name": "UIN", "identifier": "847951632"}},
        {"identifier": {"@type": "Identifier", "name": "UIN", "identifier": "847951632"}},
        {"identifier": {"identifier_type": "", "type": "UIN", "value": "847951632"}},
        {"identifier": {"type": "UIN", "value": "847951632", "name": "National number"}},
        {"identifier": {"type": "urn:gov:example:UIN", "value": "847951632"}},
        {"identifier": {"type": "spdci-common:IdentifierType:UIN", "value": "847951632"}},
        {"identifier": {"type": "https://example.org/types#UIN", "value": "847951632"}},
        {"identifier": {"type": "https://example.org/types/UIN/", "value": "847951632"}},
        {"identifier": "", "identifiers": [{"type": "UIN", "value": "847951632"}]},
        {"identifier": [{"type": "UIN", "value": "847951632"}] * 2},
        # What names no type or no value identifies nobody.
        {
            "identifier": [
                *("", None, {}, "12345", 12345),
                {"type": "UIN", "value": ""},
                {"type": "::", "value": "1"},
                {"value": "1"},
                {"type": "UIN", "value": "847951632"},
            ]
        },
    ],
)
def test_identifiers(record):
    assert read_person(record).identifiers == (UIN,)


def test_a_number_is_compared_in_its_normal_form():
    person = read_person({"identifier": {"type": "UIN", "value": "\u200e847 951632\ufeff"}})
    assert [identifier.key for identifier in person.identifiers] == ["847 951632"]


def test_a_number_remembers_that_it_was_one():
    person = read_person({"identifier": {"type": "UIN", "value": 847951632}})
    assert person.identifiers == (UIN._replace(is_number=True),)
    both = [{"type": "UIN", "value": 847951632}, {"type": "UIN", "value": "847951632"}]
    assert read_person({"identifier": both}).identifiers == (UIN,)
    assert read_person({"identifier": both[::-1]}).identifiers == (UIN,)


def test_identifiers_keep_their_order_and_come_from_both_members():
    record = {
        "identifiers": [{"type": "UIN", "value": UIN.value}, {"type": "BRN", "value": BRN.value}],
        "identifier": [{"type": "MRN", "value": "7"}, {"type": "UIN", "value": UIN.value}],
    }
    assert read_person(record).identifiers == (Identifier("MRN", "7"), UIN, BRN)


@pytest.mark.parametrize("value", [None, "", [], {}, [""]])
def test_no_identifiers(value):
    assert read_person({"identifier": value, "identifiers": value}).identifiers == ()


@pytest.mark.parametrize(
    ("identifier", "unusable"),
    [
        ({"type": "UIN", "value": 1.5}, 1),
        ({"type": "UIN", "value": True}, 1),
        ({"type": "UIN", "value": ["1"]}, 1),
        ({"type": "UIN", "value": {"x": "1"}}, 1),
        ({"type": "UIN", "value": "9" * 101}, 1),
        ({"type": "UIN", "value": 10**100}, 1),
        ({"type": "UIN", "value": -(10**5000)}, 1),
        ({"type": True, "value": "1"}, 1),
        ({"type": "U" * 256, "value": "1"}, 1),
        ([{"type": "UIN", "value": "1"}, {"type": "BRN", "value": 0.5}, True], 2),
        ([["UIN", "1"]], 1),
    ],
)
def test_unusable_identifiers_are_left_out_and_counted(identifier, unusable):
    good = {"type": "TIN", "value": "7"}
    person = read_person({"identifier": identifier, "identifiers": good})
    assert person.unusable_identifiers == unusable
    assert Identifier("TIN", "7") in person.identifiers


def test_the_longest_identifier_is_kept_whole():
    for value in ("9" * 100, 10**100 - 1):
        person = read_person({"identifier": {"type": "UIN", "value": value}})
        (identifier,) = person.identifiers
        assert identifier.value == "9" * 100


def test_only_own_identifiers_count():
    other = {"identifier_type": "UIN", "identifier_value": "1"}
    record = {
        "identifier": {"identifier_type": "UIN", "identifier_value": UIN.value},
        "parent1_identifier": other,
        "parent2_identifier": [other],
        "spouse_identifier": other,
        "spouse": {"identifier": other},
        "informant": {"identifier": other},
        "relations": [{"@type": "x:Mother", "identifier": other}, {"identifier": other}],
    }
    assert read_person(record).identifiers == (UIN,)


@pytest.mark.parametrize(
    ("record", "name", "given", "family"),
    [
        ({"name": "Sudarat  Phumchai\n"}, "Sudarat Phumchai", "", ""),
        ({"name": {"given_name": "A", "second_name": "B", "surname": "C"}}, "A B C", "A", "C"),
        ({"name": {"given_name": "A", "second_name": "", "surname": "C"}}, "A C", "A", "C"),
        ({"name": {"first_name": "A", "last_name": "C"}}, "A C", "A", "C"),
        ({"name": [{"first_name": "A", "last_name": "C"}]}, "A C", "A", "C"),
        ({"givenName": "A", "familyName": "C"}, "A C", "A", "C"),
        ({"given_name": ["A", "B"], "family_name": "C"}, "A B C", "A B", "C"),
        ({"name": "", "givenName": "A", "familyName": "C"}, "A C", "A", "C"),
        ({"name": "A. C.", "givenName": "A", "familyName": "C"}, "A. C.", "A", "C"),
        ({"name": "A\u0007B"}, "AB", "", ""),
        ({"name": 5, "given_name": {"x": 1}}, "", "", ""),
        ({}, "", "", ""),
    ],
)
def test_names(record, name, given, family):
    person = read_person(record)
    assert (person.name, person.given_name, person.family_name) == (name, given, family)


@pytest.mark.parametrize("field", ["birth", "death", "marriage", "divorce"])
@pytest.mark.parametrize("spelling", ["{}_date", "{}date", "{}Date"])
def test_spellings_of_dates(field, spelling):
    record = {f"{field}_date": "", spelling.format(field): "2001-02-03T00:00:00Z"}
    assert getattr(read_person(record), f"{field}_date") == date(2001, 2, 3)


def test_the_latest_marriage_and_divorce_count():
    person = read_person(
        {"marriage_date": ["2019-09-21T11:20:00", "2001-01-01"], "divorcedate": ["2018-01-01", ""]}
    )
    assert (person.marriage_date, person.divorce_date) == (date(2019, 9, 21), date(2018, 1, 1))


def test_dates_follow_the_time_zone_of_the_registry():
    person = read_person({"birth_date": "2001-02-02T20:00:00Z"}, "Asia/Bangkok")
    assert person.birth_date == date(2001, 2, 3)


def test_an_unreadable_date_is_told_and_the_rest_is_read():
    person = read_person({"birth_date": "1950", "death_date": "2024-01-01"})
    assert person.birth.is_partial
    assert person.birth_date is None
    assert person.death_date == date(2024, 1, 1)


TODAY = date(2024, 6, 1)


def life(record, names_death=False):
    return read_life(read_person(record), names_death, TODAY)


@pytest.mark.parametrize("value", ["", None, [], {}, [""], "  "])
def test_nobody_is_dead_by_an_empty_death_date(value):
    assert life({"death_date": value}) == Life(False)


@pytest.mark.parametrize(
    "record",
    [
        {"deathDate": "2024-01-01"},
        {"identifier": {"type": "DRN", "value": "9"}, "death_date": "2024-01-01"},
        {"death_date": "2024-01-01", "is_deceased": True},
    ],
)
def test_dead_by_the_record(record):
    assert life(record) == Life(True, date(2024, 1, 1))


@pytest.mark.parametrize(
    "record",
    [
        {"deceased": True},
        {"is_deceased": "true", "death_date": "2024"},
        {"identifier": {"type": "x:DeathRegistrationNumber", "value": "9"}},
        {"is_alive": False},
        {"deceased": True, "death_date": "9999-12-31"},
        # Born later than dead: the day is wrong, the death is not.
        {"deceased": True, "death_date": "2024-01-01", "birth_date": "2024-02-01"},
        {"deceased": True, "death_date": "2027-01-01"},
    ],
)
def test_dead_on_an_unknown_day(record):
    assert life(record) == Life(True)


def test_dead_by_the_register():
    assert life({}, names_death=True) == Life(True)


@pytest.mark.parametrize(
    "value",
    ["2024", "unknown", True, 0, "0000-00-00", "9999-12-31", "2999-12-31", "1970-01-01"],
)
def test_a_date_that_is_none_means_neither_dead_nor_alive(value):
    assert life({"death_date": value}) == Life(False, None, True)


@pytest.mark.parametrize(
    "record",
    [
        {"death_date": "2024-06-03"},
        {"death_date": "2024-01-01", "birth_date": "2024-02-01"},
    ],
)
def test_an_impossible_death_means_neither_dead_nor_alive(record):
    assert life(record).is_dead is False
    assert life(record).is_doubtful is True


def test_dead_and_alive_at_once():
    assert life({"death_date": "2024-01-01", "deceased": False}).is_doubtful is True


@pytest.mark.parametrize(
    ("value", "sex"),
    [
        ("male", "male"),
        ("Female", "female"),
        ("F", "female"),
        ("m", "male"),
        ("spdci-common:Sex:other", "other"),
        ("unknown", ""),
        ("", ""),
        (1, ""),
    ],
)
def test_sex(value, sex):
    assert read_person({"sex": value}).sex == sex
    assert read_person({"gender": value}).sex == sex


@pytest.mark.parametrize(
    ("value", "status"),
    [
        *((code, code) for code in "SMWDLAU"),
        ("m", "M"),
        ("married", "M"),
        ("Never married", "S"),
        ("never_married", "S"),
        ("x:MaritalStatus:legally_separated", "L"),
        ("engaged", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_marital_status(value, status):
    assert read_person({"marital_status": value}).marital_status == status


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Koh Samui", "Koh Samui"),
        ({"name": "Koh Samui", "address": "Bophut"}, "Koh Samui"),
        ([{"name": "Koh Samui"}], "Koh Samui"),
        ({"name": "", "address": "Bophut\nKoh Samui"}, "Bophut Koh Samui"),
        ({"address": {"address_line1": "1 Main St", "locality": "Thani"}}, "1 Main St, Thani"),
        ({"address_line1": "1 Main St", "country_code": "TH"}, "1 Main St, TH"),
        ({"identifier": "TH-84"}, "TH-84"),
        ({"identifier": {"identifier_type": "geo", "identifier_value": "TH-84"}}, "TH-84"),
        ({"address": {"address": {"address": {"name": "too deep"}}}}, ""),
        ({}, ""),
        (7, ""),
    ],
)
@pytest.mark.parametrize("spelling", ["birth_place", "birthPlace"])
def test_place_of_birth(spelling, value, text):
    assert read_person({spelling: value}).place_of_birth == text


def test_parents_by_identifier():
    record = {
        "parent1_identifier": {"identifier_type": "UIN", "identifier_value": "1"},
        "parent2_identifier": [{"type": "UIN", "value": "2"}, {"type": "BRN", "value": "3"}],
    }
    assert read_person(record).parents == (
        (Identifier("UIN", "1"),),
        (Identifier("UIN", "2"), Identifier("BRN", "3")),
    )


def test_parents_by_relation():
    person = read_person(
        {
            "relations": [
                {
                    "@type": "spdci-crvs:Mother",
                    "identifier": [{"name": "NID", "identifier": "1"}],
                    "givenName": "Ann",
                    "familyName": "Lee",
                },
                {"@type": ["Person", "x/Father"], "name": "Bob Lee"},
                {"@type": "x:Informant", "identifier": {"type": "UIN", "value": "9"}},
            ]
        }
    )
    assert (person.mother_name, person.father_name) == ("Ann Lee", "Bob Lee")
    assert person.parents == ((Identifier("NID", "1"),),)
    assert person.spouse is None


def test_unreadable_parents_do_not_matter():
    person = read_person({"parent1_identifier": {"type": "UIN", "value": 1.5}})
    assert person.unreadable == ("parents",)


def spouse(record):
    return read_person({"identifier": {"type": "UIN", "value": UIN.value}, **record}).spouse


@pytest.mark.parametrize(
    "record",
    [
        {"spouse": {"identifier": {"type": "UIN", "value": "2"}}},
        {"spouse": [{"identifiers": [{"type": "UIN", "value": "2"}]}]},
        {"spouse": {"identifier_type": "UIN", "identifier_value": "2"}},
        {"spouse": {"type": "UIN", "value": "2"}},
        {"spouse": {"type": "Person", "identifier": {"type": "UIN", "value": "2"}}},
        {"spouse": {"name": "UIN", "identifier": "2"}},
        {"spouse_identifier": {"type": "UIN", "value": "2"}},
        {"spouse_identifier": [{"type": "UIN", "value": "2"}]},
        {"relations": [{"@type": "x:Spouse", "identifier": {"type": "UIN", "value": "2"}}]},
        {"relations": {"@type": "x:Husband", "identifier": {"type": "UIN", "value": "2"}}},
        {"relations": [{"@type": "Person", "identifier": {"type": "UIN", "value": "2"}}]},
        {"relations": [{"identifier": {"type": "UIN", "value": "2"}}]},
        # The couple is listed, the person among them.
        {
            "relations": [
                {"@type": "x:Groom", "identifier": {"type": "UIN", "value": UIN.value}},
                {"@type": "x:Bride", "identifier": {"type": "UIN", "value": "2"}},
            ]
        },
        {
            "relations": [
                {"@type": "x:Mother", "identifier": {"type": "UIN", "value": "3"}},
                {"@type": "x:Witness", "identifier": {"type": "UIN", "value": "4"}},
                {
                    "@type": "Person",
                    "relationship": "wife",
                    "identifiers": {"type": "UIN", "value": "2"},
                },
            ]
        },
        # What is named as the spouse comes before a relation that may be anybody.
        {
            "spouse": {"identifier": {"type": "UIN", "value": "2"}},
            "relations": [{"identifier": {"type": "UIN", "value": "5"}}],
        },
        # A number says which of several partners is meant.
        {
            "spouse_identifier": {"type": "UIN", "value": "2"},
            "relations": [{"@type": "Spouse", "identifier": {"type": "UIN", "value": "5"}}],
        },
    ],
)
def test_spouse(record):
    assert spouse(record).identifiers == (Identifier("UIN", "2"),)


def test_spouse_details_are_joined_by_a_common_number():
    found = spouse(
        {
            "spouse_identifier": {"type": "UIN", "value": "2"},
            "relations": [
                {"@type": "Spouse", "name": "Ann", "identifier": {"type": "UIN", "value": "2"}},
                {"@type": "Spouse", "name": "Eve", "identifier": {"type": "UIN", "value": "3"}},
            ],
        }
    )
    assert found.name == "Ann"


def test_spouse_by_name_only():
    assert spouse({"spouse": "Ann Lee"}) == Person(name="Ann Lee")


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"spouse": "", "spouse_identifier": "", "relations": ""},
        {"spouse_identifier": {"type": "UIN", "value": UIN.value}},
        {"relations": ["Ann", 5]},
        {"relations": [{"@type": "x:Witness", "identifier": {"type": "UIN", "value": "2"}}]},
        {"relations": [{"@type": "Spouse", "name": "Ann"}, {"@type": "Spouse", "name": "Eve"}]},
        {"relations": [{"name": "Ann"}, {"name": "Eve"}]},
        {"spouse": [{"name": "Ann"}, {"name": "Eve"}]},
    ],
)
def test_no_spouse_or_no_single_one(record):
    assert spouse(record) is None


@pytest.mark.parametrize(
    "record",
    [
        {"spouse": 5},
        {"spouse": {"type": "UIN", "value": 1.5}},
        {"spouse_identifier": {"type": "UIN", "value": True}},
    ],
)
def test_an_unreadable_spouse_is_named(record):
    assert read_person(record).unreadable == ("spouse",)


def test_partners_share_their_mrn_and_are_still_two():
    def person(number):
        numbers = [{"type": "MRN", "value": "7"}, {"type": "UIN", "value": number}]
        return read_person({"identifier": numbers})

    assert not person("1").is_same_as(person("2"))
    assert person("1").is_same_as(person("1"))


@pytest.mark.parametrize("record", [None, [], "text", 5, True, [{}]])
def test_a_record_is_an_object(record):
    with pytest.raises(InvalidRecord, match="must be an object"):
        read_person(record)


@pytest.mark.parametrize("read", [read_person, read_life_and_death])
@pytest.mark.parametrize("member", ["identifier", "identifiers", "relations"])
def test_floods_are_refused(read, member):
    entry = {"identifier_type": "UIN", "identifier_value": "1"}
    read({"birth_date": "1990-01-01", member: [entry] * 50})
    with pytest.raises(InvalidRecord, match="more than 50"):
        read({"birth_date": "1990-01-01", member: [entry] * 51})
