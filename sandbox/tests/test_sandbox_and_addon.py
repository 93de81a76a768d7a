"""Two implementations of the wire format, the sandbox's and the addon's, check each other."""

import importlib.util
import sys
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox import signing
from sandbox.keys import KeyRing, generate, thumbprint
from sandbox.testing import ROOT
from sandbox.wire import dumps, read_object, timestamp

HEADER = {
    "message_id": "1",
    "message_ts": timestamp(),
    "sender_id": "crvs",
    "action": "notify",
    "version": "1.0.0",
}
MESSAGE = '{"transaction_id":"t","notify_event":[{"z":"Ayşe","a":48.90,"tiny":0.00001}]}'


@pytest.fixture(scope="module")
def addon():
    """Import the addon's services under a name of their own; they need no Odoo."""
    name = "addon_services"
    if name not in sys.modules:
        folder = ROOT / "services"
        spec = importlib.util.spec_from_file_location(
            name, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    for part in ("wire.envelope", "signature", "errors"):
        importlib.import_module(f"{name}.{part}")
    return sys.modules[name]


@pytest.fixture(scope="module")
def ring():
    ring = KeyRing("crvs", "dci", generate("rs256"))
    ring.add("ed25519")
    ring.add("rs256")
    return ring


def styles():
    for key in ("ed25519", "rs256"):
        yield signing.Style(profile="jws", key=key)
        for form in ("received", "received-spaced", "compact", "sorted", "sorted-spaced"):
            for digest in ("prefixed", "bare"):
                yield signing.Style(key=key, json=form, digest=digest, body="compact")
                yield signing.Style(key=key, json=form, digest=digest, body="spaced", ascii=True)
    yield signing.Style(namespace="spdci", key_parameter="keyId", prefix="Signature:  ")


def verified(addon, ring, style, message=MESSAGE):
    body = signing.seal(HEADER, message, ring, style, time.time())
    keys = [
        addon.signature.TrustedKey.from_jwk(jwk)
        for jwk in ring.jwks()["keys"]
        if jwk["use"] == "sig"
    ]
    return addon.signature.verify(
        addon.wire.envelope.parse(body),
        sender_id="crvs",
        algorithm=style.key,
        keys=keys,
        now=time.time(),
    )


@pytest.mark.parametrize("style", list(styles()), ids=str)
def test_the_addon_accepts_what_the_sandbox_signs(addon, ring, style):
    # Numbers survive in the received text alone.
    message = MESSAGE if style.json.startswith("received") else MESSAGE.replace("48.90", "48.9")
    message = message if style.json.startswith("received") else message.replace("0.00001", "1e-05")
    assert verified(addon, ring, style, message).fresh


@pytest.mark.parametrize("profile", ["http", "jws"])
@pytest.mark.parametrize("flaw", ["other_key", "unknown_kid", "tampered", "missing", "empty"])
def test_the_addon_refuses_what_the_sandbox_spoils(addon, ring, profile, flaw):
    with pytest.raises((addon.errors.SignatureInvalid, addon.errors.SignatureMissing)):
        verified(addon, ring, signing.Style(profile=profile, flaw=flaw))


@pytest.mark.parametrize("algorithm", ["ed25519", "rs256"])
@pytest.mark.parametrize("profile", ["http", "jws"])
def test_the_sandbox_accepts_what_the_addon_signs(addon, profile, algorithm):
    private = generate(algorithm)
    message = {"transaction_id": "t", "name": "Ayşe", "b": [1, 2.5, None, True]}
    if profile == "http":
        signature = addon.signature.sign_http(
            HEADER,
            message,
            sender_id="crvs",
            key_id="k",
            algorithm=algorithm,
            private_key=private,
            now=time.time(),
        )
    else:
        kid = thumbprint(private.public_key())
        signature = addon.signature.sign_jws(
            HEADER, message, private_key=private, algorithm=algorithm, kid=kid
        )
        assert signing.named_key(signature) == ("jws", kid)
    body = dumps({"signature": signature, "header": HEADER, "message": message}).encode()
    keys = [(algorithm, private.public_key())]
    signing.verify(*read_object(body), keys, time.time())


def test_thumbprints_agree(addon, ring):
    for key in ring.keys:
        assert addon.signature.thumbprint(key.public) == thumbprint(key.public)
        trusted = addon.signature.TrustedKey.from_pem(key.public_pem())
        assert isinstance(trusted.public_key, rsa.RSAPublicKey) == (key.algorithm == "rs256")
