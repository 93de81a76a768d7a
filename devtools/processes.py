"""Processes that outlive the command which started them, told apart from strangers."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from .files import read_json, write_json


def start_token(pid: int) -> str | None:
    """Return what tells a process from a later one of the same id; None when it is gone."""
    stat = Path("/proc", str(pid), "stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        if fields[0] == "Z":
            return None
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}:{fields[19]}"
    listing = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listing.stdout.strip() or None


def remember(path: Path, pid: int, **details: object) -> None:
    """Write down a process that was just started, with whatever is to be known about it later."""
    write_json(path, {"pid": pid, "token": start_token(pid), **details})


def recall(path: Path) -> dict | None:
    """Return what `remember` wrote when that very process still runs, else None."""
    record = read_json(path)
    pid, token = record.get("pid"), record.get("token")
    if isinstance(pid, int) and token and start_token(pid) == token:
        return record
    return None


def find(marker: str) -> list[int]:
    """Return the processes of this machine with `marker` as an argument (empty without /proc).

    The marker has to be a path of this clone's cache folder, so that no stranger bears it.
    """
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if marker.encode() in arguments and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def wait_for(condition: Callable[[], bool], seconds: float, pause: float = 0.1) -> bool:
    """Return True as soon as the condition holds, False when it did not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def stop(pids: list[int], seconds: float, gentle: signal.Signals = signal.SIGTERM) -> None:
    """End processes: ask first, insist after so many seconds."""
    tokens = {pid: token for pid in pids if (token := start_token(pid))}

    def gone() -> bool:
        return not any(start_token(pid) == token for pid, token in tokens.items())

    for number in (gentle, signal.SIGKILL):
        for pid, token in tokens.items():
            if start_token(pid) == token:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
        if wait_for(gone, seconds):
            return


def new_log(path: Path) -> BinaryIO:
    """Open a log file for a process that begins; the one before it gets the suffix .1."""
    if path.exists():
        path.replace(path.with_name(f"{path.name}.1"))
    return open(path, "ab")


def tail(path: Path, lines: int = 15) -> str:
    """Return the last lines of a log file, empty when there is none."""
    try:
        content = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(content.splitlines()[-lines:])
