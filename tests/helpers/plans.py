"""How PostgreSQL would carry out each statement: found out before it does."""

import re
from contextlib import contextmanager
from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tools import SQL

_EXPLAINABLE = re.compile(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)\b", re.IGNORECASE)


@contextmanager
def plans_of(tables, most, whole=()):
    """Note the statements that read one of these tables, or much of it.

    That is a scan of the table, of an index without any condition, or of so many rows of it. Those
    that only read are carried out for it, and then once more.

    :param tables: names of tables that grow
    :param int most: rows that one step of a statement may read
    :param whole: names of partial indexes that may be read from end to end
    :return: list of pairs of table and statement, filled as statements are executed
    """
    found, execute = [], Cursor.execute

    def explaining(cursor, query, params=None, **options):
        text, values = (query.code, query.params) if isinstance(query, SQL) else (query, params)
        if _EXPLAINABLE.match(text) and any(table in text for table in tables):
            reads = text.lstrip().upper().startswith("SELECT")
            how = "EXPLAIN (ANALYZE, FORMAT JSON)" if reads else "EXPLAIN (FORMAT JSON)"
            execute(cursor, f"{how} {text}", values or None)
            (plan,) = cursor.fetchone()[0]
            found.extend(
                (table, text) for table in _read_much(plan["Plan"], most, whole) if table in tables
            )
        return execute(cursor, query, params, **options)

    with patch.object(Cursor, "execute", explaining):
        yield found


def _read_much(node, most, whole):
    kind, table = node["Node Type"], node.get("Relation Name")
    without_condition = (
        kind in ("Index Scan", "Index Only Scan")
        and "Index Cond" not in node
        and node["Index Name"] not in whole
    )
    rows = node.get("Actual Rows", 0) + node.get("Rows Removed by Filter", 0)
    rows += node.get("Rows Removed by Index Recheck", 0)
    if table and (kind == "Seq Scan" or (without_condition and "Filter" in node) or rows > most):
        yield table
    for part in node.get("Plans", ()):
        yield from _read_much(part, most, whole)
