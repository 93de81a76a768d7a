"""Which key verifies a message when the sender's published keys have not been fetched yet."""

import json
import time

from odoo.tests import tagged

from ...services import errors, signature
from ...services.wire import envelope as envelopes
from ..helpers.key_server import ed25519_key, pem
from .test_sender_keys import FetchCase


@tagged("post_install", "-at_install")
class TestPastedKeyBesideURL(FetchCase):
    def setUp(self):
        super().setUp()
        self.pasted = ed25519_key()
        self.sender.public_key = pem(self.pasted)
        self.env.flush_all()

    def _envelope(self, key, key_id="one", age=0):
        header = {"sender_id": "registry.test", "message_id": "m", "action": "notify"}
        message = {"notify_event": []}
        text = signature.sign_http(
            header,
            message,
            sender_id="registry.test",
            key_id=key_id,
            algorithm="ed25519",
            private_key=key,
            now=time.time() - age,
        )
        body = {"signature": text, "header": header, "message": message}
        return envelopes.parse(json.dumps(body).encode())

    def test_it_stands_in_until_the_first_fetch(self):
        for key_id in ("one", "whatever"):
            self.assertTrue(self.sender._verify(self._envelope(self.pasted, key_id)).fresh)
        self.assertFalse(self.server.requests)

    def test_a_published_key_is_looked_for(self):
        verified = self.sender._verify(self._envelope(self.key))
        self.assertEqual(verified.key_fingerprint, signature.thumbprint(self.key.public_key()))
        self.assertEqual(len(self.server.requests), 1)

    def test_the_published_keys_replace_it(self):
        self.sender._verify(self._envelope(self.key))
        self.env.invalidate_all()
        with self.assertRaises(errors.DigestMismatch):
            self.sender._verify(self._envelope(self.pasted))

    def test_a_thief_makes_us_fetch_once(self):
        thief, refused = ed25519_key(), 0
        for _again in range(3):
            # Odoo's assertRaises would roll back what the fetch commits.
            try:
                self.sender._verify(self._envelope(thief))
            except errors.SignatureInvalid:
                refused += 1
            self.env.invalidate_all()
        self.assertEqual(refused, 3)
        self.assertEqual(len(self.server.requests), 1)

    def test_what_is_too_old_makes_us_fetch_nothing(self):
        with self.assertRaises(errors.SignatureExpired):
            self.sender._verify(self._envelope(self.key, age=3600))
        self.assertFalse(self.server.requests)

    def test_without_url_nothing_is_looked_for(self):
        self.sender.jwks_url = False
        with self.assertRaises(errors.DigestMismatch):
            self.sender._verify(self._envelope(self.key))
        self.assertFalse(self.server.requests)
