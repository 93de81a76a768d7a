"""What a registry says about subscriptions. Pure: imports nothing of Odoo."""

from dataclasses import dataclass
from datetime import datetime, timezone

from .record_values import as_list, lenient_text, safe_ascii

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
    """

    status: str
    code: str = ""
    ends: datetime | None = None
    reason_code: str = ""
    reason: str = ""


def read_subscribe(message, reference_id):
    """Read what an answer says about the subscription asked for under a reference id.

    :param dict message: with ``subscribe_response``
    :param str reference_id: ours
    :return: None when it says nothing about it
    :rtype: SubscriptionAnswer | None
    """
    if "subscribe_response" not in message and _is_rejected(message):
        # Some registries refuse a whole request in this way.
        return SubscriptionAnswer(REJECTED, **_reasons(message))
    for item in as_list(message.get("subscribe_response")):
        if isinstance(item, dict) and item.get("reference_id") == reference_id:
            return _read_item(item)
    return None


def _read_item(item):
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


def read_unsubscribe(message):
    """Read what an answer says about an unsubscription.

    :param dict message: of an unsubscription's answer
    :return: with status ``ended``, ``rejected`` or ``waiting``. A subscription that had ended
        before has ended.
    :rtype: SubscriptionAnswer
    """
    reasons = _reasons(message)
    status = lenient_text(message.get("status")).lower()
    if status == "rjct" and not reasons["reason_code"].endswith("already_unsubscribed"):
        return SubscriptionAnswer(REJECTED, **reasons)
    return SubscriptionAnswer(ENDED if status in ("succ", "rjct") else WAITING, **reasons)


def is_ack(message):
    """Whether a message only says that ours has arrived, or has not."""
    return "ack_status" in message


def inner_answer(message):
    """Return the answer that a transaction status carries, an empty dict when none.

    :param dict message: with ``txnstatus_response``
    :rtype: dict
    """
    response = message.get("txnstatus_response")
    inner = response.get("txn_status") if isinstance(response, dict) else None
    return inner if isinstance(inner, dict) else {}


def _is_rejected(item):
    return lenient_text(item.get("status")).lower() == "rjct"


def _reasons(item):
    return {
        "reason_code": safe_ascii(item.get("status_reason_code"), 99),
        "reason": lenient_text(item.get("status_reason_message"))[:200],
    }


def _instant(value):
    """A date-time with an offset as naive UTC, which is how Odoo keeps it; None for nonsense."""
    text = lenient_text(value)
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
        moment = moment.astimezone(timezone.utc) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=None, microsecond=0)
