"""The HTTP-signature profile of the DCI standard: one line of quoted parameters.

What is signed is three lines, the third being a SHA-256 of the message's JSON. The standard leaves
open how that JSON is written and how the line is, so every way that occurs is tried, the received
text first. That is sound because the parser gives all of them the same meaning.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import chain
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from ..errors import (
    AlgorithmMismatch,
    DigestMismatch,
    LifetimeTooLong,
    MalformedSignature,
    SignatureNotYetValid,
)
from ..wire.envelope import Envelope
from .keys import ALGORITHMS, KeyName, TrustedKey
from .verified import HTTP_SIGNATURE, VerifiedMessage, check_key_name, named_keys

MAX_LIFETIME = 24 * 3600  # seconds
_MAX_LENGTH = 8 * 1024  # characters; an RSA signature of 8192 bits takes 1,368
_SIGNED = "(created) (expires) digest"
_LABEL = re.compile(r"(?:signature:\s*)?", re.IGNORECASE | re.ASCII)
_PARAMETER = re.compile(r'([A-Za-z]+)="([^"\\\x00-\x1f\x7f]*)"')
_SEPARATOR = re.compile(r"[ \t]*,[ \t]*")
_START = re.compile(_LABEL.pattern + r'[a-z]+\s*=\s*"', re.IGNORECASE | re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,11}")
_NAMES = {"namespace", "kidId", "algorithm", "created", "expires", "headers", "signature"}


@dataclass(frozen=True, slots=True)
class _Signature:
    name: KeyName
    algorithm: str
    created: str
    expires: str
    value: bytes = field(repr=False)

    def signed_text(self, digest: str) -> bytes:
        return _signed_text(self.created, self.expires, digest)


def has_form(signature: str) -> bool:
    """Whether a string is meant as a signature of this profile, right or wrong."""
    return bool(_START.match(signature.strip()))


def verify(
    envelope: Envelope,
    *,
    sender_id: str,
    algorithm: str,
    keys: Sequence[TrustedKey],
    now: float,
    clock_skew: int,
    first_form: str = "",
    only_first: bool = False,
) -> VerifiedMessage:
    """Verify a message in this profile; see :func:`.signature.verify`."""
    signature = _read(str(envelope.signature))
    if signature.algorithm != algorithm:
        raise AlgorithmMismatch
    check_key_name(signature.name, sender_id, algorithm)
    created, expires = int(signature.created), int(signature.expires)
    if expires - created > MAX_LIFETIME:
        raise LifetimeTooLong
    if created > now + clock_skew:
        raise SignatureNotYetValid(created - now)
    fresh = now <= expires + clock_skew
    candidates = named_keys(signature.name, sender_id, algorithm, keys, fresh)
    # Whoever is known to send junk is known by the form that verified last: without one, all are.
    form, key = _find_form(
        envelope, signature, candidates, first_form, only_first and bool(first_form)
    )
    return VerifiedMessage(
        envelope=envelope,
        sender_id=sender_id,
        profile=HTTP_SIGNATURE,
        key_fingerprint=key.fingerprint,
        key_id=signature.name.full,
        form=form,
        signed_at=datetime.fromtimestamp(created, timezone.utc),
        fresh=fresh,
        expired_s=max(int(now - expires), 0),
    )


def _read(text: str) -> _Signature:
    """Read the parameters, each exactly once and nothing beside them.

    :raise MalformedSignature: for everything else
    """
    if len(text) > _MAX_LENGTH:
        raise MalformedSignature
    parameters = _read_parameters(text.strip())
    if set(parameters) != _NAMES or parameters["namespace"] not in ("dci", "spdci"):
        raise MalformedSignature
    if parameters["headers"] != _SIGNED:
        raise MalformedSignature('The signature must be of "(created) (expires) digest".')
    created, expires = parameters["created"], parameters["expires"]
    if not (_SECONDS.fullmatch(created) and _SECONDS.fullmatch(expires)):
        raise MalformedSignature("The signature's times are not Unix times.")
    if int(created) >= int(expires):
        raise MalformedSignature("The signature expires before it begins.")
    algorithm = parameters["algorithm"].lower()
    if algorithm not in ALGORITHMS:
        raise AlgorithmMismatch
    return _Signature(
        name=KeyName.of(parameters["kidId"]),
        algorithm=algorithm,
        created=created,
        expires=expires,
        value=_decode(parameters["signature"]),
    )


def _read_parameters(text: str) -> dict[str, str]:
    parameters = {}
    label = _LABEL.match(text)
    position = label.end() if label else 0
    while True:
        found = _PARAMETER.match(text, position)
        if not found:
            raise MalformedSignature
        name, value = found.groups()
        name = "kidId" if name == "keyId" else name
        if name in parameters:
            raise MalformedSignature("A parameter of the signature comes twice.")
        parameters[name] = value
        if found.end() == len(text):
            return parameters
        separator = _SEPARATOR.match(text, found.end())
        if not separator:
            raise MalformedSignature
        position = separator.end()


def _decode(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    # Several texts decode to the same bytes; only one of them is how they are written.
    if not value or base64.b64encode(value).decode() != text:
        raise MalformedSignature("The signature's value is not valid base64.")
    return value


def _find_form(
    envelope: Envelope,
    signature: _Signature,
    keys: Sequence[TrustedKey],
    first_form: str,
    only_first: bool,
) -> tuple[str, TrustedKey]:
    """Find the way of writing the message that the signature fits.

    The digest does not travel in the message, so every form is an attempt to verify: eight texts,
    two digest lines and a key or, at the very most, four.

    :param first_form: name of the form to be tried first
    :param only_first: whether it is the only one to be tried
    :return: name of the form, and the key
    :raise DigestMismatch: when there is none
    """
    keys = [key for key in keys if len(signature.value) == _signature_length(key)]
    if not keys:
        raise DigestMismatch  # before anything is written, and digested, anew
    seen = set()
    json_form = first_form.partition("/")[0]
    forms: Iterator[tuple[str, str]] = _one_form(envelope, json_form)
    if not only_first:
        forms = chain(forms, _json_forms(envelope))
    for name, text in forms:
        digest = _digest(text)
        if digest in seen:
            continue
        seen.add(digest)
        for prefix in ("", "SHA-256="):
            signed = signature.signed_text(prefix + digest)
            for key in keys:
                if _fits(key, signature.value, signed):
                    return f"{name}/{prefix or 'bare'}".rstrip("="), key
    raise DigestMismatch


#: How the JSON is written anew: by name of the form, the options of ``json.dumps``.
_WRITTEN_ANEW: dict[str, dict[str, Any]] = {
    "sorted-compact": {"sort_keys": True, "separators": (",", ":")},
    "sorted": {"sort_keys": True},
    "compact": {"separators": (",", ":")},
}
_ESCAPED = "-escaped"


def _json_forms(envelope: Envelope) -> Iterator[tuple[str, str]]:
    """Write header and message in each form that occurs, lazily: a form costs as much as parsing.

    :return: pairs of name and text, the received text first
    """
    yield from _one_form(envelope, "received")
    yield from _one_form(envelope, "received-spaced")
    for name in _WRITTEN_ANEW:
        ((_name, utf8),) = _one_form(envelope, name)
        yield name, utf8
        # DEL is the one ASCII character that Python escapes when it escapes non-ASCII ones.
        if not utf8.isascii() or "\x7f" in utf8:
            yield from _one_form(envelope, name + _ESCAPED)


def _one_form(envelope: Envelope, name: str) -> Iterator[tuple[str, str]]:
    """Write header and message in one form.

    :return: its name and the text; nothing for a name that is none
    """
    header, message = envelope.header_text, envelope.message_text
    base = name.removesuffix(_ESCAPED)
    if name == "received":
        yield name, f'{{"header":{header},"message":{message}}}'
    elif name == "received-spaced":
        yield name, f'{{"header": {header}, "message": {message}}}'
    elif base in _WRITTEN_ANEW:
        value = {"header": envelope.header, "message": envelope.message}
        yield name, json.dumps(value, ensure_ascii=base != name, **_WRITTEN_ANEW[base])


def _signature_length(key: TrustedKey) -> int:
    """Return how many bytes a signature by a key has (RFC 8032, RFC 8017 section 8.2)."""
    if isinstance(key.public_key, Ed25519PublicKey):
        return 64
    return (key.public_key.key_size + 7) // 8


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _signed_text(created: str, expires: str, digest: str) -> bytes:
    return f"(created): {created}\n(expires): {expires}\ndigest: {digest}".encode()


def _fits(key: TrustedKey, signature: bytes, signed: bytes) -> bool:
    try:
        if isinstance(key.public_key, Ed25519PublicKey):
            key.public_key.verify(signature, signed)
        else:
            key.public_key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def sign_http(
    header: dict[str, Any],
    message: dict[str, Any],
    *,
    sender_id: str,
    key_id: str,
    algorithm: str,
    private_key: Any,
    now: float,
    lifetime: int = 300,
) -> str:
    """Sign a message in this profile.

    The digest is of the JSON with sorted names, compact and escaped. A receiver that looks at the
    received text agrees when header and message are sent in just that form.

    :param header: header to send
    :param message: message to send
    :param sender_id: our id at the receiver
    :param key_id: id of the key among ours
    :param algorithm: ``ed25519`` or ``rs256``
    :param private_key: the private key, as ``cryptography`` has it
    :param now: Unix time
    :param lifetime: seconds for which the signature is valid, at most a day
    :return: the value of ``signature``
    """
    value = {"header": header, "message": message}
    created, expires = str(int(now)), str(int(now) + lifetime)
    digest = _digest(json.dumps(value, sort_keys=True, separators=(",", ":")))
    signed = _signed_text(created, expires, digest)
    if isinstance(private_key, Ed25519PrivateKey):
        signature = private_key.sign(signed)
    else:
        signature = private_key.sign(signed, PKCS1v15(), SHA256())
    parameters = {
        "namespace": "dci",
        "kidId": f"{sender_id}|{key_id}|{algorithm}",
        "algorithm": algorithm,
        "created": created,
        "expires": expires,
        "headers": _SIGNED,
        "signature": base64.b64encode(signature).decode(),
    }
    return ", ".join(f'{name}="{text}"' for name, text in parameters.items())
