"""Subscribing, unsubscribing, and asking what became of a request."""

import pytest
from conftest import NOW


def statuses(message):
    return [
        item.get("status_reason_code", item["status"])
        for item in message["message"]["subscribe_response"]
    ]


def codes(message):
    return [
        entry["code"]
        for item in message["message"]["subscribe_response"]
        for entry in item["subscriptions"]
    ]


def unsubscribe(client, wanted, **changes):
    message = {"transaction_id": "t-un", "timestamp": NOW, "subscription_codes": wanted}
    return client.send("/registry/unsubscribe", "unsubscribe", message | changes)


def ask(client, kind, attribute, value, path="/registry/sync/txn/status"):
    request = {
        "reference_id": "r-ask",
        "txn_type": kind,
        "attribute_type": attribute,
        "attribute_value": value,
    }
    message = {"transaction_id": "t-ask", "txnstatus_request": request}
    return client.send(path, "txn-status", message)


def test_the_code_comes_by_callback(subscriber, sandbox, inbox):
    answer = subscriber.subscribe("spdci-common:RegistryEventType:Death", "birth")
    assert answer.status_code == 202
    correlation_id = answer.json()["message"]["correlation_id"]
    _path, message = inbox.next()
    assert message["header"]["action"] == "on-subscribe"
    assert message["header"]["receiver_id"] == "spp.example.org"
    assert message["message"]["transaction_id"] == "t-sub"
    assert message["message"]["correlation_id"] == correlation_id
    first = message["message"]["subscribe_response"][0]
    assert (first["reference_id"], first["status"]) == ("r0", "succ")
    (entry,) = first["subscriptions"]
    assert entry["status"] == "subscribe"
    assert entry["reg_event_type"] == "spdci-common:RegistryEventType:Death"
    known = sandbox.admin("subscriptions")["subscriptions"]
    assert [item["code"] for item in known] == codes(message)
    assert [item["event_type"] for item in known] == ["death", "birth"]
    assert {item["sender_uri"] for item in known} == {subscriber.callback}


def test_the_code_may_come_at_once(subscriber, sandbox, inbox):
    sandbox.admin("config", {"synchronous": True})
    answer = subscriber.subscribe("death")
    assert answer.status_code == 200
    assert answer.json()["header"]["action"] == "on-subscribe"
    (code,) = codes(answer.json())
    answer = unsubscribe(subscriber, [code])
    assert answer.json()["message"]["subscription_status"] == [
        {"code": code, "status": "unsubscribe"}
    ]
    assert inbox.stays_empty()


@pytest.mark.parametrize(
    "name",
    [
        "DEATH",
        "death",
        "Death",
        "DEATH_REGISTERED",
        "spdci-common:RegistryEventType:Death",
        "ocrvs:registry_type:death",
    ],
)
def test_spellings_of_an_event_are_the_same_event(subscriber, sandbox, inbox, name):
    sandbox.admin("config", {"synchronous": True})
    answer = subscriber.subscribe("death", name).json()
    assert statuses(answer) == ["succ", "rjct.event.already_subscribed"]


def test_another_client_or_filter_is_another_subscription(subscriber, sandbox):
    sandbox.admin("config", {"synchronous": True})
    assert statuses(subscriber.subscribe("birth").json()) == ["succ"]
    filtered = subscriber.subscribe("birth", filter={"type": "UIN", "value": "4018273645"})
    assert statuses(filtered.json()) == ["succ"]
    subscriber.sender_id = "another"
    assert statuses(subscriber.subscribe("birth").json()) == ["succ"]


@pytest.mark.parametrize(
    ("kind", "criteria", "code"),
    [
        ("adoption", {}, "rjct.notify_types.invalid"),
        ("fetal_death", {}, "rjct.notify_types.invalid"),
        (None, {}, "rjct.notify_types.invalid"),
        ("birth", {"filter": None}, "rjct.notify_details.invalid"),
        ("birth", {"filter": {"type": "UIN"}}, "rjct.notify_details.invalid"),
        ("birth", {"filter": [{"expression1": {}}]}, "rjct.notify_details.invalid"),
        ("birth", {"notify_record_type": ""}, "rjct.notify_details.invalid"),
        ("birth", {"frequency": {}}, "rjct.notify_details.invalid"),
        (
            "birth",
            {
                "frequency": {
                    "start_time": NOW,
                    "end_time": "2001-01-01T00:00:00Z",
                    "frequency": "*",
                }
            },
            "rjct.timestamp.invalid",
        ),
    ],
)
def test_malformed_criteria_are_rejected(subscriber, sandbox, kind, criteria, code):
    sandbox.admin("config", {"synchronous": True})
    assert statuses(subscriber.subscribe(kind, **criteria).json()) == [code]
    assert sandbox.admin("subscriptions")["subscriptions"] == []


def test_malformed_messages_are_refused(subscriber, client):
    send = subscriber.send
    empty = {"transaction_id": "t", "subscribe_request": []}
    refused = [
        send("/registry/subscribe", "subscribe", empty),
        send("/registry/subscribe", "subscribe", {"subscribe_request": [{}]}),
        unsubscribe(subscriber, []),
        unsubscribe(subscriber, "x"),
        unsubscribe(subscriber, ["x"], timestamp="now"),
        ask(subscriber, "guess", "transaction_id", "t"),
        ask(subscriber, "search", "shoe_size", "t"),
    ]
    assert [answer.status_code for answer in refused] == [400] * len(refused)
    client.callback = ""
    answer = client.subscribe("birth")
    assert answer.json()["errors"][0]["code"] == "err.sender_uri.invalid"


def test_unsubscribing(subscriber, sandbox, inbox):
    subscriber.subscribe("birth", "death")
    one, two = codes(inbox.next()[1])
    answer = unsubscribe(subscriber, [one])
    assert answer.status_code == 202
    _path, message = inbox.next()
    assert message["header"]["action"] == "on-unsubscribe"
    told = message["message"]
    assert told["correlation_id"] == answer.json()["message"]["correlation_id"]
    assert (told["transaction_id"], told["status"]) == ("t-un", "succ")
    assert told["subscription_status"] == [{"code": one, "status": "unsubscribe"}]
    active = {
        item["code"]: item["active"] for item in sandbox.admin("subscriptions")["subscriptions"]
    }
    assert active == {one: False, two: True}
    subscriber.subscribe("birth")
    assert statuses(inbox.next()[1]) == ["succ"]


def test_unsubscribing_what_cannot_be(subscriber, sandbox, inbox):
    sandbox.admin("config", {"synchronous": True})
    one, two = codes(subscriber.subscribe("birth", "death").json())
    told = unsubscribe(subscriber, ["nonsense", one]).json()["message"]
    assert (told["status"], told["status_reason_code"]) == (
        "rjct",
        "rjct.subscription_code.invalid",
    )
    assert told["subscription_status"] == [{"code": one, "status": "unsubscribe"}]
    told = unsubscribe(subscriber, [one]).json()["message"]
    assert told["status_reason_code"] == "rjct.event.already_unsubscribed"
    subscriber.sender_id = "another"
    told = unsubscribe(subscriber, [two]).json()["message"]
    assert told["status_reason_code"] == "rjct.subscription_code.invalid"


def test_a_silent_registry_can_be_asked(subscriber, sandbox, inbox):
    sandbox.admin("config", {"silent": True})
    ack = subscriber.subscribe("death").json()["message"]
    code = sandbox.admin("subscriptions")["subscriptions"][0]["code"]
    for attribute, value in (
        ("transaction_id", "t-sub"),
        ("correlation_id", ack["correlation_id"]),
        ("reference_id_list", ["r0", "other"]),
        ("subscription_code_list", [code]),
    ):
        answer = ask(subscriber, "subscribe", attribute, value)
        assert answer.status_code == 200
        assert answer.json()["header"]["action"] == "txn-on-status"
        message = answer.json()["message"]
        assert message["transaction_id"] == "t-ask"
        response = message["txnstatus_response"]
        assert response["txn_type"] == "subscribe"
        assert codes({"message": response["txn_status"]}) == [code]
        assert response["txn_status"]["correlation_id"] == ack["correlation_id"]
    assert inbox.stays_empty()


def test_status_comes_by_callback_too(subscriber, inbox):
    subscriber.subscribe("death")
    inbox.next()
    answer = ask(subscriber, "subscribe", "transaction_id", "t-sub", "/registry/txn/status")
    assert answer.status_code == 202
    _path, message = inbox.next()
    assert message["header"]["action"] == "txn-on-status"
    assert message["message"]["correlation_id"] == answer.json()["message"]["correlation_id"]
    assert statuses({"message": message["message"]["txnstatus_response"]["txn_status"]}) == ["succ"]


@pytest.mark.parametrize("kind", ["search", "subscribe"])
def test_status_of_what_is_unknown(client, kind):
    answer = ask(client, kind, "transaction_id", "never")
    (item,) = answer.json()["message"]["txnstatus_response"]["txn_status"][f"{kind}_response"]
    assert (item["status"], item["status_reason_code"]) == ("rjct", "rjct.reference_id.invalid")


def test_status_is_for_the_one_who_asked(subscriber, inbox):
    subscriber.subscribe("death")
    inbox.next()
    subscriber.sender_id = "another"
    told = ask(subscriber, "subscribe", "transaction_id", "t-sub").json()["message"]
    (item,) = told["txnstatus_response"]["txn_status"]["subscribe_response"]
    assert item["status"] == "rjct"


def test_status_of_unsubscribing(subscriber, inbox):
    subscriber.subscribe("death")
    (code,) = codes(inbox.next()[1])
    unsubscribe(subscriber, [code])
    inbox.next()
    told = ask(subscriber, "unsubscribe", "subscription_code_list", [code]).json()["message"]
    assert told["txnstatus_response"]["txn_status"]["status"] == "succ"
    told = ask(subscriber, "unsubscribe", "transaction_id", "never").json()["message"]
    assert told["txnstatus_response"]["txn_status"]["status"] == "rjct"
