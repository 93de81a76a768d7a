"""Registries for tests: messages as they travel, signed by code that is not the addon's.

The HTTP-signature profile is minted on ``cryptography`` alone, the JWS profile with PyJWT.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from functools import cache

import jwt
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ...services.signature import TrustedKey, verify
from ...services.wire.envelope import parse

NOW = 1733054400  # 2024-12-01T12:00:00Z

# Every way of writing the JSON of header and message that is signed, by the name that a verified
# message bears. The first two are made of the received texts.
RESERIALISED_FORMS = {
    "sorted-compact": {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False},
    "sorted-compact-escaped": {"sort_keys": True, "separators": (",", ":")},
    "sorted": {"sort_keys": True, "ensure_ascii": False},
    "sorted-escaped": {"sort_keys": True},
    "compact": {"separators": (",", ":"), "ensure_ascii": False},
    "compact-escaped": {"separators": (",", ":")},
}
JSON_FORMS = ("received", "received-spaced", *RESERIALISED_FORMS)
DIGEST_LINES = {"bare": "", "SHA-256": "SHA-256="}


@cache
def private_key(algorithm, number=0):
    """One of several key pairs per algorithm, made once per run."""
    if algorithm == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(public_key):
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def json_text(form, header_text, message_text):
    """The JSON that a registry signs, in the given form."""
    if form == "received":
        return '{"header":' + header_text + ',"message":' + message_text + "}"
    if form == "received-spaced":
        return '{"header": ' + header_text + ', "message": ' + message_text + "}"
    value = {"header": json.loads(header_text), "message": json.loads(message_text)}
    return json.dumps(value, **RESERIALISED_FORMS[form])


@dataclass(frozen=True)
class Registry:
    """A sender with one key pair."""

    sender_id: str
    algorithm: str
    number: int = 0
    key_id: str = "key-1"
    private_key: object = field(init=False, repr=False)

    def __post_init__(self):
        object.__setattr__(self, "private_key", private_key(self.algorithm, self.number))

    @property
    def public_key(self):
        return self.private_key.public_key()

    @property
    def kid(self):
        return f"{self.sender_id}|{self.key_id}|{self.algorithm}"

    @property
    def pem(self):
        return pem(self.public_key)

    def trusted_key(self, kid=None):
        return TrustedKey.from_pem(self.pem, kid=kid or self.kid)

    def raw_signature(self, signed):
        if self.algorithm == "ed25519":
            return self.private_key.sign(signed)
        return self.private_key.sign(signed, padding.PKCS1v15(), SHA256())

    def http_parameters(self, text, *, line="", created=NOW - 10, expires=None, **others):
        """The parameters of an HTTP signature of a JSON text, with some of them replaced."""
        expires = created + 300 if expires is None else expires
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        signed = f"(created): {created}\n(expires): {expires}\ndigest: {line}{digest}"
        return {
            "namespace": "dci",
            "kidId": self.kid,
            "algorithm": self.algorithm,
            "created": str(created),
            "expires": str(expires),
            "headers": "(created) (expires) digest",
            "signature": base64.b64encode(self.raw_signature(signed.encode())).decode(),
            **others,
        }

    def http_signature(self, text, **options):
        return write_parameters(self.http_parameters(text, **options))

    def jws(self, payload, *, kid=None, alg=None, key=None, **headers):
        """A compact JWS of a text or a JSON value."""
        payload = payload if isinstance(payload, str) else json.dumps(payload)
        alg = alg or {"ed25519": "EdDSA", "rs256": "RS256"}[self.algorithm]
        headers = {"kid": kid or self.kid, **headers}
        return jwt.PyJWS().encode(payload.encode(), key or self.private_key, alg, headers)

    def signed_body(self, header, message, **options):
        """A whole body, signed in the HTTP-signature profile over its received text."""
        header_text, message_text = write(header), write(message)
        text = json_text("received", header_text, message_text)
        return body(header_text, message_text, self.http_signature(text, **options))

    def jws_body(self, header, message, **options):
        """A whole body in the JWS profile."""
        token = self.jws({"header": header, "message": message}, **options)
        return body(write(header), write(message), token)

    def verify(self, content, *, now=NOW, keys=None, **options):
        """Let the addon verify a body, as this sender's."""
        keys = [self.trusted_key()] if keys is None else keys
        options = {"sender_id": self.sender_id, "algorithm": self.algorithm, **options}
        return verify(parse(content), keys=keys, now=now, **options)


def write_parameters(parameters):
    return ", ".join(f'{name}="{value}"' for name, value in parameters.items())


def write(value):
    return json.dumps(value, ensure_ascii=False)


def body(header_text, message_text, signature=None):
    """An envelope in UTF-8 around the texts of header and message, which stay as they are."""
    first = "" if signature is None else f'"signature": {json.dumps(signature)}, '
    return f'{{{first}"header": {header_text}, "message": {message_text}}}'.encode()


def make_header(**members):
    """A header as a registry writes it; a member given as None is left out."""
    header = {
        "version": "1.0.0",
        "message_id": "m-1",
        "message_ts": "2024-12-01T11:59:50Z",
        "action": "notify",
        "sender_id": "crvs.example.org",
        "receiver_id": "",
        "total_count": "1",
        "is_msg_encrypted": False,
        "meta": "",
        **members,
    }
    return {name: value for name, value in header.items() if value is not None}


def make_person(**members):
    return {
        "@type": "CRVS_Person",
        "identifier": [
            {"identifier_type": "UIN", "identifier_value": "847951632"},
            {"identifier_type": "DRN", "identifier_value": "D-2024-17"},
        ],
        "name": {"surname": "Ekström", "given_name": "Zoë", "second_name": ""},
        "birth_date": "1950-03-23",
        "death_date": "2024-11-30",
        **members,
    }


def make_event(event_type="death", reference_id="r-1", **data):
    """One item of ``notify_event`` in the standard shape; members given as None are left out."""
    data = {
        "version": "1.0.0",
        "reg_type": "ns:org:RegistryType:Civil",
        "reg_event_type": event_type,
        "reg_record_type": "spdci-extensions-dci:Person",
        "reg_records": make_person(),
        **data,
    }
    return {
        "reference_id": reference_id,
        "timestamp": "2024-12-01T11:59:50Z",
        "data": {name: value for name, value in data.items() if value is not None},
    }


def make_notification(*events):
    return {"transaction_id": "t-1", "notify_event": list(events or [make_event()])}
