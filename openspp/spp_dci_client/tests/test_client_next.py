import threading
from unittest.mock import patch

from odoo.tests import tagged

from ..services import DCIAnswerError, DCIClient, DCIUnavailableError
from .common import ClientCase
from .registry_server import Reply

PATH = "/registry/sync/search"


@tagged("post_install", "-at_install")
class TestSendNext(ClientCase):
    def setUp(self):
        super().setUp()
        self.first, self.second = (
            self.client._build_envelope("search", {"transaction_id": number}) for number in "12"
        )

    def post(self, envelope):
        return self.client._make_request(PATH, envelope)

    def test_sent_as_soon_as_the_request_before_it_is_answered(self):
        self.server.replies = [Reply(body=b'{"message": 1}'), Reply(body=b'{"message": 2}')]
        self.client._send_next(PATH, self.second)
        self.assertFalse(self.server.requests, "nothing goes before it")
        self.assertIs(self.client._is_under_way(self.second), False)
        self.assertEqual(self.post(self.first)["message"], 1)
        self.assertIs(self.client._is_under_way(self.second), True)
        self.assertIs(self.client._is_under_way(dict(self.second)), False)
        self._wait_for(2)
        answer = self.post(self.second)
        self.assertIs(self.client._is_under_way(self.second), False)
        self.assertEqual((answer["message"], answer.body), (2, b'{"message": 2}'))
        self.assertEqual(
            [request.json for request in self.server.requests], [self.first, self.second]
        )

    def test_an_answer_is_taken_once(self):
        self.client._send_next(PATH, self.second)
        for envelope in (self.first, self.second, self.second):
            self.post(envelope)
        self.assertEqual(len(self.server.requests), 3)

    def test_another_envelope_gets_an_answer_of_its_own(self):
        self.server.replies = [Reply(), Reply(body=b'{"message": "of second"}', delay=0.2)]
        self.client._send_next(PATH, self.second)
        self.post(self.first)
        self._wait_for(2)
        self.assertEqual(self.post(dict(self.second)), {"header": {}, "message": {}})
        self.assertEqual(self.post(self.second)["message"], "of second")
        self.assertEqual(len(self.server.requests), 3)

    def test_nothing_is_sent_after_a_refusal(self):
        self.server.replies = [Reply(400)]
        self.client._send_next(PATH, self.second)
        with self.assertRaises(Exception):  # noqa: B017 -- which one, is tested elsewhere
            self.post(self.first)
        self.assertEqual(len(self.server.requests), 1)
        self.post(self.second)
        self.assertEqual(len(self.server.requests), 2)

    def test_a_failure_is_told_to_who_waits(self):
        self.server.replies = [Reply(), *[Reply(503)] * 4]
        self.client._send_next(PATH, self.second)
        self.post(self.first)
        with self.assertRaises(DCIUnavailableError) as caught:
            self.post(self.second)
        self.assertEqual(caught.exception.status_code, 503)
        self.assertEqual(len(self.server.requests), 5)

    def test_an_unreadable_answer_is_told_to_who_waits(self):
        self.server.replies = [Reply(), Reply(body=b"<html>")]
        self.client._send_next(PATH, self.second)
        self.post(self.first)
        with self.assertRaises(DCIAnswerError):
            self.post(self.second)

    def test_a_repetition_sends_the_same_bytes(self):
        self.server.replies = [Reply(), Reply(503), Reply()]
        self.client._send_next(PATH, self.second)
        self.post(self.first)
        self.post(self.second)
        self.assertEqual([request.json for request in self.server.requests[1:]], [self.second] * 2)

    def test_a_token_refused_meanwhile_is_replaced(self):
        self.use_oauth2()
        self.server.replies = [Reply(), Reply(401)]
        self.client._send_next(PATH, self.second)
        self.post(self.first)
        self.post(self.second)
        self.assertEqual(
            [request.bearer for request in self.server.requests], ["token-1", "token-1", "token-2"]
        )

    def test_missing_credentials_are_told_to_who_waits(self):
        self.source.write({"auth_type": "basic", "basic_username": False})
        self.client._send_next(PATH, self.second)
        with self.assertRaisesRegex(Exception, "credentials"):
            self.post(self.second)
        self.assertFalse(self.server.requests)

    def test_who_replaces_the_sending_is_not_gone_round(self):
        with patch.object(DCIClient, "_make_request", lambda *_args: {"message": "mine"}):
            self.client._send_next(PATH, self.second)
            for envelope in (self.first, self.second):
                self.assertEqual(self.post(envelope), {"message": "mine"})
        self.assertFalse(self.server.requests)

    def test_the_thread_ends_with_the_client(self):
        before = self._threads()
        self.client._send_next(PATH, self.second)
        self.post(self.first)
        self.post(self.second)
        (thread,) = self._threads() - before
        del self.client
        thread.join(10)
        self.assertFalse(thread.is_alive())

    def _threads(self):
        return {thread for thread in threading.enumerate() if "dci-exchange" in thread.name}

    def _wait_for(self, count, seconds=10):
        for _attempt in range(seconds * 20):
            if len(self.server.requests) >= count:
                return
            threading.Event().wait(0.05)
        self.fail("nothing was sent")
