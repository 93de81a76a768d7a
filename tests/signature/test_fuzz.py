"""Properties of the pure services: whatever comes in, a typed result or a typed error goes out."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ...services import errors
from ...services.signature import TrustedKey, has_signature_form, read_jwks, verify
from ...services.wire import envelope as envelopes
from ...services.wire import strict_json
from ..helpers.messages import (
    NOW,
    Registry,
    body,
    json_text,
    make_header,
    make_notification,
    write,
    write_parameters,
)

ED = Registry("crvs.example.org", "ed25519")
RSA = Registry("crvs.example.org", "rs256")
KEYS = {"ed25519": [ED.trusted_key()], "rs256": [RSA.trusted_key()]}
HEADER, MESSAGE = make_header(), make_notification()
TEXT = json_text("received", write(HEADER), write(MESSAGE))

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
# Names and values that the services look for, so that the search gets past the first checks.
WORDS = (
    "notify search on-search on-subscribe on-unsubscribe txn-on-status 1.0.0 true DEATH m-1"
    " e30.e30.x crvs.example.org 2024-12-01T12:00:00Z Signature:"
)
MEMBERS = (
    "version message_id message_ts action sender_id receiver_id is_msg_encrypted transaction_id"
    " notify_event event_type event_date identifiers person reference_id data reg_records"
    " reg_event_type search_response subscribe_response subscriptions status subscription_status"
    " txnstatus_response txn_status ciphertext tag iv"
)
JWK_MEMBERS = "kty crv x n e d kid use alg key_ops k"
words = st.sampled_from(["", *WORDS.split()])
likely = values | words | st.builds(lambda name: f'namespace="dci", kidId="{name}"', words)
members = MEMBERS.split()
objects = st.recursive(
    st.dictionaries(st.sampled_from(members), likely, max_size=8),
    lambda inner: st.dictionaries(
        st.sampled_from(members), inner | st.lists(inner, max_size=3) | likely, max_size=8
    ),
    max_leaves=8,
)
headers = st.builds(lambda right, wrong: {**right, **wrong}, st.just(HEADER), objects) | objects


def receive(content):
    """Everything that the pure services do with a body, whoever sent it."""
    envelope = envelopes.parse(content)
    assert isinstance(envelope.digest, str) and isinstance(envelope.transaction_id, str)
    for algorithm in ("ed25519", "rs256"):
        try:
            verify(
                envelope,
                sender_id="crvs.example.org",
                algorithm=algorithm,
                keys=KEYS[algorithm],
                now=NOW,
            )
        except errors.SignatureMissing:
            assert not has_signature_form(envelope.signature)
        except errors.SignatureInvalid:
            pass
    envelopes.check_header(envelope, None)
    envelopes.check_version(envelope)
    envelopes.check_encryption(envelope)
    envelopes.check_message(envelope, 5)
    return envelope


def check(content):
    try:
        assert isinstance(receive(content), envelopes.Envelope)
    except errors.DCIError as error:
        assert error.http_status in (400, 401, 413)


@given(st.binary())
def test_any_bytes(content):
    check(content)


@given(st.text())
def test_any_text(content):
    check(content.encode("utf-8", "surrogatepass"))


@given(values)
def test_any_value(value):
    check(json.dumps(value).encode())


@given(header=headers | values, message=objects | values, signature=likely)
def test_any_envelope(header, message, signature):
    check(json.dumps({"header": header, "message": message, "signature": signature}).encode())


@given(message=objects, action=st.sampled_from(envelopes.KINDS))
def test_any_message(message, action):
    check(body(json.dumps(make_header(action=action)), json.dumps(message), ""))


@given(position=st.integers(0, 2000), replacement=st.binary(max_size=3))
def test_any_damage(position, replacement):
    content = ED.signed_body(HEADER, MESSAGE)
    check(content[:position] + replacement + content[position + 1 :])


@given(values)
def test_parsing_agrees_with_the_standard_library(value):
    """What is accepted means what Python's own parser says, also once written canonically."""
    text = json.dumps(value)
    try:
        parsed, _members = strict_json.parse(text.encode())
    except errors.InvalidJSON:
        assert any(word in text for word in ("NaN", "Infinity", "\\u0000", "\\ud"))
        return
    assert repr(parsed) == repr(json.loads(text))
    assert strict_json.parse(strict_json.canonical(parsed).encode())[0] == parsed


@given(values, values)
def test_canonical_texts_are_equal_for_equal_values_only(one, other):
    def same(a, b):
        if type(a) is not type(b):
            return False
        if isinstance(a, dict):
            return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
        if isinstance(a, list):
            return len(a) == len(b) and all(map(same, a, b))
        return repr(a) == repr(b)

    assert (strict_json.canonical(one) == strict_json.canonical(other)) is same(one, other)


@given(st.text(max_size=60) | st.binary(max_size=60) | values)
def test_any_pem(text):
    with pytest.raises(ValueError):
        TrustedKey.from_pem(text)


jwk_members = st.sampled_from(JWK_MEMBERS.split())
jwk_values = values | st.sampled_from(["RSA", "OKP", "Ed25519", "AQAB", "A" * 43, "A" * 342])


@given(values | st.dictionaries(jwk_members, jwk_values))
def test_any_jwk(jwk):
    try:
        assert TrustedKey.from_jwk(jwk).fingerprint
    except ValueError:
        assert read_jwks({"keys": [jwk]}) == ()


# ------------------------------------------------------------------
# Any change is refused
# ------------------------------------------------------------------


def places(value, path=()):
    """The path of every value inside a JSON value."""
    yield path
    if isinstance(value, dict):
        for name, member in value.items():
            yield from places(member, (*path, name))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from places(member, (*path, index))


def replace(value, path, other):
    if not path:
        return other
    first, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[first] = replace(value[first], rest, other)
    return copy


@st.composite
def changes(draw):
    """Header and message with one value replaced by another, or a member added."""
    sent = {"header": HEADER, "message": MESSAGE}
    path = draw(st.sampled_from([path for path in places(sent) if path]))
    other = draw(st.none() | st.booleans() | st.integers(-2, 2) | st.floats(-2, 2) | st.text())
    if draw(st.booleans()):
        other = {**HEADER, draw(st.text()): other}
        path = ("header",)
    changed = replace(sent, path, other)
    try:
        text = json.dumps(changed).encode()
        parsed, _members = strict_json.parse(text)
    except errors.InvalidJSON:
        return None
    unchanged = strict_json.canonical(parsed) == strict_json.canonical(sent)
    return None if unchanged else changed


def refused(content):
    algorithm = "rs256" if b"eyJ" in content[:20] else "ed25519"
    try:
        envelope = envelopes.parse(content)
        verify(
            envelope,
            sender_id="crvs.example.org",
            algorithm=algorithm,
            keys=KEYS[algorithm],
            now=NOW,
        )
    except (errors.SignatureInvalid, errors.InvalidHeader):
        return True
    return False


HTTP = ED.http_signature(TEXT)
JWS = RSA.jws({"header": HEADER, "message": MESSAGE})


def test_unchanged_it_is_accepted():
    assert not refused(body(write(HEADER), write(MESSAGE), HTTP))
    assert not refused(body(write(HEADER), write(MESSAGE), JWS))


@given(changes())
def test_any_change_of_header_or_message(changed):
    if changed is None:
        return
    for signature in (HTTP, JWS):
        assert refused(body(write(changed["header"]), write(changed["message"]), signature))


@given(name=st.sampled_from(["created", "expires"]), seconds=st.integers(0, 10**11 - 1))
def test_any_change_of_the_times(name, seconds):
    parameters = ED.http_parameters(TEXT)
    if str(seconds) == parameters[name]:
        return
    signature = write_parameters({**parameters, name: str(seconds)})
    assert refused(body(write(HEADER), write(MESSAGE), signature))


@given(st.binary(max_size=80) | st.integers(0, 8 * 64 - 1))
def test_any_change_of_the_decoded_http_signature(change):
    parameters = ED.http_parameters(TEXT)
    right = base64.b64decode(parameters["signature"])
    value = change
    if isinstance(change, int):
        flipped = bytearray(right)
        flipped[change // 8] ^= 1 << change % 8
        value = bytes(flipped)
    signature = write_parameters({**parameters, "signature": base64.b64encode(value).decode()})
    assert refused(body(write(HEADER), write(MESSAGE), signature))


@given(st.integers(0, 8 * 256 - 1))
def test_any_change_of_the_decoded_jws_signature(bit):
    signed, _dot, value = JWS.rpartition(".")
    flipped = bytearray(base64.urlsafe_b64decode(value + "=="))
    flipped[bit // 8] ^= 1 << bit % 8
    value = base64.urlsafe_b64encode(flipped).rstrip(b"=").decode()
    assert refused(body(write(HEADER), write(MESSAGE), f"{signed}.{value}"))
