"""What every message has in common: times, ids, acknowledgements, errors, strict reading."""

import json
import uuid
from datetime import datetime, timezone
from functools import lru_cache

JSON_TYPE = "application/json"


class Refused(Exception):
    """A request that is answered with an error.

    :param status: HTTP status.
    :param code: one of the standard's error codes, such as ``err.request.bad``.
    :param message: sentence for the client.
    :param headers: extra HTTP headers.
    """

    def __init__(self, status, code, message, headers=None):
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def timestamp():
    """:return: now, as ISO 8601 in UTC with milliseconds and offset."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def new_id():
    """:return: a random id of 32 hexadecimal digits."""
    return uuid.uuid4().hex


def parse_timestamp(value):
    """Read an ISO 8601 date-time.

    :param value: anything.
    :return: an aware datetime.
    :raise ValueError: not a string, not a date-time, or without an offset.
    """
    if not isinstance(value, str) or not 16 <= len(value) <= 64:
        raise ValueError("not a date-time")
    return _parse_timestamp(value)


# The items of a batch carry the same moment.
@lru_cache(maxsize=64)
def _parse_timestamp(value):
    # Python 3.10 does not read the Z, nor fractions that are not of 3 or 6 digits.
    text = value[:-1] + "+00:00" if value[-1] in "zZ" else value
    head, dot, tail = text.partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        if not digits:
            raise ValueError("not a date-time")
        text = f"{head}.{tail[:digits][:6].ljust(6, '0')}{tail[digits:]}"
    result = datetime.fromisoformat(text)
    if result.tzinfo is None:
        raise ValueError("without offset")
    return result


def acknowledgement(correlation_id=None):
    """:return: the standard's positive acknowledgement, as a dict."""
    return {
        "message": {
            "ack_status": "ACK",
            "timestamp": timestamp(),
            "correlation_id": correlation_id or new_id(),
        }
    }


def error_body(code, message):
    """Describe an error in both of the standard's shapes, that of HTTP and the acknowledgement.

    :return: dict with ``errors`` and ``message``.
    """
    error = {"code": code, "message": message}
    body = acknowledgement()
    body["message"]["ack_status"] = "ERR"
    body["message"]["error"] = error
    body["errors"] = [error]
    return body


def dumps(value, *, spaced=False, ascii_only=False, sort=False):
    """:return: JSON text, compact or with a blank after ``:`` and ``,``."""
    separators = (", ", ": ") if spaced else (",", ":")
    return json.dumps(value, ensure_ascii=ascii_only, separators=separators, sort_keys=sort)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def canonical(value):
    """:return: JSON text that is equal for equal values and types (``1`` is not ``1.0``)."""
    return _CANONICAL.encode(value)


def _no_duplicates(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate member name")
    return result


def _no_constant(name):
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constant)


def read_object(body):
    """Parse a JSON object and keep the text of its members.

    :param body: bytes, UTF-8.
    :return: ``(members, texts)``: the parsed members, and for each the text as received.
    :raise Refused: 400 when it is not a strict JSON object.
    """
    try:
        text = body.decode()
        members, texts = {}, {}
        position = _skip(text, 0)
        if text[position] != "{":
            raise ValueError("not an object")
        position = _skip(text, position + 1)
        closed = text[position] == "}"
        while not closed:
            name, position = _DECODER.raw_decode(text, position)
            position = _skip(text, position)
            if not isinstance(name, str) or name in members or text[position] != ":":
                raise ValueError("not a member")
            start = _skip(text, position + 1)
            members[name], position = _DECODER.raw_decode(text, start)
            texts[name] = text[start:position]
            position = _skip(text, position)
            if text[position] == "}":
                closed = True
            elif text[position] == ",":
                position = _skip(text, position + 1)
            else:
                raise ValueError("not an object")
        if text[position + 1 :].strip(" \t\r\n"):
            raise ValueError("text after the object")
    except (ValueError, IndexError, RecursionError) as error:
        raise Refused(400, "err.request.bad", "The body is not a JSON object in UTF-8.") from error
    return members, texts


def _skip(text, position):
    while text[position] in " \t\r\n":
        position += 1
    return position
