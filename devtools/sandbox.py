"""The sandbox registry of a clone as a process in the background."""

from __future__ import annotations

import subprocess
from pathlib import Path

from . import processes
from .console import Problem
from .external_api import exchange
from .odoo import Odoo
from .workspace import Workspace, port_is_free

START_SECONDS = 30


#: Registries of a clone, of which one at a time runs: that of `./dev demo`, and for pictures.
NAMES = ("sandbox", "sandbox-pictures")


def state_file(workspace: Workspace, name: str = NAMES[0]) -> Path:
    """Return the file that keeps the keys and people of a registry."""
    return workspace.home / f"{name}.json"


def start(odoo: Odoo, name: str = NAMES[0]) -> str:
    """Start it anew, with the keys and people that it had; return its URL.

    :param name: one of `NAMES`
    :raise Problem: when its port is taken or it does not start
    """
    workspace = odoo.workspace
    stop(workspace)
    port = workspace.ports()["sandbox"]
    if not port_is_free(port):
        raise Problem(f"Port {port} on 127.0.0.1, for the sandbox registry, is taken.")
    log = workspace.logs / "sandbox.log"
    with processes.new_log(log) as stream:
        process = subprocess.Popen(
            [
                *(str(odoo.python), "-m", "sandbox"),
                *("--port", str(port)),
                *("--state", str(state_file(workspace, name))),
            ],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            cwd=workspace.root,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        if process.poll() is not None:
            raise Problem(
                f"The sandbox registry did not start; the end of {log}:\n{processes.tail(log)}"
            )
        return not port_is_free(port)

    if not processes.wait_for(ready, START_SECONDS):
        raise Problem(f"The sandbox registry does not answer; its log is {log}.")
    exchange(f"{url}/admin/status")
    return url


def stop(workspace: Workspace) -> bool:
    """Stop it; return whether it ran."""
    pids = [pid for name in NAMES for pid in processes.find(str(state_file(workspace, name)))]
    processes.stop(pids, seconds=10)
    return bool(pids)
