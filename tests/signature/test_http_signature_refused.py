"""The HTTP-signature profile: what is refused, each with its reason."""

import pytest

from ...services import errors, signature
from ...services.wire.envelope import parse
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
HEADER_TEXT = write(make_header())
MESSAGE_TEXT = write(make_notification())
TEXT = json_text("received", HEADER_TEXT, MESSAGE_TEXT)


def signed(registry, text=TEXT, **options):
    return body(HEADER_TEXT, MESSAGE_TEXT, registry.http_signature(text, **options))


def with_signature(text):
    return body(HEADER_TEXT, MESSAGE_TEXT, text)


def replaced(**others):
    return with_signature(write_parameters({**ED.http_parameters(TEXT), **others}))


@pytest.mark.parametrize(
    "others",
    [
        {"namespace": "other"},
        {"namespace": "DCI"},
        {"namespace": ""},
        {"headers": "(created) (expires)"},
        {"headers": "digest"},
        {"headers": "(expires) (created) digest"},
        {"headers": "(created) (expires) digest date"},
        {"headers": "(created)  (expires) digest"},
        {"unknown": "parameter"},
        {"signature": ""},
        {"signature": "not base64!"},
        {"signature": "QUJD\u00e9"},
        {"signature": "QUI"},
        {"signature": "QUJ="},
        {"signature": "QUI=QUI="},
        {"signature": "QU\nJD"},
        {"signature": "QUJ-"},
    ],
    ids=str,
)
def test_parameters_that_are_wrong(others):
    with pytest.raises(errors.MalformedSignature):
        ED.verify(replaced(**others))


@pytest.mark.parametrize("name", list(ED.http_parameters(TEXT)))
def test_parameters_that_are_missing_or_repeated(name):
    parameters = ED.http_parameters(TEXT)
    plain = write_parameters(parameters)
    del parameters[name]
    with pytest.raises(errors.MalformedSignature):
        ED.verify(with_signature(write_parameters(parameters)))
    with pytest.raises(errors.MalformedSignature, match="twice"):
        ED.verify(with_signature(f'{plain}, {name}="{ED.http_parameters(TEXT)[name]}"'))


def test_key_id_under_both_names_is_a_repetition():
    with pytest.raises(errors.MalformedSignature, match="twice"):
        ED.verify(replaced(keyId=ED.kid))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text + ",",
        lambda text: text + ' , x="',
        lambda text: text.replace(", ", " ", 1),
        lambda text: text.replace(", ", "; ", 1),
        lambda text: text.replace(", ", ",, ", 1),
        lambda text: text.replace('created="', "created=", 1).replace('", expires', ", expires"),
        lambda text: text.replace('"', "'"),
        lambda text: text.replace('="', '= "'),
        lambda text: text.replace('="', '=\u00a0"'),
        lambda text: text[:-1],
        lambda text: text.replace('"dci"', '"d\\ci"'),
        lambda text: text + " " + text,
        lambda text: "Signature: Signature: " + text,
        lambda text: 'a="' + "x" * 9000 + '", ' + text,
        lambda text: "Basic " + text,
    ],
)
def test_broken_strings(spoil):
    with pytest.raises(errors.MalformedSignature):
        ED.verify(with_signature(spoil(ED.http_signature(TEXT))))


@pytest.mark.parametrize(
    ("others", "error"),
    [
        ({"algorithm": "rs256"}, errors.AlgorithmMismatch),
        ({"algorithm": "none"}, errors.AlgorithmMismatch),
        ({"algorithm": "hs256"}, errors.AlgorithmMismatch),
        ({"algorithm": "rsa-sha256"}, errors.AlgorithmMismatch),
        ({"algorithm": ""}, errors.AlgorithmMismatch),
        ({"kidId": "crvs.example.org|key-1|rs256"}, errors.AlgorithmMismatch),
        ({"kidId": "other.example.org|key-1|ed25519"}, errors.WrongKeyOwner),
        ({"kidId": "other.example.org|key-1"}, errors.WrongKeyOwner),
        ({"kidId": "|key-1|ed25519"}, errors.WrongKeyOwner),
        ({"kidId": "x|crvs.example.org|key-1|ed25519"}, errors.WrongKeyOwner),
        ({"kidId": "crvs.example.org/|key-1|ed25519"}, errors.WrongKeyOwner),
        ({"kidId": "crvs.example.org|key-2|ed25519"}, errors.UnknownKey),
        ({"kidId": "key-2"}, errors.UnknownKey),
        ({"kidId": "crvs.example.org||ed25519"}, errors.MalformedSignature),
        ({"kidId": ""}, errors.MalformedSignature),
    ],
    ids=str,
)
def test_key_and_algorithm(others, error):
    with pytest.raises(error):
        ED.verify(replaced(**others))


def test_an_endless_signature():
    parameters = write_parameters(ED.http_parameters(TEXT))
    assert ED.verify(with_signature(parameters.replace(", ", "," + " " * 1000, 1)))
    with pytest.raises(errors.MalformedSignature):
        ED.verify(with_signature(parameters.replace(", ", "," + " " * 9000, 1)))


def test_a_key_without_a_name_is_not_found_by_naming_none():
    keys = [ED.trusted_key("crvs.example.org||ed25519")]
    for kid in ("", "crvs.example.org||ED25519"):
        with pytest.raises(errors.MalformedSignature, match="does not name its key"):
            ED.verify(replaced(kidId=kid), keys=keys)


def test_keys_are_looked_for_last():
    """Nobody makes us fetch keys with a message that would be refused anyway."""
    for content, error in (
        (signed(ED, created=NOW - 900), errors.SignatureExpired),
        (signed(ED, created=NOW + 900), errors.SignatureNotYetValid),
        (signed(ED, expires=NOW + 86400 * 365), errors.LifetimeTooLong),
        (replaced(algorithm="rs256"), errors.AlgorithmMismatch),
        (replaced(kidId="x|key-1|ed25519"), errors.WrongKeyOwner),
        (replaced(headers="digest"), errors.MalformedSignature),
    ):
        with pytest.raises(error):
            ED.verify(content, keys=[])
    with pytest.raises(errors.UnknownKey):
        ED.verify(signed(ED), keys=[])


def test_what_was_signed_by_or_for_somebody_else():
    other = Registry("crvs.example.org", "ed25519", number=1)
    with pytest.raises(errors.DigestMismatch):
        ED.verify(signed(other))
    elsewhere = json_text("received", HEADER_TEXT, MESSAGE_TEXT.replace("r-1", "r-2"))
    with pytest.raises(errors.DigestMismatch):
        ED.verify(signed(ED, elsewhere))


def test_what_is_no_signature():
    for missing in (None, "", " \n "):
        with pytest.raises(errors.SignatureMissing):
            ED.verify(with_signature(missing))
    null = f'{{"signature":null,"header":{HEADER_TEXT},"message":{MESSAGE_TEXT}}}'
    with pytest.raises(errors.SignatureMissing):
        ED.verify(null.encode())
    for wrong in (7, True, [], {}, ["x"], "unsigned", "a.b.c", "...", "Signature:"):
        content = with_signature(wrong)
        assert not signature.has_signature_form(parse(content).signature)
        with pytest.raises(errors.MalformedSignature):
            ED.verify(content)


def test_signature_form():
    for text in (
        ED.http_signature(TEXT),
        "Signature: " + ED.http_signature(TEXT),
        'namespace="dci", kidId="broken',
        'signature = "x"',
        ED.jws("{}"),
        ED.jws("{}").rpartition(".")[0],
    ):
        assert signature.has_signature_form(parse(with_signature(text)).signature)


def test_unsigned():
    verified = signature.unsigned(parse(with_signature("")), "crvs.example.org")
    assert (verified.profile, verified.sender_id) == ("unsigned", "crvs.example.org")
    assert (verified.key_fingerprint, verified.key_id, verified.signed_at) == ("", "", None)
    assert verified.fresh


def test_nothing_of_the_message_is_shown():
    verified = ED.verify(signed(ED))
    assert "847951632" in MESSAGE_TEXT
    assert "847951632" not in repr(verified) + repr(verified.envelope)
