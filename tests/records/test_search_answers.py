"""Answers to searches."""

import pytest

from ...services.records import InvalidRecord, read_search_response, search_answers

ANN = {"identifier": {"type": "UIN", "value": "1"}, "death_date": ""}
BOB = {"identifier": {"type": "UIN", "value": "2"}}
BROKEN = "text"


def answer(*items):
    return read_search_response({"search_response": list(items)})


def item(records, reference="r1", **more):
    return {"reference_id": reference, "status": "succ", "data": {"reg_records": records}, **more}


@pytest.mark.parametrize("records", [ANN, [ANN], [ANN, "", None]])
def test_records_come_as_object_or_array(records):
    found = answer(item(records))["r1"]
    assert [person.identifiers[0].value for person in found.records] == ["1"]
    assert found.raw_records == (ANN,)


@pytest.mark.parametrize("data", ["", None, {}, [], {"reg_records": []}, {"reg_records": ""}])
def test_no_records(data):
    found = answer({"reference_id": "r1", "status": "succ", "data": data})["r1"]
    assert found.records == ()
    assert found.status == "succ"


def test_one_item_instead_of_an_array():
    found = read_search_response({"search_response": item(ANN, 17)})
    assert list(found) == ["17"]


def test_an_empty_answer_is_no_record():
    assert read_search_response({"search_response": []}) == {}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"search_response": None},
        {"search_response": ""},
        {"search_response": {}},
        {"search_response": ["text"]},
        {"search_response": 5},
        None,
        [],
        "text",
    ],
)
def test_a_missing_answer_is_not_an_empty_one(message):
    with pytest.raises(InvalidRecord, match=r"message\.search_response"):
        read_search_response(message)


@pytest.mark.parametrize(
    ("status", "read"),
    [("succ", "succ"), ("RJCT", "rjct"), ("rcvd", "rcvd"), ("pdng", "pdng"), ("ok", ""), (5, "")],
)
def test_status(status, read):
    assert answer({"reference_id": "r1", "status": status})["r1"].status == read


@pytest.mark.parametrize(
    "empty",
    [{}, {"status": ""}, {"status": "ok"}, {"status": 5, "data": {"reg_records": []}}],
)
def test_an_item_that_does_not_tell_is_no_empty_answer(empty):
    found = answer({"reference_id": "r1", **empty})["r1"]
    with pytest.raises(InvalidRecord, match=r"search_response\[0\]\.status"):
        _ = found.records


@pytest.mark.parametrize(
    ("status", "records", "pending"),
    [
        ("pdng", [], True),
        ("pdng", [ANN], True),
        ("rcvd", [], True),
        ("rcvd", [ANN], False),
        ("succ", [], False),
        ("rjct", [], False),
    ],
)
def test_pending(status, records, pending):
    assert answer(item(records, status=status))["r1"].is_pending is pending


def test_a_rejection_says_why_in_one_clean_line():
    found = answer(
        {
            "reference_id": "r1",
            "status": "rjct",
            "status_reason_code": "rjct.search_criteria.invalid\x1b",
            "status_reason_message": "Not\n allowed\u0007 " + "x" * 300,
        }
    )["r1"]
    assert found.reason_code == "rjct.search_criteria.invalid?"
    assert found.reason_message.startswith("Not allowed x")
    assert len(found.reason_message) == 200


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (10, 10),
        ("10", 10),
        (" 10 ", 10),
        (10.0, 10),
        (0, 0),
        ("", None),
        (None, None),
        (-1, None),
        (True, None),
        (1.5, None),
        (float("inf"), None),
        ("ten", None),
        pytest.param("9" * 5000, None, id="endless"),
        (2**63, None),
        ([10], None),
    ],
)
def test_pagination(value, count):
    pagination = {"page_number": value, "page_size": value, "total_count": value}
    found = answer(item(ANN, pagination=pagination))["r1"]
    assert (found.page, found.page_size, found.total) == (count, count, count)


@pytest.mark.parametrize("pagination", ["", None, [], {}, "text", 5])
def test_no_pagination(pagination):
    assert answer(item(ANN, pagination=pagination))["r1"].page is None


def test_items_are_kept_apart_by_reference_id():
    found = answer(item(ANN, "r1"), item(BOB, "r2"), item([], "r3"))
    assert [len(found[reference].records) for reference in ("r1", "r2", "r3")] == [1, 1, 0]
    assert found["r2"].records[0].identifiers[0].value == "2"


def test_pages_of_one_reference_id_are_joined():
    found = answer(
        item(ANN, pagination={"page_number": 1, "page_size": 1, "total_count": 2}),
        item(BOB, pagination={"page_number": 2, "page_size": 1}),
    )
    assert len(found) == 1
    joined = found["r1"]
    assert [person.identifiers[0].value for person in joined.records] == ["1", "2"]
    assert joined.raw_records == (ANN, BOB)
    assert (joined.page, joined.page_size, joined.total) == (2, 1, 2)


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("succ", "rjct", "rjct"),
        ("pdng", "succ", "pdng"),
        ("rcvd", "succ", "rcvd"),
        ("succ", "", ""),
        ("succ", "succ", "succ"),
    ],
)
def test_of_several_statuses_the_weakest_counts(first, second, joined):
    assert answer(item(ANN, status=first), item(BOB, status=second))["r1"].status == joined


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"reg_records": [ANN, BROKEN]}, "data.reg_records[1]"),
        ({"reg_records": 5}, "data.reg_records[0]"),
        (["text", {"reg_records": ANN}], "data"),
        ("text", "data"),
    ],
)
def test_what_was_not_understood_never_looks_like_not_found(data, place):
    found = answer(item(ANN, "r1"), {"reference_id": "r2", "status": "succ", "data": data})
    assert len(found["r1"].records) == 1
    with pytest.raises(InvalidRecord) as caught:
        found["r2"].records  # noqa: B018
    assert str(caught.value).startswith(f"message.search_response[1].{place}: ")


def test_of_several_problems_the_first_is_named():
    found = answer(item([BROKEN, 5]))["r1"]
    assert "reg_records[0]" in found.problem


def test_a_reason_given_once_is_kept():
    reasons = {"status_reason_code": "rjct.filter.invalid", "status_reason_message": "No"}
    found = answer(item(ANN, **reasons), item(BOB, status_reason_code=""))["r1"]
    assert (found.reason_code, found.reason_message) == ("rjct.filter.invalid", "No")


def test_an_endless_reference_id_is_none():
    assert list(answer(item(ANN, 10**5000))) == [""]


def test_a_problem_of_one_page_is_a_problem_of_the_answer():
    for pages in ((ANN, BROKEN), (BROKEN, ANN)):
        found = answer(*(item(page) for page in pages))["r1"]
        assert len(found.raw_records) == 2
        with pytest.raises(InvalidRecord):
            found.records  # noqa: B018


def test_the_register_is_told():
    found = answer(item(ANN, data={"reg_type": "ocrvs:registry_type:death", "reg_records": ANN}))
    assert found["r1"].reg_type == "ocrvs:registry_type:death"


def test_dates_follow_the_time_zone_of_the_registry():
    response = {"search_response": item({"death_date": "2024-01-01T20:00:00Z"})}
    days = [
        read_search_response(response, tz)["r1"].records[0].death_date.day
        for tz in (None, "Asia/Bangkok")
    ]
    assert days == [1, 2]


# Pages of one answer that come in several messages


def numbered(number, total, *records):
    return {
        "reference_id": "r1",
        "status": "succ",
        "data": {"reg_records": list(records)},
        "pagination": {"page_number": number, "page_size": 1, "total_count": total},
    }


def test_pages_are_grouped_gathered_and_complete_by_the_total():
    first, second = numbered(1, 2, ANN), numbered(2, 2, BOB)
    groups = search_answers.by_reference({"search_response": [first, {"reference_id": "r2"}]})
    assert list(groups) == ["r1", "r2"]
    assert not search_answers.is_complete(groups["r1"])
    gathered = search_answers.gather(groups["r1"], [first, second])
    assert gathered == [first, second]
    assert search_answers.is_complete(gathered)
    assert search_answers.is_complete([{**first, "status": "rjct"}])


def test_pages_without_a_total_are_complete_when_none_is_missing_in_between():
    assert search_answers.is_complete([numbered(None, None, ANN)])
    assert search_answers.is_complete([numbered(n, None, ANN) for n in (2, 1)])
    assert not search_answers.is_complete([numbered(n, None, ANN) for n in (3, 1)])
    assert not search_answers.is_complete([numbered(2, None, ANN)])


def test_what_a_header_says_of_an_empty_answer():
    for status, is_open in (("pdng", True), ("RJCT", True), ("succ", False), ("", False)):
        assert search_answers.leaves_open({"status": status}) is is_open
    assert search_answers.leaves_open(None) is False
