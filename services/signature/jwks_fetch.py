"""Fetches a JWKS document (RFC 7517) from an address that somebody typed in.

Whoever may type that address must not reach by it what only this server can reach, nor keep the
server busy: the name is resolved once, every address is checked, the checked one is connected to,
and time and size are limited in all. Errors name the kind of failure, never what was received.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import ssl
import threading
import time
from contextlib import closing, suppress
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import certifi
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .address_check import is_allowed
from .keys import PublicKey, TrustedKey, read_jwks

MAX_BYTES = 256 * 1024
MAX_REDIRECTS = 2
REDIRECTS = frozenset({301, 302, 303, 307, 308})

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "Connection": "close"}
#: family and address as the socket module has them
_Address = tuple[int, tuple[Any, ...]]

_URL_CHARACTERS = re.compile(r"[!-\[\]-~]+")  # printable ASCII but for the backslash


class KeyFetchError(Exception):
    """Keys could not be fetched; the text is safe to show and says only why in general."""


def fetch_jwks(url: str, *, timeout: float, allow_insecure: bool = False) -> tuple[TrustedKey, ...]:
    """Fetch the signing keys that a registry publishes.

    :param url: of the JWKS document
    :param timeout: seconds for everything, from the name's resolution to the last byte
    :param allow_insecure: also plain HTTP and loopback addresses
    :return: at least one key and at most 20, each once, in the order of the document
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


def to_pem(public_key: PublicKey) -> str:
    """Write a public key in PEM form (SubjectPublicKeyInfo).

    :param public_key: a public key of ``cryptography``
    """
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def check_url(url: str, *, allow_insecure: bool = False) -> SplitResult:
    """Check the form of a URL before anything is sent to it.

    :param url: what was typed in
    :param allow_insecure: also plain HTTP
    :return: its parts
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


def _download(url: str, deadline: _Deadline, allow_insecure: bool) -> bytes:
    """Get the document, following a redirect on the same host.

    :raise KeyFetchError: for whatever goes wrong
    """
    addresses = _resolve(urlsplit(url).hostname or "", deadline)
    if not all(is_allowed(sockaddr[0], allow_loopback=allow_insecure) for _, sockaddr in addresses):
        raise KeyFetchError("address not allowed")
    for _hop in range(MAX_REDIRECTS + 1):
        parts = urlsplit(url)
        kind = _PinnedHTTPS if parts.scheme == "https" else _PinnedHTTP
        try:
            with closing(kind(parts, addresses, deadline)) as connection:
                target = parts.path or "/"
                # Neither proxies nor .netrc: they are meant for other connections.
                connection.request(
                    "GET", f"{target}?{parts.query}" if parts.query else target, headers=_HEADERS
                )
                response = connection.getresponse()
                if response.status not in REDIRECTS:
                    return _read(response, deadline)
                url = _redirected(url, response, allow_insecure)
        except (http.client.HTTPException, OSError, ValueError) as error:
            reason = "timeout" if deadline.is_over else _kind(error)
            raise KeyFetchError(reason) from None
    raise KeyFetchError("too many redirects")


def _read(response: http.client.HTTPResponse, deadline: _Deadline) -> bytes:
    """Return the body of a response within the limit.

    :raise KeyFetchError: for another status than 200, a compressed or a large body
    """
    if response.status != 200:
        raise KeyFetchError(f"HTTP {response.status}")
    # We asked for none, and a small body can unpack to gigabytes.
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise KeyFetchError("compressed answer")
    body = response.read(MAX_BYTES + 1)
    # A connection that was cut at the deadline looks like an end.
    deadline.remaining()
    if len(body) > MAX_BYTES:
        raise KeyFetchError("answer too large")
    return body


def _redirected(url: str, response: http.client.HTTPResponse, allow_insecure: bool) -> str:
    """Return where a redirect leads, when that is the same host and not less secure.

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


def _kind(error: Exception) -> str:
    """Name an error of the connection without the text, which holds URLs."""
    if isinstance(error, ssl.SSLError):
        return "TLS certificate or handshake failed"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, OSError):
        return "no connection"
    return "no valid HTTP answer"


def _resolve(host: str, deadline: _Deadline) -> list[_Address]:
    """Return every address of a host.

    The system's resolver knows no time limit, so it runs aside and is left alone if it is late.

    :return: of each the family and the address as the socket module has it
    :raise KeyFetchError: for an unknown host, or when time is up
    """
    found: list[Any] = []

    def look_up() -> None:
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

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        self._timer.join()
        for sock in self._sockets:
            sock.close()

    @property
    def is_over(self) -> bool:
        """Whether time is up."""
        return time.monotonic() >= self._end

    def remaining(self) -> float:
        """Return the seconds left.

        :raise KeyFetchError: when there are none
        """
        if self.is_over:
            raise KeyFetchError("timeout")
        # At least something: zero would mean "do not wait" to a socket.
        return max(self._end - time.monotonic(), 0.001)

    def connect(self, addresses: list[_Address], port: int) -> socket.socket:
        """Connect to the first of the addresses that answers.

        :raise OSError: when none does
        """
        failure: OSError = ConnectionError("no address")
        for index, (family, sockaddr) in enumerate(addresses):
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(self.remaining() / (len(addresses) - index))
                sock.connect((sockaddr[0], port, *sockaddr[2:]))
                # The copy of the handle survives the wrapping into TLS.
                self._sockets.append(sock.dup())
            except OSError as error:
                failure = error
                sock.close()
                continue
            # What follows has the time that is left, not this address's share of it.
            sock.settimeout(self.remaining())
            return sock
        raise failure

    def _cut(self) -> None:
        for sock in list(self._sockets):
            with suppress(OSError):  # closed already
                sock.shutdown(socket.SHUT_RDWR)


class _PinnedHTTP(http.client.HTTPConnection):
    """Connects to addresses that were checked; the Host header goes by the name."""

    def __init__(self, parts: SplitResult, addresses: list[_Address], deadline: _Deadline) -> None:
        super().__init__(parts.hostname or "", parts.port)
        self._addresses = addresses
        self._deadline = deadline

    def connect(self) -> None:
        self.sock = self._deadline.connect(self._addresses, self.port)


class _PinnedHTTPS(_PinnedHTTP):
    """The same over TLS, whose certificate has to bear the name."""

    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        context = ssl.create_default_context(
            cafile=os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where()
        )
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
