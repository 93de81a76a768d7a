"""Search in the standard dialect: what is found, how it is written, what is rejected or refused."""

import json
import time

import pytest

from sandbox.clients import read_jwks
from sandbox.signing import named_key, verify
from sandbox.wire import read_object

AMINA = {"query_type": "idtype-value", "query": {"type": "UIN", "value": "4018273645"}}


def by(kind, value, **more):
    return {"query_type": "idtype-value", "query": {"type": kind, "value": value}, **more}


def where(*terms, condition=None, **more):
    names = ("attribute_name", "operator", "attribute_value")
    expressions = [dict(zip(names, term, strict=True)) for term in terms]
    if condition:
        first, second = expressions
        query = [{"expression1": first, "condition": condition, "expression2": second}]
    else:
        query = [
            {"seq_num": number, "expression1": expression}
            for number, expression in enumerate(expressions)
        ]
    return {"query_type": "predicate", "query": query, **more}


def test_the_answer_is_the_living_person(client):
    answer = client.search(AMINA).json()
    header, message = answer["header"], answer["message"]
    assert (header["action"], header["status"]) == ("on-search", "succ")
    assert (header["sender_id"], header["receiver_id"]) == ("crvs-sandbox", "spp.example.org")
    assert (header["total_count"], header["completed_count"]) == (1, 1)
    assert message["transaction_id"] == "t"
    assert message["correlation_id"]
    (item,) = message["search_response"]
    assert (item["reference_id"], item["status"]) == ("r0", "succ")
    assert item["data"]["reg_type"] == "ns:org:RegistryType:Civil"
    assert item["data"]["reg_record_type"] == "spdci-extensions-dci:Person"
    assert item["pagination"] == {"page_size": 10, "page_number": 1, "total_count": 1}
    (record,) = item["data"]["reg_records"]
    assert record["death_date"] == ""
    assert record["birth_date"] == "1958-03-14"
    assert record["marriage_date"] == ["1979-06-02"]
    assert {each["identifier_type"]: each["identifier_value"] for each in record["identifier"]} == {
        "UIN": "4018273645",
        "BRN": "BRN-1958-004127",
        "MRN": "MRN-1979-000212",
    }
    assert record["parent1_identifier"]["identifier_value"] == "1201837465"


def test_the_dead_are_found_alike_and_bear_a_date(client):
    (record,) = client.records(by("BRN", "BRN-1979-016038"))
    assert record["death_date"] == "2025-10-03"


def test_a_marriage_number_finds_both_spouses(client):
    assert len(client.records(by("MRN", "MRN-1979-000212"))) == 2


def test_not_found_is_an_empty_success(client):
    (item,) = client.items(by("UIN", "3896051423"))
    assert item["status"] == "succ"
    assert item["data"]["reg_records"] == []
    assert item["pagination"]["total_count"] == 0


@pytest.mark.parametrize(
    ("uin", "member", "value"),
    [
        ("5129384756", "birthDate", "1971-09-30"),
        ("5129384756", "givenName", "Tomás"),
        ("7341506978", "name", {"first_name": "Kofi", "last_name": "Mensah"}),
        ("7341506978", "birthdate", "1946-01-19"),
        ("6230495867", "birth_date", "1989-11-02T11:20:00"),
        ("9563728190", "name", "Josefa Reyes"),
        ("9563728190", "marriage_date", ""),
    ],
)
def test_spellings_of_real_systems(client, uin, member, value):
    (record,) = client.records(by("UIN", uin))
    assert record[member] == value


def test_an_identifier_alone_may_be_an_object(client):
    (record,) = client.records(by("UIN", "1203948576"))
    assert record["identifier"]["identifier_value"] == "1203948576"


def test_many_searches_in_one_message_keep_their_references(client):
    values = ["4018273645", "none", "7341506978"]
    items = client.items(*(by("UIN", value) for value in values))
    assert [item["reference_id"] for item in items] == ["r0", "r1", "r2"]
    assert [len(item["data"]["reg_records"]) for item in items] == [1, 0, 1]


@pytest.mark.parametrize(
    ("criteria", "count"),
    [
        (where(("birth_date", "ge", "1958-03-14"), ("birth_date", "le", "1958-03-14")), 1),
        (where(("birth_date", "gt", "1958-03-14"), ("birth_date", "lt", "1958-03-15")), 0),
        (where(("birthdate", "eq", "1958-03-14T10:00:00Z")), 1),
        (where(("death_date", "ge", "2019-01-01")), 2),
        (where(("marriage_date", "in", ["1979-06-02", "1900-01-01"])), 2),
        (where(("divorce_date", "ge", "2008-01-01")), 2),
        (where(("UIN", "eq", "4018273645"), ("UIN", "eq", "x"), condition="or"), 1),
        (where(("birth_place", "eq", "Sylhet"), ("sex", "eq", "male"), condition="and"), 1),
        (where(("birth_place", "eq", "Sylhet"), ("sex", "eq", "male"), condition="not"), 1),
        ({"query_type": "expression", "query": {"expression": "birth_date < 1930-01-01"}}, 1),
        (
            {
                "query_type": "expression",
                "query": {
                    "type": "ns:org:QueryType:expression",
                    "value": {"expression": "birth_place eq 'Sylhet' and sex eq female or UIN = 1"},
                },
            },
            1,
        ),
        (
            {
                "query_type": "expression",
                "query": {"surname": "Diallo", "birth_date": {"ge": "1950-01-01"}},
            },
            1,
        ),
    ],
)
def test_queries(client, criteria, count):
    assert len(client.records(criteria)) == count


def test_results_follow_the_changes(client, sandbox):
    dead = where(("death_date", "ge", "2019-01-01"))
    counts = [len(client.records(dead))]
    identifier = {"type": "UIN", "value": "4018273645"}
    sandbox.admin("events", {"event_type": "death", "identifier": identifier})
    counts.append(len(client.records(dead)))
    sandbox.admin("reset", {})
    counts.append(len(client.records(dead)))
    assert counts == [2, 3, 2]


def test_pages_cover_everything_once(client):
    seen = []
    for number in range(1, 4):
        paged = where(
            ("birth_date", "ge", "1900-01-01"),
            pagination={"page_size": 10, "page_number": number},
            sort=[{"attribute_name": "UIN", "sort_order": "desc"}],
        )
        (item,) = client.items(paged)
        assert item["pagination"]["total_count"] == 26
        seen += [json.dumps(record) for record in item["data"]["reg_records"]]
    assert len(seen) == len(set(seen)) == 26
    assert "9563728190" in seen[0]


@pytest.mark.parametrize(
    ("criteria", "code"),
    [
        ({}, "rjct.search_criteria.invalid"),
        ({"query_type": "idtype-value"}, "rjct.search_criteria.invalid"),
        (by("UIN", None), "rjct.search_criteria.invalid"),
        (by("HAT", "1"), "rjct.search_criteria.invalid"),
        (by("UIN", "1", reg_type="ns:org:RegistryType:Social"), "rjct.search_criteria.invalid"),
        (by("UIN", "1", reg_record_type="Household"), "rjct.search_criteria.invalid"),
        ({"query_type": "graphql", "query": {}}, "rjct.search_criteria.invalid"),
        ({"query_type": "magic", "query": {}}, "rjct.search_criteria.invalid"),
        ({"query_type": "predicate", "query": []}, "rjct.search_criteria.invalid"),
        (where(("shoe_size", "eq", "43")), "rjct.search_criteria.invalid"),
        (where(("birth_date", "like", "43")), "rjct.search_criteria.invalid"),
        (where(("birth_date", "ge", "yesterday")), "rjct.search_criteria.invalid"),
        (where(("birth_date", "in", "1979-06-02")), "rjct.search_criteria.invalid"),
        (
            where(("sex", "eq", "male"), ("sex", "eq", "x"), condition="xor"),
            "rjct.search_criteria.invalid",
        ),
        (
            {"query_type": "expression", "query": {"expression": "what"}},
            "rjct.search_criteria.invalid",
        ),
        (by("UIN", "1", pagination={}), "rjct.pagination.invalid"),
        (by("UIN", "1", pagination={"page_size": 0}), "rjct.pagination.invalid"),
        (by("UIN", "1", pagination={"page_size": "10"}), "rjct.pagination.invalid"),
        (by("UIN", "1", sort=[{"attribute_name": "hat"}]), "rjct.sort.invalid"),
        (by("UIN", "1", sort=[{"sort_order": "up"}]), "rjct.sort.invalid"),
    ],
)
def test_malformed_criteria_are_rejected_alone(client, criteria, code):
    wrong, right = client.items(criteria, AMINA)
    assert (wrong["status"], wrong["status_reason_code"]) == ("rjct", code)
    assert wrong["status_reason_message"]
    assert "data" not in wrong
    assert right["status"] == "succ"


def test_references_and_time_stamps_are_checked(client):
    item = {"timestamp": "2026-11-23T12:00:00+01:00", "search_criteria": AMINA}
    items = [
        {**item, "reference_id": "a"},
        {**item, "reference_id": "a"},
        {**item, "reference_id": ""},
        {**item, "reference_id": "b", "timestamp": "2026-11-23T12:00:00"},
        {**item, "reference_id": "c", "timestamp": ""},
    ]
    message = {"transaction_id": "t", "search_request": items}
    answer = client.send("/registry/sync/search", "search", message).json()
    assert [each.get("status_reason_code") for each in answer["message"]["search_response"]] == [
        None,
        "rjct.reference_id.duplicate",
        "rjct.reference_id.invalid",
        "rjct.timestamp.invalid",
        "rjct.timestamp.invalid",
    ]


def test_asynchronous_search_calls_back(subscriber, inbox):
    answer = subscriber.search(AMINA, path="/registry/search")
    assert answer.status_code == 202
    ack = answer.json()["message"]
    assert ack["ack_status"] == "ACK"
    path, message = inbox.next()
    assert path == "/callback"
    assert message["header"]["action"] == "on-search"
    assert message["message"]["correlation_id"] == ack["correlation_id"]
    (item,) = message["message"]["search_response"]
    assert item["data"]["reg_records"][0]["birth_date"] == "1958-03-14"


def test_asynchronous_search_needs_a_place_to_call(client):
    answer = client.search(AMINA, path="/registry/search")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "err.sender_uri.invalid"


def test_the_standards_paths_are_called_when_one_is_named(subscriber, inbox):
    subscriber.callback = f"{inbox.url}/dci/crvs/registry/on-subscribe"
    subscriber.search(AMINA, path="/registry/search")
    assert inbox.next()[0] == "/dci/crvs/registry/on-search"


def test_a_hundred_searches_take_milliseconds(client):
    criteria = [AMINA] * 100
    client.items(*criteria)
    start = time.perf_counter()
    items = client.items(*criteria)
    assert len(items) == 100
    # Milliseconds on an idle machine; the bound only catches a search that looks at everybody.
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    "style",
    [
        {},
        {"key": "rs256", "digest": "bare", "json": "sorted"},
        {"profile": "jws"},
        {"profile": "jws", "key": "rs256"},
    ],
)
def test_answers_are_signed(client, sandbox, style):
    sandbox.admin("config", {"style": style})
    members, texts = read_object(client.search(AMINA).content)
    jwks = read_jwks(client.get("/.well-known/jwks.json"))
    profile, kid = named_key(members["signature"])
    assert profile == style.get("profile", "http")
    keys = [(algorithm, public) for own, algorithm, public in jwks if own == kid]
    verify(members, texts, keys, time.time())
