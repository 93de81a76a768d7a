"""Pushing any message: every form of signature, right and wrong, and liberties with the rest."""

import json
import time

import pytest

from sandbox.clients import read_jwks
from sandbox.signing import verify
from sandbox.testing import SandboxError
from sandbox.wire import Refused, read_object


def pushed(sandbox, inbox, **options):
    """Push, and return ``(path, content type, members, texts)`` of what arrived."""
    (report,) = sandbox.admin("push", {"url": f"{inbox.url}/x", **options})["deliveries"]
    assert report["accepted"]
    path, content_type, body = inbox.messages.get(timeout=5)
    return path, content_type, *read_object(body)


def keys(client, path="/.well-known/jwks.json"):
    found = read_jwks(client.get(path))
    return [(algorithm, public) for _kid, algorithm, public in found]


@pytest.mark.parametrize("digest", ["prefixed", "bare"])
@pytest.mark.parametrize("key", ["ed25519", "rs256"])
@pytest.mark.parametrize(
    "form", ["received", "received-spaced", "compact", "sorted", "sorted-spaced"]
)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_form_of_signature(client, sandbox, inbox, digest, key, form, ascii_only):
    style = {"digest": digest, "key": key, "json": form, "ascii": ascii_only, "body": "spaced"}
    _path, _type, members, texts = pushed(
        sandbox, inbox, message={"á": 1, "a": [2, 3]}, style=style
    )
    verify(members, texts, keys(client), time.time())
    members["signature"] = members["signature"].replace('created="1', 'created="2')
    with pytest.raises(Refused):
        verify(members, texts, keys(client), time.time())


def test_spellings_of_the_signature(client, sandbox, inbox):
    style = {"namespace": "spdci", "key_parameter": "keyId", "prefix": "Signature:  "}
    _path, _type, members, texts = pushed(sandbox, inbox, message={}, style=style)
    assert members["signature"].startswith('Signature:  namespace="spdci", keyId="crvs-sandbox|')
    verify(members, texts, keys(client), time.time())


def test_text_travels_untouched(client, sandbox, inbox):
    text = '{ "n" : 48.90, "tiny": 0.00001 }'
    _path, _type, members, texts = pushed(sandbox, inbox, message=text)
    assert texts["message"] == text
    verify(members, texts, keys(client), time.time())


def test_jws_with_the_keys_of_opencrvs(client, sandbox, inbox):
    style = {"profile": "jws", "key": "rs256"}
    _path, _type, members, texts = pushed(
        sandbox, inbox, message={"a": 1}, style=style, ring="opencrvs"
    )
    verify(members, texts, keys(client, "/opencrvs/.well-known/jwks.json"), time.time())
    with pytest.raises(Refused):
        verify(members, texts, keys(client), time.time())


@pytest.mark.parametrize("profile", ["http", "jws"])
@pytest.mark.parametrize("flaw", ["other_key", "unknown_kid", "tampered", "missing", "empty"])
def test_flawed_signatures(client, sandbox, inbox, profile, flaw):
    style = {"profile": profile, "flaw": flaw}
    _path, _type, members, texts = pushed(sandbox, inbox, message={"a": 1}, style=style)
    with pytest.raises(Refused):
        verify(members, texts, keys(client), time.time())
    assert ("signature" in members) == (flaw != "missing")
    if flaw == "unknown_kid":
        assert "nobody" in members["signature"] or profile == "jws"


@pytest.mark.parametrize(
    "style", [{"created_offset": -900}, {"created_offset": 900}, {"lifetime": -10}]
)
def test_untimely_signatures(client, sandbox, inbox, style):
    _path, _type, members, texts = pushed(sandbox, inbox, message={}, style=style)
    with pytest.raises(Refused):
        verify(members, texts, keys(client), time.time())


def test_headers_and_bodies_of_choice(sandbox, inbox):
    path, content_type, members, _texts = pushed(
        sandbox,
        inbox,
        message={"a": 1},
        header={"message_id": 7, "action": "on-search"},
        without=["version", "receiver_id"],
        receiver_id="somebody",
        content_type="text/plain;charset=UTF-8",
    )
    assert (path, content_type) == ("/x", "text/plain;charset=UTF-8")
    assert (members["header"]["message_id"], members["header"]["action"]) == (7, "on-search")
    assert not {"version", "receiver_id"} & set(members["header"])
    sandbox.admin("push", {"url": inbox.url, "body": "no JSON at all"})
    assert inbox.messages.get(timeout=5)[2] == b"no JSON at all"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"message": []},
        {"message": {}, "ring": "none"},
        {"message": {}, "ring": "opencrvs"},
        {"message": {}, "style": {"digest": "md5"}},
        {"message": {}, "style": {"colour": "red"}},
        {"message": {}, "style": {"lifetime": "long"}},
    ],
)
def test_malformed_pushes(sandbox, options):
    with pytest.raises(SandboxError, match="400"):
        sandbox.admin("push", {"url": "http://127.0.0.1:9/", **options})


def test_everybody_is_pushed_to_once(sandbox, inbox):
    sandbox.admin("subscriptions", {"sender_id": "a", "sender_uri": f"{inbox.url}/a"})
    sandbox.admin("subscriptions", {"sender_id": "b", "sender_uri": f"{inbox.url}/b"})
    answer = sandbox.admin("push", {"message": {"a": 1}})
    assert [item["subscriber"] for item in answer["deliveries"]] == ["a", "b"]
    receivers = [
        json.loads(inbox.messages.get(timeout=5)[2])["header"]["receiver_id"] for _ in "ab"
    ]
    assert receivers == ["a", "b"]
