"""Hostile and broken messages, each with the answer it must get.

The table is independent of the way in: a test builds a :class:`World`, makes its senders known
with just the keys that :meth:`World.keys_of` gives, delivers every case and compares.
"""

import base64
import hashlib
import hmac
import json
from datetime import datetime, timezone

from .hostile_world import Case, World
from .messages import body, make_event, make_notification, write

__all__ = ["Case", "World", "hostile_cases"]

BAD = (400, "err.request.bad")
TOO_LARGE = (413, "err.request.bad")
VERSION = (400, "err.version.not_supported")
ENCRYPTION = (400, "err.encryption.invalid")
SENDER = (401, "err.sender_id.invalid")
MISSING = (401, "err.signature.missing")
SIGNATURE = (401, "err.signature.invalid")
RECEIVER = (400, "err.receiver_id.invalid")


def _segment(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _mac_with_public_key(world, alg):
    header, message = world.header(sender_id=world.rsa.sender_id), make_notification()
    protected = {"alg": alg, "kid": world.rsa.kid}
    signed = f"{_segment(protected)}.{_segment({'header': header, 'message': message})}"
    digest = hmac.new(world.rsa.pem.encode(), signed.encode(), hashlib.sha256).digest()
    value = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return body(write(header), write(message), f"{signed}.{value}")


def hostile_cases(world):
    """Every case, in the order of the contract's checks."""
    return [
        *_broken_json(world),
        *_wrong_headers(world),
        *_wrong_senders(world),
        *_wrong_http_signatures(world),
        *_wrong_jws(world),
        *_wrong_messages(world),
    ]


def _broken_json(world):
    right = world.sign()
    text = right.decode()
    values = {
        "NaN": "NaN",
        "infinity": "-Infinity",
        "infinite number": "1e999",
        "huge number": "9" * 5000,
        "U+0000": '"a\\u0000b"',
        "lone high surrogate": '"\\ud800"',
        "lone low surrogate": '"\\udc00x"',
        "deep nesting": "[" * 64 + "]" * 64,
        "bottomless nesting": "[" * 100000,
        "duplicate member deep inside": '{"a": 1, "a": 1}',
        "duplicate member by escape": '{"a": 1, "\\u0061": 2}',
        "raw control character": '"\x01"',
    }
    documents = {
        "empty body": b"",
        "truncated body": right[:-30],
        "two documents": right + right,
        "not JSON": b"<message/>",
        "a form": b"header=%7B%7D&message=%7B%7D",
        "byte order mark": b"\xef\xbb\xbf" + right,
        "UTF-16": text.encode("utf-16"),
        "UTF-32": text.encode("utf-32-be"),
        "Latin-1": text.encode("latin-1"),
        "invalid UTF-8": right.replace("Zoë".encode(), b"Zo\xff"),
        "overlong UTF-8": right.replace("Zoë".encode(), b"Zo\xc0\x80"),
        "surrogate in UTF-8": right.replace("Zoë".encode(), b"Zo\xed\xa0\x80"),
        "second header": right[:-1] + b', "header": {}}',
        "second message": right[:-1] + b', "message": {}}',
        "second signature": right[:-1] + b', "signature": "x"}',
    }
    return [
        *(Case(name, document, BAD) for name, document in documents.items()),
        *(Case(name, world.with_value(value), BAD) for name, value in values.items()),
    ]


def _wrong_headers(world):
    def header(name, value):
        return world.sign(header={**world.header(), name: value})

    yield Case("array for an envelope", b"[" + world.sign() + b"]", BAD)
    yield Case("no header", b'{"signature": "x", "message": {}}', BAD)
    yield Case("no message", b'{"signature": "x", "header": {}}', BAD)
    yield Case("header of text", b'{"signature": "x", "header": "x", "message": {}}', BAD)
    yield Case("message of text", b'{"signature": "x", "header": {}, "message": "x"}', BAD)
    for name in ("sender_id", "message_id", "action"):
        yield Case(f"no {name}", world.sign(header=world.header(**{name: None})), BAD)
        for value in (None, True, 1.5, ["x"], {"x": 1}):
            yield Case(f"{name} of {value!r}", header(name, value), BAD)
    yield Case("sender_id of a number", header("sender_id", 7), BAD)
    yield Case("empty message_id", header("message_id", ""), BAD)
    yield Case("long message_id", header("message_id", "x" * 256), BAD)
    for action in ("", "search", "subscribe", "on_search", "NOTIFY", "unlink"):
        yield Case(f"action {action!r}", header("action", action), BAD)
    for kind in ("on-search", "on-subscribe", "on-unsubscribe", "txn-on-status"):
        yield Case(f"notify on the path of {kind}", world.sign(), BAD, kind)
    yield Case("on-search on the path of notify", header("action", "on-search"), BAD, "notify")
    for version in ("2.0.0", "0.9", "1.", 1, [], "1.0.0\n"):
        yield Case(f"version {version!r}", header("version", version), VERSION)
    yield Case("encrypted by its flag", header("is_msg_encrypted", True), ENCRYPTION)
    shape = {"header": {}, "ciphertext": "x", "encrypted_key": "x", "tag": "x", "iv": "x"}
    yield Case("encrypted by its shape", world.sign(message=shape), ENCRYPTION)


def _wrong_senders(world):
    for sender_id in (
        "",
        "stranger.example.org",
        "CRVS.example.org",
        "crvs.example.org/",
        "%",
        "_",
    ):
        yield Case(f"sender {sender_id!r}", world.sign(world.header(sender_id=sender_id)), SENDER)
    plain = write(world.header()), write(make_notification())
    for signature in (None, "", "   "):
        yield Case(f"signature {signature!r}", body(*plain, signature), MISSING)
    for signature in (7, True, [], {"x": 1}, "unsigned", "a.b.c", ".."):
        yield Case(f"signature {signature!r}", body(*plain, signature), SIGNATURE)


def _wrong_http_signatures(world):
    now = world.now
    for seconds, what in ((-7200, "expired"), (7200, "not yet valid")):
        yield Case(what, world.sign(created=now + seconds), SIGNATURE)
    yield Case("valid for a year", world.sign(expires=now + 365 * 86400), SIGNATURE)
    yield Case("expires before it begins", world.sign(expires=now - 20), SIGNATURE)
    for name in ("created", "expires"):
        for value in ("", "-1", "1e9", "١٢٣", "9" * 12):
            yield Case(f"{name} {value!r}", world.replacing(**{name: value}), SIGNATURE)
    for parameters in (
        {"namespace": "other"},
        {"headers": "(created) (expires)"},
        {"headers": "digest (created) (expires)"},
        {"algorithm": "none"},
        {"algorithm": "hs256"},
        {"algorithm": "rs256"},
        {"kidId": world.neighbour.kid},
        {"kidId": "crvs.example.org|key-1|rs256"},
        {"kidId": "crvs.example.org|key-9|ed25519"},
        {"signature": "!"},
        {"signature": base64.b64encode(b"x" * 64).decode()},
        {"unknown": "x"},
    ):
        yield Case(f"signature with {parameters}", world.replacing(**parameters), SIGNATURE)
    for name in ("namespace", "kidId", "algorithm", "created", "expires", "headers", "signature"):
        yield Case(
            f"{name} twice",
            world.spoiling(lambda text, name=name: f'{text}, {name}="x"'),
            SIGNATURE,
        )
        yield Case(
            f"no {name}",
            world.spoiling(lambda text, name=name: text.replace(f'{name}="', f'x{name}="')),
            SIGNATURE,
        )
    yield Case("broken off", world.spoiling(lambda text: text[:-1]), SIGNATURE)
    yield Case("signed by a thief", world.sign(registry=world.thief), SIGNATURE)
    yield Case("another sender's key", world.sign(registry=world.neighbour), SIGNATURE)
    elsewhere = json.loads(world.sign(message=make_notification(make_event("birth"))))
    yield Case(
        "signature of another message",
        world.spoiling(lambda _text: elsewhere["signature"]),
        SIGNATURE,
    )
    renamed = json.loads(world.sign())
    renamed["header"]["message_id"] = "m-other"
    yield Case("changed header", write(renamed).encode(), SIGNATURE)
    changed = json.loads(world.sign())
    changed["message"]["notify_event"][0]["data"]["reg_event_type"] = "birth"
    yield Case("changed message", write(changed).encode(), SIGNATURE)


def _wrong_jws(world):
    old = datetime.fromtimestamp(world.now - 90000, timezone.utc).isoformat()
    coming = datetime.fromtimestamp(world.now + 3600, timezone.utc).isoformat()
    rsa = world.rsa.sender_id
    payload = {"header": world.header(sender_id=rsa), "message": make_notification()}
    for what, times in (
        ("expired", old),
        ("of the future", coming),
        ("without time", None),
        ("of a garbled time", "yesterday"),
    ):
        header = world.header(sender_id=rsa, message_ts=times)
        yield Case(f"JWS {what}", world.jws(header=header), SIGNATURE)
    for alg in ("HS256", "none"):
        yield Case(f"JWS {alg}", _mac_with_public_key(world, alg), SIGNATURE)
    yield Case("JWS RS512", world.jws(alg="RS512"), SIGNATURE)
    yield Case("JWS PS256", world.jws(alg="PS256"), SIGNATURE)
    yield Case("JWS EdDSA for RS256", world.jws(world.ed, kid=world.rsa.kid), SIGNATURE)
    yield Case("JWS RS256 for EdDSA", world.jws(header=world.header(), kid=world.ed.kid), SIGNATURE)
    yield Case("JWS by a thief", world.jws(world.rsa_thief), SIGNATURE)
    yield Case("JWS of an unknown key", world.jws(kid="key-9"), SIGNATURE)
    yield Case("JWS of another sender's key id", world.jws(kid="other|key-1|rs256"), SIGNATURE)
    yield Case("JWS with crit", world.jws(crit=["exp"], exp=1), SIGNATURE)
    yield Case("JWS of another payload", world.jws(payload={**payload, "x": 1}), SIGNATURE)
    loose = {**payload, "header": {**payload["header"], "is_msg_encrypted": 0}}
    yield Case("JWS of 0 for false", world.jws(payload=loose), SIGNATURE)
    yield Case("JWS without payload", world.jws(payload=""), SIGNATURE)


def _wrong_messages(world):
    for receiver in ("other.example.org", "spp.example.org.evil", 7, ["spp.example.org"], True):
        header = {**world.header(), "receiver_id": receiver}
        yield Case(f"receiver {receiver!r}", world.sign(header), RECEIVER)
    for name, message in {
        "of nothing": {},
        "with events of text": {"notify_event": "x"},
        "with a number for an event": {"notify_event": [7]},
        "with an empty event": {"notify_event": [{}]},
        "with data of text": {"notify_event": [{"data": "x"}]},
        "without records": make_notification(make_event(reg_records=None)),
        "with records of text": make_notification(make_event(reg_records="x")),
        "with a number for a person": make_notification(make_event(), make_event(reg_records=[7])),
        "with an object for a type": make_notification(make_event(reg_event_type={"x": 1})),
        "with an object for an id": {**make_notification(), "transaction_id": {"x": 1}},
        "flat, with a number for a type": {"event_type": 7, "person": {}},
        "flat, about nobody": {"event_type": "DEATH"},
    }.items():
        yield Case(f"message {name}", world.sign(message=message), BAD)
    many = make_notification(*[make_event(reg_records={})] * (world.max_items + 1))
    yield Case("too many items", world.sign(message=many), TOO_LARGE)
    people = make_notification(make_event(reg_records=[{}] * (world.max_items + 1)))
    yield Case("too many persons", world.sign(message=people), TOO_LARGE)
