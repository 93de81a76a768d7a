"""Gets Odoo 19: from `ODOO_HOME`, else Debian's package unpacked into the cache, else with git."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import debian
from .console import Problem, step
from .files import lock, need_space, new_folder, write_text
from .workspace import Workspace

SERIES = (19, 0)
FOLDER = "odoo-19.0"
SUITE = "sid"
PACKAGES = (
    "odoo-19",
    # Web assets to which the package above links.
    "libjs-jquery",
    "libjs-underscore",
    "libjs-jquery-form",
    "fonts-font-awesome",
    "fonts-roboto-unhinted",
    "fonts-inconsolata",
    # For machines whose Python cannot give pip to a virtual environment.
    "python3-pip-whl",
)
GIT_URL = "https://github.com/odoo/odoo.git"


@dataclass(frozen=True)
class OdooTree:
    """An Odoo source tree.

    `python_path` is the folder that holds the package `odoo`; `addons` are folders of addons;
    `version` changes with the source.
    """

    python_path: Path
    addons: tuple[Path, ...]
    version: str


def get(workspace: Workspace) -> OdooTree:
    """Return an Odoo 19 tree, downloading it when this machine has none yet.

    :raise Problem: when it cannot be had
    """
    if home := os.environ.get("ODOO_HOME"):
        tree = find(Path(home).expanduser())
        if tree is None:
            raise Problem(f"ODOO_HOME is {home}, and there is no Odoo 19 in that folder.")
        return tree
    target = workspace.cache / FOLDER
    tree = _ready(target)
    if tree is None:
        with lock(workspace.cache / "odoo.lock", "Waiting for another run that gets Odoo …"):
            tree = _ready(target)
            if tree is None:
                tree = _download(target)
    return tree


def find(home: Path) -> OdooTree | None:
    """Recognise a source checkout, an unpacked Debian package or a folder of Python packages."""
    for base in (home, home / "odoo", home / "usr/lib/python3/dist-packages"):
        release = base / "odoo" / "release.py"
        if not release.is_file():
            continue
        text = release.read_text(encoding="utf-8")
        series = re.search(r"^version_info = \((\d+), *(\d+)", text, re.MULTILINE)
        if not series or tuple(map(int, series.groups())) != SERIES:
            continue
        folders = (base / "odoo" / "addons", base / "addons")
        addons = tuple(path for path in folders if (path / "base").is_dir() or _has_addons(path))
        if addons:
            return OdooTree(base, addons, _version_of(base, text))
    return None


def _has_addons(folder: Path) -> bool:
    return next(folder.glob("*/__manifest__.py"), None) is not None


def _version_of(base: Path, release: str) -> str:
    commit = (
        subprocess.run(
            ["git", "-C", str(base), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            check=False,
        )
        if (base / ".git").exists()
        else None
    )
    if commit and commit.returncode == 0:
        return commit.stdout.strip()
    stamp = base.parents[3] / "complete" if len(base.parents) > 3 else None
    if stamp and stamp.is_file():
        return stamp.read_text(encoding="utf-8").strip()
    found = re.search(r"^version_info = (.*)$", release, re.MULTILINE)
    return found.group(1) if found else "19"


def pip_wheel(workspace: Workspace) -> Path | None:
    """Return the pip that came with Odoo's packages, if they came from Debian."""
    wheels = (workspace.cache / FOLDER / "usr/share/python-wheels").glob("pip-*.whl")
    return next(wheels, None)


def _ready(target: Path) -> OdooTree | None:
    return find(target) if (target / "complete").is_file() else None


def _download(target: Path) -> OdooTree:
    need_space(target, 3000, "Getting Odoo")
    if debian.is_usable():
        title = "Getting Odoo 19 and its web assets as Debian packages (130 MB)"
        with step(title), new_folder(target) as folder:
            _from_apt(folder)
    elif shutil.which("git"):
        with step("Getting Odoo 19 with git (about 600 MB)"), new_folder(target) as folder:
            _from_git(folder)
    else:
        raise Problem(
            "Odoo 19 is got with apt-get or git and this machine has neither: install git, "
            "or set ODOO_HOME to a folder with Odoo 19."
        )
    tree = _ready(target)
    if tree is None:
        raise Problem(f"What was downloaded to {target} is not Odoo 19: set ODOO_HOME instead.")
    return tree


def _from_apt(folder: Path) -> None:
    failure = debian.fetch(folder, SUITE, PACKAGES)
    if failure is not None:
        raise Problem(
            f"Odoo could not be downloaded with apt-get ({failure}): check the network, "
            f"or set ODOO_HOME to a folder with Odoo 19."
        )
    write_text(folder / "complete", f"{debian.version_of(folder, PACKAGES[0])}\n")


def _from_git(folder: Path) -> None:
    failure = debian.run(
        ["git", "clone", "--quiet", "--depth=1", "--branch=19.0", GIT_URL, "odoo"], folder
    )
    if failure is not None:
        raise Problem(
            f"Odoo could not be cloned with git ({failure}): check the network, "
            f"or set ODOO_HOME to a folder with Odoo 19."
        )
    write_text(folder / "complete", "git\n")
