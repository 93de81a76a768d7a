"""`./dev proxy`: tries `deploy/nginx.conf` with a real nginx in front of a real Odoo."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import nginx, server
from .odoo import Odoo

CALLBACK = "/dci/crvs/callback"
KEYS = "/.well-known/jwks.json"
INSIDE = Path(__file__).resolve().parent / "inside"
SLOW_CLIENTS = 4
PROMPT_S = 2
MEBIBYTE = 1024 * 1024


@dataclass
class Door:
    """The outside of the proxy.

    :param port: on 127.0.0.1
    :param certificates: folder of :mod:`.inside.certificates`
    :param client: whether to show the client's certificate
    """

    port: int
    certificates: Path
    client: bool = False
    failures: list[str] = field(default_factory=list)

    def connect(self) -> ssl.SSLSocket:
        """Open a TLS connection, and check the server's certificate."""
        context = ssl.create_default_context(cafile=str(self.certificates / "server.pem"))
        if self.client:
            context.load_cert_chain(
                self.certificates / "clients.pem", self.certificates / "client.key"
            )
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        return context.wrap_socket(plain, server_hostname=nginx.NAME)

    def raw(self, request: bytes) -> tuple[int, str, bytes]:
        """Send bytes; return status, content type and body of the answer."""
        with closing(self.connect()) as connection:
            connection.sendall(request)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return answer.status, answer.getheader("Content-Type") or "", answer.read()

    def ask(
        self, method: str, path: str, body: bytes = b"", host: str | None = nginx.NAME, **more: str
    ) -> tuple[int, str, bytes]:
        """Send a request; see :meth:`raw`."""
        lines = [f"{method} {path} HTTP/1.1", f"Content-Length: {len(body)}", "Connection: close"]
        if host is not None:
            lines.append(f"Host: {host}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
        return self.raw("\r\n".join([*lines, "", ""]).encode() + body)

    def expect(self, what: str, status: int, answer: tuple[int, str, bytes]) -> None:
        """Print what came back; note it when it is not as documented, which is always JSON."""
        good = answer[0] == status and answer[1].startswith("application/json")
        try:
            json.loads(answer[2])
        except ValueError:
            good = False
        self.report(what, good, f"{answer[0]} {answer[1]}")

    def report(self, what: str, good: bool, seen: str) -> None:
        """Print one line, and note what is not as documented."""
        print(f"{'ok  ' if good else 'BAD '} {what}: {seen}", flush=True)
        if not good:
            self.failures.append(what)


def try_all(door: Door) -> None:
    """Try what reaches Odoo, and what nginx answers itself."""
    door.expect("our public keys", 200, door.ask("GET", KEYS))
    door.expect("a message that is none, which Odoo refuses", 400, door.ask("POST", CALLBACK, b"x"))
    spoofed = {"X_Odoo_Database": "another", "X_Forwarded_Host": "evil.test"}
    door.expect(
        "the same by a client that names another database and host",
        400,
        door.ask("POST", CALLBACK, b"x", **spoofed),
    )
    for path in ("/", "/web/login", "/jsonrpc", "/dci/crvs/callback/more", "/dci/other"):
        door.expect(f"{path}, which is not for registries", 404, door.ask("POST", path, b"{}"))
    whole = b" " * (5 * MEBIBYTE)
    door.expect("a body of 5 MiB, which Odoo refuses", 400, door.ask("POST", CALLBACK, whole))
    large = b" " * (6 * MEBIBYTE)
    door.expect("a body of 6 MiB", 413, door.ask("POST", CALLBACK, large))
    door.expect("%00 in the path", 400, door.ask("GET", "/dci/crvs/%00"))
    door.expect("another host", 400, door.ask("POST", CALLBACK, b"x", host="evil.test"))
    door.expect("a host that is none", 400, door.ask("POST", CALLBACK, b"x", host="a b"))
    door.expect("no host", 400, door.ask("POST", CALLBACK, b"x", host=None))
    door.expect("no host, HTTP/1.0", 400, door.raw(f"GET {KEYS} HTTP/1.0\r\n\r\n".encode()))


def try_slow_clients(door: Door) -> None:
    """Have clients send a byte a second while another one is answered at once."""
    stop = threading.Event()

    def dawdle() -> None:
        with closing(door.connect()) as connection:
            head = f"POST {CALLBACK} HTTP/1.1\r\nHost: {nginx.NAME}\r\nContent-Length: 1000\r\n\r\n"
            connection.sendall(head.encode())
            while not stop.wait(1):
                connection.sendall(b" ")

    clients = [threading.Thread(target=dawdle) for _number in range(SLOW_CLIENTS)]
    for client in clients:
        client.start()
    time.sleep(3)
    start = time.monotonic()
    answer = door.ask("POST", CALLBACK, b"x")
    seconds = time.monotonic() - start
    stop.set()
    for client in clients:
        client.join()
    door.report(
        f"a message beside {SLOW_CLIENTS} clients that send a byte a second",
        answer[0] == 400 and seconds < PROMPT_S,
        f"{answer[0]} after {seconds:.1f} s",
    )


@contextmanager
def certificates(python: Path) -> Iterator[Path]:
    """Give a folder with certificates that were made for this run."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [str(python), str(INSIDE / "certificates.py"), folder, nginx.NAME], check=True
        )
        yield Path(folder)


def run(odoo: Odoo) -> int:
    """Try the configuration; return the exit status, 0 when all came back as documented.

    Odoo with two workers is started for it, and left as it was before.
    """
    workspace = odoo.workspace
    before = server.running(workspace)
    binary = nginx.program(workspace)
    failures: list[str] = []
    try:
        running = server.up(odoo, workers=2)
        upstream = running.url.removeprefix("http://")
        database = odoo.connection.database(server.DATABASE)
        with certificates(odoo.python) as folder:
            tries: tuple[tuple[bool, Callable[[Door], None]], ...] = (
                (False, try_all),
                (False, try_slow_clients),
                (True, try_mutual_tls),
            )
            for mutual, attempt in tries:
                with nginx.running(
                    workspace, binary, folder, upstream, database, mutual=mutual
                ) as port:
                    door = Door(port, folder)
                    attempt(door)
                    failures += door.failures
    finally:
        if before is None:
            server.down(workspace)
        else:
            server.up(odoo, workers=before.workers)
    print(f"{len(failures)} not as documented" if failures else "all as documented")
    return 1 if failures else 0


def try_mutual_tls(door: Door) -> None:
    """Try with and without the certificate that registries need."""
    door.expect("no certificate, where one is needed", 400, door.ask("GET", KEYS))
    door.client = True
    door.expect("the certificate of a registry", 200, door.ask("GET", KEYS))
