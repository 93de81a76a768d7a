"""How requests travel, and what of them is told when they do not arrive."""

import base64
import hashlib
import json
import re

import httpx
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..services import DCIClient
from .common import ClientCase
from .registry_server import Reply

LOGGER = "odoo.addons.spp_dci_client.services.client"


@tagged("post_install", "-at_install")
class TestClientRequests(ClientCase):
    def ask(self):
        return self.client.search_by_id("UIN", "4018273645")

    # === SIGNATURES === #

    def test_ed25519_is_signed(self):
        key = self.use_key()
        self.ask()
        [request] = self.server.requests
        signature = request.json["signature"]
        parts = dict(re.findall(r'(\w+)="?([^",]*)"?', signature))
        self.assertEqual(parts["kidId"], f"https://spp.example.org|{key.key_id}|ed25519")
        text = json.dumps(
            {"header": request.json["header"], "message": request.json["message"]},
            separators=(",", ":"),
        )
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        signed = f"(created): {parts['created']}\n(expires): {parts['expires']}\ndigest: {digest}"
        value = base64.b64decode(re.search(r'signature="([^"]+)"', signature)[1])
        load_pem_public_key(key.public_key.encode()).verify(value, signed.encode())

    def test_other_keys_are_refused(self):
        self.use_key("rs256")
        with self.assertRaisesRegex(UserError, "Ed25519"):
            self.ask()
        self.use_key().action_revoke()
        with self.assertRaisesRegex(UserError, "not active"):
            self.ask()
        self.assertFalse(self.server.requests)

    # === TOKENS === #

    def test_a_token_serves_many_requests(self):
        self.use_oauth2()
        self.ask()
        self.ask()
        [request] = self.server.token_requests
        self.assertEqual(
            request.form,
            {
                "grant_type": "client_credentials",
                "client_id": "our client",
                "client_secret": f"s3cret&{self.id()}",
                "scope": "read",
            },
        )
        self.assertEqual([request.bearer for request in self.server.requests], ["token-1"] * 2)

    def test_credentials_in_the_query(self):
        self.use_oauth2(oauth2_credential_location="query")
        self.ask()
        [request] = self.server.token_requests
        self.assertEqual((request.query["client_id"], request.body), ("our client", b""))

    def test_a_token_that_is_refused_is_replaced_once(self):
        self.use_oauth2()
        self.server.replies = [Reply(401)]
        self.ask()
        self.assertEqual([r.bearer for r in self.server.requests], ["token-1", "token-2"])
        self.server.replies = [Reply(401), Reply(401)]
        with mute_logger(LOGGER), self.assertRaises(UserError):
            self.ask()
        self.assertEqual(len(self.server.requests), 4)

    def test_no_token_no_request(self):
        self.use_oauth2()
        for reply in (Reply(400), Reply(200, b"no json"), Reply(200, b'{"token": 1}')):
            self.server.token_replies = [reply]
            with self.assertRaisesRegex(UserError, "token server"):
                self.ask()
        self.assertFalse(self.server.requests)

    # === FAILURES === #

    def test_an_answer_is_a_plain_dict(self):
        self.server.replies = [Reply(202, b'{"message": {"b": 48.90}}')]
        self.assertEqual(self.ask(), {"message": {"b": 48.9}})

    def test_the_cause_tells_what_went_wrong(self):
        for reply, cause in (
            (Reply(503), httpx.HTTPStatusError),
            (Reply(302, headers={"Location": "/elsewhere"}), httpx.HTTPStatusError),
            (Reply(200, b"no json"), ValueError),
            (Reply(200, b'{"message": 1}', send=3), httpx.RemoteProtocolError),
        ):
            self.server.replies = [reply]
            with mute_logger(LOGGER), self.assertRaises(UserError) as caught:
                self.ask()
            self.assertIsInstance(caught.exception.__cause__, cause)
        self.assertEqual(len(self.server.requests), 4, "nothing is repeated")
        self.source.base_url = "http://127.0.0.1:1"
        with self.assertRaises(UserError) as caught:
            self.ask()
        self.assertIsInstance(caught.exception.__cause__, httpx.ConnectError)

    def test_a_refusal_is_logged_with_all_that_was_asked(self):
        """OpenSPP's own does so; whoever uses it for personal data has to see to it."""
        self.server.replies = [Reply(400, b"4018273645 is nobody")]
        with self.assertLogs(LOGGER, "ERROR") as logs, self.assertRaises(UserError):
            self.ask()
        self.assertEqual(logs.output[0].count("4018273645"), 2)

    # === THE TEST OF A CONNECTION === #

    def test_connection(self):
        for status in (200, 404):
            self.server.replies = [Reply(status)]
            self.assertEqual(self.source.test_connection()["params"]["type"], "success")
            self.assertEqual((self.source.state, self.source.last_error), ("active", False))
        self.assertEqual(self.server.requests[0].path, "/api/.well-known/jwks.json")
        for status in (401, 500):
            self.server.replies = [Reply(status)]
            self.assertEqual(self.source.test_connection()["params"]["type"], "danger")
            self.assertIn(str(status), self.source.last_error)
            self.assertEqual(self.source.state, "error")

    def test_connection_asks_for_a_new_token(self):
        self.use_oauth2()
        self.ask()
        self.source.test_connection()
        self.assertEqual(self.server.requests[-1].bearer, "token-2")

    def test_the_client_works_for_users_without_rights_on_credentials(self):
        self.use_oauth2()
        env = self.env(user=self.env.ref("base.public_user"))
        DCIClient(self.source.with_env(env), env).search_by_id("UIN", "1")
        self.assertEqual(self.server.requests[-1].bearer, "token-1")
