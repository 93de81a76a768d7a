"""OAuth2 access tokens (RFC 6749, 4.4), one for all workers of a database."""

import hashlib
import json
import logging
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone

from psycopg2 import errors

from odoo.tools import SQL

from .exceptions import DCIAuthenticationError, DCIUnavailableError
from .transport import HEADER_TOKEN, TransportError, exchange

_logger = logging.getLogger(__name__)

DEFAULT_LIFETIME = 300  # seconds, for servers that do not say
MAX_LIFETIME = 24 * 3600
REFRESH_MARGIN = 30  # seconds before expiry, a tenth of the lifetime at most
FETCH_BUDGET = 20  # seconds for a token, repetitions included
LOCK_SECONDS = FETCH_BUDGET + 5


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and its life."""

    value: str
    refresh_at: float  # seconds since the epoch
    expires_at: float

    @property
    def fresh(self):
        """Whether it may be used without looking for a newer one."""
        return time.time() < self.refresh_at

    @property
    def live(self):
        """Whether the registry still takes it."""
        return time.time() < self.expires_at


_memory = {}
_memory_lock = threading.Lock()


class TokenStore:
    """The token of one OAuth2 data source, in this process's memory and in the database.

    Works in transactions of its own: the caller's is neither committed nor does its snapshot,
    which may be minutes old, decide which token is current.

    :param data_source: a `spp.dci.data.source` with all credentials set, in sudo mode.
    """

    def __init__(self, data_source):
        self._env = data_source.env
        self._name = data_source.name
        self._url = data_source.oauth2_token_url
        self._in_query = data_source.oauth2_credential_location == "query"
        self._timeout = data_source.timeout
        self._verify = data_source.verify_ssl
        self._credentials = {
            "grant_type": "client_credentials",
            "client_id": data_source.oauth2_client_id,
            "client_secret": data_source.oauth2_client_secret,
        }
        if data_source.oauth2_scope:
            self._credentials["scope"] = data_source.oauth2_scope
        asked_with = json.dumps([self._url, self._in_query, self._credentials], sort_keys=True)
        self._key = hashlib.sha256(asked_with.encode()).hexdigest()
        self._memory_key = (self._env.cr.dbname, self._key)

    def get(self, refused=None):
        """A token to send, asked for anew when none is at hand.

        :param str | None refused: a token that the registry has just answered with 401.
        :return: str
        :raise DCIAuthenticationError: when the token server refuses us.
        :raise DCIUnavailableError: when it cannot be reached.
        """
        token = _memory.get(self._memory_key)
        if not self._usable(token, refused):
            token = self._load()
        if not self._usable(token, refused):
            token = self._renew(token, refused)
        with _memory_lock:
            _memory[self._memory_key] = token
        return token.value

    @staticmethod
    def _usable(token, refused):
        return token is not None and token.fresh and token.value != refused

    def _renew(self, token, refused):
        """Ask for a token, one worker at a time; the others take what that one got."""
        spare = token if token and token.live and token.value != refused else None
        with self._lock(wait=spare is None) as locked:
            if not locked:
                return spare
            token = self._load()
            if not self._usable(token, refused):
                token = self._fetch()
                self._save(token)
            return token

    @contextmanager
    def _lock(self, wait):
        """Hold the lock of this token on the whole database server.

        It has a connection of its own, since what the holder wrote is only visible to
        transactions that begin after it was granted.
        """
        number = int(self._key[:15], 16)
        with self._env.registry.cursor() as cr:
            if not wait:
                cr.execute(SQL("SELECT pg_try_advisory_xact_lock(%s)", number))
                yield cr.fetchone()[0]
                return
            cr.execute(SQL("SELECT set_config('lock_timeout', %s, true)", f"{LOCK_SECONDS}s"))
            try:
                cr.execute(SQL("SELECT pg_advisory_xact_lock(%s)", number), log_exceptions=False)
            except errors.LockNotAvailable:
                raise self._unavailable() from None
            yield True

    def _load(self):
        with self._env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "SELECT token, refresh_at, expires_at FROM spp_dci_access_token"
                    " WHERE cache_key = %s",
                    self._key,
                )
            )
            row = cr.fetchone()
        if not row:
            return None
        value, *moments = row
        return Token(value, *(m.replace(tzinfo=timezone.utc).timestamp() for m in moments))

    def _save(self, token):
        moments = (
            datetime.fromtimestamp(moment, timezone.utc).replace(tzinfo=None)
            for moment in (token.refresh_at, token.expires_at)
        )
        with self._env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "INSERT INTO spp_dci_access_token"
                    " (cache_key, token, refresh_at, expires_at) VALUES (%s, %s, %s, %s)"
                    " ON CONFLICT (cache_key) DO UPDATE SET token = EXCLUDED.token,"
                    " refresh_at = EXCLUDED.refresh_at, expires_at = EXCLUDED.expires_at",
                    self._key,
                    token.value,
                    *moments,
                ),
                log_exceptions=False,
            )

    def _fetch(self):
        now = time.time()
        place = {"query": self._credentials} if self._in_query else {"body": self._credentials}
        try:
            answer = exchange(
                "POST",
                self._url,
                headers={"Accept": "application/json"},
                timeout=self._timeout,
                budget=FETCH_BUDGET,
                verify=self._verify,
                **place,
            )
        except TransportError as error:
            _logger.info("No access token for %s: %s", self._name, error.reason)
            failure = self._unavailable()
        else:
            token = _read_token(answer, now)
            if token:
                return token
            _logger.info("No access token for %s: HTTP %s", self._name, answer.status_code)
            failure = self._failure(answer.status_code)
        raise failure

    def _unavailable(self, status_code=None):
        return DCIUnavailableError(
            self._env._(
                "The token server of %(name)s cannot be reached or is busy. Try again in a few "
                "minutes; if it stays so, check the token URL.",
                name=self._name,
            ),
            status_code=status_code,
        )

    def _failure(self, status_code):
        if status_code == 429 or status_code >= 500:
            return self._unavailable(status_code)
        return DCIAuthenticationError(
            self._env._(
                "The token server of %(name)s gave no access token (HTTP %(status)s). Check the "
                "token URL, the client ID and secret, and where they are sent.",
                name=self._name,
                status=status_code,
            ),
            status_code=status_code,
        )


def _read_token(answer, now):
    """:return: the Token of a token response (RFC 6749, 5.1), None when there is none in it."""
    if not 200 <= answer.status_code < 300:
        return None
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    value = data.get("access_token") if isinstance(data, dict) else None
    if not isinstance(value, str) or not HEADER_TOKEN.fullmatch(value):
        return None
    lifetime = DEFAULT_LIFETIME
    # Some servers send a string.
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", str(data.get("expires_in"))):
        lifetime = min(float(data["expires_in"]), MAX_LIFETIME)
    return Token(value, now + lifetime - min(REFRESH_MARGIN, lifetime / 10), now + lifetime)
