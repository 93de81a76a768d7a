"""Who really sent a message: the door to both signature profiles.

Pure Python on ``cryptography`` and PyJWT. The sender's configured algorithm and keys decide, never
the message; what is verified is what was received.
"""

from collections.abc import Sequence
from typing import Any

from . import http_signature, jws
from ..wire.envelope import Envelope
from ..errors import MalformedSignature, SignatureMissing
from .http_signature import sign_http
from .jws import sign_jws
from .keys import TrustedKey, public_jwk, read_jwks, thumbprint
from .verified import HTTP_SIGNATURE, UNSIGNED, VerifiedMessage

__all__ = [
    "HTTP_SIGNATURE",
    "TrustedKey",
    "VerifiedMessage",
    "has_signature_form",
    "public_jwk",
    "read_jwks",
    "sign_http",
    "sign_jws",
    "thumbprint",
    "unsigned",
    "verify",
]


def verify(
    envelope: Envelope,
    *,
    sender_id: str,
    algorithm: str,
    keys: Sequence[TrustedKey],
    now: float,
    clock_skew: int = 60,
    max_age: int = 86400,
    first_form: str = "",
    only_first: bool = False,
) -> VerifiedMessage:
    """Verify that a message is the sender's, in whichever profile it is signed.

    A signature that is right but too old is returned with ``fresh`` False: a duplicate may pass
    with it, nothing else.

    :param envelope: the message as received
    :param sender_id: the sender, as configured (not as the header has it)
    :param algorithm: that sender's algorithm, ``ed25519`` or ``rs256``
    :param keys: that sender's live keys
    :param now: Unix time in seconds
    :param clock_skew: seconds by which clocks may differ
    :param max_age: seconds for which a JWS is fresh, by ``header.message_ts``; the other profile
        says itself when it expires, within a day
    :param first_form: ``form`` of the sender's last message that verified, to be tried first
    :param only_first: whether no other form is tried, for whoever sends much that fits none
    :return: the message with the proof of its origin
    :raise SignatureMissing: when there is none
    :raise UnknownKey: when everything but the key has passed; its subclass of
        :class:`.errors.SignatureInvalid` tells the caller that fetching keys may help
    :raise SignatureInvalid: one subclass per reason
    """
    signature = envelope.signature
    if signature is None or (isinstance(signature, str) and not signature.strip()):
        raise SignatureMissing
    common: dict[str, Any] = {
        "sender_id": sender_id,
        "algorithm": algorithm,
        "keys": keys,
        "now": now,
        "clock_skew": clock_skew,
    }
    if isinstance(signature, str) and http_signature.has_form(signature):
        return http_signature.verify(
            envelope, **common, first_form=first_form, only_first=only_first
        )
    if isinstance(signature, str) and jws.has_form(signature):
        return jws.verify(envelope, **common, max_age=max_age)
    raise MalformedSignature


def has_signature_form(signature: object) -> bool:
    """Whether a message carries something meant as a signature, in the form of either profile.

    :param signature: the message's member of that name, as received
    :return: True also for a signature that is wrong, or broken: it must verify all the same
    """
    return isinstance(signature, str) and (
        http_signature.has_form(signature) or jws.has_form(signature)
    )


def unsigned(envelope: Envelope, sender_id: str) -> VerifiedMessage:
    """Let an unsigned message pass; for laboratories (``dci.allow_unsigned_requests``).

    :param envelope: a message of which :func:`has_signature_form` is False
    :param sender_id: the sender that its header claims
    :return: the message, marked as unsigned
    """
    return VerifiedMessage(
        envelope=envelope,
        sender_id=sender_id,
        profile=UNSIGNED,
        key_fingerprint="",
        key_id="",
        form=UNSIGNED,
        signed_at=None,
        fresh=True,
    )
