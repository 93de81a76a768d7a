"""The JWS profile of OpenCRVS: a compact JWS (RFC 7515) whose payload is the envelope again."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import jwt
from jwt.utils import base64url_decode, base64url_encode

from ..errors import (
    AlgorithmMismatch,
    DigestMismatch,
    InvalidJSON,
    MalformedSignature,
    PayloadMismatch,
    SignatureNotYetValid,
    UnsupportedCritical,
)
from ..wire import strict_json
from ..wire.envelope import Envelope
from .keys import JOSE_NAMES, KeyName, TrustedKey
from .verified import JWS, VerifiedMessage, check_key_name, named_keys

_MAX_KID = 1024  # characters
_MAX_HEADER = 8 * 1024  # bytes
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?"
    r" ?(?:[Zz]|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)?",
    re.ASCII,
)
_jws = jwt.PyJWS()


def has_form(signature: str) -> bool:
    """Whether a string is meant as a compact JWS, right or wrong."""
    first, dot, _rest = signature.strip().partition(".")
    try:
        return bool(dot) and base64url_decode(first).lstrip().startswith(b"{")
    except ValueError:
        return False


def verify(
    envelope: Envelope,
    *,
    sender_id: str,
    algorithm: str,
    keys: Sequence[TrustedKey],
    now: float,
    clock_skew: int,
    max_age: int,
) -> VerifiedMessage:
    """Verify a message in this profile; see :func:`.signature.verify`.

    The payload must equal the envelope without its signature, type for type. Members of it beside
    header and message, which nobody reads, are signed as well or not at all.
    """
    token = str(envelope.signature).strip()
    protected, payload = _take_apart(token)
    name = _check_protected(protected, algorithm)
    check_key_name(name, sender_id, algorithm)
    signed_at = _read_timestamp(envelope.header.get("message_ts"))
    age = now - signed_at.timestamp()
    if age < -clock_skew:
        raise SignatureNotYetValid(-age)
    _check_payload(payload, envelope)
    fresh = age <= max_age
    key = _find_key(token, algorithm, named_keys(name, sender_id, algorithm, keys, fresh))
    return VerifiedMessage(
        envelope=envelope,
        sender_id=sender_id,
        profile=JWS,
        key_fingerprint=key.fingerprint,
        key_id=name.full,
        form=JWS,
        signed_at=signed_at,
        fresh=fresh,
        expired_s=max(int(age - max_age), 0),
    )


def _take_apart(token: str) -> tuple[bytes, bytes]:
    """Decode a compact JWS of three parts, none of them empty (so none of them detached).

    :return: protected header and payload
    :raise MalformedSignature: when it is none, or not written as base64url writes it
    """
    if not _COMPACT.fullmatch(token):
        raise MalformedSignature
    segments = token.split(".")
    try:
        parts = [base64url_decode(segment) for segment in segments]
    except ValueError:
        raise MalformedSignature from None
    if [base64url_encode(part).decode() for part in parts] != segments:
        raise MalformedSignature
    return parts[0], parts[1]


def _check_protected(text: bytes, algorithm: str) -> KeyName:
    """Check the protected header; keys that it carries or points to are never looked at.

    :param text: JSON that begins as an object, see :func:`has_form`
    :param algorithm: the sender's
    :return: the key id
    :raise SignatureInvalid: one of its subclasses
    """
    if len(text) > _MAX_HEADER:
        raise MalformedSignature
    try:
        protected, _texts = strict_json.parse(text)
    except InvalidJSON:
        raise MalformedSignature from None
    if not isinstance(protected, dict):
        raise MalformedSignature
    if protected.get("alg") != JOSE_NAMES[algorithm]:
        raise AlgorithmMismatch
    # "b64" changes what is signed (RFC 7797), and is only allowed together with "crit".
    if "crit" in protected or "b64" in protected:
        raise UnsupportedCritical
    kid = protected.get("kid", "")
    if not isinstance(kid, str) or len(kid) > _MAX_KID:
        raise MalformedSignature("The signature's key id is not a text.")
    return KeyName.of(kid)


def _check_payload(text: bytes, envelope: Envelope) -> None:
    try:
        payload, _texts = strict_json.parse(text)
    except InvalidJSON:
        raise PayloadMismatch from None
    read = {"header": envelope.header, "message": envelope.message}
    sent = {**envelope.others, **read}
    if strict_json.canonical(payload) not in map(strict_json.canonical, (sent, read)):
        raise PayloadMismatch


def _find_key(token: str, algorithm: str, keys: Sequence[TrustedKey]) -> TrustedKey:
    for key in keys:
        try:
            _jws.decode_complete(token, key.public_key, algorithms=[JOSE_NAMES[algorithm]])
        except jwt.PyJWTError:
            continue
        return key
    raise DigestMismatch


def _read_timestamp(value: object) -> datetime:
    """Read an ISO 8601 date-time; without a zone it is in UTC.

    :return: aware, in UTC
    :raise MalformedSignature: when it is none: then nobody can tell how old the message is
    """
    found = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if found:
        day, minutes, seconds, fraction, sign, zone_hours, zone_minutes = found.groups()
        try:
            moment = datetime.fromisoformat(
                f"{day}T{minutes}:{seconds or '00'}.{(fraction or '')[:6]:0<6}+00:00"
            )
            offset = timedelta(hours=int(zone_hours or 0), minutes=int(zone_minutes or 0))
            return moment + offset if sign == "-" else moment - offset
        except (ValueError, OverflowError):
            pass
    raise MalformedSignature("header.message_ts is not a date and time.", where="header.message_ts")


def sign_jws(
    header: dict[str, Any], message: dict[str, Any], *, private_key: Any, algorithm: str, kid: str
) -> str:
    """Sign a message in this profile.

    :param header: header to send
    :param message: message to send
    :param private_key: the private key, as ``cryptography`` has it
    :param algorithm: ``ed25519`` or ``rs256``
    :param kid: key id; OpenCRVS looks for the RFC 7638 thumbprint
    :return: compact JWS, the value of ``signature``
    """
    payload = json.dumps({"header": header, "message": message}, separators=(",", ":"))
    headers = {"kid": kid, "typ": None}
    token: str = _jws.encode(payload.encode(), private_key, JOSE_NAMES[algorithm], headers)
    return token
