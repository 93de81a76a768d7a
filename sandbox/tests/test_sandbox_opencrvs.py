"""The OpenCRVS dialect: signed requests, one register at a time, the client's own header back."""

import time

import jwt
import pytest
from conftest import NOW, Client

from sandbox.clients import read_jwks
from sandbox.keys import KeyRing, generate
from sandbox.signing import Style, named_key, seal, verify
from sandbox.wire import parse_timestamp, read_object

JWS = Style(profile="jws", key="rs256")
RAHIMA = "4907162534"  # dead, married, on all registers
AMINA = "4018273645"  # living


def item(register, kind, value, **more):
    return {
        "reference_id": f"{register}-{value}",
        "timestamp": NOW,
        "locale": "eng",
        "search_criteria": {
            "reg_type": f"ocrvs:registry_type:{register}",
            "query_type": "idtype-value",
            "query": {"type": kind, "value": value},
            **more,
        },
    }


def predicate(register, *terms, **more):
    names = ("attribute_name", "operator", "attribute_value")
    expressions = [dict(zip(names, term, strict=True)) for term in terms]
    query = {"seq_num": 1, "expression1": expressions[0]}
    if len(expressions) == 2:
        query |= {"condition": "and", "expression2": expressions[1]}
    return item(register, "NID", "x", query_type="predicate", query=[query], **more)


class OpenClient(Client):
    """A client that publishes its keys under its sender id, as OpenCRVS demands."""

    def __init__(self, sandbox, inbox):
        super().__init__(sandbox)
        self.inbox = inbox
        self.sender_id = inbox.url
        self.ring = KeyRing(inbox.url, "thumbprint", generate("rs256"))
        self.rotate()

    def rotate(self):
        """Publish a new key instead of the old."""
        self.ring.rotate("rs256", keep_old=False)
        self.inbox.jwks = self.ring.jwks()

    def ask(self, *items, path="/opencrvs/registry/sync/search", style=JWS, **changes):
        """:return: requests Response."""
        given = {"receiver_id": self.sandbox.opencrvs_url, "message_id": "mine", **changes}
        message = {"transaction_id": "t", "search_request": list(items)}
        header = self.header("search", **given)
        return self.post(path, seal(header, message, self.ring, style, time.time()))

    def found(self, *items):
        """:return: the items of the answer."""
        answer = self.ask(*items)
        assert answer.status_code == 200, answer.text
        return answer.json()["message"]["search_response"]


@pytest.fixture
def client(sandbox, inbox):
    return OpenClient(sandbox, inbox)


def numbers(record):
    return {each["identifier_type"]: each["identifier_value"] for each in record["identifier"]}


def test_the_answer_repeats_the_clients_header(client, sandbox):
    answer = client.ask(item("birth", "NID", AMINA)).json()
    header = answer["header"]
    assert header["action"] == "search"
    assert (header["sender_id"], header["message_id"]) == (client.sender_id, "mine")
    assert header["receiver_id"] == sandbox.opencrvs_url
    assert header["total_count"] == 1
    assert parse_timestamp(header["message_ts"]).tzinfo
    assert answer["message"]["transaction_id"] == "t"


def test_the_answer_is_a_jws_by_a_published_key(client):
    members, texts = read_object(client.ask(item("birth", "NID", AMINA)).content)
    jwks = client.get("/opencrvs/.well-known/jwks.json")
    keys = read_jwks(jwks)
    profile, kid = named_key(members["signature"])
    assert (profile, [key[0] for key in keys]) == ("jws", [kid])
    assert jwt.get_unverified_header(members["signature"]) == {"alg": "RS256", "kid": kid}
    verify(members, texts, [key[1:] for key in keys], time.time())
    assert [key["use"] for key in jwks["keys"]] == ["enc", "sig"]


def test_registers(client):
    birth, death, marriage = client.found(
        item("birth", "NID", RAHIMA),
        item("death", "NID", RAHIMA),
        item("marriage", "NID", RAHIMA),
    )
    assert birth["reference_id"] == f"birth-{RAHIMA}"
    assert birth["data"]["reg_type"] == "ocrvs:registry_type:birth"
    assert "reg_record_type" not in birth["data"]
    (born,) = birth["data"]["reg_records"]
    assert numbers(born)["BRN"] == "BRN-1979-016038"
    assert numbers(born)["NID"] == RAHIMA
    assert (born["birthdate"], born["givenName"]) == ("1979-05-21", "Rahima")
    assert "deathdate" not in born
    (dead,) = death["data"]["reg_records"]
    assert (numbers(dead)["DRN"], dead["deathdate"]) == ("DRN-2025-004410", "2025-10-03")
    (married,) = marriage["data"]["reg_records"]
    assert (numbers(married)["MRN"], married["marriagedate"]) == ("MRN-2000-007120", ["2000-01-30"])
    assert married["relations"][-1]["@type"].endswith("Spouse")
    assert numbers(married["relations"][-1]) == {"NID": "1129384750"}


def test_not_found_is_left_out(client):
    answer = client.ask(item("death", "NID", AMINA))
    assert (answer.status_code, answer.json()["message"]["search_response"]) == (200, [])
    assert answer.json()["header"]["total_count"] == 0
    found = client.found(item("death", "NID", AMINA), item("birth", "NID", AMINA))
    assert [each["reference_id"] for each in found] == [f"birth-{AMINA}"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("BRN", "BRN-1979-016038"),
        ("DRN", "DRN-2025-004410"),
        ("MRN", "MRN-2000-007120"),
        ("OPENCRVS_RECORD_ID", "record-rahima-khatun"),
    ],
)
def test_identifiers(client, kind, value):
    register = {"BRN": "birth", "DRN": "death", "MRN": "marriage"}.get(kind, "death")
    (found,) = client.found(item(register, kind, value))
    assert all(numbers(record)[kind] == value for record in found["data"]["reg_records"])


def test_predicates_and_pages(client):
    terms = ("birthdate", "ge", "1950-01-01"), ("birthdate", "lt", "1975-01-01")
    pages = [
        client.found(predicate("birth", *terms, pagination={"page_size": 4, "page_number": number}))
        for number in (1, 2, 3)
    ]
    assert pages[0][0]["pagination"] == {"page_size": 4, "page_number": 1, "total_count": 7}
    records = [record for page in pages[:2] for record in page[0]["data"]["reg_records"]]
    assert len({numbers(record)["BRN"] for record in records}) == 7
    assert all("1950" <= record["birthdate"] < "1975" for record in records)
    assert pages[2] == []
    (found,) = client.found(predicate("death", ("birthplace", "eq", "Kumasi")))
    assert numbers(found["data"]["reg_records"][0])["DRN"] == "DRN-2019-001188"


def broken(**changes):
    whole = item("birth", "NID", AMINA)
    return {**whole, **changes}


@pytest.mark.parametrize(
    "wrong",
    [
        item("birth", "UIN", AMINA),
        item("birth", "NID", 4018273645),
        item("divorce", "NID", AMINA),
        item("birth", "NID", AMINA, reg_type="ns:org:RegistryType:Civil"),
        item("birth", "NID", AMINA, reg_record_type="spdci-extensions-dci:Person"),
        item("birth", "NID", AMINA, query_type="expression"),
        item("birth", "NID", AMINA, pagination={"page_size": 10}),
        broken(locale="en"),
        broken(locale="ENG"),
        broken(timestamp="2026-11-23T12:00:00"),
        {key: value for key, value in broken().items() if key != "locale"},
        predicate("death", ("deathdate", "ge", "2020-01-01")),
        predicate("birth", ("birthdate", "in", "2020-01-01")),
        predicate("birth", ("birthdate", "ge", "soon")),
    ],
)
def test_malformed_searches_are_refused(client, wrong):
    answer = client.ask(item("birth", "NID", AMINA), wrong)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "err.request.bad")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"total_count": "1"}, "err.request.bad"),
        ({"sender_id": "spp.example.org"}, "err.request.bad"),
        ({"receiver_id": "another"}, "err.receiver_id.invalid"),
    ],
)
def test_malformed_headers_are_refused(client, changes, code):
    answer = client.ask(item("birth", "NID", AMINA), **changes)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)


@pytest.mark.parametrize(
    ("style", "code"),
    [
        (Style(profile="jws", key="rs256", flaw="missing"), "err.signature.missing"),
        (Style(profile="jws", key="rs256", flaw="empty"), "err.signature.missing"),
        (Style(profile="jws", key="rs256", flaw="other_key"), "err.signature.invalid"),
        (Style(profile="jws", key="rs256", flaw="unknown_kid"), "err.signature.invalid"),
        (Style(profile="jws", key="rs256", flaw="tampered"), "err.signature.invalid"),
        (Style(profile="http", key="rs256"), "err.signature.invalid"),
    ],
)
def test_requests_must_be_signed(client, style, code):
    answer = client.ask(item("birth", "NID", AMINA), style=style)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, code)


def test_the_signature_covers_the_message(client):
    message = {"transaction_id": "t", "search_request": [item("birth", "NID", AMINA)]}
    body = seal(client.header("search", receiver_id=""), message, client.ring, JWS, time.time())
    answer = client.post("/opencrvs/registry/sync/search", body.replace(b"4018", b"4019"))
    assert answer.json()["errors"][0]["code"] == "err.signature.invalid"


def test_a_new_key_of_the_client_is_fetched(client):
    assert client.ask(item("birth", "NID", AMINA)).status_code == 200
    client.rotate()
    time.sleep(1.05)  # keys are fetched once a second at most
    assert client.ask(item("birth", "NID", AMINA)).status_code == 200


def test_a_client_without_keys_is_refused(client, inbox):
    inbox.jwks = {"keys": []}
    answer = client.ask(item("birth", "NID", AMINA))
    assert answer.json()["errors"][0]["code"] == "err.signature.invalid"
    answer = client.ask(item("birth", "NID", AMINA), sender_id="http://127.0.0.1:9")
    assert answer.json()["errors"][0]["code"] == "err.signature.invalid"
    answer = client.ask(item("birth", "NID", AMINA), sender_id="http://192.0.2.1")
    assert "HTTPS" in answer.json()["errors"][0]["message"]


def test_asynchronous_search(client, inbox):
    answer = client.ask(
        item("birth", "NID", AMINA),
        item("death", "NID", AMINA),
        path="/opencrvs/registry/search",
        sender_uri=f"{inbox.url}/registry/on-search",
    )
    assert answer.status_code == 202
    path, message = inbox.next()
    assert path == "/registry/on-search"
    assert message["header"]["action"] == "search"
    assert message["header"]["sender_id"] == client.sender_id
    assert message["message"]["correlation_id"] == answer.json()["message"]["correlation_id"]
    assert len(message["message"]["search_response"]) == 1


def test_there_is_no_subscribing(client):
    assert client.post("/opencrvs/registry/subscribe", {}).status_code == 404


def test_misbehaviour_works_here_too(client, sandbox):
    sandbox.admin("faults", {"kind": "wrong_signature", "path": "/opencrvs/", "count": 1})
    members, texts = read_object(client.ask(item("birth", "NID", AMINA)).content)
    keys = [key[1:] for key in read_jwks(client.get("/opencrvs/.well-known/jwks.json"))]
    with pytest.raises(Exception, match="No key of this client"):
        verify(members, texts, keys, time.time())
