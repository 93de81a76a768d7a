"""Requests that change something at a registry: whether they did must not be guessed."""

import logging

import psycopg2

from odoo.exceptions import UserError

from . import log_guard
from .explanations import RegistryError
from .subscription_answers import REJECTED

_logger = logging.getLogger(__name__)


def change(registry, action, message, read):
    """Send a request that changes something, and read what came back.

    :param Registry registry: whom to ask
    :param str action: of the header, which is the endpoint's name too
    :param dict message: the request
    :param read: called with the ``message`` of the answer; returns the ``SubscriptionAnswer``, or
        None when there is none in it
    :return: the answer, and what ``read`` made of it
    :rtype: tuple
    :raise RegistryError: of the problem ``outcome_unknown`` when the registry may have accepted
        the request all the same
    :raise UserError: when it was not sent, or is refused for certain
    """
    endpoint = registry.endpoint(action)
    envelope = registry.write(action, message, callback=True)
    received = None
    try:
        received = registry.send(endpoint, envelope)
        answer = registry.accept(received)
        decision = read(answer.message)
    except psycopg2.Error:
        raise
    except Exception as error:
        # Other base clients let through what they like; what does not say that it is certain
        # leaves doubt.
        clear = isinstance(error, UserError) and not getattr(error, "in_doubt", True)
        if clear and not _is_repetition(received):
            raise
        what = getattr(error, "problem", log_guard.describe(error))
        _logger.info("Outcome of %s unknown: %s", action, what)
        raise RegistryError(registry.env, "outcome_unknown") from None
    if decision and decision.status == REJECTED and _is_repetition(received):
        # It may be refused only because the first one was accepted.
        raise RegistryError(registry.env, "outcome_unknown")
    return answer, decision


def is_unknown(error):
    """Whether an error of :func:`change` leaves open what the registry did."""
    return isinstance(error, RegistryError) and error.problem == "outcome_unknown"


def settles_nothing(error):
    """Whether a question about the outcome failed before the registry said anything to it.

    A base client that does not tell counts as an answer, so that questions come to an end.

    :param UserError error: what asking ended with
    """
    if isinstance(error, RegistryError):
        return error.problem == "unreachable"
    status = getattr(error, "status_code", 200)
    return status in (None, 401, 403, 429) or status >= 500


def _is_repetition(received):
    """Whether an answer came to a repetition of what may have arrived before."""
    return getattr(received, "in_doubt", False)
