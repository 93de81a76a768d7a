"""The envelope of a DCI message: strict reading, then the checks that need neither sender nor key.

Pure Python. The caller keeps the order: :func:`parse`, :func:`check_header`, :func:`check_version`,
:func:`check_encryption`, then sender and signature, and only then :func:`check_message`.
"""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from ..errors import (
    EncryptionNotSupported,
    InvalidHeader,
    InvalidMessage,
    TooManyItems,
    VersionNotSupported,
)
from . import strict_json
from .shapes import header_error, message_error

NOTIFY = "notify"
ON_SEARCH = "on-search"

# The member that repeats, and so can be long.
_ITEMS = {
    NOTIFY: "notify_event",
    ON_SEARCH: "search_response",
    "on-subscribe": "subscribe_response",
    "on-unsubscribe": "subscription_status",
    "txn-on-status": "txnstatus_response",
}
KINDS = tuple(_ITEMS)
# The lists of answers whose items bear our reference ids.
_ANSWERS = ("search_response", "subscribe_response")
_MEMBERS = {"signature", "header", "message"}
_MAX_MESSAGE_ID = 255  # characters
_VERSION_1 = re.compile(r"1(?:\.[0-9]{1,9}){0,2}(?:[-+][0-9A-Za-z.+-]{1,64})?")
# What the standard's EncryptedMessage has beside its ciphertext.
_ENCRYPTED_MEMBERS = {"header", "encrypted_key", "tag", "iv", "recipients", "protected"}


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """A parsed envelope; nothing in it is defaulted, reordered or corrected.

    :param body: the bytes as received
    :param header: parsed ``header``
    :param message: parsed ``message``
    :param signature: ``signature`` as received, None when there is none
    :param header_text: received text of ``header``, untouched
    :param message_text: received text of ``message``, untouched
    :param others: any further members, which no profile but JWS signs and nobody reads
    """

    body: bytes = field(repr=False)
    header: dict[str, Any] = field(repr=False)
    message: dict[str, Any] = field(repr=False)
    signature: object = field(repr=False)
    header_text: str = field(repr=False)
    message_text: str = field(repr=False)
    others: dict[str, Any] = field(repr=False, default_factory=dict)
    _digest: list[str] = field(repr=False, init=False, default_factory=list)

    @property
    def sender_id(self) -> str:
        """The sender that the header claims; '' when it claims none."""
        value = self.header.get("sender_id")
        return value if isinstance(value, str) else ""

    @property
    def receiver_id(self) -> str:
        """The receiver that the header names; '' only when it names none."""
        return _text(self.header.get("receiver_id"))

    @property
    def message_id(self) -> str:
        """The id that the sender gave to the message; an integer becomes its decimal digits."""
        return _text(self.header.get("message_id"))

    @property
    def action(self) -> str:
        """The action as the header has it; '' when it is no text."""
        value = self.header.get("action")
        return value if isinstance(value, str) else ""

    @property
    def transaction_id(self) -> str:
        """The transaction that the message belongs to; '' when absent."""
        return _text(self.message.get("transaction_id"))

    @property
    def correlation_id(self) -> str:
        """The id under which a registry works on our request; '' when absent."""
        return _text(self.message.get("correlation_id"))

    @property
    def kind(self) -> str:
        """What the message is: one of :data:`KINDS`, '' when it is none of them.

        OpenCRVS answers a search with the action ``search``.
        """
        if self.action == "search" and "search_response" in self.message:
            return ON_SEARCH
        return self.action if self.action in KINDS else ""

    @property
    def is_answer(self) -> bool:
        """Whether this is an answer to something that we asked."""
        return self.kind not in ("", NOTIFY)

    @property
    def reference_ids(self) -> list[str]:
        """The reference ids that an answer speaks of, in the order received.

        Empty where the answer has no items. A status answer carries the answer of the request
        that it is about (``txn_status``).
        """
        return _reference_ids(self.message)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the message's content, however it was written."""
        if not self._digest:
            text = strict_json.canonical(self.message)
            self._digest.append(hashlib.sha256(text.encode()).hexdigest())
        return self._digest[0]


def _reference_ids(message: dict[str, Any]) -> list[str]:
    status = message.get("txnstatus_response")
    if isinstance(status, dict):
        inner = status.get("txn_status")
        return _reference_ids(inner) if isinstance(inner, dict) else []
    found: Any = next((message[name] for name in _ANSWERS if message.get(name)), [])
    items = found if isinstance(found, list) else [found]
    return [
        item["reference_id"]
        for item in items
        if isinstance(item, dict) and isinstance(item.get("reference_id"), str)
    ]


def _text(value: object) -> str:
    """An id as text: numbers travel as strings and the reverse."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)


def parse(body: bytes) -> Envelope:
    """Read an envelope, strictly and once.

    :param body: the request's body as received
    :return: the envelope with the received text of header and message
    :raise InvalidJSON: when the body is not strict JSON in UTF-8 (see :mod:`.strict_json`)
    :raise InvalidHeader: when it is not an object that has ``header`` and ``message`` objects
    """
    return build(body, *strict_json.parse(body))


def build(body: bytes, value: object, texts: dict[str, Any]) -> Envelope:
    """Make an envelope of a document that is parsed already.

    :param body: the request's body as received
    :param value: what :func:`.strict_json.parse` made of it
    :param texts: likewise
    :return: see :func:`parse`
    :raise InvalidHeader: see :func:`parse`
    """
    if not isinstance(value, dict):
        raise InvalidHeader("The request is not a JSON object.")
    for name in ("header", "message"):
        if not isinstance(value.get(name), dict):
            raise InvalidHeader(f"The request has no object named {name}.", where=name)
    return Envelope(
        body=body,
        header=value["header"],
        message=value["message"],
        signature=value.get("signature"),
        header_text=texts["header"],
        message_text=texts["message"],
        others={name: member for name, member in value.items() if name not in _MEMBERS},
    )


def check_header(envelope: Envelope, path_kind: str | None) -> None:
    """Check what a message needs before anybody looks for its sender.

    :param envelope: as :func:`parse` returns it
    :param path_kind: the one of :data:`KINDS` that belongs to the URL; None where all are served
    :raise InvalidHeader: for ids and actions of a wrong type, actions that are unknown, and
        actions that belong on another path
    """
    if where := header_error(envelope.header):
        raise InvalidHeader(f"The header is not valid: see {where}.", where=where)
    if len(envelope.message_id) > _MAX_MESSAGE_ID:
        raise InvalidHeader("The message id is too long.", where="header.message_id")
    if not envelope.kind:
        raise InvalidHeader("This action is not served here.", where="header.action")
    if path_kind not in (None, envelope.kind):
        raise InvalidHeader("This action belongs on another path.", where="header.action")


def check_version(envelope: Envelope) -> None:
    """Check the protocol's version; absent or empty counts as 1.0.0.

    :param envelope: as :func:`parse` returns it
    :raise VersionNotSupported: for anything but 1.x
    """
    version = envelope.header.get("version", "")
    if version != "" and not (isinstance(version, str) and _VERSION_1.fullmatch(version)):
        raise VersionNotSupported(where="header.version")


def check_encryption(envelope: Envelope) -> None:
    """Check that the message is meant to be read as it is.

    :param envelope: as :func:`parse` returns it
    :raise EncryptionNotSupported: when the header says encrypted, or the message has the shape of
        the standard's ``EncryptedMessage``
    """
    flag = envelope.header.get("is_msg_encrypted")
    if flag is True or (isinstance(flag, str) and flag.strip().lower() == "true"):
        raise EncryptionNotSupported(where="header.is_msg_encrypted")
    if "ciphertext" in envelope.message and not _ENCRYPTED_MEMBERS.isdisjoint(envelope.message):
        raise EncryptionNotSupported(where="message")


def check_message(envelope: Envelope, max_items: int) -> None:
    """Check that the message has the shape that its action requires, then its number of items.

    No work is spent on items beyond the limit: when there are too many, the shape of those within
    it decides which of the two errors is raised.

    :param envelope: an envelope that passed :func:`check_header`
    :param max_items: most items that one message may hold; an item with an array of persons counts
        once for each of them, since each becomes a record of its own
    :raise InvalidMessage: names the place, never the value
    :raise TooManyItems: when there are more
    """
    message = envelope.message
    name = _ITEMS.get(envelope.kind, "")
    value = message.get(name)
    items = value if isinstance(value, list) else [value]
    totals = list(accumulate(map(_records, items)))
    too_many = bool(totals) and totals[-1] > max_items
    if too_many:
        message = {**message, name: items[: bisect_right(totals, max_items)]}
    if where := message_error(envelope.kind, message):
        raise InvalidMessage(f"The message is not valid: see {where}.", where=where)
    if too_many:
        raise TooManyItems(f"A message may hold at most {max_items} items.")


def _records(item: object) -> int:
    """How many records an item becomes."""
    data = item.get("data") if isinstance(item, dict) else None
    blocks = data if isinstance(data, list) else [data]
    lists = [block.get("reg_records") for block in blocks if isinstance(block, dict)]
    return max(1, sum(len(records) for records in lists if isinstance(records, list)))
