"""The reverse proxy's configuration, by a real nginx in front of a server that notes what comes."""

import json
import sys
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from devtools import nginx, proxy
from devtools.console import Problem
from devtools.workspace import Workspace


class Upstream(ThreadingHTTPServer):
    """Answers everything with 200, and notes method, path, headers and body."""

    daemon_threads = True

    def __init__(self):
        requests = self.requests = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                requests.append((self.command, self.path, dict(self.headers), body))
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_GET = do_POST = handle_any

            def log_message(self, *_args):
                """Say nothing."""

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def place(self):
        return f"127.0.0.1:{self.server_port}"


@pytest.fixture(scope="module")
def binary():
    try:
        return nginx.program(Workspace.here())
    except Problem as problem:
        pytest.skip(str(problem))


@pytest.fixture(scope="module")
def certificates():
    with proxy.certificates(Path(sys.executable)) as folder:
        yield folder


@pytest.fixture
def upstream():
    server = Upstream()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def workspace(tmp_path):
    """This clone's files, with a folder of its own for nginx."""
    return Workspace(Workspace.here().root, tmp_path / "cache")


@pytest.fixture
def door(workspace, binary, certificates, upstream):
    with nginx.running(workspace, binary, certificates, upstream.place, "spp") as port:
        yield proxy.Door(port, certificates)


def refused(answer):
    """Read an answer of nginx itself, which is shaped as the standard has it."""
    message = json.loads(answer[2])["message"]
    assert answer[1].startswith("application/json")
    assert message["ack_status"] == "ERR"
    assert message["timestamp"] and message["correlation_id"]
    return answer[0], message["error"]["code"]


def test_what_registries_need_gets_through(door, upstream):
    paths = ["callback", "registry/notify", "registry/on-search", "registry/on-subscribe"]
    paths += ["registry/on-unsubscribe", "registry/txn/on-status"]
    for path in paths:
        assert door.ask("POST", f"/dci/crvs/{path}", b"body")[0] == 200
    assert door.ask("GET", proxy.KEYS)[0] == 200
    assert [path for _method, path, *_rest in upstream.requests] == [
        *(f"/dci/crvs/{path}" for path in paths),
        proxy.KEYS,
    ]
    assert {body for method, _path, _headers, body in upstream.requests if method == "POST"} == {
        b"body"
    }


def test_nothing_else_does(door, upstream):
    for path in ("/", "/web", "/web/login", "/xmlrpc/2/common", "/jsonrpc", "/dci/crvs/callback/x"):
        assert refused(door.ask("POST", path, b"{}")) == (404, "err.request.bad")
    # Nor what nginx answers with, when it is asked for.
    assert refused(door.ask("GET", "/refused/unavailable")) == (404, "err.request.bad")
    assert not upstream.requests


def test_what_a_client_says_of_itself_is_replaced(door, upstream):
    door.ask(
        "POST",
        proxy.CALLBACK,
        b"x",
        X_Odoo_Database="another",
        X_Forwarded_Host="evil.test",
        X_Forwarded_For="192.0.2.1",
        X_Forwarded_Proto="http",
        Forwarded="host=evil.test",
    )
    headers = upstream.requests[0][2]
    assert headers["X-Odoo-Database"] == "spp"
    assert headers["Host"] == headers["X-Forwarded-Host"] == nginx.NAME
    assert headers["X-Forwarded-For"] == headers["X-Real-IP"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "https"
    assert "Forwarded" not in headers


def test_bodies_are_limited_and_arrive_whole(door, upstream):
    mebibyte = proxy.MEBIBYTE
    assert door.ask("POST", proxy.CALLBACK, b"x" * 5 * mebibyte)[0] == 200
    assert upstream.requests[0][3] == b"x" * 5 * mebibyte
    answer = door.ask("POST", proxy.CALLBACK, b"x" * (5 * mebibyte + 1))
    assert refused(answer) == (413, "err.request.bad")
    assert len(upstream.requests) == 1


def test_the_server_hears_of_a_slow_client_when_it_has_said_all(door, upstream):
    head = f"POST {proxy.CALLBACK} HTTP/1.1\r\nHost: {nginx.NAME}\r\nContent-Length: 3\r\n\r\n"
    with closing(door.connect()) as connection:
        connection.sendall(head.encode())
        for _byte in range(2):
            connection.sendall(b"x")
            time.sleep(0.2)
        assert not upstream.requests
        connection.sendall(b"x")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert upstream.requests[0][3] == b"xxx"


def test_what_odoo_answers_in_html_is_answered_here(door, upstream):
    answers = [
        door.ask("GET", "/dci/crvs/%00"),
        door.ask("POST", proxy.CALLBACK, b"x", host="evil.test"),
        door.ask("POST", proxy.CALLBACK, b"x", host="a b"),
        door.ask("POST", proxy.CALLBACK, b"x", host=None),
        door.raw(f"GET {proxy.KEYS} HTTP/1.0\r\n\r\n".encode()),
        door.raw(b"nonsense\r\n\r\n"),
    ]
    assert {refused(answer) for answer in answers} == {(400, "err.request.bad")}
    assert not upstream.requests


def test_a_server_that_is_down(workspace, binary, certificates):
    with nginx.running(workspace, binary, certificates, "127.0.0.1:1", "spp") as port:
        answer = proxy.Door(port, certificates).ask("POST", proxy.CALLBACK, b"x")
    assert refused(answer) == (503, "err.service.unavailable")
    assert json.loads(answer[2])["errors"][0]["code"] == "err.service.unavailable"


def test_mutual_tls(workspace, binary, certificates, upstream):
    options = {"mutual": True}
    with nginx.running(workspace, binary, certificates, upstream.place, "spp", **options) as port:
        door = proxy.Door(port, certificates)
        assert refused(door.ask("GET", proxy.KEYS)) == (400, "err.request.bad")
        assert not upstream.requests
        door.client = True
        assert door.ask("GET", proxy.KEYS)[0] == 200
