"""Debian's nginx with `deploy/nginx.conf`, filled in for this clone."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import debian, processes
from .console import Problem, step
from .files import lock, new_folder, remove_tree, write_text
from .workspace import Workspace

NAME = "dci.spp.test"
MAIN = """\
daemon off;
{user}
worker_processes 2;
pid {home}/nginx.pid;
error_log {home}/error.log notice;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    include {home}/site.conf;
}}
"""


def program(workspace: Workspace) -> Path:
    """Return nginx: this machine's, else Debian's package unpacked into the cache.

    :raise Problem: when it cannot be had
    """
    if found := shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin"):
        return Path(found)
    target = workspace.cache / "nginx"
    binary = target / "usr/sbin/nginx"
    with lock(workspace.cache / "nginx.lock", "Waiting for another run that gets nginx …"):
        if (target / "complete").is_file():
            return binary
        suite = debian.own_suite()
        if not suite or not debian.is_usable():
            raise Problem("nginx is got with apt-get on Debian only: install nginx.")
        with step("Getting nginx as a Debian package"), new_folder(target) as folder:
            if failure := debian.fetch(folder, suite, ("nginx",)):
                raise Problem(f"nginx could not be downloaded ({failure}): install nginx.")
            write_text(folder / "complete", f"{debian.version_of(folder, 'nginx')}\n")
    return binary


def site(template: str, values: dict[str, str], *, mutual: bool) -> str:
    """Fill in the configuration as an administrator does.

    :param template: text of `deploy/nginx.conf`
    :param values: what stands between @ signs, by name
    :param mutual: whether clients need a certificate
    """
    if mutual:
        for line in ("ssl_client_certificate", "ssl_verify_client"):
            template = template.replace(f"# {line}", line)
    for name, value in values.items():
        template = template.replace(f"@{name}@", value)
    return template


@contextmanager
def running(
    workspace: Workspace,
    binary: Path,
    certificates: Path,
    upstream: str,
    database: str,
    *,
    mutual: bool = False,
) -> Iterator[int]:
    """Run nginx in front of a server on 127.0.0.1, and give its port.

    :param certificates: folder with `server.pem`, `server.key` and `clients.pem`
    :param upstream: address and port of the server
    :param database: that `X-Odoo-Database` names
    :raise Problem: when it does not start
    """
    home = workspace.home / "nginx"
    remove_tree(home)
    home.mkdir(parents=True)
    port = _free_port()
    template = (workspace.root / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    values = {
        "NAME": NAME,
        "LISTEN": f"127.0.0.1:{port}",
        "UPSTREAM": upstream,
        "DATABASE": database,
        "CERTIFICATE": str(certificates / "server.pem"),
        "KEY": str(certificates / "server.key"),
        "CLIENTS": str(certificates / "clients.pem"),
    }
    write_text(home / "site.conf", site(template, values, mutual=mutual))
    # Root's workers could not enter root's folders, where large bodies are kept meanwhile.
    user = "user root;" if os.geteuid() == 0 else ""
    write_text(home / "nginx.conf", MAIN.format(home=home, user=user))
    log = home / "start.log"
    with open(log, "ab") as stream:
        process = subprocess.Popen(
            [str(binary), "-p", str(home), "-e", str(log), "-c", str(home / "nginx.conf")],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    try:
        if not processes.wait_for(lambda: _listens(port) or process.poll() is not None, 10):
            raise Problem(f"nginx does not answer:\n{processes.tail(log)}")
        if process.poll() is not None:
            raise Problem(f"nginx did not start:\n{processes.tail(log)}")
        yield port
    finally:
        process.terminate()
        process.wait(20)
        remove_tree(home)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
