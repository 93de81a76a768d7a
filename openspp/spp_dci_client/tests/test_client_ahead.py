import threading
from unittest.mock import patch

from odoo.tests import tagged

from ..services import DCIClient, DCIUnavailableError
from .common import ClientCase
from .registry_server import Reply

PATH = "/registry/sync/search"


@tagged("post_install", "-at_install")
class TestSendAhead(ClientCase):
    def setUp(self):
        super().setUp()
        self.envelope = self.client._build_envelope("search", {"transaction_id": "1"})

    def test_one_request_whose_answer_is_fetched_later(self):
        self.server.replies = [Reply(body=b'{"message": {"number": 1}}')]
        self.client._send_ahead(PATH, self.envelope)
        self._wait_for(1)
        answer = self.client._make_request(PATH, self.envelope)
        self.assertEqual(answer["message"], {"number": 1})
        self.assertEqual(answer.body, b'{"message": {"number": 1}}')
        self.assertEqual(len(self.server.requests), 1)
        self.assertEqual(self.server.requests[0].json, self.envelope)

    def test_an_answer_is_taken_once(self):
        self.client._send_ahead(PATH, self.envelope)
        self.client._make_request(PATH, self.envelope)
        self.client._make_request(PATH, self.envelope)
        self.assertEqual(len(self.server.requests), 2)

    def test_another_envelope_gets_an_answer_of_its_own(self):
        self.server.replies = [Reply(body=b'{"message": "first"}', delay=0.2)]
        self.client._send_ahead(PATH, self.envelope)
        self._wait_for(1)
        equal = dict(self.envelope)
        self.assertEqual(self.client._make_request(PATH, equal), {"header": {}, "message": {}})

    def test_a_failure_is_told_to_who_waits(self):
        self.server.replies = [Reply(503)] * 4
        self.client._send_ahead(PATH, self.envelope)
        with self.assertRaises(DCIUnavailableError) as caught:
            self.client._make_request(PATH, self.envelope)
        self.assertEqual(caught.exception.status_code, 503)
        self.assertEqual(len(self.server.requests), 4)

    def test_an_unreachable_registry(self):
        self.source.base_url = "http://127.0.0.1:1"
        self.client._send_ahead(PATH, self.envelope)
        with self.assertRaises(DCIUnavailableError):
            self.client._make_request(PATH, self.envelope)

    def test_a_token_refused_meanwhile_is_replaced(self):
        self.use_oauth2()
        self.server.replies = [Reply(401)]
        self.client._send_ahead(PATH, self.envelope)
        self.client._make_request(PATH, self.envelope)
        self.assertEqual(
            [request.bearer for request in self.server.requests], ["token-1", "token-2"]
        )

    def test_missing_credentials_are_told_to_who_waits(self):
        self.source.write({"auth_type": "basic", "basic_username": False})
        self.client._send_ahead(PATH, self.envelope)
        with self.assertRaisesRegex(Exception, "credentials"):
            self.client._make_request(PATH, self.envelope)
        self.assertFalse(self.server.requests)

    def test_who_replaces_the_sending_is_not_gone_round(self):
        with patch.object(DCIClient, "_make_request", lambda *_args: {"message": "mine"}):
            self.client._send_ahead(PATH, self.envelope)
            self.assertEqual(self.client._make_request(PATH, self.envelope), {"message": "mine"})
        names = [thread.name for thread in threading.enumerate()]
        self.assertNotIn("dci-exchange", names)
        self.assertFalse(self.server.requests)

    def _wait_for(self, count):
        for _attempt in range(200):
            if len(self.server.requests) >= count:
                return
            threading.Event().wait(0.05)
        self.fail("nothing was sent")
