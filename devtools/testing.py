"""`./dev test`: one pytest run over every addon and tool of the repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from . import processes
from .files import lock
from .odoo import Odoo
from .workspace import ROOT_ADDON, TOOL_FOLDERS, Workspace

DATABASE = "spp_test"


def test_folders(workspace: Workspace) -> list[str]:
    """Return the folders of tests, relative to the folder of links that pytest runs in."""
    folders = [f"addons/{ROOT_ADDON}/tests"]
    folders += [f"openspp/{name}/tests" for name in workspace.addons() if name != ROOT_ADDON]
    folders += ["extensions/tests"]
    folders += [f"tools/{name}/tests" for name in TOOL_FOLDERS]
    return [folder for folder in folders if (workspace.links / folder).is_dir()]


def translate(workspace: Workspace, argument: str, cwd: Path) -> str:
    """Point an argument that names a test of the clone to its place among the links.

    :param argument: an argument for pytest; anything but a path in the clone comes back as it is
    :param cwd: what a relative path is relative to, beside the clone
    """
    path, separator, rest = argument.partition("::")
    if not path or path.startswith("-"):
        return argument
    for base in (cwd, workspace.root):
        candidate = (base / path).resolve()
        if candidate.exists() and candidate.is_relative_to(workspace.root):
            break
    else:
        return argument
    relative = candidate.relative_to(workspace.root)
    top = relative.parts[0] if relative.parts else ""
    if top in TOOL_FOLDERS:
        place = Path("tools") / relative
    elif top == "tests":
        place = Path("addons") / ROOT_ADDON / relative
    elif top in ("openspp", "extensions"):
        place = relative
    else:
        return argument
    return f"{place}{separator}{rest}"


def pytest_arguments(workspace: Workspace, arguments: list[str], cwd: Path) -> list[str]:
    """Return pytest's arguments: the user's, and every folder of tests unless some are named."""
    translated = [translate(workspace, argument, cwd) for argument in arguments]
    named = [
        new
        for new in translated
        if not new.startswith("-") and (workspace.links / new.partition("::")[0]).exists()
    ]
    return translated if named else [*translated, *test_folders(workspace)]


def run(odoo: Odoo, arguments: list[str]) -> int:
    """Run the tests on a database of their own.

    :param arguments: for pytest, paths relative to the clone or the current folder
    :return: pytest's exit status; not 0 when nothing was collected
    """
    workspace = odoo.workspace
    waiting = "Waiting for another test run of this clone …"
    with lock(workspace.home / "test.lock", waiting):
        configuration = odoo.configuration("test", DATABASE, max_cron_threads=0)
        chosen = f"--odoo-config={configuration}"
        # A run that was killed may have left its pytest behind.
        processes.stop(processes.find(chosen), seconds=5)
        odoo.prepare(DATABASE, demo=False)
        command = [
            str(odoo.python),
            "-m",
            "pytest",
            f"--config-file={workspace.root / 'pyproject.toml'}",
            f"--rootdir={workspace.links}",
            chosen,
            "--odoo-http",
            f"--override-ini=cache_dir={workspace.home / 'pytest_cache'}",
            *pytest_arguments(workspace, arguments, Path(os.getcwd())),
        ]
        environ = {
            **odoo.environ(),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(workspace.home / "hypothesis"),
        }
        if odoo.connection.users:  # else the server, and its log, is not ours
            # Tests prove that nothing about a person enters this log.
            environ["SPP_POSTGRES_LOG"] = str(workspace.logs / "postgresql.log")
        return subprocess.run(command, cwd=workspace.links, env=environ, check=False).returncode
