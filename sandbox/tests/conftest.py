"""One sandbox for all tests, put back to its start before each; a client; a place for callbacks."""

import json
import queue
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

# The folder that holds the sandbox, whether or not the tests are reached through a link to it.
sys.path.insert(0, str(Path(__file__).absolute().parents[2]))

from sandbox.testing import SandboxProcess

NOW = "2026-11-23T12:00:00Z"


class Client:
    """A client of the registry that builds messages by hand."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.sender_id = "spp.example.org"
        self.callback = ""
        self.token = sandbox.token()

    def header(self, action, /, **changes):
        """:return: a header with these members changed."""
        header = {
            "version": "1.0.0",
            "message_id": "m-1",
            "message_ts": NOW,
            "action": action,
            "sender_id": self.sender_id,
            "receiver_id": "crvs-sandbox",
            "total_count": 1,
        }
        if self.callback:
            header["sender_uri"] = self.callback
        return header | changes

    def post(self, path, body, token=None, content_type="application/json"):
        """Post a dict, or bytes as they are.

        :return: requests Response.
        """
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": content_type, "Authorization": f"Bearer {token or self.token}"}
        return requests.post(self.sandbox.url + path, data=data, headers=headers, timeout=20)

    def get(self, path):
        """:return: the decoded answer."""
        return requests.get(self.sandbox.url + path, timeout=5).json()

    def send(self, path, action, message, /, **changes):
        """:return: requests Response."""
        return self.post(path, {"header": self.header(action, **changes), "message": message})

    def search(self, *criteria, path="/registry/sync/search", **changes):
        """Search by criteria, each an item of one message.

        :return: requests Response.
        """
        items = [
            {"reference_id": f"r{number}", "timestamp": NOW, "search_criteria": item}
            for number, item in enumerate(criteria)
        ]
        return self.send(
            path, "search", {"transaction_id": "t", "search_request": items}, **changes
        )

    def items(self, *criteria):
        """:return: the items of a search's answer."""
        answer = self.search(*criteria)
        assert answer.status_code == 200, answer.text
        return answer.json()["message"]["search_response"]

    def records(self, criteria):
        """:return: the records that one search found."""
        return self.items(criteria)[0]["data"]["reg_records"]

    def subscribe(self, *kinds, **criteria):
        """:return: requests Response."""
        items = [
            {
                "reference_id": f"r{number}",
                "timestamp": NOW,
                "subscribe_criteria": {
                    "reg_event_type": kind,
                    "filter": {},
                    "notify_record_type": "spdci-extensions-dci:Person",
                    **criteria,
                },
            }
            for number, kind in enumerate(kinds)
        ]
        message = {"transaction_id": "t-sub", "subscribe_request": items}
        return self.send("/registry/subscribe", "subscribe", message)


class Inbox:
    """A server that takes callbacks; ``answers`` are the statuses to come, 202 afterwards."""

    def __init__(self):
        self.messages = queue.Queue()
        self.answers = []
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.messages.put((self.path, self.headers["Content-Type"], body))
                self._answer(inbox.answers.pop(0) if inbox.answers else 202, b'{"ok":true}')

            def do_GET(self):
                self._answer(200, json.dumps(inbox.jwks).encode())

            def _answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.jwks = {"keys": []}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def next(self):
        """:return: ``(path, message)`` of the next callback."""
        path, _content_type, body = self.messages.get(timeout=5)
        return path, json.loads(body)

    def stays_empty(self):
        """:return: whether nothing comes, long after it should have."""
        try:
            self.messages.get(timeout=0.3)
        except queue.Empty:
            return True
        return False

    def close(self):
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="session")
def running():
    with SandboxProcess() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.admin("reset", {})
    running.admin("clients", {"required": False})
    return running


@pytest.fixture
def inbox():
    inbox = Inbox()
    yield inbox
    inbox.close()


@pytest.fixture
def client(sandbox):
    return Client(sandbox)


@pytest.fixture
def subscriber(client, inbox):
    """Give a client that is called back."""
    client.callback = f"{inbox.url}/callback"
    return client
