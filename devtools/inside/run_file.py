"""Runs inside the virtual environment: executes a file with `env` on the database.

Usage: run_file.py CONFIG FILE. Unlike `odoo shell` it leaves standard input to the file, starts no
server, and commits when the file ends normally.
"""

from __future__ import annotations

import sys
import threading
import traceback

import odoo
from odoo import api
from odoo.modules.registry import Registry
from odoo.tools import config


def main(config_file: str, path: str) -> int:
    """Run the file; return the exit status."""
    config.parse_config(["--config", config_file, "--log-level", "warn"], setup_logging=True)
    (name,) = config["db_name"]
    threading.current_thread().dbname = name  # type: ignore[attr-defined]  # Odoo reads it
    registry = Registry(name)
    with registry.cursor() as cr:
        env = api.Environment(cr, api.SUPERUSER_ID, {})
        env = env(context=env["res.users"].context_get())
        scope = {
            "__name__": "__main__",
            "__file__": path,
            "odoo": odoo,
            "env": env,
            "self": env.user,
        }
        try:
            with open(path, encoding="utf-8") as stream:
                exec(compile(stream.read(), path, "exec"), scope)  # noqa: S102 -- what it is for
        except BaseException as error:  # noqa: BLE001 -- whatever it is, nothing stays written
            if not isinstance(error, SystemExit) or error.code:
                cr.rollback()
                traceback.print_exc()
                return 1
        try:
            cr.commit()
        except Exception:  # noqa: BLE001 -- for example a constraint checked at the end
            traceback.print_exc()
            return 1
        registry.signal_changes()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
