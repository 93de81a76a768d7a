"""Notifications in every shape, and what of them is stored."""

import json
from datetime import date
from hashlib import sha256

import pytest

from ...services.records import (
    Identifier,
    InvalidRecord,
    event_from_record,
    read_event,
    read_notification,
)

UIN = {"identifier_type": "UIN", "identifier_value": "1"}
SECOND_UIN = {"identifier_type": "UIN", "identifier_value": "2"}
MRN = {"identifier_type": "MRN", "identifier_value": "77"}
ANN = {"identifier": UIN, "death_date": "2024-05-06"}


def standard(kind, records, **more):
    data = {"version": "1.0.0", "reg_event_type": kind, "reg_records": records}
    return {"reference_id": "r1", "timestamp": "2024-07-01T00:00:00Z", "data": data, **more}


def read(*items, tz=None):
    return read_notification({"transaction_id": "t", "notify_event": list(items)}, tz)


def only_event(item, tz=None):
    (event,) = read(item, tz=tz).events
    return event


def flat(**members):
    return {"event_type": "DEATH", "identifiers": [{"type": "UIN", "value": "1"}], **members}


def values(person):
    return [identifier.value for identifier in person.identifiers]


# The shapes


def test_standard_shape():
    item = standard("Death", ANN)
    event = only_event(item)
    assert event.event_type == "death"
    assert event.event_date == date(2024, 5, 6)
    assert event.person.identifiers == (Identifier("UIN", "1"),)
    assert event.reference_id == "r1"
    assert event.raw is item
    assert event.problem == ""


@pytest.mark.parametrize("records", [ANN, [ANN], ["", ANN]])
def test_the_record_comes_as_object_or_array(records):
    assert values(only_event(standard("Death", records)).person) == ["1"]


def test_one_item_instead_of_an_array():
    assert len(read_notification({"notify_event": standard("Death", ANN)}).events) == 1


def test_blocks_of_data_in_an_array_are_events_of_their_own():
    blocks = [standard("Death", ANN)["data"], standard("Adoption", ANN)["data"], ""]
    blocks += [standard("Birth", {"identifier": SECOND_UIN})["data"]]
    found = read(standard("", ANN, data=blocks))
    assert [event.event_type for event in found.events] == ["death", "birth"]
    assert [event.raw["data"] for event in found.events] == [blocks[0], blocks[3]]
    assert found.refused == (("r1", "Adoption"),)


@pytest.mark.parametrize("items", [[], "", None, [""]])
def test_a_notification_of_nothing(items):
    found = read_notification({"notify_event": items})
    assert (found.events, found.refused) == ((), ())


def test_other_types_are_refused_and_the_rest_is_kept():
    found = read(
        standard("fetal_death", ANN, reference_id="a\nb"),
        standard("Death", ANN, reference_id=5),
        standard("adoption", ANN, reference_id="c"),
    )
    assert [event.reference_id for event in found.events] == ["5"]
    assert found.refused == (("a?b", "fetal_death"), ("c", "adoption"))


def test_flat_shape():
    message = {
        "event_type": "DEATH",
        "event_date": "2024-12-01",
        "identifiers": [{"type": "UIN", "value": "1"}, {"type": "DRN", "value": "9"}],
        "person": {"name": "Ann Lee", "birth_date": "1950-01-02"},
    }
    (event,) = read_notification(message).events
    assert event.event_type == "death"
    assert event.event_date == date(2024, 12, 1)
    assert event.person.identifiers == (Identifier("UIN", "1"), Identifier("DRN", "9"))
    assert event.person.name == "Ann Lee"
    assert event.person.birth_date == date(1950, 1, 2)
    assert event.raw is message


def test_flat_shape_joins_the_identifiers_of_message_and_person():
    message = flat(person=[{"identifier": [UIN, {"type": "BRN", "value": "3"}]}])
    assert values(read_notification(message).events[0].person) == ["1", "3"]


@pytest.mark.parametrize("person", ["", None, {}, []])
def test_flat_shape_without_a_person(person):
    assert values(read_notification(flat(person=person)).events[0].person) == ["1"]


def test_flat_shape_within_an_array():
    assert values(only_event(flat(event_date="2024-01-01")).person) == ["1"]


def test_an_empty_array_beside_the_flat_shape():
    assert len(read_notification(flat(notify_event=[])).events) == 1


def test_items_come_before_the_flat_shape():
    found = read_notification(flat(notify_event=[standard("birth", ANN)]))
    assert [event.event_type for event in found.events] == ["birth"]


def test_flat_shape_of_no_type_is_refused():
    assert read_notification(flat(event_type=" ")).refused == (("", "unknown"),)


def test_flat_shape_of_another_type_is_refused():
    found = read_notification(flat(event_type="adoption", reference_id="r9"))
    assert (found.events, found.refused) == ((), (("r9", "adoption"),))


def test_a_record_found_by_a_search():
    event = event_from_record("DEATH", ANN, "r7")
    assert (event.event_type, event.event_date) == ("death", date(2024, 5, 6))
    assert event.reference_id == "r7"
    assert read_event(event.raw) == event


def test_a_search_has_one_of_our_types():
    with pytest.raises(ValueError, match="not a birth"):
        event_from_record("adoption", ANN)


# Several persons in one item


def test_one_event_per_person():
    item = standard("Death", [ANN, {"identifier": SECOND_UIN, "death_date": "2024-05-07"}])
    events = read(item).events
    assert [values(event.person) for event in events] == [["1"], ["2"]]
    assert [event.event_date.day for event in events] == [6, 7]
    assert events[0].raw["data"]["reg_records"] == ANN
    assert events[0].raw["timestamp"] == item["timestamp"]
    assert item["data"]["reg_records"][1]["identifier"] == SECOND_UIN


@pytest.mark.parametrize("kind", ["marriage", "divorce"])
def test_a_couple_is_one_event(kind):
    item = standard(
        kind,
        [
            {"identifier": [UIN, MRN]},
            {"identifier": [SECOND_UIN, MRN], f"{kind}_date": "2020-02-02"},
        ],
    )
    event = only_event(item)
    assert values(event.person) == ["1", "77"]
    assert values(event.person.spouse) == ["2", "77"]
    assert event.event_date == date(2020, 2, 2)
    assert event.raw is item


@pytest.mark.parametrize(
    "records",
    [
        [{"identifier": UIN, "spouse_identifier": SECOND_UIN}, {"identifier": SECOND_UIN}],
        [{"identifier": UIN}, {"identifier": SECOND_UIN, "spouse": {"identifier": UIN}}],
        [{"identifier": UIN}, {"identifier": UIN}],
        [{"identifier": UIN, "spouse": 5}, {"identifier": SECOND_UIN}],
    ],
)
def test_two_persons_who_are_no_couple(records):
    assert len(read(standard("marriage", records)).events) == 2


def test_the_date_of_a_couple_is_that_of_the_first_who_has_one():
    couple = [
        {"identifier": UIN, "marriage_date": "2020-02-02"},
        {"identifier": SECOND_UIN, "marriage_date": "2021-01-01"},
    ]
    assert only_event(standard("marriage", couple)).event_date == date(2020, 2, 2)


def test_three_persons_are_no_couple():
    people = [{"identifier": {"type": "UIN", "value": str(number)}} for number in range(3)]
    assert len(read(standard("marriage", people)).events) == 3


def test_two_dead_are_no_couple():
    assert (
        len(read(standard("death", [{"identifier": UIN}, {"identifier": SECOND_UIN}])).events) == 2
    )


# When it happened


@pytest.mark.parametrize("kind", ["birth", "death", "marriage", "divorce"])
def test_the_date_of_the_record_comes_before_that_of_the_event(kind):
    record = {"identifier": UIN, f"{kind}_date": "2001-01-01"}
    item = standard(kind, record, event_date="2002-02-02")
    assert only_event(item).event_date == date(2001, 1, 1)
    item["data"]["reg_records"] = {"identifier": UIN, f"{kind}_date": ""}
    assert only_event(item).event_date == date(2002, 2, 2)
    item["data"]["event_date"] = "2003-03-03"
    assert only_event(item).event_date == date(2003, 3, 3)


def test_the_date_of_another_event_is_no_date_of_this_one():
    item = standard("death", {"identifier": UIN, "birth_date": "1950-01-01"})
    assert only_event(item).event_date is None


def test_the_time_stamp_of_the_item_is_not_when_it_happened():
    event = only_event(standard("death", {"identifier": UIN}))
    assert (event.event_date, event.problem) == (None, "")


def test_dates_follow_the_time_zone_of_the_registry():
    record = {"identifier": UIN, "death_date": "2024-05-06T20:00:00Z"}
    assert only_event(standard("death", record), "Asia/Bangkok").event_date.day == 7
    event = event_from_record("death", {"identifier": UIN}, tz="Asia/Bangkok")
    raw = {**event.raw, "event_date": "2024-05-06T20:00:00Z"}
    assert read_event(raw, "Asia/Bangkok").event_date.day == 7


# What cannot be read stays an event


@pytest.mark.parametrize(
    ("item", "place"),
    [
        (standard("divorce", {"identifier": UIN, "spouse": 7}), "data.reg_records.spouse"),
        (standard("death", "Ann Lee"), "data.reg_records: must"),
        (standard("death", ""), "data.reg_records: is missing"),
        (flat(person="Ann Lee"), "person"),
        (flat(person=[{"name": "Ann"}, {"name": "Bob"}]), "person"),
    ],
)
def test_an_unreadable_item_is_an_event_with_a_problem(item, place):
    (event,) = read_notification(item).events if "event_type" in item else read(item).events
    assert event.problem.startswith(place)
    assert event.event_date is None
    assert "Ann" not in event.problem
    with pytest.raises(InvalidRecord) as caught:
        read_event(event.raw)
    assert str(caught.value) == event.problem


@pytest.mark.parametrize(
    ("item", "flags", "written"),
    [
        (standard("death", {"identifier": UIN}), {"no_date"}, ""),
        (standard("death", {"identifier": UIN, "death_date": "2024"}), {"partial_date"}, "2024"),
        (standard("birth", {"identifier": UIN, "birth_date": "1950"}), {"partial_date"}, "1950"),
        (standard("marriage", {"marriage_date": ["x"]}), {"no_date"}, "x"),
        (standard("divorce", {"divorce_date": "9999-12-31"}), {"no_date"}, "9999-12-31"),
        (standard("death", {"identifier": UIN}, event_date="someday"), {"no_date"}, "someday"),
        (flat(event_date="someday"), {"no_date"}, "someday"),
        (
            standard("birth", {"identifier": UIN, "birth_date": "1970-01-01"}),
            {"sentinel_birth_date"},
            "1970-01-01",
        ),
        (
            standard("death", {**ANN, "identifier": [UIN, {"type": "BRN", "value": 1.5}]}),
            {"unusable_identifier"},
            "2024-05-06",
        ),
        (
            standard("death", {**ANN, "identifier": {"type": "UIN", "value": 15}}),
            {"number_identifier"},
            "2024-05-06",
        ),
        (
            flat(event_date="2024-05-06", identifiers=[{"type": "UIN", "value": True}]),
            {"unusable_identifier"},
            "2024-05-06",
        ),
    ],
)
def test_what_an_officer_should_look_at_is_a_flag(item, flags, written):
    (event,) = read_notification(item).events if "event_type" in item else read(item).events
    assert event.problem == ""
    assert set(event.flags) == flags
    assert event.when.text == written
    assert read_event(event.raw) == event


@pytest.mark.parametrize(
    "item",
    [
        standard("death", {**ANN, "marriage_date": "x", "spouse": 5}),
        standard("death", {**ANN, "parent1_identifier": 1.5}),
        standard("death", ANN, event_date="someday"),
        standard("birth", {"birth_date": "2020-01-01", "death_date": "x", "divorce_date": "x"}),
        standard("marriage", {"marriage_date": "2020-01-01", "divorce_date": "x"}),
    ],
)
def test_what_this_type_does_not_need_may_be_unreadable(item):
    event = only_event(item)
    assert event.problem == ""
    assert event.event_date is not None


@pytest.mark.parametrize("record", [None, "", {}, [], 5, "text", [ANN, ANN]])
def test_a_search_finds_nonsense(record):
    event = event_from_record("death", record, "r7")
    assert event.problem
    with pytest.raises(InvalidRecord):
        read_event(event.raw)


@pytest.mark.parametrize(
    ("message", "place"),
    [
        (None, "message"),
        ([], "message"),
        ({}, "message"),
        ({"search_response": []}, "message"),
        ({"notify_event": ["text"]}, "message.notify_event[0]"),
        ({"notify_event": [standard("death", ANN), 5]}, "message.notify_event[1]"),
        ({"notify_event": [standard("death", ANN, data="text")]}, "message.notify_event[0].data"),
    ],
)
def test_a_message_of_no_known_shape(message, place):
    with pytest.raises(InvalidRecord) as caught:
        read_notification(message)
    assert caught.value.where == place


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        "text",
        {},
        {"data": {}},
        standard("adoption", ANN),
        standard("death", [ANN, ANN]),
    ],
)
def test_only_a_stored_event_is_read_again(raw):
    with pytest.raises(InvalidRecord):
        read_event(raw)


# Recognising the same event


SPELLINGS_OF_ONE_DEATH = [
    standard(
        "Death",
        {
            "identifier": [UIN, {"type": "DRN", "value": "9"}],
            "death_date": "2024-05-06",
            "birth_date": "1950-01-01",
        },
    ),
    standard(
        "spdci-common:RegistryEventType:Death",
        [
            {
                "identifiers": [
                    {"name": "urn:x:drn", "identifier": "9"},
                    {"type": "uin", "value": " 1 "},
                ],
                "deathDate": "2024-05-06T23:00:00-11:00",
                "name": "Ann Lee",
                "birth_date": "1950-01-01",
                "birth_place": "Thani",
                "spouse": {"identifier": SECOND_UIN},
            }
        ],
        reference_id="other",
        timestamp="2024-08-01T00:00:00Z",
    ),
    flat(
        event_date="20240506",
        identifiers=[{"type": "DRN", "value": "9"}, {"type": "UIN", "value": "1"}],
        person={"name": "A. Lee", "identifier": UIN, "birthDate": "1950-01-01T00:00:00"},
    ),
]


def test_one_event_in_other_spellings_order_and_messages_has_one_digest():
    assert len({only_event(item).digest() for item in SPELLINGS_OF_ONE_DEATH}) == 1
    record = SPELLINGS_OF_ONE_DEATH[0]["data"]["reg_records"]
    found = event_from_record("death", record).digest()
    assert found == only_event(SPELLINGS_OF_ONE_DEATH[1]).digest()


DIFFERENT_EVENTS = [
    standard("death", ANN),
    standard("death", {"identifier": UIN}),
    standard("death", {"identifier": UIN, "death_date": "2024-05-07"}),
    standard("death", {"identifier": SECOND_UIN, "death_date": "2024-05-06"}),
    standard("death", {**ANN, "identifier": [UIN, SECOND_UIN]}),
    standard("death", {**ANN, "identifier": {"type": "NID", "value": "1"}}),
    standard("death", {**ANN, "identifier": {"type": "UIN1", "value": ""}}),
    standard("birth", {**ANN, "birth_date": "2024-05-06"}),
    standard("marriage", {"identifier": UIN, "marriage_date": "2024-05-06"}),
    standard("marriage", {"identifier": UIN, "marriage_date": "2024-05-06", "spouse": SECOND_UIN}),
    standard("marriage", {"identifier": [UIN, SECOND_UIN], "marriage_date": "2024-05-06"}),
    standard("divorce", {"identifier": UIN, "divorce_date": "2024-05-06"}),
    # Nobody is named, or nothing can be read: each counts as a whole.
    standard("death", {"name": "Ann Lee"}),
    standard("death", {"name": "Bob Lee"}),
    # What decides whether this is the person meant has an effect, too.
    standard("death", {**ANN, "birth_date": "1950-01-01"}),
    standard("death", {**ANN, "sex": "male"}),
    standard("death", {**ANN, "identifier": {"type": "UIN", "value": 1}}),
    standard("death", {**ANN, "parent1_identifier": UIN}),
    standard("death", ANN, status="cancelled"),
    standard("death", {"identifier": UIN, "death_date": "2024"}),
    standard("death", {"identifier": SECOND_UIN, "death_date": "2024"}),
    standard("death", ""),
    standard("birth", ""),
]


def test_events_that_differ_in_effect_have_different_digests():
    digests = [only_event(item).digest() for item in DIFFERENT_EVENTS]
    assert len(set(digests)) == len(DIFFERENT_EVENTS)


def test_a_spouse_without_identifiers_has_no_effect():
    record = {"identifier": UIN, "marriage_date": "2024-05-06"}
    alone, named = record, {**record, "spouse": "Bob Lee"}
    assert (
        only_event(standard("marriage", alone)).digest()
        == only_event(standard("marriage", named)).digest()
    )


def test_an_unreadable_event_delivered_again_is_recognised():
    item = standard("death", {"name": "Ann Lee"})
    again = {**item, "reference_id": "other", "timestamp": "later"}
    assert only_event(item).digest() == only_event(again).digest()


def test_the_digest_stays_the_same_between_releases():
    # Stored digests are compared with new ones, so a change needs another version in front.
    death = (
        '["v2","death","2024-05-06",false,'
        '[[["DRN","9",false,false],["UIN","1",false,false]],"1950-01-01","",""],null]'
    )
    assert only_event(SPELLINGS_OF_ONE_DEATH[0]).digest() == sha256(death.encode()).hexdigest()
    couple = [{"identifier": UIN, "sex": "F"}, {"identifier": SECOND_UIN}]
    marriage = (
        '["v2","marriage","",false,[[["UIN","1",false,false]],"","female",""],'
        '[[["UIN","2",false,false]],"","",""]]'
    )
    digest = only_event(standard("marriage", couple)).digest()
    assert digest == sha256(marriage.encode()).hexdigest()


# Keeping the original


@pytest.mark.parametrize(
    "message",
    [
        {"notify_event": [*DIFFERENT_EVENTS, *SPELLINGS_OF_ONE_DEATH]},
        {"notify_event": standard("death", [ANN, {"identifier": SECOND_UIN}])},
        {"notify_event": standard("marriage", [{"identifier": UIN}, {"identifier": SECOND_UIN}])},
        {"notify_event": standard("x", "", data=[standard("death", ANN)["data"]] * 2)},
        SPELLINGS_OF_ONE_DEATH[2],
    ],
)
def test_what_is_stored_gives_the_same_event_again(message):
    before = json.dumps(message)
    for event in read_notification(message).events:
        stored = json.loads(json.dumps(event.raw))
        if event.problem:
            with pytest.raises(InvalidRecord):
                read_event(stored)
        else:
            assert read_event(stored) == event
            assert read_event(stored).digest() == event.digest()
    assert json.dumps(message) == before


def test_what_is_taken_back_is_recognised_by_its_digest():
    death = only_event(standard("death", ANN))
    back = only_event(standard("death", ANN, status="cancelled"))
    assert back.withdraws
    assert back.withdrawn_digests() == (death.digest(),)
    assert death.withdrawn_digests() == ()
    nobody = only_event(standard("death", {"name": "Ann"}, status="cancelled"))
    assert nobody.withdrawn_digests() == ()


def test_only_the_subject_of_a_list_counts():
    informant = {"identifier": SECOND_UIN, "role": "informant"}
    named = {"identifier": UIN, "role": "deceased", "death_date": "2024-05-06"}
    for people in ([informant, named], [informant, ANN], [named, {"identifier": SECOND_UIN}]):
        event = only_event(standard("death", people))
        assert values(event.person) == ["1"]
        assert read_event(event.raw) == event


def test_a_list_of_stillbirths_holds_nobody():
    found = read(standard("death", [{**ANN, "type": "fetal_death"}, {"type": "stillbirth"}]))
    assert found.events == ()
    assert [name for _reference, name in found.refused] == ["fetal_death", "stillbirth"]


def test_a_name_that_cannot_be_placed_is_kept_for_an_officer():
    assert only_event(standard("DeathOfADynasty", ANN)).problem == "unknown_name"
