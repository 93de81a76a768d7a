"""What a registry says about subscriptions. Pure: imports nothing of Odoo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ..records.values import as_list, lenient_text, safe_ascii

ACTIVE = "active"
REJECTED = "rejected"
WAITING = "waiting"
ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SubscriptionAnswer:
    """The fate of one subscription.

    :param status: ``active``, ``rejected``, ``ended``, or ``waiting`` when the registry has not
        decided, or said so without the code that unsubscribing needs
    :param code: subscription code, at most 99 characters
    :param ends: until when it notifies, naive UTC; None when the registry does not say
    :param reason_code: the standard's code, printable ASCII
    :param reason: the registry's own words, at most 200 characters
    :param kept: codes that an answer to an unsubscription calls subscribed still
    """

    status: str
    code: str = ""
    ends: datetime | None = None
    reason_code: str = ""
    reason: str = ""
    kept: frozenset[str] = frozenset()


def read_subscribe(message: dict[str, Any], reference_id: str) -> SubscriptionAnswer | None:
    """Read what an answer says about the subscription asked for under a reference id.

    :param message: with ``subscribe_response``
    :param reference_id: ours
    :return: None when it says nothing about it
    """
    if "subscribe_response" not in message and _is_rejected(message):
        # Some registries refuse a whole request in this way.
        return SubscriptionAnswer(REJECTED, **_reasons(message))
    for item in as_list(message.get("subscribe_response")):
        if isinstance(item, dict) and item.get("reference_id") == reference_id:
            return _read_item(item)
    return None


def _read_item(item: dict[str, Any]) -> Any:
    reasons = _reasons(item)
    status = lenient_text(item.get("status")).lower()
    if _is_rejected(item):
        return SubscriptionAnswer(REJECTED, **reasons)
    entries = [entry for entry in as_list(item.get("subscriptions")) if isinstance(entry, dict)]
    entry = next((entry for entry in entries if lenient_text(entry.get("code"))), {})
    code = lenient_text(entry.get("code"))[:99]
    if not code or status == "pdng":
        return SubscriptionAnswer(WAITING, code, **reasons)
    ended = lenient_text(entry.get("status")).lower() == "unsubscribe"
    frequency = entry.get("frequency")
    ends = _instant(frequency.get("end_time")) if isinstance(frequency, dict) else None
    return SubscriptionAnswer(ENDED if ended else ACTIVE, code, ends, **reasons)


def read_unsubscribe(message: dict[str, Any]) -> SubscriptionAnswer:
    """Read what an answer says about an unsubscription.

    :param message: of an unsubscription's answer
    :return: with status ``ended`` (but for the codes that are ``kept``), ``rejected`` or
        ``waiting``, as for an acknowledgement. A subscription that had ended before has ended.
    """
    reasons = _reasons(message)
    status = lenient_text(message.get("status")).lower()
    if status == "rjct" and not reasons["reason_code"].endswith("already_unsubscribed"):
        return SubscriptionAnswer(REJECTED, **reasons)
    by_code = {
        lenient_text(entry.get("code")): lenient_text(entry.get("status")).lower()
        for entry in as_list(message.get("subscription_status"))
        if isinstance(entry, dict)
    }
    # What the registry says of each code counts; some say nothing else.
    decided = status in ("succ", "rjct") or (not status and by_code)
    kept = frozenset(code for code, said in by_code.items() if said == "subscribe")
    return SubscriptionAnswer(ENDED if decided else WAITING, **reasons, kept=kept)


def is_ack(message: dict[str, Any]) -> bool:
    """Whether a message only says that ours has arrived, or has not."""
    return "ack_status" in message


def inner_answer(message: dict[str, Any]) -> dict[str, Any]:
    """Return the answer that a transaction status carries, an empty dict when none.

    :param message: with ``txnstatus_response``
    """
    response = message.get("txnstatus_response")
    inner = response.get("txn_status") if isinstance(response, dict) else None
    return inner if isinstance(inner, dict) else {}


def _is_rejected(item: dict[str, Any]) -> bool:
    return lenient_text(item.get("status")).lower() == "rjct"


def _reasons(item: dict[str, Any]) -> Any:
    return {
        "reason_code": safe_ascii(item.get("status_reason_code"), 99),
        "reason": lenient_text(item.get("status_reason_message"))[:200],
    }


def _instant(value: object) -> Any:
    """A date-time with an offset as naive UTC, which is how Odoo keeps it; None for nonsense."""
    text = lenient_text(value)
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
        moment = moment.astimezone(timezone.utc) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=None, microsecond=0)
