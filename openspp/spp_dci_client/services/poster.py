"""Posting envelopes: authorization, one exchange or two, decoding."""

import json
from concurrent.futures import Future
from dataclasses import dataclass

from odoo.exceptions import UserError

from . import failures
from .response import DCIResponse
from .signing import to_json
from .transport import TransportError, exchange, exchange_on_a_thread


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A request under way: what is sent, and where its answer will be."""

    envelope: dict
    body: bytes
    headers: dict
    future: Future


class Poster:
    """Sends what the client wrote.

    :param settings: a `spp.dci.data.source` in sudo mode.
    """

    def __init__(self, settings):
        self._settings = settings
        self._ahead = None

    def make_request(self, endpoint, envelope):
        """See :meth:`DCIClient._make_request`."""
        ahead, self._ahead = self._ahead, None
        if ahead and ahead.envelope is envelope:
            body, headers = ahead.body, ahead.headers
            answer = self._answered(ahead.future.result)
        else:
            body, headers = self._written(envelope)
            answer = self.exchange("POST", endpoint, headers, body)
        if answer.status_code == 401 and self._settings.auth_type == "oauth2":
            used = headers["Authorization"].partition(" ")[2]
            headers = self.with_new_token(headers, used)
            answer = self.exchange("POST", endpoint, headers, body)
        if not 200 <= answer.status_code < 300:
            raise failures.of_status(self._settings, answer)
        try:
            data = json.loads(answer.body)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise failures.unreadable(self._settings, answer.status_code)
        return DCIResponse(data, body=answer.body, status_code=answer.status_code)

    def send_ahead(self, endpoint, envelope):
        """See :meth:`DCIClient._send_ahead`."""
        try:
            body, headers = self._written(envelope)
        except UserError:
            # To be told to who waits for the answer.
            return
        request = self._request("POST", endpoint, headers, body)
        self._ahead = _Ahead(envelope, body, headers, exchange_on_a_thread(**request))

    def with_new_token(self, headers, refused):
        """:return: the headers with another token than the one just refused"""
        token = self._settings._get_token_store().get(refused=refused)
        return {**headers, "Authorization": f"Bearer {token}"}

    def exchange(self, method, endpoint, headers, body=None, **options):
        """:return: the registry's answer, whatever its status

        :raise DCIClientError: when there is none.
        """
        request = self._request(method, endpoint, headers, body, **options)
        return self._answered(exchange, **request)

    def _written(self, envelope):
        return to_json(envelope).encode(), self._settings.get_headers()

    def _request(self, method, endpoint, headers, body, **options):
        """:return: the arguments of `exchange`, plain values alone"""
        source = self._settings
        return {
            "method": method,
            "url": f"{source.base_url.rstrip('/')}/{endpoint.lstrip('/')}",
            "headers": headers,
            "body": body,
            "timeout": source.timeout,
            "budget": 2 * source.timeout,
            "verify": source.verify_ssl,
            **options,
        }

    def _answered(self, wait, **request):
        try:
            return wait(**request)
        except TransportError as error:
            reason = error.reason
        raise failures.of_transport(self._settings, reason)
