"""The answers to a pushed message (``Response`` and ``HttpErrorResponse``, DCI CRVS API 1.0.0)."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import Any

from ..errors import DCIError


def new_correlation_id() -> str:
    """Make up the id under which both sides can speak of a message."""
    return str(uuid.uuid4())


def accepted(
    correlation_id: str, received_date: datetime, refused_items: Any = ()
) -> dict[str, Any]:
    """Build the acknowledgement of a stored message.

    :param correlation_id: what the message got when it was first stored
    :param received_date: when that was (naive UTC), so that a repeated message is
        acknowledged in the very same words
    :param refused_items: reference ids of the items that are not this addon's
    :return: the body of the HTTP answer
    """
    message: dict[str, Any] = {
        "ack_status": "ACK",
        "timestamp": received_date.replace(tzinfo=timezone.utc).isoformat(),
        "correlation_id": correlation_id,
    }
    if refused_items:
        message["refused_items"] = [
            {"reference_id": reference_id, "reason": "This event type is not handled here."}
            for reference_id in refused_items
        ]
    return {"message": message}


def refused(error: DCIError) -> dict[str, Any]:
    """Build the acknowledgement of a message that is not taken.

    :param error: why
    :return: the body of the HTTP answer; for 401 and 503 with ``errors`` beside the message
    """
    detail = {"code": error.code, "message": str(error)}
    body: dict[str, Any] = {
        "message": {
            "ack_status": "ERR",
            "timestamp": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "correlation_id": new_correlation_id(),
            "error": detail,
        }
    }
    if error.http_status in (401, 503):
        body["errors"] = [detail]
    return body
