"""Fetches a JWKS document (RFC 7517) from an address that somebody typed in.

Whoever may type that address must not reach by it what only this server can reach, nor keep the
server busy: the name is resolved once, every address is checked, the checked one is connected to,
and time and size are limited in all. Errors name the kind of failure, never what was received.
"""

import json
import os
import re
import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from requests.adapters import HTTPAdapter

from .address_check import is_allowed
from .signature import read_jwks

MAX_BYTES = 256 * 1024
MAX_REDIRECTS = 2
REDIRECTS = frozenset({301, 302, 303, 307, 308})

_URL_CHARACTERS = re.compile(r"[!-\[\]-~]+")  # printable ASCII but for the backslash


class KeyFetchError(Exception):
    """Keys could not be fetched; the text is safe to show and says only why in general."""


def fetch_jwks(url, *, timeout, allow_insecure=False):
    """Fetch the signing keys that a registry publishes.

    :param str url: of the JWKS document
    :param float timeout: seconds for everything, from the name's resolution to the last byte
    :param bool allow_insecure: also plain HTTP and loopback addresses
    :return: at least one key and at most 20, each once, in the order of the document
    :rtype: tuple[TrustedKey, ...]
    :raise KeyFetchError: when there is no such document or no key in it that could be used
    """
    check_url(url, allow_insecure=allow_insecure)
    with _Deadline(timeout) as deadline:
        body = _download(url, deadline, allow_insecure)
    try:
        keys = read_jwks(json.loads(body))
    except (ValueError, RecursionError):
        raise KeyFetchError("not a JWKS document") from None
    if not keys:
        raise KeyFetchError("no signing key in the document")
    return keys


def to_pem(public_key):
    """Write a public key in PEM form (SubjectPublicKeyInfo).

    :param public_key: a public key of ``cryptography``
    :rtype: str
    """
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def check_url(url, *, allow_insecure=False):
    """Check the form of a URL before anything is sent to it.

    :param str url: what was typed in
    :param bool allow_insecure: also plain HTTP
    :return: its parts
    :rtype: urllib.parse.SplitResult
    :raise KeyFetchError: for another scheme, no host, or a user name or password in it
    """
    try:
        parts = urlsplit(url)
        # Reading the port checks it.
        usable = bool(parts.hostname) and parts.port != 0 and _URL_CHARACTERS.fullmatch(url)
    except ValueError:
        usable = False
    if not usable:
        raise KeyFetchError("not a URL")
    if parts.username is not None or parts.password is not None:
        raise KeyFetchError("a user name or password in the URL")
    if parts.scheme != "https" and not (allow_insecure and parts.scheme == "http"):
        raise KeyFetchError("not an HTTPS address")
    return parts


def _download(url, deadline, allow_insecure):
    """Get the document, following a redirect on the same host.

    :rtype: bytes
    :raise KeyFetchError: for whatever goes wrong
    """
    host = urlsplit(url).hostname
    addresses = _resolve(host, deadline)
    if not all(is_allowed(sockaddr[0], allow_loopback=allow_insecure) for _, sockaddr in addresses):
        raise KeyFetchError("address not allowed")
    with requests.Session() as session:
        # Neither the environment's proxies nor .netrc: they are meant for other connections.
        session.trust_env = False
        session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        session.headers.update({"Accept": "application/json", "Accept-Encoding": "identity"})
        for scheme in ("http://", "https://"):
            session.mount(scheme, _PinnedAdapter(addresses, deadline))
        for _hop in range(MAX_REDIRECTS + 1):
            try:
                with session.get(
                    url, timeout=deadline.remaining(), stream=True, allow_redirects=False
                ) as response:
                    if response.status_code not in REDIRECTS:
                        return _read(response, deadline)
                    url = _redirected(url, response, allow_insecure)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                reason = "timeout" if deadline.is_over else _kind(error)
                raise KeyFetchError(reason) from None
    raise KeyFetchError("too many redirects")


def _read(response, deadline):
    """Return the body of a response within the limit.

    :rtype: bytes
    :raise KeyFetchError: for another status than 200, a compressed or a large body
    """
    if response.status_code != 200:
        raise KeyFetchError(f"HTTP {response.status_code}")
    # We asked for none, and a small body can unpack to gigabytes.
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise KeyFetchError("compressed answer")
    body = response.raw.read(MAX_BYTES + 1, decode_content=False)
    # A connection that was cut at the deadline looks like an end.
    deadline.remaining()
    if len(body) > MAX_BYTES:
        raise KeyFetchError("answer too large")
    return body


def _redirected(url, response, allow_insecure):
    """Return where a redirect leads, when that is the same host and not less secure.

    :rtype: str
    :raise KeyFetchError: otherwise
    """
    try:
        target = urljoin(url, response.headers.get("Location", ""))
    except ValueError:
        raise KeyFetchError("not a URL") from None
    old, new = urlsplit(url), check_url(target, allow_insecure=allow_insecure)
    if new.hostname != old.hostname:
        raise KeyFetchError("redirected to another host")
    if old.scheme == "https" and new.scheme != "https":
        raise KeyFetchError("redirected to plain HTTP")
    return target


def _kind(error):
    """Name an error of the connection without the text, which holds URLs."""
    if isinstance(error, requests.exceptions.SSLError):
        return "TLS certificate or handshake failed"
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "timeout"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return "no valid HTTP answer"


def _resolve(host, deadline):
    """Return every address of a host.

    The system's resolver knows no time limit, so it runs aside and is left alone if it is late.

    :return: of each the family and the address as the socket module has it
    :rtype: list[tuple[int, tuple]]
    :raise KeyFetchError: for an unknown host, or when time is up
    """
    found = []

    def look_up():
        with suppress(OSError, UnicodeError):
            found.extend(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))

    thread = threading.Thread(target=look_up, name="jwks-resolve", daemon=True)
    thread.start()
    thread.join(deadline.remaining())
    deadline.remaining()
    if not found:
        raise KeyFetchError("unknown host")
    return list(dict.fromkeys((entry[0], entry[4]) for entry in found))


class _Deadline:
    """Cuts every connection when time is up, however slowly the other side sends."""

    def __init__(self, seconds):
        self._end = time.monotonic() + seconds
        self._sockets = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self):
        self._timer.start()
        return self

    def __exit__(self, *_error):
        self._timer.cancel()
        self._timer.join()
        for sock in self._sockets:
            sock.close()

    @property
    def is_over(self):
        """Whether time is up."""
        return time.monotonic() >= self._end

    def remaining(self):
        """Return the seconds left.

        :rtype: float
        :raise KeyFetchError: when there are none
        """
        if self.is_over:
            raise KeyFetchError("timeout")
        # At least something: zero would mean "do not wait" to a socket.
        return max(self._end - time.monotonic(), 0.001)

    def watch(self, sock):
        """Have a connection cut when time is up.

        The copy of the handle survives the wrapping into TLS.
        """
        self._sockets.append(sock.dup())
        self.remaining()

    def _cut(self):
        for sock in list(self._sockets):
            with suppress(OSError):  # closed already
                sock.shutdown(socket.SHUT_RDWR)


class _PinnedAdapter(HTTPAdapter):
    """Connects to addresses that were checked; TLS and the Host header go by the name."""

    def __init__(self, addresses, deadline):
        self._addresses = addresses
        self._deadline = deadline
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, **kwargs)
        pools = urllib3.poolmanager.pool_classes_by_scheme
        self.poolmanager.pool_classes_by_scheme = {
            scheme: type(
                f"Pinned{pool.__name__}", (pool,), {"ConnectionCls": self._pin(pool.ConnectionCls)}
            )
            for scheme, pool in pools.items()
        }

    def _pin(self, connection_class):
        addresses, deadline = self._addresses, self._deadline

        class PinnedConnection(connection_class):
            """A connection that never resolves a name."""

            def _new_conn(self):
                error = None
                for index, (family, sockaddr) in enumerate(addresses):
                    sock = socket.socket(family, socket.SOCK_STREAM)
                    try:
                        sock.settimeout(deadline.remaining() / (len(addresses) - index))
                        sock.connect((sockaddr[0], self.port, *sockaddr[2:]))
                        deadline.watch(sock)
                    except OSError as refused:
                        error = refused
                        sock.close()
                        continue
                    # What follows has the time that is left, not this address's share of it.
                    sock.settimeout(deadline.remaining())
                    return sock
                raise urllib3.exceptions.NewConnectionError(self, "no connection") from error

        return PinnedConnection
