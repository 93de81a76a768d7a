"""What an envelope says of itself, and the checks on its header."""

import hashlib

import pytest

from ...services import errors
from ...services.wire import envelope as envelopes
from ...services.wire.envelope import check_encryption, check_header, check_version, parse
from ..helpers.messages import body, make_header, make_notification, write


def make(header=None, message=None):
    header = make_header() if header is None else header
    return parse(body(write(header), write({} if message is None else message)))


def test_properties():
    parsed = make(
        make_header(message_id=12, receiver_id="spp"),
        {"transaction_id": 7, "correlation_id": None},
    )
    assert (parsed.sender_id, parsed.receiver_id) == ("crvs.example.org", "spp")
    assert (parsed.message_id, parsed.transaction_id, parsed.correlation_id) == ("12", "7", "")
    bare = make({})
    assert (bare.sender_id, bare.receiver_id, bare.message_id, bare.action) == ("", "", "", "")
    assert (bare.transaction_id, bare.correlation_id, bare.kind) == ("", "", "")
    wrong = make({"sender_id": ["x"], "action": {}, "receiver_id": ["spp"]})
    assert (wrong.sender_id, wrong.action, wrong.receiver_id) == ("", "", '["spp"]')


@pytest.mark.parametrize(
    ("action", "message", "kind"),
    [
        ("notify", {}, "notify"),
        ("notify", {"search_response": []}, "notify"),
        ("on-search", {}, "on-search"),
        ("search", {"search_response": []}, "on-search"),
        ("search", {"search_request": []}, ""),
        ("on-subscribe", {}, "on-subscribe"),
        ("on-unsubscribe", {}, "on-unsubscribe"),
        ("txn-on-status", {}, "txn-on-status"),
        ("subscribe", {}, ""),
        ("on_search", {}, ""),
        ("NOTIFY", {}, ""),
        ("notify ", {}, ""),
        ("", {}, ""),
    ],
)
def test_kind(action, message, kind):
    parsed = make(make_header(action=action), message)
    assert parsed.kind == kind
    assert parsed.is_answer == (kind not in ("", "notify"))
    if kind:
        check_header(parsed, kind)
        check_header(parsed, None)
        for other in set(envelopes.KINDS) - {kind}:
            with pytest.raises(errors.InvalidHeader):
                check_header(parsed, other)
    else:
        with pytest.raises(errors.InvalidHeader) as caught:
            check_header(parsed, None)
        assert caught.value.where == "header.action"


def test_digest_is_of_the_content():
    message = {"b": 48.9, "a": ["Zoë", True]}
    text = '{"a":["Zoë",true],"b":48.9}'
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert make(message=message).digest == expected
    respelt = parse(b'{"header":{},"message":{"b" : 48.90,"a":["Zo\\u00eb",true]}}')
    assert respelt.digest == expected == respelt.digest
    digests = {make(message={"a": value}).digest for value in (True, 1, 1.0, "1", None)}
    assert len(digests) == 5


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"message_id": 1},
        {"message_id": 0},
        {"message_id": -5},
        {"message_id": "x" * 255},
        {"message_id": "é" * 255},
        {"message_id": int("9" * 255)},
        {"sender_id": ""},
        {"sender_id": "https://crvs.example.org/dci"},
        {"message_ts": None, "total_count": None, "meta": None},
        {"total_count": "many", "meta": [], "unknown": {"x": 1}},
    ],
    ids=str,
)
def test_headers_that_are_accepted(members):
    check_header(make(make_header(**members)), "notify")


@pytest.mark.parametrize("name", ["sender_id", "message_id", "action"])
@pytest.mark.parametrize("value", ["missing", None, True, 1.5, 1.0, [], {}, ["x"]], ids=repr)
def test_headers_that_are_refused(name, value):
    header = make_header()
    if value == "missing":
        del header[name]
    else:
        header[name] = value
    with pytest.raises(errors.InvalidHeader) as caught:
        check_header(make(header), None)
    assert caught.value.where == f"header.{name}"
    assert str(caught.value) == f"The header is not valid: see header.{name}."


@pytest.mark.parametrize("value", ["", "x" * 256, int("9" * 256), -int("9" * 255)], ids=range(4))
def test_message_ids_that_are_refused(value):
    with pytest.raises(errors.InvalidHeader) as caught:
        check_header(make(make_header(message_id=value)), None)
    assert caught.value.where == "header.message_id"


@pytest.mark.parametrize("version", ["1.0.0", "1", "1.0", "1.12.3", "1.0.0-rc.1", "1.1+x", ""])
def test_versions_that_are_accepted(version):
    check_version(make(make_header(version=version)))


def test_an_absent_version_counts_as_the_first():
    check_version(make(make_header(version=None)))


@pytest.mark.parametrize(
    "version",
    ["2.0.0", "0.9", "10.0", "1.", "v1.0", "1.x", "1.0.0.0", " 1.0", 1, 1.0, True, [], {}],
)
def test_versions_that_are_refused(version):
    with pytest.raises(errors.VersionNotSupported):
        check_version(make(make_header(version=version)))


def test_a_version_of_null_is_none():
    header = {**make_header(), "version": None}
    with pytest.raises(errors.VersionNotSupported):
        check_version(make(header))


ENCRYPTED = {
    "header": {"alg": "RSA-OAEP", "enc": "A256GCM", "kid": "k"},
    "ciphertext": "x",
    "encrypted_key": "x",
    "tag": "x",
    "iv": "x",
}


@pytest.mark.parametrize("flag", [True, "true", "TRUE", " true "])
def test_encrypted_by_its_header(flag):
    with pytest.raises(errors.EncryptionNotSupported):
        check_encryption(make(make_header(is_msg_encrypted=flag)))


@pytest.mark.parametrize("name", ["header", "encrypted_key", "tag", "iv"])
def test_encrypted_by_its_shape(name):
    for message in (ENCRYPTED, {"ciphertext": "x", name: ENCRYPTED[name]}):
        with pytest.raises(errors.EncryptionNotSupported):
            check_encryption(make(message=message))


@pytest.mark.parametrize("flag", [False, "false", "", "no", None, 0])
def test_not_encrypted(flag):
    check_encryption(make({**make_header(), "is_msg_encrypted": flag}, make_notification()))


def test_every_error_has_its_code():
    codes = {
        (error.__name__, error.http_status, error.code)
        for error in vars(errors).values()
        if isinstance(error, type) and not issubclass(error, errors.SignatureInvalid)
    }
    assert codes == {
        ("DCIError", 400, "err.request.bad"),
        ("WrongMethod", 405, "err.request.bad"),
        ("BodyTooLarge", 413, "err.request.bad"),
        ("InvalidJSON", 400, "err.request.bad"),
        ("InvalidHeader", 400, "err.request.bad"),
        ("VersionNotSupported", 400, "err.version.not_supported"),
        ("EncryptionNotSupported", 400, "err.encryption.invalid"),
        ("UnknownSender", 401, "err.sender_id.invalid"),
        ("SignatureMissing", 401, "err.signature.missing"),
        ("WrongReceiver", 400, "err.receiver_id.invalid"),
        ("InvalidMessage", 400, "err.request.bad"),
        ("TooManyItems", 413, "err.request.bad"),
        ("ServiceUnavailable", 503, "err.service.unavailable"),
    }
    signature_errors = [
        error
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.SignatureInvalid)
    ]
    assert {(e.http_status, e.code) for e in signature_errors} == {(401, "err.signature.invalid")}
    reasons = [e.reason for e in vars(errors).values() if isinstance(e, type)]
    assert len(reasons) == len(set(reasons))
    assert all(str(error()) == error.sentence for error in signature_errors)
