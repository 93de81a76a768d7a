"""Runs inside the virtual environment: asks and changes the PostgreSQL server for `./dev`.

Usage: database.py ACTION NAME [MARK [TEMPLATE]]; libpq's variables say where. Prints
one JSON value.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import psycopg2
from psycopg2 import sql


def mark_of(cursor: Any, name: str) -> Any:
    """Return whether the database exists, and the mark of the clone that created it."""
    cursor.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    )
    row = cursor.fetchone()
    return {"exists": row is not None, "mark": row[0] if row else None}


def create(cursor: Any, name: str, mark: str, template: str | None = None) -> None:
    """Create a database that bears the mark from its first moment that anybody may see.

    It is empty, or a copy of one to which nobody is connected.
    """
    temporary = f"{name}_new"
    if mark_of(cursor, temporary)["mark"] == mark:
        cursor.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(temporary)))
    cursor.execute(
        sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' LC_COLLATE 'C' TEMPLATE {}").format(
            sql.Identifier(temporary), sql.Identifier(template or "template0")
        )
    )
    cursor.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(temporary), sql.Literal(mark))
    )
    extend(temporary)
    cursor.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
            sql.Identifier(temporary), sql.Identifier(name)
        )
    )


def extend(name: str) -> None:
    """Add the extension that Odoo adds to databases which it creates itself."""
    connection = psycopg2.connect(dbname=name)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except psycopg2.Error:
        print("The server lacks the extension pg_trgm; Odoo works without.", file=sys.stderr)
    finally:
        connection.close()


def drop(cursor: Any, name: str, mark: str) -> None:
    """Drop a database of this clone, whoever is connected; leave any other alone."""
    if mark_of(cursor, name)["mark"] == mark:
        cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def modules(name: str) -> Any:
    """Return the state of each module of a database, empty when it holds no Odoo."""
    connection = psycopg2.connect(dbname=name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('ir_module_module')")
        if cursor.fetchone()[0] is None:
            return {}
        cursor.execute("SELECT name, state FROM ir_module_module WHERE state != 'uninstalled'")
        return dict(cursor.fetchall())


def main() -> None:
    """Carry out the action that the arguments name."""
    action, name, *rest = sys.argv[1:]
    if action == "modules":
        result = modules(name)
    else:
        connection = psycopg2.connect(dbname="postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            actions: dict[str, Any] = {"mark": mark_of, "create": create, "drop": drop}
            result = actions[action](cursor, name, *rest)
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    try:
        main()
    except psycopg2.Error as error:
        sys.exit(str(error).strip())
