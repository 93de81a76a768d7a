"""The base client as every OpenSPP has it: what it must not do, and what its failures mean.

It only carries. It signs with Ed25519 alone, so requests are signed here; it writes whole requests
into the log when a registry refuses them, so its log is hidden; and what went wrong it tells only
by the cause of its error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from odoo.api import Environment

from ..records.values import safe_ascii

# Exceptions of httpx and requests by name, since which of them a base client uses is its affair.
_NEVER_LEFT = frozenset(
    {"ConnectError", "ConnectTimeout", "NewConnectionError", "InvalidURL", "MissingSchema"}
    | {"UnsupportedProtocol", "InvalidSchema", "SSLError", "PoolTimeout"}
)
_LONGEST_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer.

    :param status: HTTP status of the registry, None when it did not answer
    :param code: its error code, printable ASCII, where it gave one
    :param never_left: the request was certainly not sent
    :param unreadable: an answer came and was no JSON
    :param wants_expression: it refused since it takes expressions only
    """

    status: int | None = None
    code: str = ""
    never_left: bool = False
    unreadable: bool = False
    wants_expression: bool = False

    @property
    def in_doubt(self) -> bool:
        """Whether the registry may have done what it was asked."""
        if self.status is not None:
            return self.status >= 500 or self.status == 408
        return not self.never_left


def make_client(client_class: Any, data_source: Any, env: Environment) -> Any:
    """Make a client that leaves signing to this addon.

    :param client_class: ``DCIClient`` of the base module
    :param data_source: ``spp.dci.data.source`` with higher rights
    """
    client = client_class(data_source, env)
    client._sign_request = lambda header, message: ""
    # Newer ones keep a table of requests and answers, whole ones.
    client._log_outgoing_call = lambda *_args, **_options: None
    return client


def failure_of(error: BaseException, url: str) -> Failure:
    """Tell why a request of the base client failed.

    :param error: what it raised
    :param url: where the request was to go; a failure on the way to anywhere else, such as the
        token server, kept the request from leaving
    """
    causes = list(_chain(error))
    for cause in causes:
        response = getattr(cause, "response", None)
        status = getattr(response, "status_code", None)
        if isinstance(status, int):
            if not _is_of(cause, url):
                return Failure(never_left=True)
            wants = status == 400 and _says(response, "expected expression")
            return Failure(status, _code_in(response), wants_expression=wants)
    for cause in causes:
        names = {kind.__name__ for kind in type(cause).__mro__}
        if names & _NEVER_LEFT or not _is_of(cause, url):
            return Failure(never_left=True)
    return Failure(unreadable=any(isinstance(cause, ValueError) for cause in causes))


def _chain(error: BaseException | None) -> Any:
    """The error and its causes, the innermost first."""
    found: list[BaseException] = []
    while error is not None and error not in found and len(found) < 10:
        found.append(error)
        error = error.__cause__
    return reversed(found)


def _is_of(cause: BaseException, url: str) -> bool:
    """Whether an error is about a request to a URL; one that does not say is taken for it."""
    try:
        request = cause.request  # type: ignore[attr-defined]
    except (AttributeError, RuntimeError):  # httpx knows none sometimes
        return True
    return str(getattr(request, "url", url)).partition("?")[0] == url


def _says(response: Any, words: str) -> bool:
    """Whether a refusal contains words, in any case."""
    content = response.content
    return len(content) <= _LONGEST_ANSWER and words.encode() in content.lower()


def _code_in(response: Any) -> str:
    """The standard's error code in a refusal, empty when there is none."""
    try:
        if len(response.content) > _LONGEST_ANSWER:
            return ""
        answer = response.json()
        message = answer.get("message")
        header = answer.get("header")
        places = [
            message.get("error") if isinstance(message, dict) else None,
            answer.get("error"),
            *(answer.get("errors") or ()),
            {"code": header.get("status_reason_code")} if isinstance(header, dict) else None,
        ]
    except (ValueError, RecursionError, AttributeError, TypeError):
        return ""
    codes = (place.get("code") for place in places if isinstance(place, dict))
    return safe_ascii(next((code for code in codes if isinstance(code, str)), ""), 99)
