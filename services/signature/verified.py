"""What the two signature profiles share: the result of a verification, and its vocabulary."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..errors import (
    AlgorithmMismatch,
    MalformedSignature,
    SignatureExpired,
    UnknownKey,
    WrongKeyOwner,
)
from ..wire.envelope import Envelope
from .keys import KeyName, TrustedKey

HTTP_SIGNATURE = "http-signature"
JWS = "jws"
UNSIGNED = "unsigned"

# One name means one key; during a rotation a careless registry may use it for two or three.
_MAX_CANDIDATES = 4


@dataclass(frozen=True, slots=True)
class VerifiedMessage:
    """A message together with the proof of who sent it; made only by :mod:`.signature`.

    :param envelope: the message as signed
    :param sender_id: the sender whose key verified it
    :param profile: ``http-signature``, ``jws`` or ``unsigned``
    :param key_fingerprint: RFC 7638 thumbprint of that key, '' when unsigned
    :param key_id: key id as the message names it, '' when it names none
    :param form: the way of writing the message that the signature fits
    :param signed_at: when it was signed, aware and in UTC; None when unsigned
    :param fresh: False when the signature is right but has expired: only a duplicate may pass
    :param expired_s: seconds since it expired, 0 while it has not
    """

    envelope: Envelope = field(repr=False)
    sender_id: str
    profile: str
    key_fingerprint: str
    key_id: str
    form: str
    signed_at: datetime | None
    fresh: bool
    expired_s: int = 0

    @property
    def header(self) -> dict[str, Any]:
        """The envelope's header, as signed."""
        return self.envelope.header

    @property
    def message(self) -> dict[str, Any]:
        """The envelope's message, as signed."""
        return self.envelope.message


def check_key_name(name: KeyName, sender_id: str, algorithm: str) -> None:
    """Check that a key id fits the sender.

    :param name: key id in the message
    :param sender_id: whose message this is taken for
    :param algorithm: the sender's
    :raise WrongKeyOwner: when the id names another sender
    :raise AlgorithmMismatch: when the id names another algorithm
    """
    if not name.is_of(sender_id):
        raise WrongKeyOwner
    if name.algorithm and name.algorithm.lower() != algorithm:
        raise AlgorithmMismatch


def named_keys(
    name: KeyName, sender_id: str, algorithm: str, keys: Any, fresh: bool
) -> list[TrustedKey]:
    """Pick the keys that a key id means; never another in place of one that is not there.

    To be called last: see :class:`.errors.UnknownKey`.

    :param name: key id in the message, checked by :func:`check_key_name`
    :param sender_id: whose message this is taken for
    :param algorithm: the sender's
    :param keys: the sender's live keys
    :param fresh: whether the signature's times allow to accept it
    :return: at least one key, all of the sender's algorithm
    :raise AlgorithmMismatch: when the key so named is one of another algorithm
    :raise MalformedSignature: when the signature names no key, and needs to
    :raise UnknownKey: when there is no such key
    :raise SignatureExpired: the same for a message that is too old to look for its key
    """
    meant: list[TrustedKey] = [key for key in keys if name.means(key, sender_id)]
    usable = [key for key in meant if key.algorithm == algorithm]
    if usable:
        return usable[:_MAX_CANDIDATES]
    if meant:
        raise AlgorithmMismatch
    if not name.key_id:
        raise MalformedSignature("The signature does not name its key.")
    if not fresh:
        raise SignatureExpired
    raise UnknownKey(kid=name.full)
