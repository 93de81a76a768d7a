"""Requests that change something at a registry: whether they did must not be guessed."""

from __future__ import annotations

import logging
from typing import Any

import psycopg2

from odoo.exceptions import UserError

from .. import log_guard
from .explanations import RegistryError

_logger = logging.getLogger(__name__)


def change(registry: Any, action: str, message: dict[str, Any], read: Any) -> tuple[Any, ...]:
    """Send a request that changes something, and read what came back.

    :param Registry registry: whom to ask
    :param action: of the header, which is the endpoint's name too
    :param message: the request
    :param read: called with the ``message`` of the answer; returns the ``SubscriptionAnswer``, or
        None when there is none in it
    :return: the answer, and what ``read`` made of it
    :raise RegistryError: of the problem ``outcome_unknown`` when the registry may have accepted
        the request all the same
    :raise UserError: when it was not sent, or is refused for certain
    """
    endpoint = registry.endpoint(action)
    envelope = registry.write(action, message, callback=True)
    registry.get_ready()
    try:
        answer = registry.exchange_written(endpoint, envelope)
        decision = read(answer.message)
    except psycopg2.Error:
        raise
    except Exception as error:
        # What does not say that it is certain leaves doubt.
        if isinstance(error, UserError) and not getattr(error, "in_doubt", True):
            raise
        what = getattr(error, "problem", log_guard.describe(error))
        _logger.info("Outcome of %s unknown: %s", action, what)
        raise RegistryError(registry.env, "outcome_unknown") from None
    return answer, decision


def is_unknown(error: Exception) -> Any:
    """Whether an error of :func:`change` leaves open what the registry did."""
    return isinstance(error, RegistryError) and error.problem == "outcome_unknown"


def settles_nothing(error: Exception) -> bool:
    """Whether a question about the outcome failed before the registry said anything to it.

    :param error: ``UserError`` that asking ended with
    """
    return getattr(error, "problem", "") in (
        "unreachable",
        "not_let_in",
        "keys_unreachable",
        "busy",
        "quota",
    )
