"""Key rings: the signing keys a registry publishes, in the two styles of key ids that exist."""

import base64
import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from .wire import dumps, new_id

ED25519 = "ed25519"
RS256 = "rs256"


def b64url(data):
    """:return: base64url text of bytes, without padding (RFC 7515, appendix C)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value):
    return b64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def public_members(public_key):
    """:return: the required members of a public key's JWK (RFC 7518 section 6, RFC 8037)."""
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return {"crv": "Ed25519", "kty": "OKP", "x": b64url(public_key.public_bytes_raw())}
    numbers = public_key.public_numbers()
    return {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}


def thumbprint(public_key):
    """:return: SHA-256 JWK thumbprint, base64url (RFC 7638)."""
    text = dumps(public_members(public_key), sort=True)
    return b64url(hashlib.sha256(text.encode()).digest())


def generate(algorithm):
    """:return: a new private key for ``ed25519`` or ``rs256`` (2048 bits)."""
    if algorithm == ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class SigningKey:
    """One key pair with the id under which it is published."""

    kid: str
    algorithm: str
    private: object

    @property
    def public(self):
        """The public key."""
        return self.private.public_key()

    def jwk(self):
        """:return: the published JWK: public members only."""
        alg = "EdDSA" if self.algorithm == ED25519 else "RS256"
        return {**public_members(self.public), "kid": self.kid, "use": "sig", "alg": alg}

    def public_pem(self):
        """:return: public key as PEM, for those who paste it."""
        return self.public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()

    def private_pem(self):
        """:return: private key as unencrypted PKCS 8 PEM, for the state file."""
        return self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()


@dataclass
class KeyRing:
    """The signing keys of one registry; the newest of an algorithm signs.

    :param owner: the registry's sender id, part of the key ids in DCI style.
    :param style: ``dci`` for ``<sender id>|<key id>|<algorithm>``, ``thumbprint`` for RFC 7638.
    :param encryption: RSA key published with ``use: "enc"``, which nobody may pick to verify.
    """

    owner: str
    style: str
    encryption: rsa.RSAPrivateKey
    keys: list = field(default_factory=list)

    def add(self, algorithm, private=None, kid=None):
        """Publish a key, new unless given.

        :return: the SigningKey.
        """
        private = private or generate(algorithm)
        key = SigningKey(kid or self._kid(algorithm, private), algorithm, private)
        self.keys.append(key)
        return key

    def _kid(self, algorithm, private):
        if self.style == "thumbprint":
            return thumbprint(private.public_key())
        return f"{self.owner}|{new_id()[:8]}|{algorithm}"

    def current(self, algorithm):
        """Choose the key that signs.

        :return: the newest SigningKey of this algorithm.
        :raise KeyError: the ring has none.
        """
        for key in reversed(self.keys):
            if key.algorithm == algorithm:
                return key
        raise KeyError(algorithm)

    def rotate(self, algorithm, keep_old):
        """Make a new key the signing one.

        :param keep_old: False withdraws the others of the algorithm from the JWKS at once.
        :return: the new SigningKey.
        """
        if not keep_old:
            self.keys = [key for key in self.keys if key.algorithm != algorithm]
        return self.add(algorithm)

    def jwks(self):
        """Publish the keys.

        :return: the JWKS document (RFC 7517), the encryption key first: a trap for the careless.
        """
        encryption = {
            **public_members(self.encryption.public_key()),
            "kid": f"{self.owner}|encryption|rsa-oaep-256",
            "use": "enc",
            "alg": "RSA-OAEP-256",
        }
        return {"keys": [encryption, *(key.jwk() for key in self.keys)]}

    def dump(self):
        """:return: list of dicts for the state file."""
        return [
            {"kid": key.kid, "algorithm": key.algorithm, "pem": key.private_pem()}
            for key in self.keys
        ]

    def load(self, dumped):
        """Replace the keys by those of :meth:`dump`."""
        self.keys = []
        for item in dumped:
            private = serialization.load_pem_private_key(item["pem"].encode(), None)
            self.add(item["algorithm"], private, item["kid"])
