"""Odoo on this clone: its configuration, its databases, its command line."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import odoo_tree, postgres, processes, python_env
from .console import Problem, say, step
from .files import lock, read_json, write_json, write_text
from .odoo_tree import OdooTree
from .postgres import Connection
from .workspace import Workspace

INSIDE = Path(__file__).resolve().parent / "inside"
#: The environment variables that would change what Odoo, PostgreSQL or Python do.
FOREIGN = ("PGDATABASE", "PGSERVICE", "PGOPTIONS", "PGAPPNAME", "ODOO_RC", "PYTHONHOME")


@dataclass(frozen=True)
class Odoo:
    """Everything that a command needs to run Odoo."""

    workspace: Workspace
    tree: OdooTree
    python: Path
    connection: Connection

    @property
    def mark(self) -> str:
        """What a database of this clone bears as its comment."""
        return f"./dev of {self.workspace.root}"

    def environ(self) -> dict[str, str]:
        """Return the environment for programs that import Odoo."""
        environ = {key: value for key, value in os.environ.items() if key not in FOREIGN}
        return {
            **environ,
            **self.connection.environ(),
            "PYTHONPATH": str(self.tree.python_path),
            "PYTHONNOUSERSITE": "1",
            "SPP_REPOSITORY": str(self.workspace.root),
        }

    def configuration(self, role: str, database: str, **options: object) -> Path:
        """Write Odoo's configuration file for one purpose.

        :param role: name of the file; one per purpose, so that a process tells what it is for
        :param database: the database, without the suffix of this clone
        """
        name = self.connection.database(database)
        ports = self.workspace.ports()
        values = {
            "addons_path": ",".join(map(str, [*self.tree.addons, *self.workspace.addons_path()])),
            "admin_passwd": os.urandom(16).hex(),
            "data_dir": self.workspace.home / "odoo",
            "db_host": self.connection.host,
            "db_port": self.connection.port,
            "db_user": self.connection.user,
            "db_password": self.connection.password,
            "db_name": name,
            "dbfilter": f"^{name}$",
            "list_db": False,
            # A server on somebody's own machine tells nobody that it is there.
            "publisher_warranty_url": "http://127.0.0.1:9/",
            "http_interface": "127.0.0.1",
            "http_port": ports["http"],
            "gevent_port": ports["gevent"],
            **options,
        }
        path = self.workspace.home / f"{role}.conf"
        lines = [f"{key} = {value}" for key, value in values.items() if value != ""]
        write_text(path, "\n".join(["[options]", *lines, ""]))
        return path

    def command(self, *arguments: object) -> list[str]:
        """Return a command line of Odoo's own program."""
        return [str(self.python), str(INSIDE / "odoo_main.py"), *map(str, arguments)]

    # -- databases ---------------------------------------------------------

    def prepare(self, database: str, *, demo: bool) -> None:
        """Create the database or bring it up to date; nothing happens when no file changed.

        :param database: the name, without the suffix of this clone
        :param demo: whether a new database gets the demo data
        :raise Problem: when an addon cannot be installed, or a stranger's database has that name
        """
        name = self.connection.database(database)
        waiting = f"Waiting for another run that prepares the database {name} …"
        with lock(self.workspace.home / f"{database}.lock", waiting):
            self._prepare(name, database, demo=demo)

    def _prepare(self, name: str, base: str, *, demo: bool) -> None:
        stamp = self.workspace.home / f"{base}.database.json"
        done = read_json(stamp)
        state = self._ask("mark", name)
        if state["exists"] and state["mark"] != self.mark:
            raise Problem(
                f"The server has a database {name} that was not created for this clone: it stays "
                f"untouched; rename it or use another server."
            )
        wanted = {
            "odoo": self.tree.version,
            "python": str(self.python.parent.parent.name),
            "addons": self.workspace.addon_fingerprints(),
        }
        if state["exists"] and done == wanted:
            return
        keep = state["exists"] and done.get("odoo") == wanted["odoo"]
        if keep and self._update(name, done.get("addons", {}), wanted["addons"], stamp):
            write_json(stamp, wanted)
            return
        if state["exists"] and base != "spp_test" and done:
            raise Problem(
                f"The database {name} could not be updated; the end of {self._install_log} says "
                f"why. `./dev down --drop` gives it up for a new one."
            )
        self._install(name, list(wanted["addons"]), demo=demo)
        write_json(stamp, wanted)

    @property
    def _install_log(self) -> Path:
        return self.workspace.logs / "install.log"

    def _install(self, name: str, addons: list[str], *, demo: bool) -> None:
        self._ask("drop", name, self.mark)
        with step(f"Installing {len(addons)} addons on the new database {name}"):
            self._ask("create", name, self.mark)
            arguments = ["-i", ",".join(addons), *(["--with-demo"] if demo else [])]
            if not self._load(name, arguments) or not self._installed(name, addons):
                self._ask("drop", name, self.mark)
                raise Problem(
                    f"Odoo could not install the addons; the end of {self._install_log}:\n"
                    f"{processes.tail(self._install_log, 30)}"
                )

    def _update(self, name: str, done: dict, wanted: dict, stamp: Path) -> bool:
        """Install what is new and update what changed; False when that failed."""
        if set(done) - set(wanted):
            return False
        new = [addon for addon in wanted if addon not in done]
        changed = [addon for addon in wanted if addon in done and done[addon] != wanted[addon]]
        arguments = [*(["-i", ",".join(new)] if new else [])]
        arguments += ["-u", ",".join(changed)] if changed else []
        if not arguments:
            return True
        stamp_content = read_json(stamp)
        stamp.unlink(missing_ok=True)
        with step(f"Updating {', '.join(new + changed)} on the database {name}"):
            if self._load(name, arguments) and self._installed(name, list(wanted)):
                return True
        say(f"  that failed; the log is {self._install_log}")
        # The user decides about a database that may hold work; a test database is made anew.
        write_json(stamp, {**stamp_content, "addons": dict.fromkeys(done, "")})
        return False

    def _load(self, name: str, arguments: list[str]) -> bool:
        configuration = self.configuration("install", name.removesuffix(self.connection.suffix))
        command = self.command("server", "--config", configuration, *arguments)
        with open(self._install_log, "w", encoding="utf-8") as log:
            result = subprocess.run(
                [*command, "--stop-after-init", "--no-http"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environ(),
                check=False,
            )
        for line in self._install_log.read_text(errors="replace").splitlines():
            if any(f" {level} " in line[:60] for level in ("WARNING", "ERROR", "CRITICAL")):
                say(f"  {line}")
        return result.returncode == 0

    def _installed(self, name: str, addons: list[str]) -> bool:
        states = self._ask("modules", name)
        missing = [addon for addon in addons if states.get(addon) != "installed"]
        if missing:
            say(f"  not installed: {', '.join(missing)}")
        return not missing

    def drop(self, database: str) -> None:
        """Drop a database of this clone with its filestore stamp, if there is one."""
        (self.workspace.home / f"{database}.database.json").unlink(missing_ok=True)
        self._ask("drop", self.connection.database(database), self.mark)

    def _ask(self, *arguments: str) -> dict:
        result = subprocess.run(
            [str(self.python), str(INSIDE / "database.py"), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environ(),
            check=False,
        )
        if result.returncode:
            reason = result.stderr.strip().splitlines()
            raise Problem(
                f"PostgreSQL refused a request: {reason[-1] if reason else 'no reason given'}."
            )
        return json.loads(result.stdout)


@contextmanager
def ready(workspace: Workspace) -> Iterator[Odoo]:
    """Give Odoo with everything it needs: source, Python packages, addon folder, PostgreSQL.

    :raise Problem: when something cannot be had
    """
    tree = odoo_tree.get(workspace)
    python = python_env.get(workspace)
    workspace.link()
    with postgres.connection(workspace, python) as connection:
        yield Odoo(workspace, tree, python, connection)
