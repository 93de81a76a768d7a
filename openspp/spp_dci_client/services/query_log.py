"""Keeping query parameters, which can be credentials, out of the log. Nothing of Odoo in here."""

import logging
from contextlib import contextmanager
from contextvars import ContextVar

# urllib3 logs the target of each request at DEBUG level, query and all.
_secret_query = ContextVar("secret_query", default=False)


def _is_loggable(_record):
    return not _secret_query.get()


for _name in ("urllib3.connectionpool", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_is_loggable)


@contextmanager
def queries_unlogged():
    """Let the HTTP library log nothing inside the block."""
    token = _secret_query.set(True)
    try:
        yield
    finally:
        _secret_query.reset(token)
