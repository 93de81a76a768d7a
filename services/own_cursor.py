"""What must be committed before a message leaves, since its answer can be here first."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

from psycopg2.extensions import TransactionRollbackError

from odoo import SUPERUSER_ID, api
from odoo.tools import SQL

# Who holds a row that is needed here would wait for this transaction in turn.
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '10s'"
# How often work is begun again that met what another worker committed at the same instant.
_ATTEMPTS = 5


@contextmanager
def own_transaction(records: Any) -> Any:
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


def own_attempts(records: Any) -> Any:
    """Do work in a transaction of its own, again when another worker was faster.

    ::

        for attempt in own_attempts(data_source):
            with attempt as own:
                lock(own.env[...].browse(...)).write(...)

    :param records: see :func:`own_transaction`
    :return: iterator of context managers, ended by the first that gets through
    :raise psycopg2.extensions.TransactionRollbackError: when every attempt met another worker
    """
    done = False

    @contextmanager
    def attempt(is_last: Any) -> Any:
        nonlocal done
        try:
            with own_transaction(records) as own:
                is_last = is_last or own.env.cr is records.env.cr
                yield own
            done = True
        except TransactionRollbackError:
            if is_last:
                raise

    for number in range(1, _ATTEMPTS + 1):
        yield attempt(number == _ATTEMPTS)
        if done:
            return


def lock(records: Any) -> Any:
    """Lock records until their transaction ends, and read them anew.

    :param records: recordset
    :return: the records that still exist
    :raise psycopg2.errors.SerializationFailure: when somebody else changed them since this
        transaction began: it has to be begun again
    :raise psycopg2.errors.LockNotAvailable: see :func:`own_transaction`
    """
    records.flush_recordset()
    records.env.cr.execute(
        SQL(
            "SELECT id FROM %s WHERE id IN %s ORDER BY id FOR NO KEY UPDATE",
            SQL.identifier(records._table),
            records._ids or (0,),
        ),
        log_exceptions=False,
    )
    locked = records.browse(row[0] for row in records.env.cr.fetchall())
    locked.invalidate_recordset()
    return locked
