"""The HTTP-signature profile: each way in which real registries sign, and nothing else."""

import base64
import json
from itertools import permutations

import pytest

from ...services import errors, signature
from ...services.signature import http_signature
from ..helpers.messages import (
    DIGEST_LINES,
    JSON_FORMS,
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
RSA = Registry("https://civil.example.org/dci", "rs256")
REGISTRIES = pytest.mark.parametrize("registry", [ED, RSA], ids=["ed25519", "rs256"])

# No two forms of these give the same text: white space, order of names, a number that does not
# survive parsing, a letter that is not ASCII, and one that is written as an escape.
HEADER_TEXT = write(make_header(meta="\u007f")).replace('{"version"', '{  "version"')
MESSAGE_TEXT = (
    '{"transaction_id":"t-1", "share" : 48.90, "notify_event": '
    '[ {"reference_id": "r-1", "data": {"reg_records": {"name": "Zoë", "alias": "Zo\\u00eb"}}} ]}'
)
TEXT = json_text("received", HEADER_TEXT, MESSAGE_TEXT)


def signed(registry, text=TEXT, **options):
    return body(HEADER_TEXT, MESSAGE_TEXT, registry.http_signature(text, **options))


def with_signature(text):
    return body(HEADER_TEXT, MESSAGE_TEXT, text)


def replaced(**others):
    return with_signature(write_parameters({**ED.http_parameters(TEXT), **others}))


@REGISTRIES
@pytest.mark.parametrize("line", DIGEST_LINES)
@pytest.mark.parametrize("form", JSON_FORMS)
def test_every_combination(registry, line, form):
    text = json_text(form, HEADER_TEXT, MESSAGE_TEXT)
    verified = registry.verify(signed(registry, text, line=DIGEST_LINES[line]))
    assert verified.form == f"{form}/{line}"
    assert verified.profile == "http-signature"
    assert verified.sender_id == registry.sender_id
    assert verified.key_id == registry.kid
    assert verified.key_fingerprint == signature.thumbprint(registry.public_key)
    assert verified.signed_at.timestamp() == NOW - 10
    assert verified.signed_at.utcoffset().total_seconds() == 0
    assert verified.fresh
    assert verified.header == json.loads(HEADER_TEXT)
    assert verified.message == json.loads(MESSAGE_TEXT)


def test_forms_are_distinct():
    assert len({json_text(form, HEADER_TEXT, MESSAGE_TEXT) for form in JSON_FORMS}) == 8


def test_the_escaped_delete_character():
    """Python escapes it with the letters that are not ASCII, although it is ASCII."""
    header_text, message_text = write(make_header(meta="\x7f")), write({"notify_event": []})
    for form in ("sorted-compact", "sorted", "compact"):
        text = json_text(f"{form}-escaped", header_text, message_text)
        assert text.isascii() and "\\u007f" in text
        content = body(header_text, message_text, ED.http_signature(text))
        assert ED.verify(content).form == f"{form}-escaped/bare"


def test_header_comes_first_whatever_the_order_of_the_envelope():
    value = ED.http_signature(TEXT)
    content = f'{{"message":{MESSAGE_TEXT},"header":{HEADER_TEXT},"signature":{json.dumps(value)}}}'
    assert ED.verify(content.encode()).form == "received/bare"


def test_another_form_is_refused():
    text = json.dumps({"message": json.loads(MESSAGE_TEXT), "header": json.loads(HEADER_TEXT)})
    with pytest.raises(errors.DigestMismatch):
        ED.verify(signed(ED, text))


@REGISTRIES
def test_spellings(registry):
    parameters = registry.http_parameters(TEXT)
    plain = write_parameters(parameters)
    renamed = plain.replace("kidId=", "keyId=")
    upper = write_parameters({**parameters, "algorithm": registry.algorithm.upper()})
    for text in (
        plain,
        f"Signature: {plain}",
        f"Signature:{plain}",
        f"signature:   {plain}",
        f"  {plain}\n",
        plain.replace(", ", ","),
        plain.replace(", ", "  ,\t"),
        plain.replace('"dci"', '"spdci"'),
        renamed,
        upper,
    ):
        assert registry.verify(with_signature(text)).profile == "http-signature"


def test_parameters_in_any_order():
    parameters = ED.http_parameters(TEXT)
    for names in list(permutations(parameters))[::499]:
        text = write_parameters({name: parameters[name] for name in names})
        assert ED.verify(with_signature(text))


def test_own_signature_verifies():
    header, message = make_header(), make_notification()
    for registry in (ED, RSA):
        value = signature.sign_http(
            header,
            message,
            sender_id=registry.sender_id,
            key_id="key-1",
            algorithm=registry.algorithm,
            private_key=registry.private_key,
            now=NOW + 0.7,
        )
        verified = registry.verify(body(write(header), write(message), value))
        assert verified.form == "sorted-compact-escaped/bare"
        assert verified.signed_at.timestamp() == NOW
        assert f'expires="{NOW + 300}"' in value


@pytest.mark.parametrize(
    ("created", "expires", "outcome"),
    [
        (-300, -1, True),
        (-300, -60, True),
        (-300, -61, False),
        (60, 120, True),
        (61, 120, errors.SignatureNotYetValid),
        (-10, 86390, True),
        (-10, 86391, errors.LifetimeTooLong),
        (-86400 * 400, -86400 * 35, errors.LifetimeTooLong),
        (0, 0, errors.MalformedSignature),
        (0, -1, errors.MalformedSignature),
    ],
)
def test_times(created, expires, outcome):
    """Seconds from now; False means right but expired."""
    content = signed(ED, created=NOW + created, expires=NOW + expires)
    if isinstance(outcome, bool):
        assert ED.verify(content).fresh is outcome
    else:
        with pytest.raises(outcome):
            ED.verify(content)


def test_clock_skew_is_a_parameter():
    content = signed(ED, created=NOW + 5, expires=NOW + 50)
    assert ED.verify(content, clock_skew=5)
    with pytest.raises(errors.SignatureNotYetValid):
        ED.verify(content, clock_skew=4)


def test_times_count_as_they_are_written():
    parameters = ED.http_parameters(TEXT)
    parameters["created"] = "0" + parameters["created"]
    with pytest.raises(errors.DigestMismatch):
        ED.verify(with_signature(write_parameters(parameters)))


@pytest.mark.parametrize("name", ["created", "expires"])
@pytest.mark.parametrize(
    "value", ["", "-1", "1e9", " 1", "1.0", "17330544000000", "١٧٣٣٠٥٤٤٠٠", "1\n"]
)
def test_what_is_no_time(name, value):
    with pytest.raises(errors.MalformedSignature):
        ED.verify(replaced(**{name: value}))


@pytest.mark.parametrize(
    "kid",
    [
        ED.kid,
        "crvs.example.org|key-1|ED25519",
        "crvs.example.org|key-1",
        "key-1",
        ED.trusted_key().fingerprint,
        f"crvs.example.org|{ED.trusted_key().fingerprint}|ed25519",
    ],
)
@pytest.mark.parametrize("published", [ED.kid, "key-1", ED.trusted_key().fingerprint])
def test_a_key_is_found_by_each_of_its_names(kid, published):
    others = [Registry("crvs.example.org", "ed25519", number=n) for n in (1, 2)]
    keys = [other.trusted_key(f"key-{other.number + 1}") for other in others]
    content = replaced(kidId=kid)
    named_by_number = "key-1" in kid
    if named_by_number and published == ED.trusted_key().fingerprint:
        with pytest.raises(errors.UnknownKey) as caught:
            ED.verify(content, keys=[*keys, ED.trusted_key(published)])
        assert caught.value.kid == kid
    else:
        verified = ED.verify(content, keys=[*keys, ED.trusted_key(published)])
        assert verified.key_id == kid
        assert verified.key_fingerprint == ED.trusted_key().fingerprint


def test_no_other_key_in_place_of_the_named_one():
    with pytest.raises(errors.UnknownKey):
        ED.verify(signed(ED), keys=[ED.trusted_key("crvs.example.org|key-9|ed25519")])


def test_a_published_key_of_another_sender_has_no_short_name():
    key = ED.trusted_key("other.example.org|key-1|ed25519")
    with pytest.raises(errors.UnknownKey):
        ED.verify(replaced(kidId="key-1"), keys=[key])


def test_one_name_for_an_old_and_a_new_key():
    new = Registry("crvs.example.org", "ed25519", number=1)
    keys = [new.trusted_key(ED.kid), ED.trusted_key()]
    for registry in (ED, new):
        assert registry.verify(signed(registry), keys=keys).key_id == ED.kid


def test_a_pasted_key_serves_any_id_of_its_sender():
    pasted = [signature.TrustedKey.from_pem(ED.pem)]
    for kid in ("", "anything", "crvs.example.org|other|ed25519", "crvs.example.org||"):
        assert ED.verify(replaced(kidId=kid), keys=pasted).key_id == kid
    with pytest.raises(errors.WrongKeyOwner):
        ED.verify(replaced(kidId="other.example.org|key-1|ed25519"), keys=pasted)


def test_a_key_of_another_algorithm():
    """The key that is named is there, but is not of the sender's algorithm."""
    with pytest.raises(errors.AlgorithmMismatch):
        ED.verify(signed(ED), keys=[RSA.trusted_key(ED.kid)])


def test_the_senders_algorithm_decides():
    with pytest.raises(errors.AlgorithmMismatch):
        RSA.verify(signed(RSA), algorithm="ed25519")


@pytest.mark.parametrize("line", DIGEST_LINES)
@pytest.mark.parametrize("form", JSON_FORMS)
def test_the_form_that_verified_last_is_enough(form, line):
    text = json_text(form, HEADER_TEXT, MESSAGE_TEXT)
    content = signed(ED, text, line=DIGEST_LINES[line])
    verified = ED.verify(content, first_form=f"{form}/{line}", only_first=True)
    assert verified.form == f"{form}/{line}"


def test_only_the_first_form_is_tried_of_who_sends_junk():
    text = json_text("sorted", HEADER_TEXT, MESSAGE_TEXT)
    content = signed(ED, text)
    assert ED.verify(content, first_form="compact/bare").form == "sorted/bare"
    with pytest.raises(errors.DigestMismatch):
        ED.verify(content, first_form="compact/bare", only_first=True)
    # Of whom nothing verified yet every form is tried.
    assert ED.verify(content, only_first=True).form == "sorted/bare"


@pytest.mark.parametrize(("length", "digests"), [(64, 8), (63, 0), (256, 0)])
def test_nothing_is_digested_for_a_signature_of_another_length(monkeypatch, length, digests):
    made = []
    digest = http_signature._digest
    monkeypatch.setattr(http_signature, "_digest", lambda text: made.append(1) or digest(text))
    junk = base64.b64encode(bytes(length)).decode()
    with pytest.raises(errors.DigestMismatch):
        ED.verify(replaced(signature=junk))
    assert len(made) == digests
