"""A PostgreSQL of its own for tests that kill it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.tools import config

from .server import OdooServer

_OPTION = {"host": "host", "port": "port", "user": "username"}

ROOT = Path(__file__).resolve().parents[2]


def has_private_cluster():
    """Tell whether this is a clone of the repository, whose tools run PostgreSQL."""
    return (ROOT / "devtools" / "postgres.py").is_file()


class PrivateCluster:
    """A new cluster with a copy of the test database, deleted in the end.

    It writes each commit to disk, unlike that of the other tests: without that, a killed
    PostgreSQL forgets what it has acknowledged.
    """

    def for_test(self, test):
        """Start it for the rest of one test."""
        with patch.object(sys, "path", [*sys.path, str(ROOT)]):
            from devtools import files, postgres, workspace
        self._remove_tree = files.remove_tree
        folder = tempfile.TemporaryDirectory(prefix="spp-postgres-")
        test.addCleanup(folder.cleanup)
        self._workspace = workspace.Workspace(
            Path(folder.name), workspace.cache_folder(dict(os.environ))
        )
        self._workspace.home.mkdir(parents=True)
        self._cluster = postgres.Cluster(self._workspace, Path(sys.executable))
        test.addCleanup(self._delete)
        self.start()
        self._server = _Server(self).for_test(test)
        return self

    def server(self):
        """Return the Odoo server on its database."""
        return self._server

    @property
    def connection(self):
        """What psycopg2 needs to reach it."""
        return {"host": str(self._cluster.sockets), "port": "5432", "user": "spp"}

    def start(self):
        with patch.dict(os.environ, {"SPP_DCI_FSYNC": "on"}):
            self._cluster.start()

    def kill(self):
        """End the server and all that it started, as a power cut does."""
        main = self._cluster._pid()
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for pid in (main, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def copy_database(self, source):
        """Copy a database of the same name from the cluster of the other tests."""
        places = {name: config[f"db_{name}"] for name in ("host", "port", "user")}
        options = [f"--{_OPTION[name]}={value}" for name, value in places.items() if value]
        run = self._cluster.binaries
        into = [f"--host={self._cluster.sockets}", "--username=spp"]
        subprocess.run([run / "createdb", *into, source], check=True)
        dump = subprocess.Popen(
            [run / "pg_dump", *options, "--no-owner", source],
            stdout=subprocess.PIPE,
            env={**os.environ, "PGPASSWORD": config["db_password"] or ""},
        )
        with dump:
            subprocess.run(
                [run / "psql", *into, "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={source}"],
                stdin=dump.stdout,
                stdout=subprocess.DEVNULL,
                check=True,
            )
        if dump.returncode:
            raise AssertionError("the test database could not be copied")

    def _delete(self):
        if self._cluster._pid():
            self.kill()
        self._remove_tree(self._cluster.home)
        self._remove_tree(self._workspace.home)


class _Server(OdooServer):
    """An Odoo server on a private cluster."""

    def __init__(self, cluster):
        super().__init__("unused")
        self.database = self.template
        self.cluster = cluster
        self.connection = cluster.connection

    def __enter__(self):
        self.cluster.copy_database(self.database)
        return self

    def __exit__(self, *_exc):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _command(self, command, *options):
        places = [f"--db_{name}={value}" for name, value in self.connection.items()]
        return super()._command(command, *places, "--db_password=", *options)
