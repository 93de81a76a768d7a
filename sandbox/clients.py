"""The clients' public keys: registered by hand, or fetched from a client's JWKS."""

import ipaddress
import threading
import time
from urllib.parse import urlsplit

import jwt
import requests
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from .keys import ED25519, RS256, thumbprint
from .signing import named_key, verify
from .wire import Refused

REFETCH_AFTER = 1.0  # seconds between two fetches of one client's keys


def algorithm_of(public_key):
    """:return: ``ed25519`` or ``rs256``, None for another kind of key."""
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return ED25519
    return RS256 if isinstance(public_key, rsa.RSAPublicKey) else None


def read_jwks(document):
    """Read the signing keys of a JWKS.

    :param document: parsed JWKS.
    :return: list of ``(kid, algorithm, public key)`` of its signing keys.
    :raise ValueError: it is no JWKS.
    """
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("not a JWKS")
    keys = []
    for item in document["keys"]:
        if not isinstance(item, dict) or item.get("use", "sig") != "sig" or "d" in item:
            continue
        try:
            public = jwt.PyJWK(item).key
        except (jwt.PyJWTError, ValueError):
            continue
        algorithm = algorithm_of(public)
        if algorithm:
            keys.append((item.get("kid") or thumbprint(public), algorithm, public))
    return keys


def _fetch(url):
    parts = urlsplit(url)
    if parts.scheme != "https" and not _is_loopback(parts.hostname):
        raise Refused(401, "err.signature.invalid", "The client's keys are not served over HTTPS.")
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(url, timeout=3, allow_redirects=False)
        if answer.status_code != 200:
            raise ValueError(f"status {answer.status_code}")
        return read_jwks(answer.json())
    except (requests.RequestException, ValueError) as error:
        raise Refused(
            401, "err.signature.invalid", "The client's keys could not be fetched."
        ) from error


def _is_loopback(host):
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


class Client:
    """One client's keys.

    :param jwks_url: where they are fetched; None for keys given by hand.
    :param keys: list of ``(kid, algorithm, public key)``; a kid of None serves any key id.
    """

    def __init__(self, jwks_url=None, keys=()):
        self.jwks_url = jwks_url
        self.keys = list(keys)
        self._fetched = None
        self._lock = threading.Lock()

    def candidates(self, kid):
        """Find the keys that a signature naming this key id may have been made with.

        :return: list of ``(algorithm, public key)``.
        """
        found = self._named(kid)
        if not found and self.jwks_url:
            with self._lock:
                now = time.monotonic()
                if self._fetched is None or now - self._fetched > REFETCH_AFTER:
                    self._fetched = now
                    self.keys = _fetch(self.jwks_url)
            found = self._named(kid)
        return found

    def _named(self, kid):
        return [(algorithm, public) for own, algorithm, public in self.keys if own in (None, kid)]


class Clients:
    """The clients by sender id.

    :param required: whether clients without registered keys are refused.
    """

    def __init__(self, required=False):
        self.required = required
        self._clients = {}
        self._registered = {}

    def register(self, sender_id, public_key=None, jwks_url=None):
        """Register or replace a client's keys.

        :param public_key: PEM.
        :param jwks_url: URL of its JWKS, instead of a key.
        :raise Refused: 400 for no key, a key of another kind, or what is no URL.
        """
        if not isinstance(sender_id, str) or not sender_id:
            raise Refused(400, "err.request.bad", "A client needs a sender_id.")
        self._clients[sender_id] = (
            Client(jwks_url=jwks_url) if jwks_url else Client(keys=[_read_pem(public_key)])
        )
        self._registered[sender_id] = {"public_key": public_key, "jwks_url": jwks_url}

    def dump(self):
        """:return: dict of what was registered, by sender id."""
        return dict(self._registered)

    def clear(self):
        """Forget all clients."""
        self._clients.clear()
        self._registered.clear()

    def check(self, members, texts, *, publishes=False):
        """Verify the signature of a client's request.

        :param members: parsed envelope.
        :param texts: text of each member as received.
        :param publishes: whether the keys of a client that is not registered are looked for at
            ``<sender id>/.well-known/jwks.json``, and a signature is always needed.
        :raise Refused: 401 when it is wrong, or missing where one is needed.
        """
        sender_id = members["header"]["sender_id"]
        client = self._clients.get(sender_id)
        if client is None and publishes:
            url = f"{sender_id.rstrip('/')}/.well-known/jwks.json"
            client = self._clients.setdefault(sender_id, Client(jwks_url=url))
        if client is None:
            if self.required:
                raise Refused(401, "err.sender_id.invalid", "This sender is not registered.")
            return
        profile, kid = named_key(members.get("signature"))
        if publishes and profile != "jws":
            raise Refused(401, "err.signature.invalid", "The signature must be a JWS.")
        verify(members, texts, client.candidates(kid), time.time())


def _read_pem(text):
    try:
        public = serialization.load_pem_public_key(text.encode())
    except (AttributeError, ValueError, UnsupportedAlgorithm) as error:
        raise Refused(400, "err.request.bad", "A client needs a public_key or jwks_url.") from error
    if algorithm_of(public) is None:
        raise Refused(400, "err.request.bad", "The key is neither Ed25519 nor RSA.")
    return None, algorithm_of(public), public
