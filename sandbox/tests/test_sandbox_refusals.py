"""Messages that a search URL refuses as a whole, with the standard's error."""

import json

import pytest
from conftest import NOW

AMINA = {"query_type": "idtype-value", "query": {"type": "UIN", "value": "4018273645"}}
REQUEST = {
    "transaction_id": "t",
    "search_request": [{"reference_id": "r", "timestamp": NOW, "search_criteria": AMINA}],
}


@pytest.mark.parametrize(
    ("header", "message", "code"),
    [
        ({"total_count": "1"}, {}, "err.request.bad"),
        ({"message_ts": "2026-11-23T12:00:00"}, {}, "err.request.bad"),
        ({"message_ts": "today"}, {}, "err.request.bad"),
        ({"message_id": None}, {}, "err.request.bad"),
        ({"sender_id": ""}, {}, "err.request.bad"),
        ({"sender_uri": "not a url"}, {}, "err.request.bad"),
        ({"meta": ""}, {}, "err.request.bad"),
        ({"action": "subscribe"}, {}, "err.request.bad"),
        ({"version": "2.0.0"}, {}, "err.version.not_supported"),
        ({"receiver_id": "somebody-else"}, {}, "err.receiver_id.invalid"),
        ({"is_msg_encrypted": True}, {}, "err.encryption.invalid"),
        ({}, {"ciphertext": "x"}, "err.encryption.invalid"),
        ({}, {"transaction_id": ""}, "err.request.bad"),
        ({}, {"transaction_id": "x" * 100}, "err.request.bad"),
        ({}, {"search_request": []}, "err.request.bad"),
        ({}, {"search_request": REQUEST["search_request"][0]}, "err.request.bad"),
        ({}, {"search_request": [{"reference_id": "r"}]}, "err.request.bad"),
        (
            {},
            {"search_request": [{**REQUEST["search_request"][0], "locale": "en"}]},
            "err.request.bad",
        ),
    ],
)
@pytest.mark.parametrize("path", ["/registry/sync/search", "/registry/search"])
def test_malformed_messages_are_refused(client, path, header, message, code):
    answer = client.send(path, "search", REQUEST | message, **header)
    assert answer.status_code == 400
    ack = answer.json()["message"]
    assert (ack["ack_status"], ack["error"]["code"]) == ("ERR", code)
    assert ack["timestamp"]
    assert ack["correlation_id"]
    assert answer.json()["errors"] == [ack["error"]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"nonsense",
        b'{"header": {}, "message": {}',
        b'{"header": {}, "message": {}} more',
        b'{"header": {}, "header": {}, "message": {}}',
        b'{"header": {}}',
        b'{"header": [], "message": {}}',
        "{}".encode("utf-16"),
        b"[" * 100_000,
    ],
)
def test_what_is_no_envelope_is_refused(client, body):
    answer = client.post("/registry/sync/search", body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "err.request.bad")


@pytest.mark.parametrize("extra", ['"x": 1, "x": 2', '"x": NaN', '"x": -Infinity'])
def test_the_json_is_strict(client, extra):
    body = json.dumps({"header": client.header("search"), "message": REQUEST})
    tried = [body.replace('"header": {', f'"header": {{{more}, ') for more in ('"x": 1', extra)]
    answers = [client.post("/registry/sync/search", text.encode()) for text in tried]
    assert [answer.status_code for answer in answers] == [200, 400]


def test_the_content_type_does_not_matter(client):
    body = {"header": client.header("search"), "message": REQUEST}
    answer = client.post("/registry/sync/search", body, content_type="text/plain;charset=UTF-8")
    assert answer.status_code == 200


def test_unknown_urls_and_methods(client):
    assert (
        client.post("/registry/nothing", {}).json()["errors"][0]["code"] == "err.request.not_found"
    )
    assert client.post("/.well-known/jwks.json", {}).status_code == 405
