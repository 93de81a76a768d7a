"""Any JSON value gives a typed result or InvalidRecord, never another exception."""

import json
from datetime import date

from hypothesis import example, given
from hypothesis import strategies as st

from ...services import records
from ...services.records import InvalidRecord, Person, SearchItem, VitalEvent
from ...services.records.dates import DateReading, read_date
from ...services.wire.shapes import message_error

# Plain values that the readers take apart, so that random ones reach deep into them.
WORDS = [
    *("", " ", "UIN", "urn:x:UIN", "MRN", "1", "x:Mother", "x:Spouse", "Person", "succ", "M"),
    *("DEATH", "LiveBirth", "marriage", "x:divorce", "fetal_death", "REGISTER", "female"),
    *("2024-05-06", "2024-05-06T20:00:00Z", "2024-05-06T20:00:00+07:00", "2024", "20240506"),
    "\ud800",
]
MEMBERS = [
    *("identifier", "identifiers", "identifier_type", "identifier_value", "type", "value"),
    *("name", "given_name", "familyName", "surname", "sex", "marital_status", "birth_date"),
    *("deathDate", "death_date", "marriage_date", "divorcedate", "birth_place", "birthPlace"),
    *("address", "address_line1", "relations", "@type", "spouse", "spouse_identifier"),
    *("parent1_identifier", "parent2_identifier", "event_type", "event_date", "person"),
    *("data", "reg_type", "reg_event_type", "reg_record_type", "reg_records", "reference_id"),
    *("status", "status_reason_code", "pagination", "page_number", "total_count"),
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**254, max_value=10**256)
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(max_size=20)
)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(MEMBERS) | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=25,
)
zones = st.sampled_from([None, "UTC", "Asia/Bangkok", "America/New_York"])

identifiers = st.one_of(
    st.fixed_dictionaries(
        {"identifier_type": st.sampled_from(["UIN", "x:BRN", "MRN"]), "identifier_value": scalars}
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["UIN", "DRN"]), "value": st.sampled_from("123")}
    ),
)
dates = st.dates(min_value=date(1800, 1, 1)).map(str) | st.sampled_from(WORDS)
persons = st.fixed_dictionaries(
    {"identifier": identifiers | st.lists(identifiers, max_size=3)},
    optional={
        "birth_date": dates,
        "death_date": dates,
        "marriage_date": dates | st.lists(dates, max_size=3),
        "divorce_date": dates | st.lists(dates, max_size=3),
        "name": json_values,
        "spouse": st.fixed_dictionaries({"identifier": identifiers}),
        "spouse_identifier": identifiers,
        "relations": st.lists(json_values, max_size=3),
        "birth_place": json_values,
    },
)
items = st.fixed_dictionaries(
    {
        "reference_id": scalars,
        "data": st.fixed_dictionaries(
            {
                "reg_event_type": st.sampled_from(WORDS),
                "reg_records": persons | st.lists(persons, max_size=3) | json_values,
            }
        ),
    },
    optional={"event_date": dates},
)
flat_messages = st.fixed_dictionaries(
    {"event_type": st.sampled_from(WORDS), "identifiers": st.lists(identifiers, max_size=3)},
    optional={"event_date": dates, "person": persons | json_values},
)
messages = st.one_of(
    json_values,
    st.fixed_dictionaries({"notify_event": st.lists(items, max_size=4) | json_values}),
    flat_messages,
)


def attempt(function, *arguments):
    """The result, or None for the one exception that is allowed."""
    try:
        return function(*arguments)
    except InvalidRecord:
        return None


@given(json_values, zones)
def test_any_date(value, zone):
    reading = read_date(value, zone)
    assert isinstance(reading, DateReading)
    assert (reading.day is not None) == (reading.precision == "day")
    assert reading.text.isprintable()


@given(json_values)
def test_any_event_name(value):
    assert records.event_type(value) in (None, *records.EVENT_TYPES)


@given(persons | json_values, zones)
def test_any_person(value, zone):
    person = attempt(records.read_person, value, zone)
    if person is not None:
        assert isinstance(person, Person)
        assert len(set(person.identifiers)) == len(person.identifiers)
        for identifier in person.identifiers:
            assert identifier.type == identifier.type.strip().upper()
            assert identifier.value == identifier.value.strip() != ""
            assert len(identifier.value) <= 100


@given(persons | json_values, zones)
def test_the_short_reading_agrees_with_the_long_one(value, zone):
    person = attempt(records.read_person, value, zone)
    short = attempt(records.read_life_and_death, value, zone)
    assert (person is None) == (short is None)
    if person:
        facts = ("identifiers", "birth", "death", "sex", "related_keys", "is_deceased")
        for fact in (*facts, "unusable_identifiers"):
            assert getattr(short, fact) == getattr(person, fact), fact


@given(messages, zones)
def test_any_notification(message, zone):
    found = attempt(records.read_notification, message, zone)
    if found is None:
        return
    for event in found.events:
        check_event(event, zone)
    for reference, name in found.refused:
        assert (reference + name).isascii()
        assert (reference + name).isprintable()
        assert 0 < len(name) <= 64


@given(messages.filter(lambda message: isinstance(message, dict)))
def test_what_the_schema_lets_pass_is_read(message):
    if not message_error("notify", message):
        records.read_notification(message)


@example("death", {"reg_type": "fetal_death"}, None)
@given(st.sampled_from(records.EVENT_TYPES), persons | json_values, zones)
def test_any_record_as_event(kind, record, zone):
    event = records.event_from_record(kind, record, "r", zone)
    assert event.event_type == kind
    check_event(event, zone)


def check_event(event, zone):
    assert isinstance(event, VitalEvent)
    assert event.event_type in records.EVENT_TYPES
    stored = json.loads(json.dumps(event.raw))
    again = attempt(records.read_event, stored, zone)
    if event.problem:
        assert again is None
    else:
        # Compared as text, since NaN in an unused member equals nothing.
        assert repr(again) == repr(event)
        assert again.digest() == event.digest()
    assert len(event.digest()) == 64


@given(messages, zones)
def test_any_stored_event(raw, zone):
    event = attempt(records.read_event, raw, zone)
    assert event is None or (isinstance(event, VitalEvent) and not event.problem)


@given(json_values | st.lists(items | json_values, max_size=4), zones)
def test_any_search_response(value, zone):
    found = attempt(records.read_search_response, {"search_response": value}, zone)
    for reference, item in (found or {}).items():
        assert reference.isascii()
        assert isinstance(item, SearchItem)
        people = attempt(getattr, item, "records")
        assert (people is None) == bool(item.problem)
        if people is not None:
            assert len(people) == len(item.raw_records)


@given(persons, st.randoms(use_true_random=False))
def test_the_digest_does_not_depend_on_order(record, random):
    def shuffled(value):
        if isinstance(value, dict):
            pairs = list(value.items())
            random.shuffle(pairs)
            return dict(pairs)
        return value

    event = records.event_from_record("death", record)
    if event.problem or not event.person.identifiers:
        return
    numbers = record["identifier"]
    if isinstance(numbers, list):
        numbers = [shuffled(number) for number in random.sample(numbers, len(numbers))]
    other = records.event_from_record("death", shuffled({**record, "identifier": numbers}), "x")
    assert other.digest() == event.digest()
