"""Posting envelopes, one at a time: authorization, one exchange or two."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from odoo.exceptions import UserError

from . import failures
from .signing import to_json
from .transport import TransportError, begin, exchange


@dataclass(slots=True)
class _Post:
    """An envelope as it is sent, and where its answer will be once it is under way."""

    envelope: dict
    arguments: dict
    future: Future | None = None


class Poster:
    """Sends what the client wrote.

    :param settings: a `spp.dci.data.source` in sudo mode.
    """

    def __init__(self, settings):
        self._settings = settings
        self._following = None
        self._under_way = None
        # It makes its one thread when it is first needed, which ends with this object.
        self._executor = ThreadPoolExecutor(1, "dci-exchange")

    def post(self, endpoint, envelope):
        """Wait for the answer to an envelope, which is posted unless it is under way.

        :return: the transport's `Answer`, of a status from 200 to 299
        :raise DCIClientError: when there is none.
        """
        following, self._following = self._following, None
        if self.is_under_way(envelope):
            post, self._under_way = self._under_way, None
            answer = self._answered(post.future.result)
        else:
            post = self._written(endpoint, envelope)
            answer = self._answered(exchange, **post.arguments)
        if answer.status_code == 401 and self._settings.auth_type == "oauth2":
            used = post.arguments["headers"]["Authorization"].partition(" ")[2]
            post.arguments["headers"] = self.with_new_token(post.arguments["headers"], used)
            answer = self._answered(exchange, **post.arguments)
        if not 200 <= answer.status_code < 300:
            raise failures.of_status(self._settings, answer)
        if following:
            following.future = begin(self._executor, **following.arguments)
            self._under_way = following
        return answer

    def post_next(self, endpoint, envelope):
        """See :meth:`DCIClient._send_next`."""
        try:
            self._following = self._written(endpoint, envelope)
        except UserError:
            # To be told to who waits for the answer.
            self._following = None

    def is_under_way(self, envelope):
        """See :meth:`DCIClient._is_under_way`."""
        return self._under_way is not None and self._under_way.envelope is envelope

    def with_new_token(self, headers, refused):
        """:return: the headers with another token than the one just refused"""
        token = self._settings._get_token_store().get(refused=refused)
        return {**headers, "Authorization": f"Bearer {token}"}

    def exchange(self, method, endpoint, headers, **options):
        """:return: the registry's answer, whatever its status

        :raise DCIClientError: when there is none.
        """
        return self._answered(exchange, **self._arguments(method, endpoint, headers, **options))

    def _written(self, endpoint, envelope):
        body, headers = to_json(envelope).encode(), self._settings.get_headers()
        return _Post(envelope, self._arguments("POST", endpoint, headers, body=body))

    def _arguments(self, method, endpoint, headers, **options):
        """:return: the arguments of `exchange`: plain values, nothing of the environment"""
        source = self._settings
        return {
            "method": method,
            "url": f"{source.base_url.rstrip('/')}/{endpoint.lstrip('/')}",
            "headers": headers,
            "timeout": source.timeout,
            "budget": 2 * source.timeout,
            "verify": source.verify_ssl,
            **options,
        }

    def _answered(self, wait, **arguments):
        try:
            return wait(**arguments)
        except TransportError as error:
            reason, in_doubt = error.reason, error.in_doubt
        raise failures.of_transport(self._settings, reason, in_doubt)
