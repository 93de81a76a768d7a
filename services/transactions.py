"""What must be committed before a message leaves, since its answer can be here first."""

from contextlib import contextmanager

from odoo import SUPERUSER_ID, api

# Who holds a row that is needed here would wait for this transaction in turn.
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '10s'"


@contextmanager
def own_transaction(records):
    """Open a transaction of its own, committed at the end, with these records in it.

    A record that the caller has created and not committed yet does not exist for anybody else;
    then the caller's transaction is used, and its answer can be matched only after its commit.

    :param records: recordset that is needed in it
    :return: context manager that gives the records with higher rights
    :raise psycopg2.errors.LockNotAvailable: when a row is locked for more than ten seconds
    """
    with records.env.registry.cursor() as cr:
        cr.execute(_LOCK_TIMEOUT)
        own = records.with_env(api.Environment(cr, SUPERUSER_ID, dict(records.env.context)))
        if own.exists() == own:
            yield own
            return
    yield records.sudo()
