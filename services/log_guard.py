"""Keeps personal data out of the log while statements that carry it run.

Odoo logs a failing statement with all its values, and every statement at debug level. Both would
write names and identifiers into the log, so the parts of this addon that receive and apply vital
events run inside :func:`statements_hidden`. PostgreSQL's own log is the administrator's: see
``log_min_error_statement`` in the README.
"""

import logging
from contextlib import contextmanager
from contextvars import ContextVar

_hidden = ContextVar("spp_dci_client_crvs_statements_hidden", default=False)


class _StatementFilter(logging.Filter):
    """Shortens records of Odoo's database cursor to what says nothing about a person."""

    def filter(self, record):
        if not _hidden.get():
            return True
        if record.levelno < logging.WARNING:
            return False
        error = next((arg for arg in record.args or () if isinstance(arg, Exception)), None)
        record.msg = "A statement on vital events failed, not shown here: %s"
        record.args = (describe(error),)
        record.exc_info = record.exc_text = record.stack_info = None
        return True


logging.getLogger("odoo.sql_db").addFilter(_StatementFilter())


def describe(error):
    """Name an error without its text, which may quote values.

    :param Exception error: what was raised, or None
    :return: class name, for an error of PostgreSQL with its SQLSTATE
    :rtype: str
    """
    name = type(error).__name__
    state = getattr(error, "pgcode", None)
    return f"{name} (SQLSTATE {state})" if state else name


@contextmanager
def statements_hidden():
    """Hide the text of database statements from the log in the current context."""
    token = _hidden.set(True)
    try:
        yield
    finally:
        _hidden.reset(token)
