"""Signing and verifying messages in the two profiles that exist, and in every form seen of them."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass, fields

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, padding
from cryptography.hazmat.primitives.hashes import SHA256

from .keys import ED25519, RS256, SigningKey, generate
from .wire import Refused, canonical, dumps

HEADERS = "(created) (expires) digest"
JWS_ALGORITHMS = {ED25519: "EdDSA", RS256: "RS256"}

_CHOICES = {
    "profile": ("http", "jws"),
    "key": (ED25519, RS256),
    "digest": ("prefixed", "bare"),
    "json": ("received", "received-spaced", "compact", "sorted", "sorted-spaced"),
    "body": ("compact", "spaced"),
    "namespace": ("dci", "spdci"),
    "key_parameter": ("kidId", "keyId"),
    "prefix": ("", "Signature: ", "Signature:  "),
    "flaw": ("", "other_key", "unknown_kid", "tampered", "missing", "empty"),
}


@dataclass(frozen=True)
class Style:
    """How a message is written and signed; ``flaw`` makes the signature wrong on purpose.

    ``json`` names the JSON text that the digest is of: the text as sent (``received``), the same
    with blanks around the two members (``received-spaced``), or written anew. ``ascii`` escapes
    non-ASCII characters in what is written anew, ``body`` is the layout of what is sent.
    """

    profile: str = "http"
    key: str = ED25519
    digest: str = "prefixed"
    json: str = "received"
    ascii: bool = False
    body: str = "compact"
    namespace: str = "dci"
    key_parameter: str = "kidId"
    prefix: str = ""
    created_offset: int = 0
    lifetime: int = 300
    flaw: str = ""

    def but(self, changes):
        """Change a style.

        :param changes: dict of fields, or None.
        :return: a Style with these fields changed.
        :raise Refused: 400 for a field or value that does not exist.
        """
        changes = {} if changes is None else changes
        if not isinstance(changes, dict):
            raise Refused(400, "err.request.bad", "A signing style is an object.")
        known = {item.name: item.type for item in fields(self)}
        for name, value in changes.items():
            if name not in known or type(value) is not known[name]:
                raise Refused(400, "err.request.bad", f"Not a signing style: {name}.")
            if name in _CHOICES and value not in _CHOICES[name]:
                choices = ", ".join(repr(choice) for choice in _CHOICES[name])
                raise Refused(400, "err.request.bad", f"{name} is one of {choices}.")
        return Style(**{**{item: getattr(self, item) for item in known}, **changes})


def seal(header, message, ring, style, now):
    """Write and sign a message.

    :param header: dict, or JSON text that travels untouched.
    :param message: dict, or JSON text that travels untouched.
    :param ring: KeyRing whose current key signs.
    :param style: Style.
    :param now: Unix time in seconds.
    :return: the body to send, as bytes.
    """
    spaced = style.body == "spaced"
    texts = [
        part if isinstance(part, str) else dumps(part, spaced=spaced) for part in (header, message)
    ]
    envelope = '{{"header":{},"message":{}}}'.format(*texts)
    key = ring.current(style.key)
    if style.flaw == "other_key":
        key = SigningKey(key.kid, key.algorithm, generate(key.algorithm))
    elif style.flaw == "unknown_kid":
        parts = key.kid.split("|")
        kid = "|".join([parts[0], "nobody", parts[2]]) if len(parts) == 3 else "nobody"
        key = SigningKey(kid, key.algorithm, generate(key.algorithm))
    if style.profile == "jws":
        signature = _jws(envelope, key)
    else:
        signature = _http_signature(texts, key, style, int(now))
    if style.flaw == "tampered":
        signature = _tamper(signature)
    colon, comma = (": ", ", ") if spaced else (":", ",")
    members = [("header", texts[0]), ("message", texts[1])]
    if style.flaw != "missing":
        text = "" if style.flaw == "empty" else signature
        members.insert(0, ("signature", json.dumps(text)))
    return ("{" + comma.join(f'"{name}"{colon}{text}' for name, text in members) + "}").encode()


def _jws(envelope, key):
    return jwt.PyJWS().encode(
        envelope.encode(),
        key.private,
        algorithm=JWS_ALGORITHMS[key.algorithm],
        headers={"kid": key.kid, "typ": ""},  # an empty type is left out
    )


def _http_signature(texts, key, style, now):
    created = now + style.created_offset
    expires = created + style.lifetime
    digest = _digest(_digest_json(texts, style.json, style.ascii))
    if style.digest == "prefixed":
        digest = f"SHA-256={digest}"
    raw = _sign(key, _signed_text(created, expires, digest))
    parameters = {
        "namespace": style.namespace,
        style.key_parameter: key.kid,
        "algorithm": key.algorithm,
        "created": created,
        "expires": expires,
        "headers": HEADERS,
        "signature": base64.b64encode(raw).decode(),
    }
    text = ", ".join(f'{name}="{value}"' for name, value in parameters.items())
    return style.prefix + text


def _digest_json(texts, form, ascii_only):
    header, message = texts
    if form == "received":
        return f'{{"header":{header},"message":{message}}}'
    if form == "received-spaced":
        return f'{{"header": {header}, "message": {message}}}'
    value = {"header": json.loads(header), "message": json.loads(message)}
    spaced, sort = form == "sorted-spaced", form.startswith("sorted")
    return dumps(value, spaced=spaced, sort=sort, ascii_only=ascii_only)


def _digest(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _signed_text(created, expires, digest):
    return f"(created): {created}\n(expires): {expires}\ndigest: {digest}".encode()


def _sign(key, data):
    if key.algorithm == ED25519:
        return key.private.sign(data)
    return key.private.sign(data, padding.PKCS1v15(), SHA256())


def _tamper(signature):
    """Change one character in the middle of the signature proper."""
    if '"' in signature:
        position = signature.rindex("signature=") + 30
    else:
        position = signature.rindex(".") + 30
    letter = "A" if signature[position] != "A" else "B"
    return signature[:position] + letter + signature[position + 1 :]


_PARAMETER = re.compile(r'\s*([A-Za-z]+)\s*[=:]\s*"([^"]*)"\s*(?:,|$)')


def named_key(signature):
    """Read which key a signature names; nothing is verified yet.

    :return: ``(profile, key id)``, the profile ``http`` or ``jws``.
    :raise Refused: 401 when it has the form of neither profile.
    """
    if not isinstance(signature, str) or not signature.strip():
        raise Refused(401, "err.signature.missing", "The message carries no signature.")
    if signature.count(".") == 2 and '"' not in signature:
        try:
            return "jws", jwt.get_unverified_header(signature).get("kid")
        except jwt.InvalidTokenError as error:
            raise _wrong("The signature is not a JWS.") from error
    parameters = _parameters(signature)
    return "http", parameters.get("kidId") or parameters.get("keyId")


def verify(members, texts, keys, now, skew=60):
    """Verify a client's message.

    :param members: parsed envelope.
    :param texts: text of each member as received.
    :param keys: list of ``(algorithm, public key)`` to try.
    :param now: Unix time in seconds.
    :param skew: tolerated clock difference in seconds.
    :raise Refused: 401 when no key verifies the signature.
    """
    profile, _kid = named_key(members.get("signature"))
    check = _verify_jws if profile == "jws" else _verify_http
    check(members, texts, keys, now, skew)


def _verify_jws(members, _texts, keys, _now, _skew):
    for algorithm, public in keys:
        try:
            signed = jwt.PyJWS().decode(
                members["signature"], public, algorithms=[JWS_ALGORITHMS[algorithm]]
            )
            payload = json.loads(signed)
        except (jwt.InvalidTokenError, ValueError, TypeError):
            continue
        received = {name: value for name, value in members.items() if name != "signature"}
        if canonical(payload) == canonical(received):
            return
        raise _wrong("The signed content is not the message.")
    raise _wrong("No key of this client verifies the JWS.")


def _verify_http(members, texts, keys, now, skew):
    parameters = _parameters(members["signature"])
    try:
        created, expires = int(parameters["created"]), int(parameters["expires"])
        raw = base64.b64decode(parameters["signature"], validate=True)
        algorithm = parameters["algorithm"]
    except (KeyError, ValueError) as error:
        raise _wrong("The signature lacks a parameter or has a malformed one.") from error
    if parameters.get("headers") != HEADERS:
        raise _wrong(f"The signature must cover {HEADERS}.")
    if created > now + skew or expires < now - skew or expires <= created:
        raise _wrong("The signature is not valid now.")
    pair = (texts["header"], texts["message"])
    forms = {
        _digest_json(pair, form, ascii_only)
        for form in _CHOICES["json"]
        for ascii_only in (False, True)
    }
    lines = [f"{prefix}{_digest(form)}" for form in forms for prefix in ("SHA-256=", "")]
    for key_algorithm, public in keys:
        if key_algorithm != algorithm:
            continue
        if any(_verifies(public, raw, _signed_text(created, expires, line)) for line in lines):
            return
    raise _wrong("No key of this client verifies the signature.")


def _verifies(public, raw, data):
    try:
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(raw, data)
        else:
            public.verify(raw, data, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _parameters(signature):
    text = re.sub(r"^\s*Signature:", "", signature)
    pairs, position = [], 0
    while position < len(text.rstrip()):
        match = _PARAMETER.match(text, position)
        if not match:
            raise _wrong("The signature is not a list of parameters.")
        pairs.append(match.groups())
        position = match.end()
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise _wrong("The signature has a parameter twice.")
    return parameters


def _wrong(message):
    return Refused(401, "err.signature.invalid", message)
