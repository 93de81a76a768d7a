"""What a user is told when a registry could not be asked, and what is left in the log."""

import json
import logging
import re

from .exceptions import (
    DCIAnswerError,
    DCIAuthenticationError,
    DCIRefusedError,
    DCIUnavailableError,
)

_logger = logging.getLogger(__name__)

# The standard's codes; anything else in an error could be somebody's data.
ERROR_CODE = re.compile(r"(err|rjct)(\.[a-z0-9_]{1,40}){1,4}")


def of_transport(source, reason, in_doubt):
    """:return: the error for a `TransportError` with this reason and doubt."""
    _logger.info("Data source %s: %s", source.code, reason)
    env, name = source.env, source.name
    if reason == "too_large":
        return unreadable(source)
    if reason == "tls":
        text = env._(
            "No secure connection to %(name)s: its certificate could not be verified. Ask the "
            "registry's administrator, or install their certificate authority on this server.",
            name=name,
        )
    elif reason == "timeout":
        text = env._(
            "%(name)s did not answer in time. Try again later; if it stays so, raise the "
            "timeout of its data source.",
            name=name,
        )
    else:
        text = env._(
            "%(name)s cannot be reached. Try again in a few minutes; if it stays so, check the "
            "base URL of its data source and the network.",
            name=name,
        )
    return DCIUnavailableError(text, in_doubt=in_doubt)


def of_status(source, answer):
    """:return: the error for an `Answer` whose status is no success."""
    status, code = answer.status_code, _error_code(answer.body)
    reason = f"HTTP {status} {code}".strip()
    _logger.info("Data source %s: %s", source.code, reason)
    env, name = source.env, source.name
    kind = DCIRefusedError
    if status in (401, 403):
        kind = DCIAuthenticationError
        text = env._(
            "%(name)s does not accept our credentials (%(reason)s). Check them in its data "
            "source, and that the registry knows our sender ID and our key.",
            name=name,
            reason=reason,
        )
    elif status == 429 or status >= 500:
        kind = DCIUnavailableError
        text = env._(
            "%(name)s is busy or out of order (%(reason)s). Try again later.",
            name=name,
            reason=reason,
        )
    elif 300 <= status < 400:
        text = env._(
            "%(name)s has moved (%(reason)s). Ask for its present address and correct the base "
            "URL of its data source.",
            name=name,
            reason=reason,
        )
    else:
        text = env._(
            "%(name)s refused the request (%(reason)s). Check the endpoints and our sender ID "
            "in its data source, or ask the registry's administrator.",
            name=name,
            reason=reason,
        )
    return kind(text, status_code=status, code=code, in_doubt=answer.in_doubt)


def unreadable(source, status_code=None):
    """:return: the error for an answer that is no JSON object, or too large."""
    text = source.env._(
        "%(name)s sent an answer that cannot be read. Check the base URL and endpoints of its "
        "data source, or ask the registry's administrator.",
        name=source.name,
    )
    return DCIAnswerError(text, status_code=status_code, in_doubt=True)


def _error_code(body):
    """:return: the standard's error code in a refusal, empty when there is none."""
    try:
        data = json.loads(body)
        candidates = [
            (data.get("message") or {}).get("error"),
            data.get("error"),
            *(data.get("errors") or []),
        ]
    except (ValueError, RecursionError, AttributeError, TypeError):
        candidates = []
    for candidate in candidates:
        code = candidate.get("code") if isinstance(candidate, dict) else None
        if isinstance(code, str) and ERROR_CODE.fullmatch(code):
            return code
    return ""
