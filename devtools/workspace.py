"""Where everything lives: the clone, and the cache folder outside of it."""

from __future__ import annotations

import hashlib
import os
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .console import Problem
from .files import fingerprint, lock, read_json, remove_tree, write_json

ROOT_ADDON = "spp_dci_client_crvs"
#: Folders of the repository's root that belong to the root addon, beside its Python files.
ADDON_FOLDERS = (
    "controllers",
    "data",
    "demo",
    "i18n",
    "migrations",
    "models",
    "report",
    "security",
    "services",
    "static",
    "tests",
    "views",
    "wizards",
)
#: Packages of the repository that are no addons; linked together so that their tests import them.
TOOL_FOLDERS = ("bench", "devtools", "sandbox")
NO_INSTALL_FOLDERS = {"__pycache__", "tests"}


def cache_folder(environ: dict[str, str]) -> Path:
    """Return the folder for all that is downloaded or made: `SPP_DCI_CACHE` or the user's cache."""
    if chosen := environ.get("SPP_DCI_CACHE"):
        return Path(chosen).expanduser().absolute()
    base = Path(environ.get("XDG_CACHE_HOME") or "")
    return (base if base.is_absolute() else Path("~/.cache").expanduser()) / "spp-dci"


@dataclass(frozen=True)
class Workspace:
    """A clone and its part of the cache folder."""

    root: Path
    cache: Path
    name: str = field(init=False)

    def __post_init__(self) -> None:
        root = self.root.resolve()
        object.__setattr__(self, "root", root)
        readable = re.sub(r"[^a-z0-9]+", "_", root.name.lower()).strip("_")[:20] or "clone"
        digest = hashlib.sha256(str(root).encode()).hexdigest()[:10]
        object.__setattr__(self, "name", f"{readable}_{digest}")

    @classmethod
    def here(cls) -> Workspace:
        """Return the workspace of the clone that this file is part of.

        :raise Problem: when the cache folder lies inside the clone or cannot be written
        """
        workspace = cls(Path(__file__).resolve().parent.parent, cache_folder(dict(os.environ)))
        if workspace.cache.resolve().is_relative_to(workspace.root):
            raise Problem("The cache folder lies in the clone: set SPP_DCI_CACHE to one outside.")
        try:
            workspace.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Problem(
                f"Cannot write to the cache folder {workspace.cache} ({error.strerror}): "
                f"set SPP_DCI_CACHE to a folder of yours."
            ) from None
        return workspace

    @property
    def home(self) -> Path:
        """This clone's part of the cache."""
        return self.cache / "clones" / self.name

    @property
    def links(self) -> Path:
        """The folder of links that pytest runs in."""
        return self.home / "links"

    @property
    def logs(self) -> Path:
        path = self.home / "logs"
        path.mkdir(parents=True, exist_ok=True)
        return path

    # -- addons ----------------------------------------------------------

    def addons(self) -> dict[str, Path]:
        """Return the addons to install by technical name, each with its folder in the clone."""
        found = {ROOT_ADDON: self.root}
        found.update(_addons_in(self.root / "openspp"))
        return found

    def extensions(self) -> dict[str, Path]:
        """Return the optional addons, which nothing installs unasked, each with its folder."""
        return _addons_in(self.root / "extensions")

    def addons_path(self) -> list[Path]:
        """Return the folders for Odoo's `addons_path`, beside those of Odoo itself."""
        candidates = (self.root / "openspp", self.root / "extensions")
        return [self.links / "addons", *(path for path in candidates if _addons_in(path))]

    def addon_files(self, name: str) -> list[Path]:
        """Return the files of an addon that matter for installing it, tests left out."""
        folder = self.addons()[name]
        if name == ROOT_ADDON:
            tops = [folder / part for part in ADDON_FOLDERS]
            files = [path for path in folder.glob("*.py") if path.is_file()]
        else:
            tops, files = [folder], []
        for top in tops:
            for path in top.rglob("*"):
                parts = set(path.relative_to(folder).parts)
                # Odoo does not read the template of translations.
                if path.is_file() and not parts & NO_INSTALL_FOLDERS and path.suffix != ".pot":
                    files.append(path)
        return files

    def addon_fingerprints(self) -> dict[str, str]:
        """Return a hash per addon; one that changed needs an update of the database."""
        return {
            name: fingerprint(folder, self.addon_files(name))
            for name, folder in self.addons().items()
        }

    def link(self) -> None:
        """Bring the folders of links up to date.

        Odoo wants a folder that bears the addon's technical name. It is a real one that holds links
        to the addon's own parts, so that nothing else of the repository is taken for the addon's.
        """
        with lock(self.home / "links.lock"):
            addon = self.links / "addons" / ROOT_ADDON
            own = [path.name for path in self.root.glob("*.py") if path.name != "conftest.py"]
            folders = [name for name in ADDON_FOLDERS if (self.root / name).is_dir()]
            _link_all(addon, {name: self.root / name for name in [*own, *folders, "LICENSE"]})
            tools = {name: self.root / name for name in TOOL_FOLDERS if (self.root / name).is_dir()}
            _link_all(self.links / "tools", tools)
            shelves = [name for name in ("openspp", "extensions") if (self.root / name).is_dir()]
            _link_all(self.links, {name: self.root / name for name in shelves}, {"addons", "tools"})

    # -- ports -------------------------------------------------------------

    def ports(self, http: int | None = None) -> dict[str, int]:
        """Return this clone's ports (`http`, `gevent`, `sandbox`), the same at every call.

        :param http: the HTTP port that the user wants from now on
        """
        with lock(self.cache / "ports.lock"):
            book = read_json(self.cache / "ports.json")
            book = {key: entry for key, entry in book.items() if _usable(key, entry)}
            mine = book.get(str(self.root))
            if mine is None:
                mine = _free_block(book.values())
            if http is not None:
                mine = {**mine, "http": http}
                while len(set(mine.values())) < len(mine):
                    mine["gevent"] += 1000
                    mine["sandbox"] += 1001
            book[str(self.root)] = mine
            write_json(self.cache / "ports.json", book)
        return mine


def _addons_in(folder: Path) -> dict[str, Path]:
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/__manifest__.py"))}


def _link_all(folder: Path, wanted: dict[str, Path], keep: frozenset | set = frozenset()) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        target = wanted.get(path.name)
        if path.name not in keep and not (path.is_symlink() and path.readlink() == target):
            remove_tree(path)
    for name, target in wanted.items():
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(target)


def _usable(key: str, entry: object) -> bool:
    """Keep an entry of the port book while its clone exists."""
    return (
        isinstance(entry, dict)
        and entry.keys() == {"http", "gevent", "sandbox"}
        and all(isinstance(port, int) for port in entry.values())
        and Path(key, "dev").exists()
    )


def _free_block(taken_by_others: Iterable[dict[str, int]]) -> dict[str, int]:
    taken = {port for entry in taken_by_others for port in entry.values()}
    for number in range(500):
        block = {
            "http": 8069 + 10 * number,
            "gevent": 8072 + 10 * number,
            "sandbox": 8075 + 10 * number,
        }
        if not taken & set(block.values()) and all(map(port_is_free, block.values())):
            return block
    raise Problem("No free port was found between 8069 and 13069: choose one with --port.")


def port_is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
