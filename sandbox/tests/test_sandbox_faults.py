"""Misbehaviour: each kind on order, as often as ordered, and never otherwise."""

import json
import time
from itertools import chain

import pytest
import requests

from sandbox.clients import read_jwks
from sandbox.signing import verify
from sandbox.testing import SandboxError
from sandbox.wire import Refused, read_object

LIVING = {"query_type": "idtype-value", "query": {"type": "UIN", "value": "4018273645"}}
EVERYBODY = {
    "query_type": "predicate",
    "query": [
        {
            "expression1": {
                "attribute_name": "birth_date",
                "operator": "ge",
                "attribute_value": "1900-01-01",
            }
        }
    ],
}


def verifies(client, answer):
    members, texts = read_object(answer.content)
    jwks = read_jwks(client.get("/.well-known/jwks.json"))
    try:
        verify(members, texts, [key[1:] for key in jwks], time.time())
    except Refused:
        return False
    return True


def test_slow(client, sandbox):
    sandbox.admin("faults", {"kind": "slow", "seconds": 0.4, "count": 1})
    start = time.perf_counter()
    assert client.search(LIVING).status_code == 200
    assert time.perf_counter() - start >= 0.4
    start = time.perf_counter()
    client.search(LIVING)
    assert time.perf_counter() - start < 0.4


@pytest.mark.parametrize("status", [500, 502, 503, 403])
def test_error(client, sandbox, status):
    sandbox.admin("faults", {"kind": "error", "status": status, "count": 2})
    answers = [client.search(LIVING) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert answers[0].json()["errors"][0]["code"].startswith("err.")


def test_rate_limit(client, sandbox):
    sandbox.admin("faults", {"kind": "rate_limit", "retry_after": 7, "count": 1})
    answer = client.search(LIVING)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["errors"][0]["code"] == "err.request.too_many_requests"


def test_disconnect(client, sandbox):
    sandbox.admin("faults", {"kind": "disconnect", "count": 1})
    with pytest.raises(requests.ConnectionError):
        client.search(LIVING)
    assert client.search(LIVING).status_code == 200


def test_truncated(client, sandbox):
    sandbox.admin("faults", {"kind": "truncated", "count": 1})
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        client.search(LIVING)
    assert client.search(LIVING).json()


def test_garbage(client, sandbox):
    sandbox.admin("faults", {"kind": "garbage", "count": 1})
    answer = client.search(LIVING)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("flaw", ["other_key", "unknown_kid", "tampered", "missing", "empty"])
def test_wrong_signature(client, sandbox, flaw):
    sandbox.admin("faults", {"kind": "wrong_signature", "flaw": flaw, "count": 1})
    assert not verifies(client, client.search(LIVING))
    assert verifies(client, client.search(LIVING))


def test_wrong_signature_of_a_callback(subscriber, sandbox, inbox):
    sandbox.admin("faults", {"kind": "wrong_signature", "count": 1})
    subscriber.search(LIVING, path="/registry/search")
    members, texts = read_object(inbox.messages.get(timeout=5)[2])
    jwks = read_jwks(subscriber.get("/.well-known/jwks.json"))
    with pytest.raises(Refused):
        verify(members, texts, [key[1:] for key in jwks], time.time())


def test_expired_token(client, sandbox):
    sandbox.admin("faults", {"kind": "expired_token", "count": 1})
    assert client.search(LIVING).status_code == 401
    assert client.search(LIVING).status_code == 401  # the token is gone for good
    client.token = sandbox.token()
    assert client.search(LIVING).status_code == 200


def pages(client):
    result = []
    for number in (1, 2, 3):
        paged = {**EVERYBODY, "pagination": {"page_size": 10, "page_number": number}}
        result.append([json.dumps(record) for record in client.records(paged)])
    return result


def test_shifting_pages(client, sandbox):
    steady = list(chain(*pages(client)))
    sandbox.admin("faults", {"kind": "shifting_pages", "rotate": 2, "count": 1})
    first, second, third = pages(client)
    assert second[:2] == first[-2:]
    assert len(set(first + second + third)) == 24
    settled = list(chain(*pages(client)))  # from here on the order stays, and nothing is missing
    assert sorted(settled) == sorted(steady)
    assert settled[:2] == steady[-2:]
    sandbox.admin("faults", method="DELETE")
    assert list(chain(*pages(client))) == steady


def test_a_share_is_decided_by_the_seed(client, sandbox):
    def run(seed):
        sandbox.admin("faults", method="DELETE")
        sandbox.admin("faults", {"kind": "error", "share": 0.3, "seed": seed})
        return [client.search(LIVING).status_code for _ in range(40)]

    one, again, other = run(1), run(1), run(2)
    assert one == again != other
    assert 4 <= one.count(500) <= 20


def test_after_count_and_path(client, sandbox):
    fault = {"kind": "error", "path": "/registry/sync/search", "after": 1, "count": 1}
    sandbox.admin("faults", fault)
    assert client.search(LIVING, path="/registry/search").status_code == 400  # no sender_uri
    assert [client.search(LIVING).status_code for _ in range(3)] == [200, 500, 200]
    (described,) = sandbox.admin("faults")["faults"]
    assert (described["seen"], described["hits"]) == (3, 1)


def test_other_urls_fail_when_named(client, sandbox):
    sandbox.admin("faults", {"kind": "error"})
    assert client.get("/.well-known/jwks.json")["keys"]
    sandbox.admin("faults", {"kind": "error", "path": "/oauth2/token", "status": 503})
    with pytest.raises(requests.HTTPError):
        sandbox.token()
    sandbox.admin("faults", method="DELETE")
    assert sandbox.token()


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"kind": "magic"},
        {"kind": "slow", "seconds": "1"},
        {"kind": "slow", "colour": 1},
        {"kind": "error", "count": True},
        {"kind": "error", "hits": 1},
    ],
)
def test_malformed_faults(sandbox, fault):
    with pytest.raises(SandboxError, match="400"):
        sandbox.admin("faults", fault)
    assert sandbox.admin("faults")["faults"] == []


def test_requests_are_counted_and_remembered(client, sandbox):
    sandbox.admin("requests", method="DELETE")
    client.search(LIVING)
    client.search(LIVING)
    client.post("/registry/subscribe", b"nonsense")
    seen = sandbox.admin("requests")
    assert seen["counters"] == [
        {"path": "/registry/subscribe", "status": 400, "count": 1},
        {"path": "/registry/sync/search", "status": 200, "count": 2},
    ]
    first, _second, last = seen["last"]
    assert (first["authorization"], first["method"]) == ("Bearer", "POST")
    assert first["body"]["message"]["search_request"][0]["search_criteria"] == LIVING
    assert last["body"] == "nonsense"


def test_secrets_are_not_remembered(client, sandbox):
    sandbox.token()
    assert "spp-secret" not in json.dumps(sandbox.admin("requests"))
    assert client.token not in json.dumps(sandbox.admin("requests"))


def test_settings(sandbox):
    assert sandbox.admin("config", {"backoff": 1, "style": {"digest": "bare"}})["backoff"] == 1.0
    config = sandbox.admin("config", {"attempts": 9})
    assert (config["attempts"], config["style"]["digest"]) == (9, "bare")
    for wrong in ({"colour": "red"}, {"attempts": "9"}, {"style": []}, {"silent": 1}):
        with pytest.raises(SandboxError, match="400"):
            sandbox.admin("config", {"attempts": 1, **wrong})
    assert sandbox.admin("config")["attempts"] == 9
    sandbox.admin("reset", {})
    assert sandbox.admin("config")["attempts"] == 4


def test_admin_urls_want_objects(sandbox):
    for body in (b"[]", b"nonsense"):
        answer = requests.post(f"{sandbox.url}/admin/config", data=body, timeout=5)
        assert answer.status_code == 400
    assert requests.get(f"{sandbox.url}/admin/nothing", timeout=5).status_code == 404
    assert requests.get(sandbox.url, timeout=5).json()["url"] == sandbox.url
