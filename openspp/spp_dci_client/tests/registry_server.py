"""An HTTP server on this machine that answers as a test tells it to, and remembers what it got."""

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

TOKEN_PATH = "/oauth2/token"


@dataclass
class Reply:
    """What the server answers once.

    `send` bytes of the body arrive, all by default; with a `trickle` they arrive one by one, so
    many seconds apart.
    """

    status: int = 200
    body: bytes = b'{"header": {}, "message": {}}'
    headers: dict = field(default_factory=dict)
    delay: float = 0
    send: int | None = None
    trickle: float = 0


@dataclass
class Received:
    method: str
    path: str
    query: dict
    headers: dict
    body: bytes
    connection: tuple

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def form(self):
        return dict(parse_qsl(self.body.decode()))

    @property
    def bearer(self):
        return self.headers.get("Authorization", "").removeprefix("Bearer ")


class RegistryServer:
    """Use as a context manager.

    `replies` are used up in order, then `Reply()` is repeated; tokens are numbered.
    """

    def __init__(self):
        self.replies = []
        self.token_replies = []
        self.requests = []
        self.token_requests = []
        self.token_delay = 0
        self.expires_in = 3600
        self._lock = threading.Lock()

    def __enter__(self):
        handler = type("Handler", (_Handler,), {"registry": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        # A run that is interrupted must not wait for it.
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_exc):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reply_to(self, received):
        with self._lock:
            if received.path == TOKEN_PATH:
                self.token_requests.append(received)
                number = len(self.token_requests)
                if self.token_replies:
                    return self.token_replies.pop(0)
                token = {"access_token": f"token-{number}", "expires_in": self.expires_in}
                body = json.dumps(token).encode()
                return Reply(body=body, delay=self.token_delay)
            self.requests.append(received)
            return self.replies.pop(0) if self.replies else Reply()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry = None

    def _answer(self):
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        reply = self.registry.reply_to(
            Received(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query)),
                dict(self.headers),
                self.rfile.read(length),
                self.client_address,
            )
        )
        time.sleep(reply.delay)
        try:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if "Transfer-Encoding" not in reply.headers:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            body = reply.body[: reply.send]
            for start in range(0, len(body), 1 if reply.trickle else len(body)):
                self.wfile.write(body[start : start + (1 if reply.trickle else len(body))])
                time.sleep(reply.trickle)
        except ConnectionError:
            self.close_connection = True
        if reply.send is not None:
            self.close_connection = True

    do_GET = do_POST = _answer

    def log_message(self, *_args):
        pass
