"""`./dev wheel`: the root addon alone as a package for pip."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from .console import Problem
from .workspace import ROOT_ADDON, Workspace

_PROJECT = """\
[build-system]
requires = ["whool"]
build-backend = "whool.buildapi"
"""
_EXTRA = ("README.md", "LICENSE", "CHANGELOG.md")


def build(workspace: Workspace, python: Path, folder: Path) -> Path:
    """Build the wheel from what belongs to the addon: no tests, tools, sandbox or stand-ins.

    :param python: interpreter of the environment that has `whool`
    :param folder: where the wheel goes
    :return: its path
    :raise Problem: with the last line of complaints, when it cannot be built
    """
    with tempfile.TemporaryDirectory(prefix="spp-wheel-") as temporary:
        # Its name is that of the addon, which a clone's need not be.
        staged = Path(temporary) / ROOT_ADDON
        files = workspace.addon_files(ROOT_ADDON)
        files += [path for name in _EXTRA if (path := workspace.root / name).is_file()]
        files += (workspace.root / "i18n").glob("*.pot")
        for path in files:
            target = staged / path.relative_to(workspace.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        (staged / "pyproject.toml").write_text(_PROJECT, encoding="utf-8")
        built = Path(temporary) / "built"
        command = [str(python), "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
        result = subprocess.run(
            [*command, "--no-index", f"--wheel-dir={built}", str(staged)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            reason = result.stderr.strip().splitlines() or ["no reason given"]
            raise Problem(f"The wheel could not be built: {reason[-1]}")
        (wheel,) = built.glob("*.whl")
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(wheel, folder))
