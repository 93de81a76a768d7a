"""Keeps personal data out of the log while statements that carry it run.

Odoo logs a failing statement with all its values, and every statement at debug level. A statement
that names one of this addon's tables is never shown, whoever issues it. Those on the tables of
other modules are hidden where this addon does its work: in the jobs of its schedulers, in its
requests, in what users ask it to do, all of which run inside :func:`statements_hidden`. And where a
connection is lost, Odoo shows the statement before, whosesoever it was: that is never shown.
PostgreSQL's own log is the administrator's: see ``log_min_error_statement`` in the README.

The base client of OpenSPP logs whole requests and answers when a registry refuses one, so it is
used inside :func:`requests_hidden`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import psycopg2

# What the names of all tables of this addon begin with.
_TABLES = "spp_dci_crvs_"
_hidden = ContextVar("spp_dci_client_crvs_statements_hidden", default=False)


class _StatementFilter(logging.Filter):
    """Shortens records of Odoo's database cursor to what says nothing about a person."""

    def filter(self, record: logging.LogRecord) -> bool:
        arguments = record.args if isinstance(record.args, tuple) else ()
        error = next((arg for arg in arguments if isinstance(arg, Exception)), None)
        if not (_hidden.get() or _is_connection_lost(error) or _names_our_tables(arguments)):
            return True
        if record.levelno < logging.WARNING:
            return False
        record.msg = "A statement on vital events failed, not shown here: %s"
        record.args = (describe(error),)
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def _is_connection_lost(error: Any) -> bool:
    """Whether an error is about the connection; the server reports others by a SQLSTATE."""
    if isinstance(error, psycopg2.InterfaceError):
        return True
    # Class 57P: the server ended the connection.
    state = getattr(error, "pgcode", None) or "57P"
    return isinstance(error, psycopg2.OperationalError) and state.startswith("57P")


def _names_our_tables(arguments: tuple[Any, ...]) -> bool:
    for argument in arguments:
        if isinstance(argument, bytes):
            argument = argument.decode("utf-8", "replace")
        if isinstance(argument, str) and _TABLES in argument:
            return True
    return False


logging.getLogger("odoo.sql_db").addFilter(_StatementFilter())

# Who writes while a registry is asked: the base modules, and the libraries below them.
_CLIENT_LOGGERS = (
    *("odoo.addons.spp_dci_client", "odoo.addons.spp_dci", "odoo.addons.spp_api_v2"),
    *("httpx", "httpcore", "requests", "urllib3"),
)
_asking = ContextVar("spp_dci_client_crvs_requests_hidden", default=False)


class _RequestFilter(logging.Filter):
    """Drops what the base client writes about a request, or shortens it to that it failed."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not _asking.get():
            return True
        if record.levelno < logging.WARNING:
            return False
        record.msg = "A request to a registry failed; what was asked is not shown here"
        record.args = record.exc_info = record.exc_text = record.stack_info = None
        return True


_request_filter = _RequestFilter()


@contextmanager
def requests_hidden() -> Iterator[None]:
    """Hide what the base client logs about requests and answers in the current context."""
    # A filter works on the logger that a record is written to, and on none above it.
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and any(
            name == known or name.startswith(f"{known}.") for known in _CLIENT_LOGGERS
        ):
            logger.addFilter(_request_filter)
    token = _asking.set(True)
    try:
        yield
    finally:
        _asking.reset(token)


def describe(error: Any) -> str:
    """Name an error without its text, which may quote values.

    :param Exception error: what was raised, or None
    :return: class name, for an error of PostgreSQL with its SQLSTATE
    """
    name = type(error).__name__
    state = getattr(error, "pgcode", None)
    return f"{name} (SQLSTATE {state})" if state else name


@contextmanager
def statements_hidden() -> Iterator[None]:
    """Hide the text of database statements from the log in the current context."""
    token = _hidden.set(True)
    try:
        yield
    finally:
        _hidden.reset(token)
