from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.trust.sender_fetch import REFETCH_LOCK
from ...models.trust.sender_key import parse_pem
from ...services.signature import jwks_fetch
from ..helpers.key_server import KeyServer, ed25519_key, jwk, pem, rsa_key
from .test_sender import SenderCase

START = "2026-03-01 08:00:00"


class FetchCase(SenderCase):
    """A sender whose keys are fetched over HTTP; cursors of our own are the test's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry_enter_test_mode_cls()
        cls.server = KeyServer()
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__)
        cls.env["ir.config_parameter"].set_param("dci.allow_insecure_jwks", "True")
        cls.sender.write({"public_key": False, "jwks_url": cls.server.url()})
        cls.sender.activity_ids.unlink()

    def setUp(self):
        super().setUp()
        clock = freeze_time(START)
        self.clock = clock.start()
        self.addCleanup(clock.stop)
        self.server.requests.clear()
        self.server.publish(jwk(self.key, "one"))
        self.env.flush_all()

    def kids(self):
        return [key.kid for key in self.sender._trusted_keys()]

    def fetch(self, *keys):
        if keys:
            self.server.publish(*keys)
        self.env.flush_all()
        self.sender.fetch_public_key()

    def row(self, kid):
        return self.sender.key_ids.filtered(lambda key: key.key_id == kid)

    def tick(self, **delta):
        self.clock.tick(timedelta(**delta))
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestKeyLife(FetchCase):
    def test_first_fetch(self):
        self.assertTrue(self.sender.fetch_public_key())
        self.assertEqual(self.kids(), ["one"])
        self.assertEqual(self.sender.public_key, pem(self.key))
        self.assertEqual(self.sender.key_fingerprint, parse_pem(pem(self.key)).fingerprint)
        self.assertEqual(self.sender.last_key_fetch, fields.Datetime.now())
        self.assertEqual(self.row("one").state, "live")
        # Trusted from the beginning, so nothing has changed.
        self.assertFalse(self.activities())

    def test_button(self):
        action = self.sender.action_fetch_public_key()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual(self.kids(), ["one"])

    def test_pasted_key_serves_until_keys_were_fetched(self):
        pasted = ed25519_key()
        self.sender.public_key = pem(pasted)
        self.assertEqual(self.kids(), [None])
        self.fetch()
        self.assertEqual(self.kids(), ["one"])
        self.assertEqual(self.sender.public_key, pem(self.key))

    def test_trusted_keys_take_one_query(self):
        self.fetch()
        self.env.invalidate_all()
        self.sender.fetch(["jwks_url", "last_key_fetch", "public_key", "algorithm"])
        with self.assertQueryCount(1):
            self.assertEqual(self.kids(), ["one"])

    def test_key_is_parsed_once_per_process(self):
        self.fetch()
        [first] = self.sender._trusted_keys()
        self.env.invalidate_all()
        [again] = self.sender._trusted_keys()
        self.assertIs(first, again)

    def test_rotation_and_grace(self):
        self.fetch()
        self.tick(hours=1)
        new = ed25519_key()
        self.fetch(jwk(self.key, "one"), jwk(new, "two"))
        self.assertEqual(self.kids(), ["two", "one"])
        self.assertEqual(self.sender.public_key, pem(new))
        self.tick(hours=1)
        self.fetch(jwk(new, "two"))
        self.assertEqual(self.row("one").state, "grace")
        # Another fetch does not make the grace period longer.
        self.tick(hours=23)
        self.fetch()
        self.assertEqual(self.kids(), ["two", "one"])
        self.tick(hours=1)
        self.assertEqual(self.kids(), ["two"])
        self.assertEqual(self.row("one").state, "over")

    def test_key_that_comes_back_in_time_serves_on(self):
        self.fetch()
        self.fetch(jwk(ed25519_key(), "two"))
        self.tick(hours=23)
        self.fetch(jwk(self.key, "one"))
        self.tick(hours=100)
        self.assertEqual(self.kids(), ["one"])

    def test_key_that_comes_back_too_late_stays_dead(self):
        self.fetch()
        self.fetch(jwk(ed25519_key(), "two"))
        self.tick(hours=25)
        self.fetch(jwk(self.key, "one"), jwk(self.key, "renamed"), jwk(ed25519_key(), "three"))
        self.assertNotIn("one", self.kids())
        self.assertNotIn("renamed", self.kids())
        self.assertFalse(self.row("renamed"))
        row = self.row("one")
        row.action_readmit()
        self.assertIn("one", self.kids())
        self.assertEqual(len(self.activities()), 1)

    def test_only_a_shown_and_ended_key_is_admitted_again(self):
        self.fetch()
        with self.assertRaises(UserError):
            self.row("one").action_readmit()
        self.fetch(jwk(ed25519_key(), "two"))
        self.tick(hours=25)
        self.fetch()
        with self.assertRaises(UserError):
            self.row("one").action_readmit()
        self.row("one").action_revoke()
        self.fetch(jwk(self.key, "one"), jwk(ed25519_key(), "three"))
        with self.assertRaises(UserError):
            self.row("one").action_readmit()

    def test_grace_is_a_parameter(self):
        for value, hours in (("2", 2), ("0", 0), ("-5", 24), ("nan", 24), ("1e9", 24 * 365)):
            self.env["ir.config_parameter"].set_param("spp_dci_client_crvs.key_grace_h", value)
            self.assertEqual(self.sender._key_grace(), timedelta(hours=hours))

    def test_revoked_at_once_and_for_ever(self):
        other = ed25519_key()
        self.fetch(jwk(self.key, "one"), jwk(other, "two"))
        self.row("one").action_revoke()
        self.assertEqual(self.kids(), ["two"])
        self.assertEqual(self.row("one").revoked_by, self.env.user)
        self.assertEqual(self.sender.public_key, pem(other))
        for kid in ("one", "renamed"):
            self.tick(hours=1)
            self.fetch(jwk(self.key, kid), jwk(other, "two"))
            self.assertEqual(self.kids(), ["two"])
        with self.assertRaisesRegex(ValidationError, "revoked"):
            self.sender.write({"jwks_url": False, "public_key": pem(self.key)})

    def test_revoking_the_last_key_leaves_none(self):
        self.fetch()
        self.row("one").action_revoke()
        self.assertFalse(self.sender.public_key)
        self.assertFalse(self.kids())
        self.sender.jwks_url = False
        self.assertFalse(self.kids())

    def test_revoked_key_does_not_serve_as_a_pasted_one(self):
        self.fetch()
        self.sender.jwks_url = False
        self.assertEqual(self.kids(), [None])
        self.row("one").action_revoke()
        self.assertFalse(self.kids())

    def test_key_of_another_algorithm_does_not_serve(self):
        rsa = rsa_key()
        self.fetch(jwk(self.key, "one"), jwk(rsa, "two"))
        self.assertEqual(self.kids(), ["one"])
        self.assertEqual(self.row("two").state, "unused")
        self.sender.algorithm = "rs256"
        self.assertEqual(self.kids(), ["two"])
        self.assertEqual(self.sender.public_key, pem(rsa))

    def test_new_key_is_told_once(self):
        self.fetch()
        self.assertFalse(self.activities())
        for number in range(2):
            self.fetch(jwk(ed25519_key(), f"new{number}"))
        self.assertEqual(len(self.activities()), 1)
        notes = self.sender.message_ids.mapped("body")
        self.assertTrue(any(self.sender.key_fingerprint in note for note in notes))


@tagged("post_install", "-at_install")
class TestFetchFailure(FetchCase):
    def assert_refused(self):
        # assertRaises would roll back what was committed on a cursor of the test.
        try:
            self.sender.fetch_public_key()
        except UserError as error:
            return str(error)
        finally:
            self.env.invalidate_all()
        return self.fail("The keys were fetched.")

    def test_keys_stay_and_one_manager_is_told_once(self):
        self.fetch()
        self.server.serve(b"secret", status=500)
        for _attempt in range(2):
            self.tick(hours=48)
            with self.assertNoLogs("odoo.addons.spp_dci_client_crvs"):
                text = self.assert_refused()
            self.assertIn("HTTP 500", text)
            self.assertNotIn("secret", text)
        self.assertEqual(self.kids(), ["one"])
        self.assertEqual(self.sender.last_key_error, "HTTP 500")
        self.assertEqual(
            len(self.activities(kind="spp_dci_client_crvs.activity_type_key_fetch_failed")), 1
        )
        self.fetch(jwk(self.key, "one"))
        self.assertFalse(self.sender.last_key_error)
        self.assertFalse(self.activities(kind="spp_dci_client_crvs.activity_type_key_fetch_failed"))

    def test_a_set_without_usable_keys_is_a_failure(self):
        self.fetch()
        for keys in ((), (jwk(rsa_key(), "rsa"),), (jwk(ed25519_key(), use="enc"),)):
            self.server.publish(*keys)
            self.assertIn("no signing key", self.assert_refused())
        self.tick(hours=48)
        self.assertEqual(self.kids(), ["one"])

    def test_insecure_addresses_only_by_the_parameter(self):
        self.env["ir.config_parameter"].set_param("dci.allow_insecure_jwks", "False")
        self.assertIn("not an HTTPS address", self.assert_refused())
        self.sender.jwks_url = self.server.url(scheme="https")
        self.env.flush_all()
        self.assertIn("address not allowed", self.assert_refused())
        self.assertFalse(self.server.requests)

    def test_without_url(self):
        self.sender.jwks_url = False
        with self.assertRaisesRegex(UserError, "no key address"):
            self.sender.fetch_public_key()


@tagged("post_install", "-at_install")
class TestRefetch(FetchCase):
    def refetch(self):
        self.env.flush_all()
        keys = self.sender._refetch_for_unknown_key()
        self.env.invalidate_all()
        return keys

    def test_new_keys_are_returned(self):
        self.fetch()
        self.server.publish(jwk(self.key, "one"), jwk(ed25519_key(), "two"))
        self.tick(seconds=1)
        self.assertEqual([key.kid for key in self.refetch()], ["two", "one"])
        self.assertEqual(self.kids(), ["two", "one"])

    def test_first_keys_come_with_the_first_message(self):
        self.assertEqual([key.kid for key in self.refetch()], ["one"])

    def test_at_most_once_a_minute_per_sender(self):
        other = self.sender.copy({"sender_id": "other"})
        self.refetch()
        self.tick(seconds=59)
        self.assertIsNone(self.refetch())
        self.assertEqual(len(self.server.requests), 1)
        self.assertTrue(other._refetch_for_unknown_key())
        self.tick(seconds=1)
        self.assertTrue(self.refetch())
        self.assertEqual(len(self.server.requests), 3)

    def test_time_stamp_is_committed_before_the_fetch(self):
        seen = []

        def fetch_jwks(url, *, timeout, allow_insecure):
            with self.registry.cursor() as cr:
                cr.execute(
                    "SELECT last_refetch FROM spp_dci_crvs_sender WHERE id = %s", [self.sender.id]
                )
                seen.append((cr.fetchone()[0], timeout))
            raise jwks_fetch.KeyFetchError("timeout")

        with patch.object(jwks_fetch, "fetch_jwks", fetch_jwks):
            self.assertIsNone(self.refetch())
        self.assertEqual(seen, [(fields.Datetime.now(), 3)])
        self.assertEqual(self.sender.last_key_error, "timeout")
        self.assertEqual(
            len(self.activities(kind="spp_dci_client_crvs.activity_type_key_fetch_failed")), 1
        )

    def test_one_at_a_time(self):
        # Locks belong to a connection, so the other request needs a real one of its own.
        with self.registry._db.cursor() as other:
            other.execute("SELECT pg_try_advisory_xact_lock(%s)", [REFETCH_LOCK])
            self.assertIsNone(self.refetch())
        self.assertFalse(self.server.requests)
        self.assertTrue(self.refetch())

    def test_what_another_request_just_fetched_serves(self):
        self.fetch()
        # The caller's snapshot is older than that fetch.
        with patch.object(type(self.sender), "_claim_refetch", return_value=False):
            self.assertEqual([key.kid for key in self.refetch()], ["one"])
        self.assertEqual(len(self.server.requests), 1)

    def test_not_without_url(self):
        self.sender.jwks_url = False
        self.assertIsNone(self.refetch())

    def test_quiet_limit_costs_nothing(self):
        self.refetch()
        self.sender.fetch(["jwks_url", "last_refetch"])
        with self.assertQueryCount(0):
            self.sender._refetch_for_unknown_key()


@tagged("post_install", "-at_install")
class TestDailyRefresh(FetchCase):
    def run_job(self):
        self.env.flush_all()
        self.env.ref("spp_dci_client_crvs.ir_cron_refresh_sender_keys").method_direct_trigger()
        self.env.invalidate_all()

    def test_one_failing_sender_does_not_stop_the_others(self):
        broken = self.sender.copy({"sender_id": "broken", "jwks_url": self.server.url("/gone")})
        self.server.serve(b"", status=410, path="/gone")
        pasted = self.sender.copy({"sender_id": "pasted", "jwks_url": False})
        self.run_job()
        self.assertEqual(broken.last_key_error, "HTTP 410")
        self.assertEqual(self.kids(), ["one"])
        self.assertFalse(pasted.last_key_attempt)

    @mute_logger("odoo.addons.spp_dci_client_crvs.models.trust.sender_fetch")
    def test_never_raises(self):
        self.sender.copy({"sender_id": "second"})
        tried = []

        def fetch_jwks(url, **_options):
            tried.append(url)
            raise RuntimeError

        with patch.object(jwks_fetch, "fetch_jwks", fetch_jwks):
            self.run_job()
        self.assertEqual(tried.count(self.server.url()), 2)

    def test_daily(self):
        job = self.env.ref("spp_dci_client_crvs.ir_cron_refresh_sender_keys")
        self.assertEqual((job.interval_number, job.interval_type, job.active), (1, "days", True))
