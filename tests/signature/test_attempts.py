"""What is remembered of who sends what verifies, and who sends junk."""

import pytest

from ...services.signature import attempts as module
from ...services.signature.attempts import MAX_FAILURES, Attempts


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def attempts(clock):
    return Attempts(lambda: clock[0])


def test_the_last_form_of_each_sender(attempts):
    assert attempts.last_form("a") == ""
    attempts.succeeded("a", "received/bare")
    attempts.succeeded("a", "sorted/bare")
    attempts.succeeded("b", "compact/bare")
    assert (attempts.last_form("a"), attempts.last_form("b")) == ("sorted/bare", "compact/bare")


def test_who_fails_often_is_known_for_a_minute(attempts, clock):
    for _time in range(MAX_FAILURES):
        assert not attempts.is_tiresome("a", "192.0.2.1")
        attempts.failed("a", "192.0.2.1")
    assert attempts.is_tiresome("a", "192.0.2.1")
    assert not attempts.is_tiresome("a", "192.0.2.2")
    assert not attempts.is_tiresome("b", "192.0.2.1")
    clock[0] += 61
    assert not attempts.is_tiresome("a", "192.0.2.1")
    attempts.failed("a", "192.0.2.1")
    assert not attempts.is_tiresome("a", "192.0.2.1")


def test_strangers_do_not_make_it_grow(attempts, monkeypatch):
    monkeypatch.setattr(module, "_MAX_ENTRIES", 5)
    for number in range(50):
        attempts.failed("a", str(number))
        attempts.succeeded(number, "received/bare")
    assert len(attempts._failures) == len(attempts._forms) == 5
    assert attempts.last_form(49) and not attempts.last_form(0)
