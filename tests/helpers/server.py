"""A real Odoo server for tests: processes of its own, on a copy of the test database."""

import atexit
import configparser
import contextlib
import functools
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2
import requests
from psycopg2 import sql

import odoo
from odoo.tools import config

_START_SECONDS = 180
# Below those that Linux gives to connections, which come and go by the hundred while tests run.
_PORTS = range(20000, 32000)


def free_port():
    """Return a port of 127.0.0.1 that nobody listens on."""
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_until(condition, seconds=180, pause=0.02):
    """Wait for something to become true.

    :raise AssertionError: when it does not in time
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain")
        time.sleep(pause)


class OdooServer:
    """A copy of the test database, and Odoo servers that are started and killed on it.

    Use it as a context manager outside of Odoo's test classes: what the server commits is gone
    with the copy.

    :param str name: suffix of the database
    """

    def __init__(self, name):
        self.template = config["db_name"][0]
        self.database = f"{self.template}_{name}"
        self.folder = Path(tempfile.mkdtemp(prefix="spp-server-"))
        self.log = self.folder / "odoo.log"
        # A file, since a server with workers starts the same program again for the websocket.
        self.program = self.folder / "odoo_main.py"
        self.program.write_text("import odoo.cli\n\nodoo.cli.main()\n")
        self.configuration = config["config"]
        self.process = None
        self.crons = 0
        self.url = ""
        self.connection = {
            name: config[f"db_{name}"] or None for name in ("host", "port", "user", "password")
        }

    def configure(self, change):
        """Give the server a configuration of its own.

        :param change: called with that of the tests, a ``ConfigParser``, which it may change
        """
        settings = configparser.ConfigParser(interpolation=None)
        settings.read(config["config"])
        change(settings)
        self.configuration = self.folder / "odoo.conf"
        with open(self.configuration, "w", encoding="utf-8") as stream:
            settings.write(stream)

    def for_test(self, test):
        """Enter this context for the rest of one test."""
        test.addCleanup(self.__exit__)
        return self.__enter__()

    def __enter__(self):
        # A template must have no connections; those of the tests are opened again when needed.
        odoo.sql_db.close_all()
        with self._cursor("postgres") as cr:
            name, template = map(sql.Identifier, (self.database, self.template))
            cr.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            cr.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))
        return self

    def __exit__(self, *_exc):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        with self._cursor("postgres") as cr:
            cr.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(
                    sql.Identifier(self.database)
                )
            )

    @contextlib.contextmanager
    def _cursor(self, database):
        connection = psycopg2.connect(dbname=database, **self.connection)
        connection.autocommit = True
        try:
            with connection.cursor() as cr:
                yield cr
        finally:
            connection.close()

    def query(self, statement, *parameters):
        """Run one statement on the server's database; return its rows, if it has any."""
        with self._cursor(self.database) as cr:
            cr.execute(statement, parameters or None)
            return cr.fetchall() if cr.description else []

    def wake_scheduler(self):
        """Have the server look for due scheduled actions now, which it else does every minute."""
        with self._cursor("postgres") as cr:
            cr.execute("SELECT pg_notify('cron_trigger', %s)", [self.database])

    @contextlib.contextmanager
    def held_up(self, table, transactions=1):
        """Keep transactions from writing to a table; they go on afterwards, if they still live.

        Entered when so many of them wait there, in the middle of what they do.
        """
        connection = psycopg2.connect(dbname=self.database, **self.connection)
        try:
            with connection.cursor() as cr:
                cr.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(sql.Identifier(table)))
            wait_until(lambda: self._waiting_for(table) >= transactions, pause=0.1)
            yield
        finally:
            connection.close()

    def _waiting_for(self, table):
        self.wake_scheduler()  # a process that was just started may have missed an earlier call
        return self.query(
            "SELECT count(*) FROM pg_locks WHERE relation = %s::regclass"
            " AND mode = 'RowExclusiveLock' AND NOT granted",
            table,
        )[0][0]

    def run(self, code):
        """Run code in Odoo's shell on the server's database, and commit.

        :param str code: Python with ``env`` in scope
        :return: what it printed
        """
        result = subprocess.run(
            self._command("shell", "--no-http", "--log-level=error"),
            input=f"{code}\nenv.cr.commit()\n",
            capture_output=True,
            text=True,
            cwd=self.folder,
            check=False,
        )
        if result.returncode or "Traceback" in result.stderr:
            raise AssertionError(result.stderr[-3000:])
        return result.stdout

    def load(self, *options):
        """Install, update or test; return the exit status and what was logged."""
        result = subprocess.run(
            # Its own port: tests bring up HTTP all the same, and a server of ours may be running.
            self._command(
                *("server", "--stop-after-init", "--no-http", f"--http-port={free_port()}"),
                *options,
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            check=False,
        )
        return result.returncode, result.stdout

    def _command(self, command, *options):
        return [
            sys.executable,
            str(self.program),
            command,
            f"--config={self.configuration}",
            f"--database={self.database}",
            *options,
        ]

    def start(self, *, workers=0, crons=0, log_level="info"):
        """Start Odoo and wait until it answers.

        :param int workers: worker processes, 0 for one threaded process
        :param int crons: threads or processes that run scheduled actions
        """
        port = free_port()
        self.crons = crons
        command = self._command(
            "server",
            f"--db-filter=^{self.database}$",
            "--http-interface=127.0.0.1",
            f"--http-port={port}",
            f"--gevent-port={free_port()}",
            f"--workers={workers}",
            f"--max-cron-threads={crons}",
            f"--log-level={log_level}",
        )
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        self.url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + _START_SECONDS
        while True:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.url}/web/health", timeout=5).status_code == 200:
                    return
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"Odoo did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.1)

    def workers(self):
        """Return the process ids of the server's workers, without the one for websockets."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [
            int(pid)
            for pid in children.read_text().split()
            if b"gevent" not in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        ]

    def forget_regular_turns(self):
        """Let scheduled actions run only when they are woken."""
        self.query(
            """
            UPDATE ir_cron SET interval_number = 1, interval_type = 'days',
                               nextcall = now() AT TIME ZONE 'UTC' + interval '1 day'
            """
        )

    def deadlocks(self):
        """Return how many deadlocks PostgreSQL ended, once the server is stopped."""
        # A connection reports what it counted before it vanishes.
        wait_until(
            lambda: self.query(
                "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database()"
            )[0][0]
        )
        return self.query(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )[0][0]

    def kill(self):
        """End every process of the server at once, as a power cut does."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)
            self.process = None

    def stop(self):
        """Ask the server to stop, and insist."""
        if self.process:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
            self.kill()


@functools.cache
def shared_server():
    """Return a running server with two workers, no scheduler, and every statement in its log.

    For tests that leave nothing behind which another would notice: they have senders and data
    sources of their own, and count only what is theirs. It lives as long as the tests do.
    """
    server = OdooServer("shared")
    atexit.register(server.__exit__)
    server.__enter__()
    server.start(workers=2, log_level="debug_sql")
    return server


class BareServer(OdooServer):
    """A new database with only some modules.

    :param str name: suffix of the database
    :param str modules: names of the modules, separated by commas
    :param options: further ones of the command line that installs them
    """

    def __init__(self, name, modules, *options):
        super().__init__(name)
        self._install = ("-i", modules, *options)
        self.log_of_installing = ""

    def __enter__(self):
        odoo.sql_db.close_all()
        with self._cursor("postgres") as cr:
            name = sql.Identifier(self.database)
            cr.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            cr.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
        self.log_of_installing = load(self, *self._install)
        return self


def load(server, *options):
    """Install or update; return what was logged.

    :raise AssertionError: when that fails
    """
    status, log = server.load(*options)
    if status:
        raise AssertionError(log[-4000:])
    return log


def add_addons(settings, folder):
    """Add a folder of addons to a configuration; see :meth:`OdooServer.configure`."""
    settings["options"]["addons_path"] += f",{folder}"


def complaints(log):
    """Return the lines of a log above the level INFO, and those that do not look like a log."""
    return [
        line
        for line in log.splitlines()
        if line.strip()
        and not line.startswith("Running as user 'root'")
        and (len(line.split()) < 4 or line.split()[3] not in ("INFO", "DEBUG"))
    ]
