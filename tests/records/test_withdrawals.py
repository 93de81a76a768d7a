"""What says of itself that it is no longer in force, and what only sounds like it."""

import pytest

from ...services.records.withdrawals import is_withdrawn


@pytest.mark.parametrize(
    "block",
    [
        {"status": "cancelled"},
        {"registration_status": "REVOKED"},
        {"update_reason": "voided"},
        {"life_event_status": ["annulled"]},
        {"status": "entered-in-error"},
        {"record_status": "Deleted"},
        {"active": False},
        {"isActive": "false"},
        {"cancelled": True},
        {"is_revoked": True},
    ],
)
def test_withdrawn(block):
    assert is_withdrawn(block)


@pytest.mark.parametrize(
    "block",
    [
        None,
        "cancelled",
        {},
        {"status": "active"},
        {"status": "not cancelled"},
        {"status": "reinstated after revocation"},
        {"marital_status": "annulled"},
        {"active": True},
        {"active": None},
        {"cancelled": False},
        {"name": "Cancelled"},
        {"status": 5},
    ],
)
def test_in_force(block):
    assert not is_withdrawn(block)
