"""Unknown keys at a real server with two workers: one fetch, however many messages ask for it."""

import time
from contextlib import ExitStack

from odoo.addons.spp_dci_client_crvs.services import signature

from ..helpers.callback import item, new_key, notification
from ..helpers.key_server import PATH, KeyServer, jwk
from ..helpers.posting import PostingCase
from ..helpers.server import shared_server

GROWING = (
    "spp_dci_crvs_message",
    "spp_dci_crvs_event",
    "spp_dci_crvs_sender_key",
    "mail_message",
    "mail_activity",
    "ir_cron_trigger",
)


class TestServerKeys(PostingCase):
    sender_id = "keys.example.org"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        stack = ExitStack()
        cls.addClassCleanup(stack.close)
        cls.key, cls.new_key = new_key(), new_key()
        cls.keys = stack.enter_context(KeyServer())
        cls.keys.publish(jwk(cls.key, "k1"))
        cls.server = shared_server()
        cls.server.run(f"""
env["ir.config_parameter"].set_param("dci.allow_insecure_jwks", "True")
env["spp.dci.crvs.sender"].create({{
    "name": "Test Registry", "sender_id": {cls.sender_id!r}, "algorithm": "ed25519",
    "jwks_url": {cls.keys.url()!r}}}).fetch_public_key()""")

    def setUp(self):
        super().setUp()
        self.keys.requests.clear()
        self.server.query("UPDATE spp_dci_crvs_sender SET last_refetch = NULL")

    def _deaths(self, number, **options):
        return [
            self._sign(
                notification(item(identifiers=[("UIN", f"K{n}")], death_date="2026-11-01")),
                **options,
            )
            for n in range(number)
        ]

    def _answer_slowly(self):
        """Let every fetch take long enough for all messages to arrive meanwhile."""
        answer = self.keys.answers[PATH]
        self.addCleanup(self.keys.answers.__setitem__, PATH, answer)

        def slowly(handler):
            time.sleep(1)
            answer(handler)

        self.keys.answers[PATH] = slowly

    def test_forged_messages_make_us_fetch_once_and_leave_nothing(self):
        before = {table: self._count(table) for table in GROWING}
        self._answer_slowly()
        forged = self._deaths(16, key=new_key(), key_id="unknown")
        for _again in range(2):
            answers = self._post_at_once(forged)
            self.assertEqual({answer.status_code for answer in answers}, {401})
        self.assertEqual(len(self.keys.requests), 1)
        self.assertEqual({table: self._count(table) for table in GROWING}, before)

    def test_wrong_signatures_of_a_known_key_make_us_fetch_nothing(self):
        answers = self._post_at_once(self._deaths(8, key=new_key()))
        self.assertEqual({answer.status_code for answer in answers}, {401})
        self.assertFalse(self.keys.requests)

    def test_rotation_is_found_by_one_fetch(self):
        self.keys.publish(jwk(self.key, "k1"), jwk(self.new_key, "k2"))
        self._answer_slowly()
        signed = self._deaths(8, key=self.new_key, key_id="k2")
        answers = self._post_at_once(signed)
        self.assertEqual(len(self.keys.requests), 1)
        # Whoever came while the keys were on their way was refused, and knocks again.
        self.assertIn(202, {answer.status_code for answer in answers})
        again = self._post_at_once(signed)
        self.assertEqual({answer.status_code for answer in again}, {202})
        self.assertEqual(len(self.keys.requests), 1)
        thumbprint = signature.thumbprint(self.new_key.public_key())
        rows = self.server.query(
            "SELECT count(*) FROM spp_dci_crvs_message WHERE key_fingerprint = %s", thumbprint
        )
        self.assertEqual(rows, [(8,)])
