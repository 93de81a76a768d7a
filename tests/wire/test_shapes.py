"""The JSON Schemas: what each action requires, how tolerant they are, what the errors name."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ...services import errors
from ...services.wire import envelope as envelopes
from ...services.wire import shapes
from ..helpers.messages import body, make_event, make_header, make_notification, make_person, write

SCHEMAS = sorted((Path(shapes.__file__).parent / "schemas").glob("*.json"))
FLAT = {
    "event_type": "DEATH",
    "event_date": "2024-12-01",
    "identifiers": [{"type": "UIN", "value": "1"}, {"type": "DRN", "value": "2"}],
    "person": {"name": "Zoë", "birth_date": "1950-01-01"},
}


def check(action, message, max_items=10000):
    content = body(write(make_header(action=action)), write(message))
    envelopes.check_message(envelopes.parse(content), max_items)


def refused(action, message):
    with pytest.raises(errors.InvalidMessage) as caught:
        check(action, message)
    assert str(caught.value) == f"The message is not valid: see {caught.value.where}."
    return caught.value.where


def without(value, name):
    return {key: member for key, member in value.items() if key != name}


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_schemas_are_valid(path):
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema)


def test_each_kind_has_a_schema():
    assert {path.stem for path in SCHEMAS} == {"header", *envelopes.KINDS}


@pytest.mark.parametrize(
    "message",
    [
        make_notification(),
        make_notification(make_event(), make_event("LiveBirth")),
        make_notification(make_event(reg_records=[make_person(), make_person()])),
        make_notification(make_event("fetal_death", reg_records=[])),
        make_notification(make_event(reference_id=17)),
        make_notification(make_event(reference_id="", reg_type="", reg_event_type=None)),
        make_notification(make_event(unknown={"x": [1]})),
        {"notify_event": [{"data": {"reg_records": {}}}]},
        {"notify_event": [{"data": [{"reg_records": {}}, {"reg_records": [{}]}]}]},
        {"notify_event": make_event(), "transaction_id": 5},
        {"notify_event": [], "transaction_id": ""},
        make_notification(make_event(), make_event(reg_records="")),
        FLAT,
        {**FLAT, "notify_event": "", "transaction_id": None},
        {**FLAT, "notify_event": []},
        {**FLAT, "identifiers": FLAT["identifiers"][0], "person": "", "event_date": ""},
        {**FLAT, "identifiers": "", "person": [FLAT["person"]], "event_date": None},
        without(FLAT, "identifiers"),
        without(FLAT, "person"),
        {"event_type": "BIRTH", "identifier": {"type": "UIN", "value": 7}},
    ],
)
def test_notifications_that_are_accepted(message):
    check("notify", message)


def test_the_place_is_named():
    events = [make_event(reference_id=str(number)) for number in range(5)]
    events[3]["data"]["reg_records"] = "Zoë Ekström"
    assert refused("notify", make_notification(*events)) == (
        "message.notify_event[3].data.reg_records"
    )


@pytest.mark.parametrize(
    ("message", "where"),
    [
        ({}, "message.notify_event"),
        ({"transaction_id": "t"}, "message.notify_event"),
        ({"notify_event": ""}, "message.notify_event"),
        ({"notify_event": None}, "message.notify_event"),
        ({"notify_event": "x"}, "message.notify_event"),
        ({"notify_event": 7, "event_type": "DEATH"}, "message.notify_event"),
        ({"notify_event": {}}, "message.notify_event.data"),
        ({"notify_event": [7]}, "message.notify_event[0]"),
        ({"notify_event": [make_event(), None]}, "message.notify_event[1]"),
        ({"notify_event": [[make_event()]]}, "message.notify_event[0]"),
        ({"notify_event": [{"reference_id": "r"}]}, "message.notify_event[0].data"),
        ({"notify_event": [{"data": ""}]}, "message.notify_event[0].data"),
        ({"notify_event": [{"data": ["x"]}]}, "message.notify_event[0].data[0]"),
        ({"notify_event": [{"data": [{}]}]}, "message.notify_event[0].data[0].reg_records"),
        (
            make_notification(make_event(reg_records=None)),
            "message.notify_event[0].data.reg_records",
        ),
        (
            make_notification(make_event(reg_records=" ")),
            "message.notify_event[0].data.reg_records",
        ),
        (
            make_notification(make_event(reg_records=[make_person(), "x"])),
            "message.notify_event[0].data.reg_records[1]",
        ),
        (
            make_notification(make_event(reg_event_type=7)),
            "message.notify_event[0].data.reg_event_type",
        ),
        (
            make_notification(make_event(reference_id={"a": 1})),
            "message.notify_event[0].reference_id",
        ),
        (
            make_notification(make_event(reference_id="x" * 256)),
            "message.notify_event[0].reference_id",
        ),
        ({**make_notification(), "transaction_id": [1]}, "message.transaction_id"),
        ({**make_notification(), "transaction_id": True}, "message.transaction_id"),
        ({**make_notification(), "transaction_id": "x" * 256}, "message.transaction_id"),
        ({**FLAT, "event_type": ""}, "message.event_type"),
        ({**FLAT, "event_type": 7}, "message.event_type"),
        ({**FLAT, "event_date": 7}, "message.event_date"),
        ({**FLAT, "identifiers": "x"}, "message.identifiers"),
        ({**FLAT, "identifiers": ["x"]}, "message.identifiers[0]"),
        ({**FLAT, "person": "x"}, "message.person"),
        ({"event_type": "DEATH"}, "message"),
    ],
)
def test_notifications_that_are_refused(message, where):
    assert refused("notify", message) == where


ANSWER = {"reference_id": "r", "timestamp": "", "status": "succ", "data": {"reg_records": [{}]}}
SUBSCRIPTION = {"code": "c", "status": "subscribe", "timestamp": ""}


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("on-search", {"search_response": []}),
        ("search", {"search_response": [ANSWER], "transaction_id": "", "correlation_id": ""}),
        ("on-search", {"search_response": ANSWER}),
        ("on-search", {"search_response": [{"reference_id": "r", "data": "", "pagination": ""}]}),
        ("on-search", {"search_response": [{"data": {"reg_records": {"a": 1}}}]}),
        ("on-search", {"search_response": [{"data": {"reg_records": ""}}, {"data": []}]}),
        ("on-subscribe", {"subscribe_response": [{"subscriptions": [SUBSCRIPTION]}]}),
        ("on-subscribe", {"subscribe_response": {"subscriptions": SUBSCRIPTION}}),
        ("on-subscribe", {"subscribe_response": [{"status": "rjct", "subscriptions": ""}]}),
        ("on-unsubscribe", {"status": "succ"}),
        ("on-unsubscribe", {"subscription_status": [SUBSCRIPTION]}),
        ("on-unsubscribe", {"status": "succ", "subscription_status": ""}),
        ("txn-on-status", {"txnstatus_response": {"txn_type": "search", "txn_status": {}}}),
        ("txn-on-status", {"txnstatus_response": [{"txn_status": ""}]}),
    ],
)
def test_answers_that_are_accepted(action, message):
    check(action, message)


@pytest.mark.parametrize(
    ("action", "message", "where"),
    [
        ("on-search", {}, "message.search_response"),
        ("on-search", {"search_response": ""}, "message.search_response"),
        ("on-search", {"search_response": {}}, "message.search_response"),
        ("on-search", {"search_response": ["x"]}, "message.search_response[0]"),
        ("search", {"search_response": None}, "message.search_response"),
        (
            "on-search",
            {"search_response": [ANSWER, {"data": "x"}]},
            "message.search_response[1].data",
        ),
        (
            "on-search",
            {"search_response": [{"data": {"reg_records": ["x"]}}]},
            "message.search_response[0].data.reg_records[0]",
        ),
        (
            "on-search",
            {"search_response": [{"status": 1}]},
            "message.search_response[0].status",
        ),
        ("on-search", {"search_response": [], "transaction_id": {}}, "message.transaction_id"),
        ("on-subscribe", {}, "message.subscribe_response"),
        (
            "on-subscribe",
            {"subscribe_response": [{"subscriptions": [{"code": []}]}]},
            "message.subscribe_response[0].subscriptions[0].code",
        ),
        (
            "on-subscribe",
            {"subscribe_response": {"subscriptions": "x"}},
            "message.subscribe_response.subscriptions",
        ),
        ("on-unsubscribe", {}, "message"),
        ("on-unsubscribe", {"status": 1}, "message.status"),
        ("on-unsubscribe", {"subscription_status": ["x"]}, "message.subscription_status[0]"),
        ("txn-on-status", {}, "message.txnstatus_response"),
        ("txn-on-status", {"txnstatus_response": "x"}, "message.txnstatus_response"),
        (
            "txn-on-status",
            {"txnstatus_response": {"txn_status": 7}},
            "message.txnstatus_response.txn_status",
        ),
    ],
)
def test_answers_that_are_refused(action, message, where):
    assert refused(action, message) == where


def items(number):
    return make_notification(*[make_event(reference_id=str(index)) for index in range(number)])


def too_many(action, message, max_items):
    check(action, message, max_items + 1)
    with pytest.raises(errors.TooManyItems) as caught:
        check(action, message, max_items)
    assert str(max_items) in str(caught.value)


def test_number_of_items():
    check("notify", items(3), max_items=3)
    too_many("notify", items(4), 3)
    people = [make_person()] * 3
    too_many("notify", make_notification(make_event(reg_records=people), make_event()), 3)
    too_many("notify", {"notify_event": make_event(reg_records=people)}, 2)
    too_many("notify", {"notify_event": [{"data": [{"reg_records": people}] * 2}]}, 5)
    too_many("on-search", {"search_response": [ANSWER] * 4}, 3)
    too_many("on-search", {"search_response": [{"data": {"reg_records": people}}]}, 2)
    too_many("on-subscribe", {"subscribe_response": [{}] * 4}, 3)
    too_many("on-unsubscribe", {"subscription_status": [SUBSCRIPTION] * 4}, 3)
    too_many("txn-on-status", {"txnstatus_response": [{}] * 4}, 3)
    check("notify", FLAT, max_items=1)
    check("notify", {"notify_event": []}, max_items=1)


def test_the_shape_is_checked_before_the_number():
    message = items(4)
    message["notify_event"][1]["data"] = "x"
    with pytest.raises(errors.InvalidMessage) as caught:
        check("notify", message, max_items=3)
    assert caught.value.where == "message.notify_event[1].data"


def test_no_work_is_spent_on_items_beyond_the_limit():
    message = items(4)
    message["notify_event"][3]["data"] = "x"
    with pytest.raises(errors.TooManyItems):
        check("notify", message, max_items=3)


@pytest.mark.parametrize("member", ["identifier", "identifiers", "relations"])
def test_floods_in_a_record_are_refused(member):
    entry = {"identifier_type": "UIN", "identifier_value": "1"}
    for record in (
        lambda person: make_notification(make_event(reg_records=person)),
        lambda person: make_notification(make_event(reg_records=[person])),
        lambda person: {"event_type": "DEATH", "person": person},
    ):
        check("notify", record(make_person(**{member: [entry] * 50})))
        assert member in refused("notify", record(make_person(**{member: [entry] * 51})))
    if member != "relations":
        assert member in refused("notify", {"event_type": "DEATH", member: [entry] * 51})


def test_more_than_a_hundred_records_in_an_item_are_refused():
    check("notify", make_notification(make_event(reg_records=[make_person()] * 100)))
    message = make_notification(make_event(reg_records=[make_person()] * 101))
    assert "reg_records" in refused("notify", message)
