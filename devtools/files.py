"""Files that survive an interruption: atomic writes, locks, fingerprints."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .console import Problem, say


def read_json(path: Path) -> dict[str, Any]:
    """Return what `write_json` stored; a file that is missing or unreadable counts as empty."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replace the file in one step, so that a reader sees the old or the new content."""
    write_text(path, json.dumps(content, indent=1, sort_keys=True))


def write_text(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace the file in one step.

    :param mode: permissions of the new file
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def lock(path: Path, waiting: str | None = None) -> Iterator[None]:
    """Hold an exclusive lock; it ends with the process, however that ends.

    :param waiting: what to tell the user while another process holds it
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                say(waiting)
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Fill a folder beside `target` and put it in place at the end; call it under a lock.

    A folder that an interrupted run left behind is removed first.
    """
    temporary = target.with_name(f"{target.name}.part")
    remove_tree(temporary)
    temporary.mkdir(parents=True)
    yield temporary
    remove_tree(target)
    temporary.rename(target)


def remove_tree(path: Path) -> None:
    """Remove a folder or link with everything in it; nothing happens when it is not there."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def need_space(path: Path, megabytes: int, purpose: str) -> None:
    """Refuse to begin what the disk cannot hold.

    :raise Problem: with the amount that is missing
    """
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free // 2**20
    if free < megabytes:
        raise Problem(
            f"{purpose} needs {megabytes} MB of disk space in {path} and {free} MB are free: "
            f"make room, or set SPP_DCI_CACHE to a folder on a larger disk."
        )


def fingerprint(root: Path, files: Iterable[Path]) -> str:
    """SHA-256 over names and contents of files, in hex.

    :param root: what the names are relative to
    """
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
