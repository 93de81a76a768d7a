import gzip
import os
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from unittest.mock import patch

from ..services import transport
from ..services.transport import TransportError, begin, exchange
from .registry_server import RegistryServer, Reply


class TestTransport(unittest.TestCase):
    """Without Odoo: one exchange over real sockets."""

    def setUp(self):
        super().setUp()
        self.server = RegistryServer()
        self.server.__enter__()
        self.addCleanup(self.server.__exit__)

    def exchange(self, **options):
        defaults = {"headers": {}, "timeout": 5, "budget": 5}
        return exchange("POST", f"{self.server.url}/x", **{**defaults, **options})

    def connections(self):
        return {request.connection for request in self.server.requests}

    def begin(self, url, **options):
        executor = ThreadPoolExecutor(1)
        self.addCleanup(executor.shutdown)
        return begin(executor, "POST", url, headers={}, timeout=5, body=b"{}", **options)

    def test_begun_is_sent_and_no_more(self):
        self.server.replies = [Reply(body=b"later", delay=0.5)]
        future = self.begin(f"{self.server.url}/x", budget=5)
        self.assertFalse(future.done())
        self.assertEqual(future.result().body, b"later")
        self.assertEqual([request.body for request in self.server.requests], [b"{}"])
        self.assertEqual(self.server.requests[0].headers["Content-Length"], "2")

    def test_begun_returns_after_the_first_attempt_that_fails(self):
        future = self.begin("http://127.0.0.1:1/x", budget=1.5)
        self.assertFalse(future.done(), "it is tried again")
        with self.assertRaises(TransportError):
            future.result()

    def test_what_cannot_even_be_tried_returns_too(self):
        with self.assertRaises(TypeError):
            self.begin("http://127.0.0.1:1/x", budget="a while").result()

    def test_connections_are_kept(self):
        for _ in range(5):
            self.exchange()
        self.assertEqual(len(self.connections()), 1)

    def test_threads_share_the_session(self):
        self.server.replies = [Reply(delay=0.2) for _ in range(6)]
        answers = []
        threads = [
            threading.Thread(target=lambda: answers.append(self.exchange())) for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([answer.status_code for answer in answers], [200] * 6)
        self.exchange()
        self.assertEqual(len(self.connections()), 6)

    def test_a_child_opens_connections_of_its_own(self):
        self.exchange()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = 0 if self.exchange().status_code == 200 else 1
            finally:
                os._exit(status)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.exchange()
        self.assertEqual(len(self.server.requests), 3)
        self.assertEqual(len(self.connections()), 2)

    def test_cookies_are_not_kept(self):
        self.server.replies = [Reply(headers={"Set-Cookie": "who=somebody; Path=/"})]
        self.exchange()
        self.exchange()
        self.assertNotIn("Cookie", self.server.requests[-1].headers)

    def test_netrc_adds_no_credentials(self):
        with patch("requests.sessions.get_netrc_auth", return_value=("user", "secret")):
            self.exchange()
        self.assertNotIn("Authorization", self.server.requests[-1].headers)

    def test_the_budget_ends_it(self):
        self.server.replies = [Reply(503)] * 10
        began = time.monotonic()
        self.assertEqual(self.exchange(budget=1).status_code, 503)
        self.assertLess(time.monotonic() - began, 1.5)
        self.assertLess(len(self.server.requests), transport.ATTEMPTS)

    def test_an_attempt_gets_what_is_left_of_the_budget(self):
        self.server.replies = [Reply(delay=5)]
        began = time.monotonic()
        with self.assertRaises(TransportError) as caught:
            self.exchange(budget=1)
        self.assertEqual(caught.exception.reason, "timeout")
        self.assertLess(time.monotonic() - began, 2)

    def test_a_trickle_ends_with_the_budget(self):
        self.server.replies = [Reply(trickle=0.2)]
        began = time.monotonic()
        with self.assertRaises(TransportError) as caught:
            self.exchange(budget=1)
        self.assertEqual(caught.exception.reason, "timeout")
        self.assertLess(time.monotonic() - began, 2)

    def test_compressed_answers(self):
        text = b'{"message": "%s"}' % (b"x" * 100_000)
        headers = {"Content-Encoding": "gzip"}
        self.server.replies = [Reply(body=gzip.compress(text), headers=headers)]
        self.assertEqual(self.exchange().body, text)
        self.server.replies = [Reply(body=b"no gzip", headers=headers)]
        with self.assertRaises(TransportError) as caught:
            self.exchange(attempts=1)
        self.assertEqual(caught.exception.reason, "broken")

    def test_compression_does_not_get_around_the_size_limit(self):
        bomb = gzip.compress(b"x" * 1_000_000)
        self.server.replies = [Reply(body=bomb, headers={"Content-Encoding": "gzip"})]
        with (
            patch.object(transport, "MAX_ANSWER_BYTES", 100_000),
            self.assertRaises(TransportError) as caught,
        ):
            self.exchange()
        self.assertEqual(caught.exception.reason, "too_large")
        self.assertEqual(len(self.server.requests), 1)

    def test_nothing_is_decompressed_several_times(self):
        bomb = gzip.compress(gzip.compress(b"{}"))
        self.server.replies = [Reply(body=bomb, headers={"Content-Encoding": "gzip, gzip"})]
        with self.assertRaises(TransportError) as caught:
            self.exchange(attempts=1)
        self.assertEqual(caught.exception.reason, "broken")

    def test_whether_the_registry_may_have_acted(self):
        for replies, in_doubt in (
            ([Reply(400)], False),
            ([Reply(429), Reply(200)], False),
            ([Reply(503), Reply(400)], True),
            ([Reply(send=5), Reply(200)], True),
        ):
            self.server.replies = replies
            self.assertEqual(self.exchange().in_doubt, in_doubt, replies)
        self.server.replies = [Reply(503)]
        self.assertTrue(self.exchange(attempts=1).in_doubt)
        self.server.replies = [Reply(429)]
        self.assertFalse(self.exchange(attempts=1).in_doubt)

    def test_whether_a_request_without_an_answer_may_have_arrived(self):
        with self.assertRaises(TransportError) as caught:
            exchange("POST", "http://127.0.0.1:1/x", headers={}, timeout=5, budget=1)
        self.assertFalse(caught.exception.in_doubt)
        with self.assertRaises(TransportError) as caught:
            exchange("POST", "nowhere", headers={}, timeout=5, budget=1, attempts=1)
        self.assertFalse(caught.exception.in_doubt)
        for reply in (Reply(delay=2), Reply(send=5)):
            self.server.replies = [reply]
            with self.assertRaises(TransportError) as caught:
                self.exchange(timeout=1, attempts=1)
            self.assertTrue(caught.exception.in_doubt, reply)

    def test_one_attempt(self):
        self.server.replies = [Reply(503)]
        self.assertEqual(self.exchange(attempts=1).status_code, 503)

    def test_retry_after(self):
        later = datetime.now(timezone.utc) + timedelta(seconds=20)
        self.assertEqual(transport._retry_after("7"), 7)
        self.assertAlmostEqual(transport._retry_after(format_datetime(later)), 20, delta=2)
        earlier = later - timedelta(days=1)
        self.assertEqual(transport._retry_after(format_datetime(earlier)), 0)
        for value in (None, "", "soon", "-1", "1.5", "٣"):
            self.assertIsNone(transport._retry_after(value), value)

    def test_proxies_of_the_environment(self):
        proxy = f"{self.server.url}/"
        environment = {"http_proxy": proxy, "HTTP_PROXY": proxy, "no_proxy": "", "NO_PROXY": ""}
        with patch.dict(os.environ, environment):
            answer = exchange("GET", "http://crvs.invalid/path", headers={}, timeout=5, budget=5)
            self.assertEqual(answer.status_code, 200)
            self.assertEqual(transport._proxies("http://127.0.0.1:9/"), {})
            self.assertEqual(transport._proxies("http://localhost:9/"), {})
        self.assertEqual(self.server.requests[-1].headers["Host"], "crvs.invalid")

    def test_certificates_of_the_environment(self):
        with patch.dict(os.environ, {"REQUESTS_CA_BUNDLE": "/some/bundle.pem"}):
            self.assertEqual(transport._certificates(True), "/some/bundle.pem")
            self.assertFalse(transport._certificates(False))

    def test_url_that_is_none(self):
        with self.assertRaises(TransportError):
            exchange("GET", "http://[", headers={}, timeout=1, budget=1, attempts=1)
