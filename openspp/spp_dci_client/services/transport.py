"""One HTTP exchange with a registry, repeated while that makes sense. Nothing of Odoo in here."""

import io
import os
import random
import re
import ssl
import threading
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from time import monotonic, sleep
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from .query_log import queries_unlogged

CONNECT_TIMEOUT = 5  # seconds
ATTEMPTS = 4
BACKOFF = 0.5  # seconds before the first repetition, doubled for each further one
MAX_BACKOFF = 8
MAX_RETRY_AFTER = 30
MAX_ANSWER_BYTES = 20 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
POOL_SIZE = 16  # connections kept per host: as many as one worker has threads for

# What is wrong with an address is noticed before anything is sent there.
_NOT_SENT = (
    requests.exceptions.ConnectTimeout,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)

# What may stand in an Authorization header. Anything else would end in an error that quotes it.
HEADER_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """A registry's answer, whatever its status; 429 and 5xx after the last attempt only.

    :ivar bool in_doubt: whether the registry may have acted on an attempt, this one with 5xx or
        one before, without saying so.
    """

    status_code: int
    body: bytes
    in_doubt: bool = False


class TransportError(Exception):
    """No answer that could be read.

    :ivar str reason: `unreachable`, `tls`, `timeout`, `broken` (cut off while it arrived) or
        `too_large`. Nothing else: the texts of the libraries below quote URLs.
    :ivar bool in_doubt: whether the registry may have got the request, and acted on it.
    """

    def __init__(self, reason, *, in_doubt=True):
        super().__init__(reason)
        self.reason = reason
        self.in_doubt = in_doubt

    @property
    def retryable(self):
        """Whether the next attempt could go better."""
        return self.reason not in ("tls", "too_large")


def exchange(
    method,
    url,
    *,
    budget,
    timeout,
    headers,
    body=None,
    verify=True,
    query=None,
    attempts=ATTEMPTS,
    sent=None,
):
    """Send a request, and send the same again while the registry cannot be reached or is busy.

    Connection errors, timeouts, 429 and 5xx are repeated, other statuses never. Redirects are
    not followed: they would carry payload and credentials elsewhere.

    :param float budget: seconds for everything together, pauses included.
    :param float timeout: seconds of silence in which an attempt is given up.
    :param dict headers: sent as they are; neither cookies nor `.netrc` add to them.
    :param bytes | None body: what to send.
    :param bool verify: whether to check the TLS certificate.
    :param dict | None query: query parameters that no log may see.
    :param int attempts: how often to try at most.
    :param threading.Event | None sent: set as soon as the body is sent, or the first attempt over.
    :return: Answer
    :raise TransportError: when the last attempt brought no answer.
    """
    deadline, in_doubt = monotonic() + budget, False
    for attempt in range(1, attempts + 1):
        left = deadline - monotonic()
        answer, failure, retry_after = None, None, None
        try:
            answer, retry_after = _send_once(
                method,
                url,
                deadline=deadline,
                timeout=max(0.1, min(timeout, left)),
                headers=headers,
                body=body,
                verify=verify,
                query=query,
                sent=sent,
            )
        except TransportError as error:
            failure = error
        finally:
            if sent:
                sent.set()
        in_doubt |= failure.in_doubt if failure else answer.status_code >= 500
        if answer and answer.status_code != 429 and answer.status_code < 500:
            break
        pause = _pause(attempt, retry_after)
        if (
            attempt == attempts
            or (failure and not failure.retryable)
            or monotonic() + pause >= deadline
        ):
            break
        sleep(pause)
    if failure:
        failure.in_doubt = in_doubt
        raise failure
    return replace(answer, in_doubt=in_doubt)


class _Body(io.BytesIO):
    """Tells when all of it has been handed to the socket: what sends it comes back for more."""

    def __init__(self, content, sent):
        super().__init__(content)
        self.sent = sent

    def read(self, size=-1):
        block = super().read(size)
        if not block:
            self.sent.set()
        return block


def begin(executor, method, url, **options):
    """Have a request sent on another thread, and return as soon as it is. See :func:`exchange`.

    Returning earlier would gain nothing: the interpreter's lock would keep that thread from its
    socket for as long as the caller is busy.

    :param concurrent.futures.Executor executor: of one thread that is free.
    :return: a `concurrent.futures.Future` of what :func:`exchange` returns or raises
    """
    sent = threading.Event()
    future = executor.submit(exchange, method, url, sent=sent, **options)
    future.add_done_callback(lambda _future: sent.set())
    sent.wait()
    return future


def _send_once(method, url, *, deadline, timeout, headers, body, verify, query, sent):
    """:return: the answer and the seconds it asks us to wait, None when it does not."""
    reason, in_doubt = None, True
    with queries_unlogged() if query else nullcontext():
        try:
            with _session().request(
                method,
                url,
                params=query,
                data=_Body(body, sent) if sent else body,
                headers=headers,
                timeout=timeout,
                stream=True,
                verify=_certificates(verify),
                proxies=_proxies(url),
            ) as response:
                answer = Answer(response.status_code, _read(response, deadline))
                return answer, _retry_after(response.headers.get("Retry-After"))
        except requests.exceptions.SSLError as error:
            reason, in_doubt = "tls", not _never_left(error)
        except (requests.exceptions.Timeout, ReadTimeoutError) as error:
            reason, in_doubt = "timeout", not _never_left(error)
        except requests.exceptions.ConnectionError as error:
            # A body that stops coming is a ConnectionError around a ReadTimeoutError.
            stalled = any(isinstance(arg, ReadTimeoutError) for arg in error.args)
            reason = "timeout" if stalled else "unreachable"
            in_doubt = not _never_left(error)
        except (requests.exceptions.RequestException, HTTPError, ValueError) as error:
            reason, in_doubt = "broken", not _never_left(error)
    # Raised outside the handler, so that the quoting error is not even its context.
    raise TransportError(reason, in_doubt=in_doubt)


def _never_left(error):
    """:return: whether no connection stood, so that nothing of the request was sent."""
    if isinstance(error, _NOT_SENT):
        return True
    cause = getattr(error.args[0] if error.args else None, "reason", None)
    inner = cause.args[0] if cause is not None and cause.args else None
    return isinstance(cause, NewConnectionError) or isinstance(inner, ssl.SSLCertVerificationError)


def _read(response, deadline):
    chunks, size = [], 0
    encoded = response.headers.get("Content-Encoding", "")
    if "," in encoded:
        # A few bytes compressed several times over are gigabytes before anybody can count them.
        raise TransportError("broken")
    for chunk in _chunks(response):
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise TransportError("too_large")
        if monotonic() > deadline:
            raise TransportError("timeout")
        chunks.append(chunk)
    declared = response.headers.get("Content-Length", "")
    if declared.isdecimal() and not encoded and size < int(declared):
        raise TransportError("broken")
    return b"".join(chunks)


def _chunks(response):
    """Yield what arrives as it arrives, so that a trickle is noticed at the deadline."""
    if not hasattr(response.raw, "read1"):  # urllib3 before 2.2
        yield from response.iter_content(CHUNK_BYTES)
        return
    while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
        yield chunk


def _pause(attempt, retry_after):
    if retry_after is not None:
        return min(retry_after, MAX_RETRY_AFTER)
    # Jitter, so that the workers of a server that failed together do not return together.
    return min(BACKOFF * 2 ** (attempt - 1), MAX_BACKOFF) * random.uniform(0.5, 1)


def _retry_after(value):
    """:return: seconds of a Retry-After header (RFC 9110, 10.2.3), None without a usable one."""
    value = (value or "").strip()
    if value.isascii() and value.isdecimal():
        return int(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


class _Adapter(HTTPAdapter):
    """Waits shorter for a connection than for an answer."""

    def send(self, request, timeout=None, **kwargs):
        return super().send(request, timeout=(min(CONNECT_TIMEOUT, timeout), timeout), **kwargs)


class _Session(requests.Session):
    """Knows no redirects. Even when told not to follow one, requests would read all of its body."""

    def get_redirect_target(self, resp):
        return None


_pool = {}
_pool_lock = threading.Lock()


def _session():
    """:return: the session of this process, with its pool of connections."""
    with _pool_lock:
        if "session" not in _pool:
            session = _Session()
            session.trust_env = False
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            session.mount("https://", _Adapter(pool_maxsize=POOL_SIZE))
            session.mount("http://", _Adapter(pool_maxsize=POOL_SIZE))
            _pool["session"] = session
        return _pool["session"]


def _after_fork():
    # A child must not talk on its parent's connections, nor wait for a lock held there.
    global _pool_lock
    _pool_lock = threading.Lock()
    _pool.clear()


os.register_at_fork(after_in_child=_after_fork)


def _certificates(verify):
    return verify and (
        os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    )


def _proxies(url):
    """:return: the environment's proxies for a URL; none for this machine itself."""
    host = urlsplit(url).hostname
    try:
        local = ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    return {} if local else get_environ_proxies(url)
