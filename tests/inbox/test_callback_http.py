"""What HTTP itself leaves open: methods, paths, lengths, versions of the protocol."""

import json
import socket
from urllib.parse import urlsplit

from odoo.tests import tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME, release_test_lock

from ..helpers.callback import CALLBACK, CallbackCase, notification
from .test_callback import PATHS


@tagged("post_install", "-at_install")
class TestHTTP(CallbackCase):
    def _send(self, body, start=f"POST {CALLBACK} HTTP/1.1", headers=(), length=True):
        """Send bytes as they are; return status, headers and body of the answer."""
        url = urlsplit(self.base_url())
        lines = [
            start,
            f"Host: {url.netloc}",
            "Connection: close",
            f"Cookie: {TEST_CURSOR_COOKIE_NAME}={self.http_request_key}",
            *headers,
            *([f"Content-Length: {len(body)}"] if length else []),
        ]
        with (
            release_test_lock(),
            socket.create_connection((url.hostname, url.port), timeout=10) as connection,
        ):
            connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _end, content = answer.partition(b"\r\n\r\n")
        status, *fields = head.decode().split("\r\n")
        fields = dict(field.lower().split(": ", 1) for field in fields)
        return int(status.split()[1]), fields, content

    def _status(self, *args, **options):
        return self._send(*args, **options)[0]

    def _signed(self):
        return json.dumps(self.sign(notification())).encode()

    def test_only_post_carries_messages(self):
        counts = self.row_counts()
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"):
            with self.subTest(method=method):
                start = f"{method} {CALLBACK} HTTP/1.1"
                status, headers, content = self._send(self._signed(), start)
                self.assertEqual(status, 405)
                self.assertEqual(headers["allow"], "post")
                self.assertNotIn("set-cookie", headers)
                if method != "HEAD":
                    self.assertEqual(json.loads(content)["message"]["ack_status"], "ERR")
        self.assertEqual(self.row_counts(), counts)

    def test_final_slash_and_query_do_not_matter(self):
        for path in (CALLBACK, PATHS["notify"]):
            for tail in ("/", "?", "?db=other&debug=1", "/?x=%00"):
                with self.subTest(path=path, tail=tail):
                    self.assertAccepted(self.post(self.sign(notification()), path + tail))

    def test_a_final_slash_does_not_open_a_path_to_other_actions(self):
        for path in (PATHS["on-search"], PATHS["txn-on-status"]):
            answer = self.post(self.sign(notification()), path + "/")
            self.assertRefused(answer, 400, "err.request.bad")

    def test_http_1_0(self):
        start = f"POST {CALLBACK} HTTP/1.0"
        self.assertEqual(self._status(self._signed(), start), 202)
        self.assertEqual(self._status(self._signed(), start, length=False), 400)

    def test_lengths_that_are_wrong(self):
        for declared in ("20", "-5", "abc", ""):
            with self.subTest(declared=declared):
                headers = [f"Content-Length: {declared}"]
                self.assertEqual(self._status(self._signed(), headers=headers, length=False), 400)
        headers = ["Transfer-Encoding: chunked"]
        body = b"zz\r\n" + self._signed() + b"\r\n0\r\n\r\n"
        self.assertEqual(self._status(body, headers=headers, length=False), 400)

    def test_content_types(self):
        for content_type in (
            "",
            "garbage",
            "application/json-rpc",
            "application/vnd.dci+json; charset=latin-1",
            "multipart/form-data",
        ):
            headers = [f"Content-Type: {content_type}"]
            self.assertEqual(self._status(self._signed(), headers=headers), 202, content_type)

    def test_browsers_of_other_sites_read_nothing(self):
        headers = ["Origin: https://evil.example"]
        status, fields, _content = self._send(self._signed(), headers=headers)
        self.assertEqual(status, 202)
        self.assertNotIn("access-control-allow-origin", fields)
