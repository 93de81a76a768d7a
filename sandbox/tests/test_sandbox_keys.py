"""Published keys, their rotation, and clients whose signatures are verified."""

import time

import jwt
import pytest
from conftest import NOW

from sandbox.keys import KeyRing, generate, thumbprint
from sandbox.signing import Style, seal
from sandbox.testing import SandboxError

MESSAGE = {
    "transaction_id": "t",
    "search_request": [
        {
            "reference_id": "r",
            "timestamp": NOW,
            "search_criteria": {
                "query_type": "idtype-value",
                "query": {"type": "UIN", "value": "4018273645"},
            },
        }
    ],
}


@pytest.fixture(scope="module")
def ring():
    ring = KeyRing("spp.example.org", "dci", generate("rs256"))
    ring.add("ed25519")
    ring.add("rs256")
    return ring


def ask(client, ring, style=None, **changes):
    body = seal(client.header("search", **changes), MESSAGE, ring, style or Style(), time.time())
    answer = client.post("/registry/sync/search", body)
    return "" if answer.status_code == 200 else answer.json()["errors"][0]["code"]


def test_published_keys(client):
    keys = client.get("/.well-known/jwks.json")["keys"]
    assert [(key["kty"], key["use"]) for key in keys] == [
        ("RSA", "enc"),
        ("OKP", "sig"),
        ("RSA", "sig"),
    ]
    for key in keys:
        assert not {"d", "p", "q", "dp", "dq", "qi"} & set(key)
        owner, _name, algorithm = key["kid"].split("|")
        assert owner == "crvs-sandbox"
        assert {"ed25519": "EdDSA", "rs256": "RS256", "rsa-oaep-256": "RSA-OAEP-256"}[
            algorithm
        ] == key["alg"]
    keys = client.get("/opencrvs/.well-known/jwks.json")["keys"]
    (own,) = [key for key in keys if key["use"] == "sig"]
    assert own["kid"] == thumbprint(jwt.PyJWK(own).key)


def test_the_thumbprint_is_that_of_rfc_7638():
    jwk = {
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tS"
        "oc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65"
        "YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyr"
        "dkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
        "nqDKgw",
        "e": "AQAB",
    }
    assert thumbprint(jwt.PyJWK(jwk, "RS256").key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize(("name", "path"), [("standard", ""), ("opencrvs", "/opencrvs")])
def test_rotation(client, sandbox, name, path):
    def kids():
        keys = client.get(f"{path}/.well-known/jwks.json")["keys"]
        return [key["kid"] for key in keys if key["use"] == "sig" and key["alg"] == "RS256"]

    order = {"ring": name, "algorithm": "rs256"}
    before = kids()
    new = sandbox.admin("keys/rotate", order)["kid"]
    assert kids() == [*before, new]
    assert sandbox.admin("keys")[name][-1]["kid"] == new
    last = sandbox.admin("keys/rotate", {**order, "keep_old": False})["kid"]
    assert kids() == [last]
    with pytest.raises(SandboxError, match="400"):
        sandbox.admin("keys/rotate", {"ring": "of power"})


def test_the_new_key_signs(client, sandbox):
    kid = sandbox.admin("keys/rotate", {"keep_old": False})["kid"]
    body = {"header": client.header("search"), "message": MESSAGE}
    answer = client.post("/registry/sync/search", body).json()
    assert f'kidId="{kid}"' in answer["signature"]


@pytest.mark.parametrize("key", ["ed25519", "rs256"])
@pytest.mark.parametrize("profile", ["http", "jws"])
def test_a_registered_client_must_sign_rightly(client, sandbox, ring, profile, key):
    style = Style(profile=profile, key=key)
    forged = Style(profile=profile, key=key, flaw="other_key")
    assert ask(client, ring, forged) == ""  # nobody knows this client's keys yet
    sandbox.admin(
        "clients",
        {"sender_id": "spp.example.org", "public_key": ring.current(key).public_pem()},
    )
    assert ask(client, ring, style) == ""
    assert ask(client, ring, forged) == "err.signature.invalid"
    assert ask(client, ring, Style(flaw="missing")) == "err.signature.missing"
    assert ask(client, ring, forged, sender_id="another") == ""
    sandbox.admin("clients", {"required": True})
    assert ask(client, ring, style) == ""
    assert ask(client, ring, style, sender_id="another") == "err.sender_id.invalid"


@pytest.mark.parametrize(
    "style",
    [
        Style(created_offset=-900),
        Style(created_offset=900),
        Style(lifetime=-5),
        Style(key="rs256"),
        Style(flaw="tampered"),
    ],
)
def test_other_wrong_signatures(client, sandbox, ring, style):
    pem = ring.current("ed25519").public_pem()
    sandbox.admin("clients", {"sender_id": "spp.example.org", "public_key": pem})
    assert ask(client, ring, style) == "err.signature.invalid"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('headers="(created) (expires) digest"', 'headers="(created) (expires)"'),
        ('namespace="dci"', 'namespace="dci", namespace="dci"'),
        ('namespace="dci"', "namespace=dci"),
        ('algorithm="ed25519", ', ""),
        ('signature="', 'signature="*'),
    ],
)
def test_malformed_signatures(client, sandbox, ring, old, new):
    pem = ring.current("ed25519").public_pem()
    sandbox.admin("clients", {"sender_id": "spp.example.org", "public_key": pem})
    body = seal(client.header("search"), MESSAGE, ring, Style(), time.time()).decode()
    escaped = [text.replace('"', '\\"') for text in (old, new)]
    assert escaped[0] in body
    answer = client.post("/registry/sync/search", body.replace(*escaped).encode())
    assert answer.json()["errors"][0]["code"] == "err.signature.invalid"


def test_a_clients_jwks(client, sandbox, ring, inbox):
    inbox.jwks = ring.jwks()
    sandbox.admin("clients", {"sender_id": "spp.example.org", "jwks_url": f"{inbox.url}/keys"})
    assert ask(client, ring) == ""
    assert ask(client, ring, Style(profile="jws", key="rs256")) == ""
    assert ask(client, ring, Style(flaw="unknown_kid")) == "err.signature.invalid"


@pytest.mark.parametrize(
    "body", [{"sender_id": ""}, {"sender_id": "x"}, {"sender_id": "x", "public_key": "?"}]
)
def test_malformed_registrations(sandbox, body):
    with pytest.raises(SandboxError, match="400"):
        sandbox.admin("clients", body)
