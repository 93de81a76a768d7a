"""A registry that says whatever a test wants, on a port of its own."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


class FakeRegistry:
    """Answers each POST with what ``answer(request envelope)`` returns.

    A token request's form comes as a dict too. A dict is sent as JSON, bytes as they are,
    ``(status, dict)`` with that status, None closes the connection without a word. While ``cut``
    is set, an answer breaks off before its end. ``documents`` are served to GET by path;
    ``requests`` holds path and envelope of everything that came, ``authorization`` what the last
    of it showed to be let in.
    """

    def __init__(self):
        self.answer = lambda envelope: {}
        self.cut = False
        self.documents = {}
        self.requests = []
        self.authorization = None
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                is_form = "form" in self.headers["Content-Type"]
                envelope = dict(parse_qsl(body.decode())) if is_form else json.loads(body)
                registry.requests.append((self.path, envelope))
                registry.authorization = self.headers["Authorization"]
                answer = registry.answer(envelope)
                if answer is None:
                    self.close_connection = True
                    return
                status, answer = answer if isinstance(answer, tuple) else (200, answer)
                self._send(status, answer)

            def do_GET(self):
                self._send(200, registry.documents[self.path])

            def _send(self, status, content):
                if not isinstance(content, bytes):
                    content = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.close_connection = self.close_connection or registry.cut
                # Who asked may have lost patience.
                with contextlib.suppress(ConnectionError):
                    self.end_headers()
                    self.wfile.write(content[:-1] if registry.cut else content)

            def log_message(self, *_args):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        # A run that is interrupted must not wait for it.
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    def stop(self):
        """Stop serving and close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def last(self):
        """The envelope that came last."""
        return self.requests[-1][1]


def found(envelope, *records, **members):
    """Answer every question of a search with the same records.

    :param dict envelope: the request
    :param records: each a record
    :param members: of the answer items, such as ``status``
    """
    message = envelope["message"]
    return {
        "header": {"action": "on-search", "status": "succ", "message_id": "1"},
        "message": {
            "transaction_id": message["transaction_id"],
            "correlation_id": "c-1",
            "search_response": [
                {
                    "reference_id": item["reference_id"],
                    "timestamp": "2026-11-20T10:00:00+00:00",
                    "status": "succ",
                    "data": {"version": "1.0.0", "reg_records": list(records)},
                    **members,
                }
                for item in message["search_request"]
            ],
        },
    }


def person(value="847951632", id_type="UIN", **members):
    """A record of a person with one identifier."""
    return {
        "identifier": [{"identifier_type": id_type, "identifier_value": value}],
        "name": {"given_name": "Sudarat", "surname": "Phumchai"},
        "sex": "female",
        "birth_date": "1995-09-21",
        "death_date": "",
        **members,
    }
