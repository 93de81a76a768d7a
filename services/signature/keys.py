"""Public keys that may verify messages: PEM, JWK and JWKS in, :class:`TrustedKey` out.

Pure Python on ``cryptography`` and PyJWT. Two algorithms, each tied to its kind of key: ``ed25519``
(RFC 8032) and ``rs256`` (RSASSA-PKCS1-v1_5 with SHA-256, 2048 to 8192 bits).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

ED25519 = "ed25519"
RS256 = "rs256"
ALGORITHMS = (ED25519, RS256)
#: the name of each algorithm in JOSE (RFC 7518, RFC 8037)
JOSE_NAMES = {ED25519: "EdDSA", RS256: "RS256"}

PublicKey = Ed25519PublicKey | RSAPublicKey

MAX_KEYS = 20
_RSA_BITS = range(2048, 8192 + 1)
_P = 2**255 - 19
# The y of the points of order 1, 2, 4 and 8 on edwards25519, two of the last.
_SMALL_ORDER = frozenset(
    {
        1,
        _P - 1,
        0,
        int.from_bytes(
            bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
            "little",
        ),
        int.from_bytes(
            bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
            "little",
        ),
    }
)
_MAX_PEM = 16 * 1024  # characters; an RSA key of 8192 bits takes 1,500
_MAX_KID = 1024  # characters; a sender id may be a URL
_JWK_ALGORITHMS = {ED25519: ("eddsa", "ed25519"), RS256: ("rs256",)}
_BASE64URL = re.compile(r"[A-Za-z0-9_-]{1,1400}={0,2}")  # 8192 bits are 1,366 characters


class WeakKey(ValueError):
    """A key that proves nothing: others than its owner can sign with it."""


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key that a sender's messages may be signed with.

    :param kid: key id; None for a pasted PEM, which serves whatever key id is named
    :param algorithm: ``ed25519`` or ``rs256``
    :param public_key: the key, as ``cryptography`` has it
    :param fingerprint: RFC 7638 thumbprint (SHA-256, base64url without padding)
    """

    kid: str | None
    algorithm: str
    public_key: PublicKey = field(repr=False, compare=False)
    fingerprint: str

    @classmethod
    def from_pem(cls, pem: str, *, kid: str | None = None, algorithm: str | None = None) -> Any:
        """Read a PEM public key (``SubjectPublicKeyInfo``, or PKCS #1 for RSA).

        :param pem: the text, one key
        :param kid: key id, if it has one
        :param algorithm: the algorithm it must be meant for; any when left out
        :return: the key
        :raise ValueError: with a sentence that is safe to show
        """
        if not isinstance(pem, str) or not pem.isascii() or len(pem) > _MAX_PEM:
            raise ValueError("This is not a public key in PEM format.")
        if "PRIVATE KEY" in pem:
            raise ValueError("This is a private key. Enter the public key that belongs to it.")
        if pem.count("-----BEGIN ") != 1:
            raise ValueError("Enter exactly one public key in PEM format.")
        try:
            public_key = load_pem_public_key(pem.strip().encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ValueError("This is not a public key in PEM format.") from error
        return cls._of(public_key, kid, algorithm)

    @classmethod
    def from_jwk(cls, jwk: dict[str, Any]) -> Any:
        """Read a signing key from a JSON Web Key (RFC 7517, RFC 8037).

        A key without id is named by its thumbprint.

        :param jwk: one entry of a JWKS document
        :return: the key
        :raise ValueError: for what is not a public signing key of our two algorithms, with a
            sentence that is safe to show
        """
        kid, members, algorithm = _check_jwk(jwk)
        try:
            public_key = jwt.PyJWK(members, JOSE_NAMES[algorithm]).key
        except (jwt.PyJWTError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise ValueError("The key's numbers are not valid.") from error
        key = cls._of(public_key, kid, algorithm)
        return key if kid else cls(key.fingerprint, algorithm, public_key, key.fingerprint)

    @classmethod
    def _of(cls, public_key: Any, kid: str | None, algorithm: str | None) -> Any:
        if isinstance(public_key, Ed25519PublicKey):
            _check_point(public_key)
            own = ED25519
        elif isinstance(public_key, RSAPublicKey):
            _check_rsa(public_key)
            own = RS256
        else:
            raise ValueError("Only Ed25519 and RSA keys are supported.")
        if algorithm not in (None, own):
            raise ValueError(f"This key is for the algorithm {own}.")
        return cls(kid, own, public_key, thumbprint(public_key))


def _check_point(public_key: Ed25519PublicKey) -> None:
    """Refuse points under which signatures can be made without a private key.

    Those of small order (at most eight) are told by their y alone, whatever the sign of x; and a
    y that is not below the prime is a second name of another point (RFC 8032 section 5.1.3).

    :raise WeakKey: for both
    """
    encoded = int.from_bytes(public_key.public_bytes_raw(), "little")
    y = encoded % 2**255
    if y >= _P or y in _SMALL_ORDER:
        raise WeakKey("This key proves nothing: signatures can be made without it.")


def _check_rsa(public_key: RSAPublicKey) -> None:
    """Refuse RSA keys that are too small, or whose numbers are none of a real key.

    An exponent below 65537 is refused as FIPS 186-5 (section 5.4) does.

    :raise WeakKey: or ValueError for a size that is not supported
    """
    if public_key.key_size not in _RSA_BITS:
        raise ValueError("An RSA key must have 2048 to 8192 bits.")
    numbers = public_key.public_numbers()
    if numbers.n % 2 == 0 or numbers.e % 2 == 0 or numbers.e < 65537:
        raise WeakKey("This key proves nothing: its numbers are not those of a safe RSA key.")


def _check_jwk(jwk: dict[str, Any]) -> tuple[str | None, dict[str, Any], str]:
    """Check everything about a JWK but its numbers.

    :return: key id, the members that make the public key, algorithm
    :raise ValueError: with a sentence that is safe to show
    """
    if not isinstance(jwk, dict):
        raise ValueError("The key is not a JSON object.")
    kind = (jwk.get("kty"), jwk.get("crv") if jwk.get("kty") == "OKP" else None)
    if kind == ("OKP", "Ed25519"):
        algorithm, names = ED25519, ("kty", "crv", "x")
    elif kind == ("RSA", None):
        algorithm, names = RS256, ("kty", "n", "e")
    else:
        raise ValueError("Only Ed25519 and RSA keys are supported.")
    if "d" in jwk:
        # Whoever can read the set can sign with it.
        raise ValueError("The key is private and has been published: it cannot be trusted.")
    if jwk.get("use") not in (None, "", "sig"):
        raise ValueError("The key is not for signatures.")
    operations = jwk.get("key_ops")
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        raise ValueError("The key is not for verifying signatures.")
    named = jwk.get("alg") or JOSE_NAMES[algorithm]
    if not isinstance(named, str) or named.lower() not in _JWK_ALGORITHMS[algorithm]:
        raise ValueError("The key is for an algorithm that is not supported.")
    for name in names[1:]:
        if not isinstance(jwk.get(name), str):
            raise ValueError("The key is not complete.")
    if not all(_BASE64URL.fullmatch(jwk[name]) for name in names if name not in ("kty", "crv")):
        raise ValueError("The key's numbers are not valid.")
    return _check_kid(jwk.get("kid"), algorithm), {name: jwk[name] for name in names}, algorithm


def _check_kid(kid: object, algorithm: str) -> str | None:
    if kid is None or kid == "":
        return None
    if not isinstance(kid, str) or len(kid) > _MAX_KID or not kid.isprintable():
        raise ValueError("The key's id is not valid.")
    named = KeyName.of(kid).algorithm
    if named and named.lower() != algorithm:
        raise ValueError("The key's id names another algorithm.")
    return kid


@dataclass(frozen=True, slots=True)
class KeyName:
    """A key id, taken apart: ``<sender_id>|<key id>|<algorithm>`` or the key id alone.

    :param full: as written
    :param sender_id: '' where none is named
    :param key_id: the part that tells one of the sender's keys from another
    :param algorithm: as written; '' where none is named
    """

    full: str
    sender_id: str
    key_id: str
    algorithm: str

    @classmethod
    def of(cls, full: str) -> KeyName:
        """Take a key id apart. A sender id has no ``|``, so three parts are the most there are.

        :param full: key id as written
        :return: its parts; what has a ``|`` too many ends in the sender id, which then is nobody's
        """
        parts = full.rsplit("|", 2)
        if len(parts) == 1:
            return cls(full, "", full, "")
        if len(parts) == 2:
            return cls(full, parts[0], parts[1], "")
        return cls(full, *parts)

    def is_of(self, sender_id: str) -> bool:
        """Whether the id names this sender, or none at all."""
        return "|" not in self.full or self.sender_id == sender_id

    def means(self, key: TrustedKey, sender_id: str) -> bool:
        """Whether this id, in a message of the sender, means the given key of that sender.

        Registries name in their messages the whole id, its middle part, or the thumbprint, and
        publish any of the three.
        """
        if key.kid is None:
            return True
        names = {key.kid, key.fingerprint}
        published = KeyName.of(key.kid)
        if published.is_of(sender_id):
            names.add(published.key_id)
        return not names.isdisjoint({self.full, self.key_id} - {""})


def thumbprint(public_key: Ed25519PublicKey | RSAPublicKey) -> str:
    """Compute the RFC 7638 thumbprint of a public key.

    :param public_key: the key, as ``cryptography`` has it
    :return: SHA-256, base64url without padding
    """
    text = json.dumps(_public_members(public_key), sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def _public_members(public_key: Ed25519PublicKey | RSAPublicKey) -> dict[str, Any]:
    """The members of a JWK that RFC 7638 counts for its kind."""
    if isinstance(public_key, RSAPublicKey):
        jwk, names = RSAAlgorithm.to_jwk(public_key, as_dict=True), ("kty", "n", "e")
    else:
        jwk, names = OKPAlgorithm.to_jwk(public_key, as_dict=True), ("kty", "crv", "x")
    return {name: jwk[name] for name in names}


def public_jwk(
    public_key: Ed25519PublicKey | RSAPublicKey, *, kid: str, algorithm: str
) -> dict[str, str]:
    """Write the JWKS entry of a public signing key.

    :param public_key: the key, as ``cryptography`` has it
    :param kid: key id to publish
    :param algorithm: ``ed25519`` or ``rs256``
    :return: the JSON Web Key, nothing private in it
    """
    return {
        **_public_members(public_key),
        "kid": kid,
        "use": "sig",
        "alg": JOSE_NAMES[algorithm],
    }


def read_jwks(document: object) -> tuple[TrustedKey, ...]:
    """Read the signing keys of a JWKS document (RFC 7517, section 5).

    What cannot be used is passed over: encryption keys, other algorithms, broken entries.

    :param document: the parsed JSON document
    :return: at most :data:`MAX_KEYS` keys, each once
    :raise ValueError: when the document is not a JWKS, with a sentence that is safe to show
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("The document is not a JSON Web Key Set.")
    keys = {}
    for entry in entries:
        try:
            key = TrustedKey.from_jwk(entry)
        except ValueError:
            continue
        keys[key.kid, key.fingerprint] = key
        if len(keys) == MAX_KEYS:
            break
    return tuple(keys.values())
