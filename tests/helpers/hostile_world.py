"""Senders with keys, and one delivery of a hostile message with the answer it must get."""

from dataclasses import dataclass
from datetime import datetime, timezone

from .messages import (
    Registry,
    body,
    json_text,
    make_event,
    make_header,
    make_notification,
    make_person,
    write,
    write_parameters,
)


@dataclass(frozen=True)
class Case:
    """One delivery.

    :param name: what is wrong
    :param body: bytes to post
    :param answer: HTTP status and error code
    :param path_kind: the kind that the URL is for; None is the single URL for everything
    """

    name: str
    body: bytes
    answer: tuple[int, str]
    path_kind: str | None = None


class World:
    """Two trusted senders, a third one whose keys are trusted for itself only, and a thief.

    :param now: Unix time at which the messages are sent
    :param receiver_id: our own id, which must be configured as such
    :param max_items: the limit in force
    """

    def __init__(self, now, receiver_id="spp.example.org", max_items=10000):
        self.now = int(now)
        self.receiver_id = receiver_id
        self.max_items = max_items
        self.ed = Registry("crvs.example.org", "ed25519")
        self.rsa = Registry("https://civil.example.org/dci", "rs256")
        self.neighbour = Registry("neighbour.example.org", "ed25519", number=1)
        self.thief = Registry("crvs.example.org", "ed25519", number=2)
        self.rsa_thief = Registry("https://civil.example.org/dci", "rs256", number=1)

    @property
    def senders(self):
        return self.ed, self.rsa, self.neighbour

    def keys_of(self, registry):
        """The trusted keys of a sender: one, published under its full id."""
        return [registry.trusted_key()]

    def header(self, **members):
        stamp = datetime.fromtimestamp(self.now, timezone.utc).isoformat()
        return make_header(
            **{"message_ts": stamp, "receiver_id": self.receiver_id, "message_id": "m-h", **members}
        )

    def sign(self, header=None, message=None, registry=None, **options):
        """A body that is right in everything but what the arguments make wrong."""
        registry = registry or self.ed
        header = self.header() if header is None else header
        message = make_notification() if message is None else message
        return registry.signed_body(header, message, **{"created": self.now - 10, **options})

    def sign_text(self, header_text=None, message_text=None):
        """The same for JSON that Python would not write."""
        header_text = write(self.header()) if header_text is None else header_text
        message_text = write(make_notification()) if message_text is None else message_text
        text = json_text("received", header_text, message_text)
        signature = self.ed.http_signature(text, created=self.now - 10)
        return body(header_text, message_text, signature)

    def jws(self, registry=None, header=None, payload=None, **options):
        registry = registry or self.rsa
        header = self.header(sender_id=self.rsa.sender_id) if header is None else header
        message = make_notification()
        payload = {"header": header, "message": message} if payload is None else payload
        return body(write(header), write(message), registry.jws(payload, **options))

    def with_value(self, text):
        """A signed message with a JSON text of one's own inside a person."""
        message = write(make_notification(make_event(reg_records=make_person(note="@"))))
        return self.sign_text(message_text=message.replace('"@"', text))

    def replacing(self, **parameters):
        """A signed body whose signature parameters are replaced after signing."""
        header, message = write(self.header()), write(make_notification())
        text = json_text("received", header, message)
        right = self.ed.http_parameters(text, created=self.now - 10)
        return body(header, message, write_parameters({**right, **parameters}))

    def spoiling(self, spoil):
        """A body with a right signature string changed by a function."""
        header, message = write(self.header()), write(make_notification())
        text = json_text("received", header, message)
        signature = self.ed.http_signature(text, created=self.now - 10)
        return body(header, message, spoil(signature))
