"""A database and server of a benchmark's own, gone when it ends."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools import processes
from devtools.console import Problem, step
from devtools.odoo import INSIDE, Odoo

FOLDER = Path(__file__).resolve().parent
TEMPLATE = "spp_bench"
START_SECONDS = 120


class Arena:
    """A copy of the prepared database, with what may run on it.

    :param odoo: what `./dev` gives
    :param name: of the benchmark, which the database is called after
    """

    def __init__(self, odoo: Odoo, name: str):
        self.odoo = odoo
        self.database = f"{TEMPLATE}_{name}"
        self.port = 0
        #: Process id of the server that runs.
        self.pid = 0

    def configuration(self, **options: object) -> Path:
        """Write the configuration of this benchmark's Odoo; the bench addon is on its path."""
        path = self.odoo.configuration(
            self.database, self.database, http_port=self.port or free_port(), **options
        )
        lines = path.read_text(encoding="utf-8").splitlines()
        addons = FOLDER / "addons"
        text = "\n".join(
            f"{line},{addons}" if line.startswith("addons_path = ") else line for line in lines
        )
        path.write_text(f"{text}\n", encoding="utf-8")
        return path

    def environ(self, arguments: dict | None = None) -> dict[str, str]:
        """Return the environment of a script, with its arguments."""
        environ = self.odoo.environ()
        tools = self.odoo.workspace.links / "tools"
        environ["PYTHONPATH"] = os.pathsep.join([environ["PYTHONPATH"], str(tools)])
        environ["PGDATABASE"] = self.odoo.connection.database(self.database)
        environ["BENCH_ARGUMENTS"] = json.dumps(arguments or {})
        return environ

    def start(self, script: str, **arguments: object) -> Script:
        """Start a file of `bench/inside` on the database, with `env` in scope.

        :param arguments: what the script reads by `bench.inside.talk.arguments()`
        """
        command = [self.odoo.python, INSIDE / "run_file.py", self.configuration()]
        command.append(FOLDER / "inside" / f"{script}.py")
        return Script([str(part) for part in command], self.environ(arguments))

    def run(self, script: str, **arguments: object) -> dict:
        """Run a file of `bench/inside` to its end; return the JSON object that it says."""
        with self.start(script, **arguments) as running:
            return running.hear()

    def speaker(self, module: str, *arguments: object) -> Script:
        """Start a module of `bench` as a process of its own, without Odoo."""
        command = [self.odoo.python, "-m", f"bench.{module}", *arguments]
        return Script([str(part) for part in command], self.environ())

    @contextmanager
    def server(
        self, *, workers: int = 2, schedulers: int = 0, job_channels: str = ""
    ) -> Iterator[int]:
        """Run Odoo on the database.

        :param workers: processes that answer requests, and so carry out jobs
        :param schedulers: processes that run scheduled actions
        :param job_channels: what the job runner may start at a time; empty for no job runner
        :return: the port, on 127.0.0.1
        """
        self.port = free_port()
        options = {"server_wide_modules": "base,web,queue_job"} if job_channels else {}
        configuration = self.configuration(
            gevent_port=free_port(), workers=workers, max_cron_threads=schedulers, **options
        )
        environ = self.environ()
        if job_channels:
            environ["ODOO_QUEUE_JOB_CHANNELS"] = job_channels
        log = self.odoo.workspace.logs / f"{self.database}.log"
        with processes.new_log(log) as stream:
            process = subprocess.Popen(
                self.odoo.command("server", "--config", configuration),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                cwd=self.odoo.workspace.home,
                env=environ,
                start_new_session=True,
            )
        self.pid = process.pid
        try:

            def ready() -> bool:
                if process.poll() is not None:
                    raise Problem(f"Odoo stopped right after its start; see {log}.")
                return answers(self.port)

            if not processes.wait_for(ready, START_SECONDS):
                raise Problem(f"Odoo does not answer; its log is {log}.")
            yield self.port
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()
            self.port = self.pid = 0


class Script:
    """A process that says JSON objects, one a line, when it is told to go on."""

    def __init__(self, command: list[str], environ: dict[str, str]):
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ, text=True
        )

    def __enter__(self) -> Script:
        return self

    def __exit__(self, kind: type | None, *_error: object) -> None:
        self._process.stdin.close()
        if kind:
            self._process.kill()
        self._process.stdout.close()
        if self._process.wait() and not kind:
            raise Problem("A benchmark's process failed; its messages are above.")

    def hear(self) -> dict:
        """Wait for the next thing it says."""
        line = self._process.stdout.readline()
        if not line:
            raise Problem("A benchmark's process ended early; its messages are above.")
        return json.loads(line)

    def ask(self, **question: object) -> dict:
        """Tell it to go on, and wait for what it says."""
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self.hear()


@contextmanager
def arena(odoo: Odoo, name: str) -> Iterator[Arena]:
    """Give a benchmark a fresh copy of the prepared database, and drop it afterwards."""
    odoo.prepare(TEMPLATE, demo=False)
    own = Arena(odoo, name)
    # An interrupted run may have left its server behind.
    marker = str(odoo.workspace.home / f"{own.database}.conf")
    processes.stop(processes.find(marker), seconds=10)
    odoo.copy(TEMPLATE, own.database)
    try:
        yield own
    finally:
        odoo.drop(own.database)
        Path(marker).unlink(missing_ok=True)


def install(own: Arena, addon: str) -> None:
    """Install an addon on the arena's database."""
    log = own.odoo.workspace.logs / f"{own.database}.log"
    options = (f"--init={addon}", "--stop-after-init", "--no-http")
    with step(f"Installing {addon}"), processes.new_log(log) as stream:
        command = own.odoo.command("server", "--config", own.configuration(), *options)
        done = subprocess.run(command, stdout=stream, stderr=stream, env=own.environ(), check=False)
    if done.returncode:
        raise Problem(f"{addon} could not be installed; see {log}.")


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port: int) -> bool:
    """Tell whether Odoo answers on a port."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/web/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        time.sleep(0.1)
        return False
    finally:
        connection.close()
