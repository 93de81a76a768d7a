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
#: Databases that hold nobody's work: made anew when they cannot be updated.
DISPOSABLE = ("spp_test", "spp_bench", "spp_pictures")


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

    def run_inside(self, name: str, database: str) -> str:
        """Run a file of `devtools/inside` with `env` in scope; return what it printed.

        :param database: the name, without the suffix of this clone
        :raise Problem: with the last line of its complaints, when it fails
        """
        configuration = self.configuration(f"shell-{database}", database)
        result = subprocess.run(
            [str(self.python), str(INSIDE / "run_file.py"), str(configuration), str(INSIDE / name)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environ(),
            check=False,
        )
        if result.returncode:
            reason = result.stderr.strip().splitlines()
            raise Problem(f"{name} failed in Odoo: {reason[-1] if reason else 'no reason given'}")
        return result.stdout.strip()

    # -- databases ---------------------------------------------------------

    def prepare(self, database: str, *, demo: bool, update: bool = True) -> None:
        """Create the database or bring it up to date; nothing happens when no file changed.

        :param database: the name, without the suffix of this clone
        :param demo: whether a new database gets the demo data
        :param update: whether one that is out of date is updated, and not made anew: quicker, but
            it keeps data that an addon shipped before and no longer does
        :raise Problem: when an addon cannot be installed, or a stranger's database has that name
        """
        name = self.connection.database(database)
        waiting = f"Waiting for another run that prepares the database {name} …"
        with lock(self.workspace.home / f"{database}.lock", waiting):
            self._prepare(name, database, demo=demo, update=update)

    def _prepare(self, name: str, base: str, *, demo: bool, update: bool) -> None:
        stamp = self._stamp(base)
        done = read_json(stamp)
        state = self._ask("mark", name)
        if state["exists"] and state["mark"] != self.mark:
            raise Problem(
                f"The server has a database {name} that was not created for this clone: it stays "
                f"untouched; rename it or use another server."
            )
        wanted = {
            "odoo": self.tree.version,
            "addons": self.workspace.addon_fingerprints(),
        }
        if state["exists"] and done == wanted:
            return
        # A run that was killed may have left its Odoo behind.
        processes.stop(processes.find(str(self._install_configuration(base))), seconds=5)
        if update and state["exists"] and done and self._update(name, base, done, wanted):
            write_json(stamp, wanted)
            return
        if state["exists"] and done and base not in DISPOSABLE:
            raise Problem(
                f"The database {name} could not be updated; the end of {self._log(base)} says "
                f"why. `./dev down --drop` gives it up for a new one."
            )
        stamp.unlink(missing_ok=True)
        self._install(name, base, list(wanted["addons"]), demo=demo)
        write_json(stamp, wanted)

    def _stamp(self, base: str) -> Path:
        return self.workspace.home / f"{base}.database.json"

    def _log(self, base: str) -> Path:
        return self.workspace.logs / f"install-{base}.log"

    def _install_configuration(self, base: str) -> Path:
        return self.configuration(f"install-{base}", base)

    def _install(self, name: str, base: str, addons: list[str], *, demo: bool) -> None:
        self._ask("drop", name, self.mark)
        with step(f"Installing {len(addons)} addons on the new database {name}"):
            self._ask("create", name, self.mark)
            arguments = ["-i", ",".join(addons), *(["--with-demo"] if demo else [])]
            if not self._load(base, arguments) or not self._installed(name, addons):
                self._ask("drop", name, self.mark)
                raise Problem(
                    f"Odoo could not install the addons; the end of {self._log(base)}:\n"
                    f"{processes.tail(self._log(base), 30)}"
                )

    def _update(self, name: str, base: str, done: dict, wanted: dict) -> bool:
        """Install what is new and update what changed; False when that failed."""
        old, addons = done["addons"], wanted["addons"]
        if set(old) - set(addons):
            return False
        new = [addon for addon in addons if addon not in old]
        changed = [addon for addon in addons if addon in old and old[addon] != addons[addon]]
        if done["odoo"] != wanted["odoo"]:
            changed = ["base"]
        arguments = [*(["-i", ",".join(new)] if new else [])]
        arguments += ["-u", ",".join(changed)] if changed else []
        if not arguments:
            return True
        # Until the update is complete every addon counts as changed.
        write_json(self._stamp(base), {**done, "addons": dict.fromkeys(old, "")})
        with step(f"Updating {', '.join(new + changed)} on the database {name}"):
            if self._load(base, arguments) and self._installed(name, list(addons)):
                return True
        say(f"  that failed; the log is {self._log(base)}")
        return False

    def _load(self, base: str, arguments: list[str]) -> bool:
        command = self.command("server", "--config", self._install_configuration(base))
        with open(self._log(base), "w", encoding="utf-8") as log:
            result = subprocess.run(
                [*command, *arguments, "--stop-after-init", "--no-http"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environ(),
                check=False,
            )
        for line in self._log(base).read_text(errors="replace").splitlines():
            if any(f" {level} " in line[:60] for level in ("WARNING", "ERROR", "CRITICAL")):
                say(f"  {line}")
        return result.returncode == 0

    def _installed(self, name: str, addons: list[str]) -> bool:
        states = self._ask("modules", name)
        missing = [addon for addon in addons if states.get(addon) != "installed"]
        if missing:
            say(f"  not installed: {', '.join(missing)}")
        return not missing

    def copy(self, database: str, target: str) -> None:
        """Copy a prepared database to which nobody is connected, over any earlier copy."""
        self.drop(target)
        names = [self.connection.database(name) for name in (target, database)]
        self._ask("create", names[0], self.mark, names[1])

    def drop(self, database: str) -> None:
        """Drop a database of this clone with its filestore stamp, if there is one."""
        self._stamp(database).unlink(missing_ok=True)
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
            reason = result.stderr.strip().splitlines() or ["no reason given"]
            raise Problem(f"PostgreSQL cannot be used: {reason[0].strip().rstrip('.')}.")
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
