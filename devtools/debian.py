"""Debian packages without root: downloaded with apt into private folders, verified, unpacked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from .console import say

KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
)


def is_usable() -> bool:
    """Tell whether this machine can download and verify Debian packages."""
    return bool(shutil.which("apt-get") and shutil.which("dpkg-deb") and _keyring())


def own_suite() -> str | None:
    """Return the code name of the Debian that this machine runs, None when it runs another."""
    try:
        release = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return None
    values = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', release, re.MULTILINE))
    return values.get("VERSION_CODENAME") if values.get("ID") == "debian" else None


def fetch(folder: Path, suite: str, packages: tuple[str, ...]) -> str | None:
    """Download packages and unpack them into a folder.

    :param suite: of Debian, such as ``sid``
    :param packages: the first one's version is written into the file ``complete`` by the caller
    :return: None, or why that failed
    """
    private = folder / "apt"
    (private / "lists" / "partial").mkdir(parents=True)
    (private / "cache" / "archives" / "partial").mkdir(parents=True)
    sources = private / "sources.list"
    options = {
        "Dir::Etc::sourcelist": str(sources),
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": str(private / "lists"),
        "Dir::Cache": str(private / "cache"),
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "",
    }
    command = ["apt-get", *(f"-o{key}={value}" for key, value in options.items())]
    failure: str | None = "no Debian mirror is configured"
    for mirror in mirrors():
        sources.write_text(f"deb [signed-by={_keyring()}] {mirror} {suite} main\n")
        failure = run([*command, "update", "--error-on=any"], private) or run(
            [*command, "download", *packages], private
        )
        if failure is None:
            break
    for package in sorted(private.glob("*.deb")) if failure is None else ():
        if wrong := run(["dpkg-deb", "-x", str(package), str(folder)], folder):
            return f"{package.name} could not be unpacked: {wrong}"
    return failure


def version_of(folder: Path, package: str) -> str:
    """Return the version of a package that :func:`fetch` downloaded, and forget the downloads."""
    version = next((folder / "apt").glob(f"{package}_*.deb")).name.split("_")[1]
    shutil.rmtree(folder / "apt")
    return version


def _keyring() -> str | None:
    return next((path for path in KEYRINGS if os.path.exists(path)), None)


def mirrors() -> list[str]:
    """Return the Debian archives in this machine's own apt configuration, the likeliest first.

    `apt-get --print-uris update` knows them before anything was ever downloaded.
    """
    listing = subprocess.run(
        ["apt-get", "--print-uris", "update"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    found = re.findall(r"^'(\S+?)/dists/([^/]+)/InRelease'", listing.stdout, re.MULTILINE)
    mirrors = dict.fromkeys(
        uri for uri, suite in found if "security" not in suite and "backports" not in suite
    )
    return sorted(mirrors, key=lambda uri: not uri.endswith("/debian"))


def run(command: list[str], folder: Path) -> str | None:
    """Run a command; return None, or the line of its complaints that says why."""
    result = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env={**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
    )
    if result.returncode == 0:
        return None
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    for line in lines:
        say(f"  {line}")
    reasons = [line for line in lines if line.startswith(("E: ", "fatal: "))] or lines
    return reasons[0].strip().rstrip(".") if reasons else f"exit status {result.returncode}"
