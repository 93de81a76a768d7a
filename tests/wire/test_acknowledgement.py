"""The answers to pushed messages."""

from datetime import datetime

from ...services import errors
from ...services.wire import acknowledgement


def test_accepted():
    moment = datetime(2026, 11, 26, 10)
    assert acknowledgement.accepted("c-1", moment) == {
        "message": {
            "ack_status": "ACK",
            "timestamp": "2026-11-26T10:00:00+00:00",
            "correlation_id": "c-1",
        }
    }
    refused = acknowledgement.accepted("c-1", moment, ["r-1"])["message"]["refused_items"]
    assert refused[0]["reference_id"] == "r-1"


def test_refused():
    body = acknowledgement.refused(errors.InvalidMessage("The message is not valid."))
    assert body["message"]["ack_status"] == "ERR"
    assert body["message"]["error"]["message"] == "The message is not valid."
    assert "errors" not in body
    body = acknowledgement.refused(errors.SignatureMissing())
    assert body["errors"] == [body["message"]["error"]]
    ids = {acknowledgement.new_correlation_id() for _ in range(3)}
    assert len(ids) == 3
