"""The JWS profile, against tokens minted by PyJWT and some made by hand."""

import base64
import hashlib
import hmac
import json

import pytest

from ...services import errors, signature
from ..helpers.messages import NOW, Registry, body, make_header, make_notification, write

ED = Registry("crvs.example.org", "ed25519")
RSA = Registry("https://civil.example.org/dci", "rs256")
REGISTRIES = pytest.mark.parametrize("registry", [ED, RSA], ids=["EdDSA", "RS256"])
HEADER = make_header(total_count=1)
MESSAGE = make_notification()
ENVELOPE = {"header": HEADER, "message": MESSAGE}


def sent(token, **others):
    first = "".join(f"{json.dumps(name)}: {write(value)}, " for name, value in others.items())
    return b"{" + first.encode() + body(write(HEADER), write(MESSAGE), token)[1:]


def segment(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def by_hand(registry, protected, payload=ENVELOPE):
    """A token that is right but for what PyJWT would not write."""
    signed = f"{segment(protected)}.{segment(payload)}"
    return f"{signed}.{segment(registry.raw_signature(signed.encode()))}"


@REGISTRIES
@pytest.mark.parametrize("named", ["whole", "thumbprint", "middle"])
def test_every_combination(registry, named):
    fingerprint = registry.trusted_key().fingerprint
    kid = {"whole": registry.kid, "thumbprint": fingerprint, "middle": "key-1"}[named]
    verified = registry.verify(sent(registry.jws(ENVELOPE, kid=kid)))
    assert (verified.profile, verified.form) == ("jws", "jws")
    assert (verified.sender_id, verified.key_id) == (registry.sender_id, kid)
    assert verified.key_fingerprint == fingerprint
    assert verified.signed_at.isoformat() == "2024-12-01T11:59:50+00:00"
    assert verified.fresh
    assert verified.message == MESSAGE


@REGISTRIES
def test_own_signature_verifies(registry):
    fingerprint = registry.trusted_key().fingerprint
    token = signature.sign_jws(
        HEADER,
        MESSAGE,
        private_key=registry.private_key,
        algorithm=registry.algorithm,
        kid=fingerprint,
    )
    protected = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    alg = {"ed25519": "EdDSA", "rs256": "RS256"}[registry.algorithm]
    assert protected == {"alg": alg, "kid": fingerprint}
    assert registry.verify(sent(token)).key_id == fingerprint


def test_the_payload_may_be_written_in_any_way():
    for options in ({"sort_keys": True}, {"indent": 2}, {"ensure_ascii": False}):
        assert RSA.verify(sent(RSA.jws(json.dumps(ENVELOPE, **options))))


@pytest.mark.parametrize(
    "payload",
    [
        {**ENVELOPE, "extra": 1},
        {"header": HEADER},
        {"message": MESSAGE},
        {"header": {**HEADER, "message_id": "m-2"}, "message": MESSAGE},
        {"header": {**HEADER, "total_count": 1.0}, "message": MESSAGE},
        {"header": {**HEADER, "total_count": True}, "message": MESSAGE},
        {"header": {**HEADER, "total_count": "1"}, "message": MESSAGE},
        {"header": {**HEADER, "is_msg_encrypted": 0}, "message": MESSAGE},
        {"header": {**HEADER, "is_msg_encrypted": None}, "message": MESSAGE},
        {"header": HEADER, "message": {**MESSAGE, "notify_event": []}},
        {"header": HEADER, "message": {**MESSAGE, "notify_event": MESSAGE["notify_event"] * 2}},
        {"header": MESSAGE, "message": HEADER},
        [ENVELOPE],
        None,
        "not json",
        json.dumps(ENVELOPE).replace('{"header"', '{"header": {}, "header"'),
        json.dumps(ENVELOPE) + " {}",
    ],
)
def test_another_payload(payload):
    payload = payload if isinstance(payload, str) else json.dumps(payload)
    with pytest.raises(errors.PayloadMismatch):
        RSA.verify(sent(RSA.jws(payload)))


def test_members_that_nobody_knows_are_signed_as_sent_or_not_at_all():
    for payload in ({**ENVELOPE, "extra": [1]}, ENVELOPE):
        assert RSA.verify(sent(RSA.jws(payload), extra=[1]))
    for payload in ({**ENVELOPE, "extra": [True]}, {**ENVELOPE, "extra": [1], "more": 1}):
        with pytest.raises(errors.PayloadMismatch):
            RSA.verify(sent(RSA.jws(payload), extra=[1]))


def timed(message_ts, registry=RSA):
    return registry.jws_body(make_header(message_ts=message_ts), MESSAGE)


@pytest.mark.parametrize(
    ("message_ts", "seconds"),
    [
        ("2024-12-01T12:00:00Z", 0),
        ("2024-12-01t12:00:00z", 0),
        ("2024-12-01 12:00:00", 0),
        ("2024-12-01T12:00:00", 0),
        ("2024-12-01T12:00", 0),
        ("2024-12-01T12:00:00.5Z", 0.5),
        ("2024-12-01T12:00:00,500Z", 0.5),
        ("2024-12-01T12:00:00.123456789Z", 0.123456),
        ("2024-12-01T19:00:00+07:00", 0),
        ("2024-12-01T19:00:00+0700", 0),
        ("2024-12-01T19:00:00 +07", 0),
        ("2024-12-01T08:30:00-03:30", 0),
    ],
)
def test_message_ts(message_ts, seconds):
    verified = RSA.verify(timed(message_ts))
    assert verified.signed_at.timestamp() == pytest.approx(NOW + seconds)
    assert verified.signed_at.utcoffset().total_seconds() == 0


@pytest.mark.parametrize(
    "message_ts",
    [
        None,
        "",
        "now",
        "2024-12-01",
        "12:00:00",
        "2024-13-01T12:00:00Z",
        "2024-12-01T25:00:00Z",
        "2024-12-01T12:00:00+99:00",
        "2024-12-01T12:00:00+07:75",
        "2024-12-01T12:00:00ZZ",
        " 2024-12-01T12:00:00Z",
        "2024-12-01T12:00:00Z\n",
        "٢٠٢٤-12-01T12:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        1733054400,
        1733054400.5,
        True,
        ["2024-12-01T12:00:00Z"],
    ],
)
def test_what_is_no_time(message_ts):
    with pytest.raises(errors.MalformedSignature) as caught:
        RSA.verify(timed(message_ts))
    assert caught.value.where == "header.message_ts"


@pytest.mark.parametrize(
    ("message_ts", "outcome"),
    [
        ("2024-11-30T12:00:00Z", True),
        ("2024-11-30T11:59:59Z", False),
        ("1970-01-01T00:00:00Z", False),
        ("2024-12-01T12:01:00Z", True),
        ("2024-12-01T12:01:01Z", errors.SignatureNotYetValid),
        ("9999-12-31T23:59:59Z", errors.SignatureNotYetValid),
    ],
)
def test_freshness(message_ts, outcome):
    if isinstance(outcome, bool):
        assert RSA.verify(timed(message_ts)).fresh is outcome
    else:
        with pytest.raises(outcome):
            RSA.verify(timed(message_ts))


def test_age_and_skew_are_parameters():
    assert not RSA.verify(timed("2024-12-01T11:58:59Z"), max_age=60).fresh
    assert RSA.verify(timed("2024-12-01T11:59:00Z"), max_age=60).fresh
    with pytest.raises(errors.SignatureNotYetValid):
        RSA.verify(timed("2024-12-01T12:00:06Z"), clock_skew=5)


def test_algorithms_that_are_not_the_senders():
    public = RSA.pem.encode()
    signed = f"{segment({'alg': 'HS256', 'kid': RSA.kid})}.{segment(ENVELOPE)}"
    mac = segment(hmac.new(public, signed.encode(), hashlib.sha256).digest())
    for token in (
        f"{signed}.{mac}",
        f"{segment({'alg': 'none', 'kid': RSA.kid})}.{segment(ENVELOPE)}.{mac}",
        by_hand(RSA, {"alg": "none", "kid": RSA.kid}),
        by_hand(RSA, {"alg": "rs256", "kid": RSA.kid}),
        by_hand(RSA, {"alg": ["RS256"], "kid": RSA.kid}),
        by_hand(RSA, {"kid": RSA.kid}),
        RSA.jws(ENVELOPE, alg="RS512"),
        RSA.jws(ENVELOPE, alg="PS256"),
        ED.jws(ENVELOPE, kid=RSA.kid),
        RSA.jws(ENVELOPE, kid=f"{RSA.sender_id}|key-1|ed25519"),
    ):
        with pytest.raises(errors.AlgorithmMismatch):
            RSA.verify(sent(token))
    with pytest.raises(errors.AlgorithmMismatch):
        ED.verify(sent(RSA.jws(ENVELOPE, kid=ED.kid)))
    with pytest.raises(errors.AlgorithmMismatch):
        RSA.verify(sent(RSA.jws(ENVELOPE)), keys=[ED.trusted_key(RSA.kid)])


def test_critical_extensions():
    for extension in ({"crit": ["exp"]}, {"crit": []}, {"crit": None}, {"b64": False}):
        token = by_hand(RSA, {"alg": "RS256", "kid": RSA.kid, **extension})
        with pytest.raises(errors.UnsupportedCritical):
            RSA.verify(sent(token))


def test_keys_that_the_message_brings_along_are_not_looked_at():
    thief = Registry("crvs.example.org", "rs256", number=1)
    jwk = signature.public_jwk(thief.public_key, kid=RSA.kid, algorithm="rs256")
    token = thief.jws(ENVELOPE, kid=RSA.kid, jwk=jwk, jku="http://127.0.0.1:9/", x5u="http://x/")
    with pytest.raises(errors.DigestMismatch):
        RSA.verify(sent(token))


def test_key_ids():
    for kid, error in (
        ("key-2", errors.UnknownKey),
        (f"{RSA.sender_id}|key-2|rs256", errors.UnknownKey),
        ("other.example.org|key-1|rs256", errors.WrongKeyOwner),
    ):
        with pytest.raises(error):
            RSA.verify(sent(RSA.jws(ENVELOPE, kid=kid)))
    for protected in (
        {"alg": "RS256"},
        {"alg": "RS256", "kid": ""},
        {"alg": "RS256", "kid": 7},
        {"alg": "RS256", "kid": None},
        {"alg": "RS256", "kid": "x" * 1025},
    ):
        with pytest.raises(errors.MalformedSignature):
            RSA.verify(sent(by_hand(RSA, protected)))
    pasted = [signature.TrustedKey.from_pem(RSA.pem)]
    assert RSA.verify(sent(by_hand(RSA, {"alg": "RS256"})), keys=pasted).key_id == ""


def test_keys_are_looked_for_last():
    for content, error in (
        (timed("2024-11-30T11:59:59Z"), errors.SignatureExpired),
        (timed("2024-12-01T13:00:00Z"), errors.SignatureNotYetValid),
        (timed(None), errors.MalformedSignature),
        (sent(RSA.jws({**ENVELOPE, "x": 1})), errors.PayloadMismatch),
        (sent(ED.jws(ENVELOPE)), errors.AlgorithmMismatch),
    ):
        with pytest.raises(error):
            RSA.verify(content, keys=[])
    with pytest.raises(errors.UnknownKey):
        RSA.verify(sent(RSA.jws(ENVELOPE)), keys=[])


@REGISTRIES
def test_another_signature(registry):
    protected, payload, value = registry.jws(ENVELOPE).split(".")
    other = Registry(registry.sender_id, registry.algorithm, number=1)
    for token, error in (
        (other.jws(ENVELOPE), errors.DigestMismatch),
        (f"{protected}.{payload}.{'AAAA' + value[4:]}", errors.DigestMismatch),
        (f"{protected}.{payload}.{value[4:]}", errors.DigestMismatch),
        (f"{protected}.{payload}.A", errors.MalformedSignature),
        (f"{protected}.{payload}.", errors.MalformedSignature),
        (f"{protected}..{value}", errors.MalformedSignature),
        (f"{protected}.{payload}", errors.MalformedSignature),
        (f"{protected}.{payload}.{value}.", errors.MalformedSignature),
        (f"{protected}.{payload}.{value}=", errors.MalformedSignature),
        (f"{protected}.{payload}.+{value}", errors.MalformedSignature),
        (f"{segment(b'{}{}')}.{payload}.{value}", errors.MalformedSignature),
        (f"{segment(b'{')}.{payload}.{value}", errors.MalformedSignature),
        (f"{segment(b'{' + b' ' * 9000)}.{payload}.{value}", errors.MalformedSignature),
        (f"{segment(b'{}')[:-1]}1.{payload}.{value}", errors.MalformedSignature),
        (f"{segment(b'[]')}.{payload}.{value}", errors.MalformedSignature),
    ):
        with pytest.raises(error):
            registry.verify(sent(token))


def test_duplicate_members_of_the_protected_header():
    twice = b'{"alg":"RS256","kid":"key-1","kid":"key-2"}'
    with pytest.raises(errors.MalformedSignature):
        RSA.verify(sent(by_hand(RSA, twice)))


def test_one_name_for_an_old_and_a_new_key():
    new = Registry(RSA.sender_id, "rs256", number=1)
    keys = [new.trusted_key(), RSA.trusted_key()]
    assert RSA.verify(sent(RSA.jws(ENVELOPE)), keys=keys).key_id == RSA.kid
