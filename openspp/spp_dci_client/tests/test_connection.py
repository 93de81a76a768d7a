from datetime import datetime

from freezegun import freeze_time

from odoo.tests import tagged

from .common import ClientCase, everything_logged
from .registry_server import Reply


@tagged("post_install", "-at_install")
class TestConnectionTest(ClientCase):
    def run_test(self):
        with everything_logged() as lines:
            action = self.source.test_connection()
        self.assertEqual(action["tag"], "display_notification")
        self.assertNotIn("s3cret", "\n".join(lines) + str(action))
        return action["params"]

    def test_works(self):
        for status in (200, 404):
            self.source.state = "draft"
            self.server.replies = [Reply(status)]
            self.assertEqual(self.run_test()["type"], "success")
            self.assertEqual(self.source.state, "active")
            self.assertFalse(self.source.last_error)
        self.assertEqual(self.server.requests[0].path, "/api/.well-known/jwks.json")

    def test_fails_and_recovers(self):
        for reply in (Reply(401), Reply(403), Reply(500)):
            self.server.replies = [reply]
            params = self.run_test()
            self.assertEqual((params["type"], self.source.state), ("danger", "error"))
            self.assertIn(str(reply.status), self.source.last_error)
            self.assertEqual(params["message"], self.source.last_error)
        self.assertFalse(self.pauses, "a test asks once")
        self.run_test()
        self.assertEqual((self.source.state, self.source.last_error), ("active", False))

    def test_nobody_listens(self):
        self.source.base_url = "http://127.0.0.1:1"
        self.assertIn("cannot be reached", self.run_test()["message"])

    def test_notes_when(self):
        with freeze_time("2024-12-01 10:00:00"):
            self.source.test_connection()
        self.assertEqual(self.source.last_test_date, datetime(2024, 12, 1, 10))

    def test_asks_for_a_new_token(self):
        self.registry_enter_test_mode()
        self.use_oauth2()
        self.client.search_by_id("UIN", "1")
        self.run_test()
        self.assertEqual(len(self.server.token_requests), 2)
        self.assertEqual(self.server.requests[-1].bearer, "token-2")

    def test_wrong_credentials(self):
        self.registry_enter_test_mode()
        self.use_oauth2(oauth2_credential_location="query")
        self.server.token_replies = [Reply(400, b'{"error": "invalid_client"}')]
        self.assertIn("client ID", self.run_test()["message"])
        self.assertFalse(self.server.requests)

    def test_missing_credentials(self):
        self.source.auth_type = "bearer"
        self.assertIn("missing", self.run_test()["message"])
