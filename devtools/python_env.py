"""The virtual environment with the pinned Python packages, shared between clones."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from pathlib import Path

from . import odoo_tree
from .console import Problem, step
from .files import lock, need_space, remove_tree, write_text
from .workspace import Workspace

REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "requirements-queue.txt")


def get(workspace: Workspace) -> Path:
    """Return the environment's interpreter, making the environment when it is not there.

    :raise Problem: when packages cannot be installed
    """
    pins = b"".join((workspace.root / name).read_bytes() for name in REQUIREMENTS)
    interpreter = f"{platform.python_version()} {os.path.realpath(sys.executable)}".encode()
    key = hashlib.sha256(pins + interpreter).hexdigest()[:12]
    folder = workspace.cache / f"python-{platform.python_version()}-{key}"
    if not _works(folder):
        with lock(
            workspace.cache / "python.lock", "Waiting for another run that installs packages …"
        ):
            if not _works(folder):
                _make(workspace, folder)
    return folder / "bin" / "python"


def _works(folder: Path) -> bool:
    return (folder / "complete").is_file() and (folder / "bin" / "python").exists()


def _make(workspace: Workspace, folder: Path) -> None:
    need_space(folder, 700, "Installing the Python packages")
    remove_tree(folder)
    log = workspace.logs / "pip.log"
    with step("Installing the pinned Python packages (104, about 175 MB)"):
        _install(workspace, folder, log)
    write_text(folder / "complete", "")


def _install(workspace: Workspace, folder: Path, log: Path) -> None:
    environ = {**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environ.pop("PYTHONPATH", None)
    python = str(folder / "bin" / "python")
    _base, pins, without_dependencies = (str(workspace.root / name) for name in REQUIREMENTS)

    def run(*command: str) -> bool:
        with open(log, "ab") as stream:
            return not subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                env=environ,
                check=False,
            ).returncode

    log.unlink(missing_ok=True)
    pip = ["-m", "pip"]
    if not run(sys.executable, "-m", "venv", "--clear", str(folder)):
        # Debian's Python comes without what puts pip into environments.
        wheel = odoo_tree.pip_wheel(workspace)
        if not wheel or not run(sys.executable, "-m", "venv", "--without-pip", str(folder)):
            raise Problem(
                "Python cannot make a virtual environment: install its venv package "
                f"(on Debian: apt-get install python3-venv). Details are in {log}."
            )
        pip = [f"{wheel}/pip"]
    install = (python, *pip, "install", "--no-input")
    if not run(*install, "-r", pins) or not run(*install, "--no-deps", "-r", without_dependencies):
        raise Problem(
            f"The Python packages could not be installed ({_reason(log)}): check the "
            f"network and the free disk space. Details are in {log}."
        )


def _reason(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["no output"])[-1].removeprefix("ERROR: ").strip().rstrip(".")
