"""The table of hostile messages against the pure services, in the contract's order of checks."""

import time

import pytest

from ...services import errors, signature
from ...services.signature import http_signature
from ...services.wire import envelope as envelopes
from ...services.wire import strict_json
from ..helpers.hostile_messages import World, hostile_cases
from ..helpers.messages import NOW, Registry, body, make_notification

WORLD = World(NOW, max_items=50)
CASES = hostile_cases(WORLD)


def receive(content, path_kind=None, *, world=WORLD):
    """What stands between a body and the inbox, less the database."""
    envelope = envelopes.parse(content)
    envelopes.check_header(envelope, path_kind)
    envelopes.check_version(envelope)
    envelopes.check_encryption(envelope)
    senders = {registry.sender_id: registry for registry in world.senders}
    sender = senders.get(envelope.sender_id)
    if not sender:
        raise errors.UnknownSender
    verified = signature.verify(
        envelope,
        sender_id=sender.sender_id,
        algorithm=sender.algorithm,
        keys=world.keys_of(sender),
        now=world.now,
    )
    if not verified.fresh:
        raise errors.SignatureExpired
    if envelope.receiver_id.rstrip("/") not in ("", world.receiver_id):
        raise errors.WrongReceiver
    envelopes.check_message(envelope, world.max_items)
    return verified


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name[:60])
def test_hostile(case):
    with pytest.raises(errors.DCIError) as caught:
        receive(case.body, case.path_kind)
    assert (caught.value.http_status, caught.value.code) == case.answer
    for text in ("847951632", "Zoë", "Ekström", "D-2024-17"):
        assert text not in f"{caught.value} {caught.value.where} {caught.value.__context__!r}"


def test_the_table_is_long_and_without_repetition():
    assert len(CASES) >= 150
    assert len({case.name for case in CASES}) == len(CASES)


def test_what_the_table_spoils_is_right():
    """Each case is refused for what its name says: unspoilt, the same builders are accepted."""
    for content in (
        WORLD.sign(),
        WORLD.sign_text(),
        WORLD.with_value('"x"'),
        WORLD.replacing(),
        WORLD.spoiling(lambda text: text),
        WORLD.jws(),
        WORLD.sign(
            registry=WORLD.neighbour, header=WORLD.header(sender_id="neighbour.example.org")
        ),
        WORLD.sign(WORLD.header(receiver_id="")),
        WORLD.sign(WORLD.header(receiver_id="spp.example.org/")),
    ):
        assert receive(content, "notify").message["notify_event"]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 2_000_000,
        '{"a":' * 400_000,
        '"' * 2_000_000,
        "\\" * 2_000_000,
        '"' + "\\\\" * 1_000_000,
        '"' + "\\ud83d\\ude00" * 170_000 + '\\ud83d"',
        "9" * 2_000_000,
        ",".join(["9" * 4300] * 460),
        " " * 2_000_000,
        "-" * 2_000_000,
        '"' + "\\u" * 1_000_000,
    ],
    ids=range(11),
)
def test_reading_is_linear(text):
    """Quadratic work on two megabytes would take minutes."""
    start = time.monotonic()
    with pytest.raises(errors.InvalidJSON):
        strict_json.parse(text.encode())
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "text",
    [
        " " * 1_000_000,
        "signature:" + " " * 1_000_000,
        "a" * 1_000_000,
        "a" + " " * 1_000_000,
        'a="' + "x" * 1_000_000,
        'a="x"' + " " * 1_000_000,
        "," * 1_000_000,
        "eyJ" + "." * 1_000_000,
        "eyJ" * 300_000 + ".x.x",
        "e30." + "e30" * 300_000 + ".x",
    ],
    ids=range(10),
)
def test_looking_at_signatures_is_linear(text):
    start = time.monotonic()
    registry = Registry("crvs.example.org", "ed25519")
    with pytest.raises((errors.SignatureInvalid, errors.SignatureMissing)):
        registry.verify(body("{}", "{}", text))
    assert time.monotonic() - start < 10


def test_work_is_bounded(monkeypatch):
    """A signature that fits nothing costs at most a dozen digests, one that fits mostly one."""
    texts = []
    digest = http_signature._digest
    monkeypatch.setattr(http_signature, "_digest", lambda text: texts.append(text) or digest(text))
    message = {**make_notification(), "transaction_id": "\x7f"}
    with pytest.raises(errors.DigestMismatch):
        receive(WORLD.sign(message=message, registry=WORLD.thief))
    assert 6 < len(texts) <= 12
    texts.clear()
    receive(WORLD.sign())
    assert len(texts) == 1


def test_forms_that_coincide_are_tried_once(monkeypatch):
    """Sent sorted and compact, three of the forms are one."""
    attempts = []
    monkeypatch.setattr(http_signature, "_fits", lambda *args: attempts.append(args))
    header, message = map(strict_json.canonical, (WORLD.header(), {"notify_event": []}))
    with pytest.raises(errors.DigestMismatch):
        receive(WORLD.sign_text(header, message))
    assert len(attempts) == 2 * len({"compact", "spaced", "sorted with spaces"})
