"""Tokens and signatures between us and an OpenCRVS that forgives nothing."""

import time
from contextlib import contextmanager
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from odoo.addons.spp_dci_client_crvs.services.asking import trust

from ..helpers.opencrvs import OpenCRVSCase
from ..helpers.strict_opencrvs_records import death

DEAD = "4907162534"


class TrustCase(OpenCRVSCase):
    def setUp(self):
        super().setUp()
        self.opencrvs.records["death"] = [death(DEAD, "DRN-2", "1961-01-02", "2025-10-03")]

    def check(self):
        """Ask about somebody who is dead."""
        return self.service().check_death("UIN", DEAD)

    @contextmanager
    def assertRefused(self, status, why):
        """Check that the registry refuses what is sent, and that a user is told."""
        self.opencrvs.refused.clear()
        with self.assertRaises(UserError):
            yield
        # After a 401 it is tried again with another token.
        self.assertIn(len(self.opencrvs.refused), (1, 2))
        for refused_status, reason in self.opencrvs.refused:
            self.assertEqual(refused_status, status)
            self.assertIn(why, reason)


@tagged("post_install", "-at_install")
class TestTokens(TrustCase):
    def test_one_token_serves_many_questions(self):
        for _time in range(3):
            self.assertIs(self.check(), True)
        self.assertEqual(len(self.opencrvs.tokens_asked), 1)
        self.assertNothingRefused()

    def test_a_token_is_renewed_before_it_is_too_old(self):
        self.opencrvs.token_lifetime = 1
        self.check()
        time.sleep(1)
        self.check()
        self.assertEqual(len(self.opencrvs.tokens_asked), 2)
        self.assertNothingRefused()

    def test_a_token_that_is_taken_back_is_replaced(self):
        self.check()
        self.opencrvs.expire_tokens()
        self.assertIs(self.check(), True)
        self.assertEqual(len(self.opencrvs.tokens_asked), 2)
        self.assertEqual([status for status, _why in self.opencrvs.refused], [401])

    def test_tokens_that_grow_old_during_many_questions(self):
        numbers = iter(range(10**6))
        deliver = self.opencrvs.delivers

        def expire_now_and_then(criteria):
            if next(numbers) % 70 == 60:
                self.opencrvs.expire_tokens()
            return deliver(criteria)

        self.opencrvs.delivers = expire_now_and_then
        self.source.check_batch_size = 20
        pairs = [("UIN", str(number)) for number in range(300)] + [("UIN", DEAD)]
        results = self.service().check_deaths(pairs)
        self.assertEqual([result.status for result in results], ["not_dead"] * 300 + ["dead"])
        self.assertEqual(len(self.opencrvs.searches), 16)
        self.assertGreater(len(self.opencrvs.tokens_asked), 2)

    def test_wrong_credentials(self):
        self.source.oauth2_client_secret = "wrong"
        with self.assertRefused(401, "credentials"):
            self.check()

    def test_credentials_in_the_body_are_not_taken(self):
        self.source.oauth2_credential_location = "body"
        with self.assertRefused(401, "credentials"):
            self.check()

    def test_no_token(self):
        self.source.auth_type = "none"
        with self.assertRefused(401, "token"):
            self.check()


@tagged("post_install", "-at_install")
class TestSignatures(TrustCase):
    def test_without_a_key_nothing_is_sent(self):
        self.signing_key.action_revoke()
        with self.assertRaisesRegex(UserError, "signing key"):
            self.check()
        self.assertEqual((self.opencrvs.searches, self.opencrvs.refused), ([], []))

    def test_another_key_of_ours_signs_as_soon_as_it_is_chosen(self):
        self.check()
        second = self.make_signing_key("rs256")
        self.source.signing_key_id = second
        with self.assertRefused(401, "publishes no such key"):
            self.check()
        self.publish(second)
        self.assertIs(self.check(), True)
        self.signing_key.action_revoke()
        self.assertIs(self.check(), True)

    def test_a_key_replaced_in_its_record_signs_no_more(self):
        key = self.env["spp.dci.signing.key"].create({"name": "Draft", "algorithm": "rs256"})
        key.action_generate_key()
        key.action_activate()
        self.source.signing_key_id = key
        self.publish(key)
        self.assertIs(self.check(), True)
        key.state = "draft"
        key.action_generate_key()
        key.state = "active"
        with self.assertRefused(401, "publishes no such key"):
            self.check()
        self.publish(key)
        self.assertIs(self.check(), True)

    def test_an_ed25519_key_is_not_sent_with(self):
        self.source.signing_key_id = self.make_signing_key("ed25519")
        with self.assertRaisesRegex(UserError, "RS256"):
            self.check()
        self.assertEqual((self.opencrvs.searches, self.opencrvs.refused), ([], []))

    def test_a_key_is_read_once(self):
        self.check()
        with patch.object(trust, "load_pem_private_key") as read:
            self.assertIs(self.check(), True)
            read.assert_not_called()

    def test_answers_with_a_wrong_signature_are_not_believed(self):
        self.assertEqual(self.source.answer_verification, "require")
        for signing in ("missing", "empty", "other key", "other content", "http"):
            self.opencrvs.signing = signing
            with self.subTest(signing):
                with self.assertRaisesRegex(UserError, "sign"):
                    self.check()
                result = self.service().check_deaths([("UIN", DEAD)])[0]
                self.assertEqual((result.status, result.record), ("failed", None))
        self.assertNothingRefused()

    def test_answers_without_a_signature_when_none_is_required(self):
        self.source.answer_verification = "present"
        for signing in ("missing", "empty"):
            self.opencrvs.signing = signing
            self.assertIs(self.check(), True)
        self.opencrvs.signing = "other key"
        with self.assertRaisesRegex(UserError, "sign"):
            self.check()

    def test_keys_that_change_at_a_restart(self):
        self.env["ir.config_parameter"].set_param("dci.allow_insecure_jwks", "True")
        self.sender.write(
            {"public_key": False, "jwks_url": f"{self.opencrvs.url}/.well-known/jwks.json"}
        )
        self.sender.fetch_public_key()
        self.assertEqual(len(self.sender.key_ids), 1)
        self.assertIs(self.check(), True)
        self.opencrvs.restart()
        self.sender.last_refetch = False
        with self.enter_registry_test_mode():
            self.assertIs(self.check(), True)
        self.assertNothingRefused()


@tagged("post_install", "-at_install")
class TestPublishedKeys(TrustCase, HttpCase):
    def test_our_own_key_set(self):
        document = self.url_open("/.well-known/jwks.json")
        self.ours.documents["/.well-known/jwks.json"] = document.content
        self.assertIs(self.check(), True)
        self.assertNothingRefused()
