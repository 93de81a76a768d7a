"""What is taken for a trusted key, and what is not."""

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from ...services.signature import TrustedKey, public_jwk, read_jwks, thumbprint
from ...services.signature.keys import KeyName
from ..helpers.messages import Registry, pem

ED = Registry("crvs.example.org", "ed25519")
RSA = Registry("civil.example.org", "rs256")
BOTH = pytest.mark.parametrize("registry", [ED, RSA], ids=["ed25519", "rs256"])


def encode(number):
    length = (number.bit_length() + 7) // 8
    return base64.urlsafe_b64encode(number.to_bytes(length, "big")).rstrip(b"=").decode()


def jwk_of(registry, **members):
    """A JWK written by hand; members given as None are left out."""
    if registry.algorithm == "ed25519":
        raw = registry.public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": x}
    else:
        numbers = registry.public_key.public_numbers()
        jwk = {"kty": "RSA", "n": encode(numbers.n), "e": encode(numbers.e)}
    jwk = {**jwk, "kid": registry.kid, "use": "sig", **members}
    return {name: value for name, value in jwk.items() if value is not None}


def expected_thumbprint(jwk):
    required = {name: jwk[name] for name in ("crv", "e", "kty", "n", "x") if name in jwk}
    text = json.dumps(required, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def test_thumbprint_of_rfc_7638():
    """The example of section 3.1 of the RFC."""
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJE"
        "CPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2"
        "QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh"
        "6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    key = TrustedKey.from_jwk({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "x"})
    assert key.fingerprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_thumbprint_of_rfc_8037():
    """The example of appendix A.3 of the RFC."""
    x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    key = TrustedKey.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": x})
    assert key.fingerprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert key.kid == key.fingerprint


@BOTH
def test_jwk(registry):
    key = TrustedKey.from_jwk(jwk_of(registry))
    assert (key.kid, key.algorithm) == (registry.kid, registry.algorithm)
    assert pem(key.public_key) == registry.pem
    assert key.fingerprint == expected_thumbprint(jwk_of(registry)) == thumbprint(key.public_key)
    assert key == registry.trusted_key()


@BOTH
def test_public_jwk(registry):
    alg = {"ed25519": "EdDSA", "rs256": "RS256"}[registry.algorithm]
    written = public_jwk(registry.public_key, kid="k", algorithm=registry.algorithm)
    assert written == jwk_of(registry, kid="k", alg=alg)
    assert TrustedKey.from_jwk(written).kid == "k"


@BOTH
def test_pem(registry):
    for text in (registry.pem, f"\n  {registry.pem}\n", registry.pem.replace("\n", "\r\n")):
        key = TrustedKey.from_pem(text)
        assert (key.kid, key.algorithm) == (None, registry.algorithm)
        assert key.fingerprint == thumbprint(registry.public_key)
    assert TrustedKey.from_pem(registry.pem, kid="k", algorithm=registry.algorithm).kid == "k"
    other = {"ed25519": "rs256", "rs256": "ed25519"}[registry.algorithm]
    with pytest.raises(ValueError, match=f"for the algorithm {registry.algorithm}"):
        TrustedKey.from_pem(registry.pem, algorithm=other)


def test_pem_of_pkcs_1():
    text = RSA.public_key.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    assert TrustedKey.from_pem(text) == TrustedKey.from_pem(RSA.pem)


def test_pem_that_is_refused():
    private = ED.private_key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    ).decode()
    for text, sentence in (
        (private, "private key"),
        (ED.pem + RSA.pem, "exactly one"),
        ("", "exactly one"),
        ("ssh-ed25519 AAAA", "exactly one"),
        (None, "not a public key"),
        (b"bytes", "not a public key"),
        (ED.pem + "é", "not a public key"),
        (ED.pem + " " * 20000, "not a public key"),
        (ED.pem.replace("M", "N", 1), "not a public key"),
        (ED.pem.replace("PUBLIC KEY", "CERTIFICATE"), "not a public key"),
        (pem(ec.generate_private_key(ec.SECP256R1()).public_key()), "Only Ed25519 and RSA"),
        (pem(ed448.Ed448PrivateKey.generate().public_key()), "Only Ed25519 and RSA"),
        (pem(dsa.generate_private_key(2048).public_key()), "Only Ed25519 and RSA"),
        (pem(x25519.X25519PrivateKey.generate().public_key()), "Only Ed25519 and RSA"),
        (pem(rsa.RSAPublicNumbers(65537, 2**2046 + 1).public_key()), "2048 to 8192"),
        (pem(rsa.RSAPublicNumbers(65537, 2**8200 + 1).public_key()), "2048 to 8192"),
    ):
        with pytest.raises(ValueError, match=sentence):
            TrustedKey.from_pem(text)


@pytest.mark.parametrize(
    "members",
    [
        {"use": None},
        {"use": ""},
        {"alg": "RS256"},
        {"alg": "rs256"},
        {"alg": ""},
        {"key_ops": ["verify"]},
        {"key_ops": ["sign", "verify"]},
        {"x5c": ["ignored"], "unknown": {}},
        {"kid": "k" * 1024},
        {"kid": "civil.example.org|k|RS256"},
    ],
    ids=str,
)
def test_jwk_members_that_are_accepted(members):
    assert TrustedKey.from_jwk(jwk_of(RSA, **members)).algorithm == "rs256"


@pytest.mark.parametrize(
    "members",
    [
        {"use": "enc"},
        {"use": "SIG"},
        {"use": ["sig"]},
        {"alg": "RS512"},
        {"alg": "PS256"},
        {"alg": "RSA-OAEP"},
        {"alg": "EdDSA"},
        {"alg": "HS256"},
        {"alg": ["RS256"]},
        {"key_ops": []},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"d": "AQAB"},
        {"d": ""},
        {"kty": "rsa"},
        {"kty": "oct", "k": "AQAB"},
        {"kty": "EC"},
        {"kty": None},
        {"kty": ["RSA"]},
        {"n": None},
        {"e": None},
        {"n": 7},
        {"n": ""},
        {"n": "A" * 1401},
        {"n": "AQAB"},
        {"n": encode(2**8200 + 1)},
        {"n": "!!!!"},
        {"n": "é" * 100},
        {"e": "A"},
        {"e": "AA"},
        {"e": "AQ"},
        {"e": "Ag"},
        {"kid": 7},
        {"kid": "k" * 1025},
        {"kid": "a\nb"},
        {"kid": "civil.example.org|k|ed25519"},
    ],
    ids=str,
)
def test_jwk_members_that_are_refused(members):
    with pytest.raises(ValueError) as caught:
        TrustedKey.from_jwk(jwk_of(RSA, **members))
    assert str(caught.value).endswith(".")


def test_curves_that_are_refused():
    raw = ed448.Ed448PrivateKey.generate().public_key().public_bytes_raw()
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    for members in (
        {"crv": "Ed448", "x": x},
        {"crv": "X25519"},
        {"crv": "ed25519"},
        {"crv": None},
        {"crv": ["Ed25519"]},
        {"x": x},
        {"x": "AQAB"},
        {"alg": "ES256"},
    ):
        with pytest.raises(ValueError):
            TrustedKey.from_jwk(jwk_of(ED, **members))
    assert TrustedKey.from_jwk(jwk_of(ED, alg="Ed25519"))
    for wrong in (None, [], "key", 7):
        with pytest.raises(ValueError):
            TrustedKey.from_jwk(wrong)


def test_jwks():
    broken = [None, 7, {}, jwk_of(RSA, use="enc"), jwk_of(ED, crv="X25519"), jwk_of(RSA, d="AQAB")]
    keys = read_jwks({"keys": [*broken, jwk_of(ED), jwk_of(RSA, kid=None), jwk_of(ED)], "x": 1})
    assert [key.algorithm for key in keys] == ["ed25519", "rs256"]
    assert keys[1].kid == keys[1].fingerprint
    assert read_jwks({"keys": []}) == ()


def test_jwks_is_cut_off_after_twenty_keys():
    keys = read_jwks({"keys": [jwk_of(ED, kid=f"k{number}") for number in range(25)]})
    assert [key.kid for key in keys] == [f"k{number}" for number in range(20)]


@pytest.mark.parametrize("document", [None, [], "x", {}, {"keys": None}, {"keys": {"a": {}}}])
def test_what_is_no_jwks(document):
    with pytest.raises(ValueError, match="not a JSON Web Key Set"):
        read_jwks(document)


@pytest.mark.parametrize(
    ("full", "parts"),
    [
        ("key", ("", "key", "")),
        ("https://a.org/x|key", ("https://a.org/x", "key", "")),
        ("https://a.org/x|key|rs256", ("https://a.org/x", "key", "rs256")),
        ("a|b|key|rs256", ("a|b", "key", "rs256")),
        ("||", ("", "", "")),
        ("", ("", "", "")),
    ],
)
def test_key_names(full, parts):
    name = KeyName.of(full)
    assert (name.sender_id, name.key_id, name.algorithm) == parts


# Facts of the curve edwards25519: the y of its points of order 8, and the prime.
P = 2**255 - 19
ORDER_8 = (
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)
SMALL = [0, 1, P - 1, *(int.from_bytes(bytes.fromhex(y), "little") for y in ORDER_8)]


def encodings():
    """Every encoding of a point of small order, and second names of them."""
    for y in (*SMALL, P, P + 1):
        for sign in (0, 2**255):
            yield (y + sign).to_bytes(32, "little")


def both_ways(public_key):
    """A key as PEM and as JWK, as functions that read it."""
    text = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    if isinstance(public_key, rsa.RSAPublicKey):
        numbers = public_key.public_numbers()
        jwk = {"kty": "RSA", "n": encode(numbers.n), "e": encode(numbers.e)}
    else:
        raw = public_key.public_bytes_raw()
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": x}
    return lambda: TrustedKey.from_pem(text), lambda: TrustedKey.from_jwk(jwk)


@pytest.mark.parametrize("raw", sorted(set(encodings())), ids=bytes.hex)
def test_points_of_small_order_are_refused(raw):
    for read in both_ways(ed25519.Ed25519PublicKey.from_public_bytes(raw)):
        with pytest.raises(ValueError, match="proves nothing|not valid|not a public key"):
            read()


def test_what_small_order_would_mean():
    """A signature that nobody made fits: this is what the refusal is for."""
    identity = (1).to_bytes(32, "little")
    key = ed25519.Ed25519PublicKey.from_public_bytes(identity)
    key.verify(identity + bytes(32), b"any message at all")


def test_y_beyond_the_prime_is_refused():
    for y in range(P, 2**255):
        public_key = ed25519.Ed25519PublicKey.from_public_bytes(y.to_bytes(32, "little"))
        with pytest.raises(ValueError):
            TrustedKey._of(public_key, None, None)


@pytest.mark.parametrize(
    ("modulus", "exponent"),
    [(0, 1), (0, 3), (0, 17), (0, 65539 - 4), (0, 65538), (1, 65537)],
    ids=["e is 1", "e is 3", "e is 17", "e below 65537", "e is even", "n is even"],
)
def test_weak_rsa_numbers_are_refused(modulus, exponent):
    numbers = rsa.RSAPublicNumbers(exponent, RSA.public_key.public_numbers().n - modulus)
    try:
        public_key = numbers.public_key()
    except ValueError:
        return  # not even a key for the library below
    for read in both_ways(public_key):
        with pytest.raises(ValueError, match="proves nothing|not valid|not a public key"):
            read()
