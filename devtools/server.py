"""`./dev up`, `down` and `status`: Odoo in the background."""

from __future__ import annotations

import http.client
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import processes
from .console import Problem, step
from .files import lock
from .odoo import Odoo
from .workspace import Workspace, port_is_free

DATABASE = "spp"
START_SECONDS = 180


@dataclass(frozen=True)
class Running:
    """A server in the background."""

    url: str
    pid: int
    workers: int
    log: Path


def _record(workspace: Workspace) -> Path:
    return workspace.home / "server.json"


def _marker(workspace: Workspace) -> str:
    return str(workspace.home / "server.conf")


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def running(workspace: Workspace) -> Running | None:
    """Return the server of this clone that runs now, if one does."""
    record = processes.recall(_record(workspace))
    if not record:
        return None
    return Running(
        _url(record["port"]), record["pid"], record["workers"], workspace.logs / "odoo.log"
    )


def answers(url: str) -> bool:
    """Tell whether the login page answers."""
    host = url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=30)
    try:
        connection.request("GET", "/web/login")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def up(
    odoo: Odoo, *, port: int | None = None, workers: int = 0, database: str = DATABASE
) -> Running:
    """Start the server, or restart it when the options or the code changed.

    :param port: HTTP port on 127.0.0.1; the one used last when None
    :param workers: number of worker processes; 0 is one threaded process
    :param database: the name, without the suffix of this clone
    :return: the server, its login page answering
    :raise Problem: when a port is taken or Odoo does not start
    """
    workspace = odoo.workspace
    with lock(workspace.home / "server.lock", "Waiting for another run that starts the server …"):
        ports = workspace.ports(port)
        options = {
            "port": ports["http"],
            "workers": workers,
            "database": database,
            "addons": workspace.addon_fingerprints(),
            "odoo": odoo.tree.version,
            "server": odoo.connection.host,
        }
        record = processes.recall(_record(workspace))
        if record and all(record.get(key) == value for key, value in options.items()):
            server = running(workspace)
            if server and answers(server.url):
                return server
        _stop(workspace)
        for name in ("http", "gevent") if workers else ("http",):
            if not port_is_free(ports[name]):
                raise Problem(
                    f"Port {ports[name]} on 127.0.0.1 is taken by another program: stop that, "
                    f"or choose another port with `./dev up --port N`."
                )
        odoo.prepare(database, demo=True)
        with step(f"Starting Odoo on {_url(ports['http'])}"):
            _start(odoo, options)
        server = running(workspace)
        if server is None:
            raise Problem("Odoo stopped right after its start: see ./dev status for its log.")
        return server


def _start(odoo: Odoo, options: dict) -> None:
    workspace = odoo.workspace
    log = workspace.logs / "odoo.log"
    configuration = odoo.configuration("server", options["database"], workers=options["workers"])
    with processes.new_log(log) as stream, odoo.connection.lease() as lease:
        process = subprocess.Popen(
            odoo.command("server", "--config", configuration),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            cwd=workspace.home,
            env=odoo.environ(),
            pass_fds=lease,
            start_new_session=True,
        )
    processes.remember(_record(workspace), process.pid, **options)
    url = _url(options["port"])
    deadline = time.monotonic() + START_SECONDS
    while not answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            _stop(workspace)
            raise Problem(f"Odoo did not start; the end of {log} says why:\n{processes.tail(log)}")
        time.sleep(0.2)


def down(workspace: Workspace) -> bool:
    """Stop the server; return whether one ran."""
    with lock(workspace.home / "server.lock", "Waiting for another run that starts the server …"):
        return _stop(workspace)


def _stop(workspace: Workspace) -> bool:
    record = processes.recall(_record(workspace))
    # Workers of a server that was killed are found by the configuration file in their arguments.
    pids = processes.find(_marker(workspace))
    if record:
        processes.stop([record["pid"]], seconds=20)
    processes.stop(pids, seconds=10)
    _record(workspace).unlink(missing_ok=True)
    return bool(record or pids)
