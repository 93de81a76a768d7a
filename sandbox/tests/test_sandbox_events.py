"""Registering events: what changes in the registry, and what the subscribers are told."""

import pytest

from sandbox.testing import SandboxError

AMINA = {"type": "UIN", "value": "4018273645"}
LEILA = {"type": "UIN", "value": "8452617089"}
VILIAME = {"type": "UIN", "value": "1674839201"}


@pytest.fixture
def notified(subscriber, sandbox, inbox):
    """Give a function that registers an event and returns what the subscriber received."""
    sandbox.admin(
        "subscriptions", {"sender_id": "spp.example.org", "sender_uri": subscriber.callback}
    )

    def register(**event):
        answer = sandbox.admin("events", event)
        assert [item["accepted"] for item in answer["deliveries"]] == [True]
        _path, message = inbox.next()
        assert message["header"]["action"] == "notify"
        assert message["header"]["message_id"] == answer["deliveries"][0]["message_id"]
        assert message["message"]["transaction_id"]
        (item,) = message["message"]["notify_event"]
        assert item["reference_id"]
        assert item["timestamp"]
        assert item["data"]["reg_record_type"] == "spdci-extensions-dci:Person"
        assert item["data"]["reg_records"] == answer["events"][0]["records"]
        return item["data"]["reg_event_type"].rpartition(":")[2], item["data"]["reg_records"]

    return register


def numbers(record):
    return {item["identifier_type"]: item["identifier_value"] for item in record["identifier"]}


def person(sandbox, identifier):
    return sandbox.admin("persons?type={type}&value={value}".format(**identifier))


def test_death(notified, sandbox):
    kind, record = notified(event_type="death", identifier=AMINA, date="2026-11-20")
    assert (kind, record["death_date"]) == ("Death", "2026-11-20")
    assert numbers(record)["DRN"] == "DRN-2026-amina-diallo"
    assert numbers(record)["UIN"] == "4018273645"
    assert person(sandbox, AMINA)["death_date"] == "2026-11-20"
    widower = person(sandbox, {"type": "UIN", "value": "1083726451"})
    assert widower["marital_status"] == "W"


def test_birth_of_somebody_known(notified, sandbox):
    kind, record = notified(
        event_type="birth", identifier=LEILA, date="1993-06-26", number="BRN-1993-1"
    )
    assert (kind, record["birth_date"]) == ("LiveBirth", "1993-06-26")
    assert numbers(record)["BRN"] == "BRN-1993-1"
    assert person(sandbox, {"type": "BRN", "value": "BRN-1993-1"})["birth_date"] == "1993-06-26"
    with pytest.raises(SandboxError, match="404"):
        person(sandbox, {"type": "BRN", "value": "BRN-1993-022904"})


def test_birth_of_a_child(notified, sandbox):
    child = {
        "id": "new-child",
        "given_name": "Noor",
        "family_name": "Haddad",
        "sex": "female",
        "identifiers": {"UIN": "1111111111"},
        "mother": "leila-haddad",
    }
    _kind, record = notified(event_type="birth", person=child, date="2026-11-01")
    assert (record["birth_date"], record["name"]["given_name"]) == ("2026-11-01", "Noor")
    assert record["parent1_identifier"]["identifier_value"] == LEILA["value"]
    assert numbers(record) == {"UIN": "1111111111", "BRN": "BRN-2026-new-child"}


def test_marriage_and_divorce(notified, sandbox):
    kind, record = notified(
        event_type="marriage", identifier=LEILA, spouse=VILIAME, date="2026-11-07", number="MRN-7"
    )
    assert (kind, record["marital_status"], record["marriage_date"]) == (
        "Marriage",
        "M",
        ["2026-11-07"],
    )
    assert numbers(record)["MRN"] == "MRN-7"
    assert numbers(record["spouse"])["UIN"] == VILIAME["value"]
    assert person(sandbox, VILIAME)["marital_status"] == "M"
    kind, record = notified(event_type="divorce", identifier=VILIAME, date="2026-11-09")
    assert (kind, record["marital_status"], record["divorce_date"]) == (
        "Divorce",
        "D",
        ["2026-11-09"],
    )
    assert person(sandbox, LEILA)["marriages"][0]["divorce_date"] == "2026-11-09"
    with pytest.raises(SandboxError, match="400"):
        notified(event_type="divorce", identifier=LEILA)


@pytest.mark.parametrize(
    ("couple", "look"),
    [
        ("spouse_identifier", lambda record: record["spouse_identifier"]["identifier_value"]),
        ("relations", lambda record: record["relations"][-1]["identifier"][0]["identifier_value"]),
        ("two", lambda records: records[1]["identifier"][0]["identifier_value"]),
        ("none", lambda record: None if "spouse" in record else VILIAME["value"]),
    ],
)
def test_ways_to_write_a_couple(notified, couple, look):
    _kind, record = notified(event_type="marriage", identifier=LEILA, spouse=VILIAME, couple=couple)
    assert look(record) == VILIAME["value"]


def test_a_record_given_is_told_as_it_stands(notified, sandbox):
    record = {"identifiers": [{"type": "UIN", "value": "1"}], "deathDate": "2030-01-01"}
    kind, told = notified(event_type="death", record=record)
    assert (kind, told) == ("Death", record)


def test_spelling_and_event_name(notified):
    kind, record = notified(
        event_type="death", identifier=AMINA, spelling="flat", event_name="DEATH_REGISTERED"
    )
    assert kind == "DEATH_REGISTERED"
    assert record["givenName"] == "Amina"
    assert {"type": "UIN", "value": AMINA["value"]} in record["identifiers"]


def test_many_events_in_one_message(subscriber, sandbox, inbox):
    sandbox.admin("subscriptions", {"sender_id": "a", "sender_uri": subscriber.callback})
    events = [
        {"event_type": "death", "identifier": AMINA},
        {"event_type": "marriage", "identifier": LEILA, "spouse": VILIAME},
    ]
    answer = sandbox.admin("events", {"events": events})
    assert len(answer["deliveries"]) == 1
    _path, message = inbox.next()
    assert message["header"]["total_count"] == 2
    assert len(message["message"]["notify_event"]) == 2


def test_the_flat_shape(subscriber, sandbox, inbox):
    sandbox.admin("subscriptions", {"sender_id": "a", "sender_uri": subscriber.callback})
    sandbox.admin(
        "events",
        {"event_type": "death", "identifier": AMINA, "date": "2026-11-20", "shape": "flat"},
    )
    _path, message = inbox.next()
    flat = message["message"]
    assert (flat["event_type"], flat["event_date"]) == ("DEATH", "2026-11-20")
    assert {"type": "DRN", "value": "DRN-2026-amina-diallo"} in flat["identifiers"]
    assert flat["person"] == {"name": "Amina Diallo", "birth_date": "1958-03-14"}


def test_only_who_wants_an_event_is_told(subscriber, sandbox, inbox):
    url = subscriber.callback
    sandbox.admin("subscriptions", {"sender_id": "a", "sender_uri": url, "event_types": ["birth"]})
    sandbox.admin("config", {"synchronous": True})
    subscriber.subscribe("death", filter={"type": "UIN", "value": LEILA["value"]})
    expression = {"attribute_name": "birth_place", "operator": "eq", "attribute_value": "Kindia"}
    subscriber.sender_id = "from-kindia"
    subscriber.subscribe("death", filter_type="predicate", filter=[{"expression1": expression}])
    answer = sandbox.admin("events", {"event_type": "death", "identifier": AMINA})
    assert [item["subscriber"] for item in answer["deliveries"]] == ["from-kindia"]
    answer = sandbox.admin("events", {"event_type": "death", "identifier": LEILA})
    assert [item["subscriber"] for item in answer["deliveries"]] == ["spp.example.org"]


def test_nobody_is_told_on_demand(notified, sandbox, inbox):
    answer = sandbox.admin("events", {"event_type": "death", "identifier": AMINA, "push": False})
    assert answer["deliveries"] == []
    assert inbox.stays_empty()


def test_delivery_is_repeated_until_accepted(subscriber, sandbox, inbox):
    sandbox.admin("config", {"backoff": 0.01, "attempts": 4})
    sandbox.admin("subscriptions", {"sender_id": "a", "sender_uri": subscriber.callback})
    inbox.answers = [503, 200, 202]
    (report,) = sandbox.admin("events", {"event_type": "death", "identifier": AMINA})["deliveries"]
    assert report["accepted"]
    assert [attempt["status"] for attempt in report["attempts"]] == [503, 200, 202]
    assert report["attempts"][0]["answer"] == {"ok": True}
    bodies = [inbox.messages.get(timeout=1) for _attempt in range(3)]
    assert bodies[0] == bodies[1] == bodies[2]


def test_delivery_is_given_up(sandbox, inbox):
    sandbox.admin("config", {"backoff": 0.01, "attempts": 2})
    inbox.answers = [400] * 9
    sandbox.admin("subscriptions", {"sender_id": "a", "sender_uri": inbox.url})
    sandbox.admin("subscriptions", {"sender_id": "b", "sender_uri": "http://127.0.0.1:9/"})
    answer = sandbox.admin("events", {"event_type": "death", "identifier": AMINA})
    refused, unreachable = answer["deliveries"]
    assert not refused["accepted"]
    assert [attempt["status"] for attempt in refused["attempts"]] == [400, 400]
    assert [attempt["error"] for attempt in unreachable["attempts"]] == ["ConnectionError"] * 2


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({}, 400),
        ({"event_type": "adoption", "identifier": AMINA}, 400),
        ({"event_type": "death"}, 400),
        ({"event_type": "death", "identifier": {"type": "UIN", "value": "3896051423"}}, 404),
        ({"event_type": "death", "identifier": AMINA, "date": "soon"}, 400),
        ({"event_type": "death", "identifier": AMINA, "spelling": "odd"}, 400),
        ({"event_type": "death", "identifier": AMINA, "couple": "odd"}, 400),
        ({"event_type": "death", "identifier": AMINA, "shape": "odd"}, 400),
        ({"event_type": "birth", "person": {"hat": 1}}, 400),
        ({"events": []}, 400),
        ({"events": ["x"]}, 400),
    ],
)
def test_malformed_orders(sandbox, event, status):
    with pytest.raises(SandboxError, match=str(status)):
        sandbox.admin("events", event)


def test_reset_undoes_events(sandbox):
    sandbox.admin("events", {"event_type": "death", "identifier": AMINA})
    child = {"given_name": "Noor", "birth_date": "2026-01-01", "identifiers": {"UIN": "2"}}
    sandbox.admin("persons", child)
    sandbox.admin("reset", {})
    assert person(sandbox, AMINA)["death_date"] == ""
    assert sandbox.admin("status")["people"] == 26
    with pytest.raises(SandboxError, match="404"):
        person(sandbox, {"type": "UIN", "value": "2"})
