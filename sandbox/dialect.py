"""What both dialects share: opening a client's message, paging, sealing the answer."""

import time
from dataclasses import dataclass
from typing import ClassVar

from . import signing, validation
from .wire import Refused, read_object

PAGE_SIZE = 10  # when the client names none


@dataclass
class Exchange:
    """One request that passed every check, and the faults its answer is to have."""

    members: dict
    faults: dict

    @property
    def header(self):
        """The client's header."""
        return self.members["header"]

    @property
    def message(self):
        """The client's message."""
        return self.members["message"]

    @property
    def sender_id(self):
        """Who asks."""
        return self.header["sender_id"]

    def callback_uri(self):
        """Find where the answer goes.

        :return: where the client wants to be called.
        :raise Refused: 400 when it named no place.
        """
        uri = self.header.get("sender_uri")
        if not uri:
            text = "header.sender_uri is needed to call back."
            raise Refused(400, "err.sender_uri.invalid", text)
        return uri


class Dialect:
    """Base of the dialects.

    :param registry: Registry.
    """

    header_schema = "header"
    message_schemas: ClassVar = {}  # by action
    item_schemas: ClassVar = {}  # by action: array, schema, members of which only the type matters
    clients_publish = False  # whether a client's keys are found under its sender id

    def __init__(self, registry):
        self.registry = registry

    def ids(self):
        """:return: the receiver ids that mean this registry."""
        raise NotImplementedError

    def ring(self):
        """:return: the KeyRing that signs answers."""
        raise NotImplementedError

    def style(self):
        """:return: the Style in which answers are signed."""
        raise NotImplementedError

    def open(self, request, action, faults):
        """Check a request and read it.

        :param request: werkzeug Request.
        :param action: that the URL stands for.
        :param faults: dict of the faults that hit it.
        :return: Exchange.
        :raise Refused: with the standard's code for the first thing that is wrong.
        """
        members, texts = read_object(request.get_data())
        header, message = members.get("header"), members.get("message")
        if not isinstance(header, dict) or not isinstance(message, dict):
            raise Refused(400, "err.request.bad", "The objects header and message are needed.")
        encrypted = "ciphertext" in message or header.get("is_msg_encrypted") is True
        if encrypted:
            raise Refused(400, "err.encryption.invalid", "Encrypted messages are not served.")
        validation.check(self.header_schema, header, "header")
        if header.get("version", "1.0.0").split(".")[0] != "1":
            raise Refused(400, "err.version.not_supported", "Version 1.x is served.")
        if header["action"] != action:
            raise Refused(400, "err.request.bad", f"The action of this URL is {action}.")
        receiver = header.get("receiver_id", "").rstrip("/")
        if receiver and receiver not in self.ids():
            raise Refused(400, "err.receiver_id.invalid", "The receiver_id is not this registry.")
        self.registry.clients.check(members, texts, publishes=self.clients_publish)
        validation.check(self.message_schemas[action], message, "message")
        if action in self.item_schemas:
            array, name, varying = self.item_schemas[action]
            validation.check_items(name, message[array], varying, f"message.{array}")
        return Exchange(members, faults)

    def seal(self, header, message, faults):
        """Sign an answer.

        :param header: dict.
        :param message: dict.
        :param faults: dict of faults by kind; ``wrong_signature`` counts.
        :return: the signed message as bytes.
        """
        style = self.style()
        if "wrong_signature" in faults:
            style = style.but({"flaw": faults["wrong_signature"].flaw})
        return signing.seal(header, message, self.ring(), style, time.time())

    def page(self, found, pagination, faults):
        """Cut one page out of a result.

        :param found: list.
        :param pagination: the client's, or None.
        :param faults: dict of faults by kind; ``shifting_pages`` moves records after this page.
        :return: ``(part of the list, the answer's pagination)``.
        """
        asked = pagination or {}
        size, number = asked.get("page_size", PAGE_SIZE), asked.get("page_number", 1)
        shift = self.registry.page_shift % len(found) if found else 0
        shifted = found[-shift:] + found[:-shift] if shift else found
        if "shifting_pages" in faults:
            self.registry.page_shift += faults["shifting_pages"].rotate
        start = (number - 1) * size
        answer = {"page_size": size, "page_number": number, "total_count": len(found)}
        return shifted[start : start + size], answer
