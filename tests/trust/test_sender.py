from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from ...models.trust.sender_key import parse_pem
from ..helpers.key_server import ed25519_key, pem, rsa_key

GROUPS = {
    "portal": "base.group_portal",
    "plain": "base.group_user",
    "viewer": "spp_dci_client_crvs.group_crvs_viewer",
    "officer": "spp_dci_client_crvs.group_crvs_officer",
    "manager": "spp_dci_client_crvs.group_crvs_manager",
    "system": "base.group_system",
}


class SenderCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = ed25519_key()
        cls.sender = cls.env["spp.dci.crvs.sender"].create(
            {"name": "Registry", "sender_id": "registry.test", "public_key": pem(cls.key)}
        )
        cls.sender.activity_ids.unlink()

    @classmethod
    def make_users(cls):
        """Make one user of each kind."""
        return {
            kind: new_test_user(cls.env, f"crvs-{kind}", groups=group)
            for kind, group in GROUPS.items()
        }

    def activities(self, sender=None, kind="spp_dci_client_crvs.activity_type_sender_changed"):
        return (sender or self.sender).activity_search([kind])


@tagged("post_install", "-at_install")
class TestSenderFields(SenderCase):
    def test_defaults(self):
        sender = self.env["spp.dci.crvs.sender"].create({"name": "R", "sender_id": "r"})
        self.assertEqual((sender.algorithm, sender.active), ("ed25519", True))
        self.assertEqual(sender.max_deaths_per_hour, 200)
        self.assertFalse(sender._trusted_keys())

    def test_sender_id_form(self):
        for good in (
            "crvs-main_1.0",
            "https://crvs.example.org:8443/dci/~me?a=%20&b=[1]",
            "x" * 255,
        ):
            self.sender.sender_id = good
        for bad in ("a b", " a", "a\n", "ré", "a|b", 'a"b', "a\\b", "x" * 256):
            with self.subTest(bad), self.assertRaises(ValidationError):
                self.sender.sender_id = bad

    @mute_logger("odoo.sql_db")
    def test_sender_id_is_unique_also_among_archived(self):
        self.sender.active = False
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            self.env["spp.dci.crvs.sender"].create({"name": "X", "sender_id": "registry.test"})

    @mute_logger("odoo.sql_db")
    def test_deaths_per_hour_not_negative(self):
        self.sender.max_deaths_per_hour = 0
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            self.sender.max_deaths_per_hour = -1
            self.env.flush_all()

    def test_public_key_is_one(self):
        private = "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----"
        certificate = "-----BEGIN CERTIFICATE-----\nMC4=\n-----END CERTIFICATE-----"
        for text, hint in (
            ("nonsense", "not a public key"),
            (private, "private key"),
            (certificate, "certificate"),
            (pem(rsa_key(1024)), "2048 to 8192 bits"),
            (pem(rsa_key()), "algorithm"),
            (pem(ed25519_key()) * 2, "more than one key"),
        ):
            with self.subTest(hint):
                with self.assertRaises(ValidationError) as caught:
                    self.sender.public_key = text
                self.assertIn(hint, str(caught.exception))
                self.assertNotIn("MC4=", str(caught.exception))
        with self.assertRaises(ValidationError):
            self.sender.algorithm = "rs256"
        self.sender.write({"algorithm": "rs256", "public_key": pem(rsa_key())})

    def test_jwks_url_form(self):
        for bad in ("https://u:geheim@r.test/", "ftp://r.test/", "r.test/jwks", "https://"):
            with self.subTest(bad), self.assertRaises(ValidationError) as caught:
                self.sender.jwks_url = bad
            self.assertNotIn("geheim", str(caught.exception))
        self.sender.jwks_url = "https://r.test/.well-known/jwks.json"

    def test_may_speak_for(self):
        self.assertTrue(self.sender._may_speak_for("death", {"UIN", "BRN"}))
        self.sender.allow_death = False
        self.assertFalse(self.sender._may_speak_for("death", {"UIN"}))
        self.assertTrue(self.sender._may_speak_for("birth"))
        self.assertFalse(self.sender._may_speak_for("adoption"))
        codes = self.env["spp.vocabulary.code"].search(
            [("namespace_uri", "=", "urn:openspp:vocab:id-type"), ("code", "=", "BRN")]
        )
        self.sender.allowed_identifier_types = codes
        self.assertEqual(self.sender._allowed_identifier_codes(), {"BRN"})
        self.assertTrue(self.sender._may_speak_for("birth", {"BRN"}))
        self.assertFalse(self.sender._may_speak_for("birth", {"BRN", "UIN"}))


@tagged("post_install", "-at_install")
class TestSenderLookup(SenderCase):
    def test_found_by_exact_name_only(self):
        get = self.env["spp.dci.crvs.sender"].get_by_sender_id
        self.assertEqual(get("registry.test"), self.sender)
        for other in (
            "Registry.test",
            "registry_test",
            "registry%",
            "%",
            "registry.test ",
            "",
            None,
            False,
            True,
            0,
            self.sender.id,
            ["registry.test"],
            ("registry.test",),
            {"registry.test": 1},
        ):
            with self.subTest(other):
                self.assertFalse(get(other))

    def test_archived_is_not_found(self):
        self.sender.active = False
        for senders in (self.sender, self.sender.with_context(active_test=False)):
            self.assertFalse(senders.get_by_sender_id("registry.test"))

    def test_pasted_key_serves_alone(self):
        [key] = self.sender._trusted_keys()
        self.assertIsNone(key.kid)
        self.assertEqual(key.fingerprint, self.sender.key_fingerprint)
        self.assertEqual(key.fingerprint, parse_pem(pem(self.key)).fingerprint)

    def test_pasted_key_costs_no_query(self):
        self.sender.mapped("public_key")
        with self.assertQueryCount(0):
            self.sender._trusted_keys()


@tagged("post_install", "-at_install")
class TestSenderAccess(SenderCase):
    """Senders are the root of trust: managers and the system group alone may change them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = cls.make_users()
        cls.key_row = cls.env["spp.dci.crvs.sender.key"].create(
            cls.sender._key_values(parse_pem(pem(cls.key), "k"), cls.env.cr.now())
        )

    def allowed(self, kind, action):
        sender = self.sender.with_user(self.users[kind])
        try:
            with self.cr.savepoint() as savepoint:
                action(sender)
                self.env.flush_all()
                savepoint.rollback()
        except AccessError:
            return False
        finally:
            self.env.invalidate_all(flush=False)
        return True

    def assert_only(self, kinds, action):
        self.env.invalidate_all()
        self.assertEqual({kind for kind in GROUPS if self.allowed(kind, action)}, set(kinds))

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.models.unlink")
    def test_who_may_what(self):
        readers = ("viewer", "officer", "manager", "system")
        self.assert_only(readers, lambda sender: sender.read(["public_key", "sender_id"]))
        self.assert_only(readers, lambda sender: sender.get_by_sender_id("registry.test"))
        self.assert_only(readers, lambda sender: sender.get_by_sender_id("nobody"))
        self.assert_only(readers, lambda sender: sender.key_ids.read(["fingerprint"]))
        keepers = ("manager", "system")
        self.assert_only(keepers, lambda sender: sender.write({"public_key": pem(ed25519_key())}))
        self.assert_only(keepers, lambda sender: sender.write({"name": "Other"}))
        self.assert_only(keepers, lambda sender: sender.copy({"sender_id": "copy"}))
        self.assert_only(
            keepers, lambda sender: sender.create({"name": "Evil", "sender_id": "evil"})
        )
        # Its history is evidence.
        self.assert_only((), lambda sender: sender.unlink())

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_key_rows_change_by_methods_only(self):
        def row(sender):
            return self.key_row.with_user(sender.env.user)

        values = {"sender_id": self.sender.id, "fingerprint": "f", "public_key": pem(self.key)}
        values |= {"algorithm": "ed25519", "first_seen": "2026-01-01", "last_seen": "2026-01-01"}
        self.assert_only((), lambda sender: row(sender).create(values))
        self.assert_only((), lambda sender: row(sender).write({"valid_until": False}))
        self.assert_only((), lambda sender: row(sender).unlink())
        self.assert_only(
            (), lambda sender: sender.write({"key_ids": [(1, self.key_row.id, {"key_id": "x"})]})
        )
        self.assert_only(("manager", "system"), lambda sender: row(sender).action_revoke())

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_fetch_is_for_managers(self):
        for kind in ("portal", "plain", "viewer", "officer"):
            sender = self.sender.with_user(self.users[kind])
            for method in ("fetch_public_key", "action_fetch_public_key"):
                with self.subTest((kind, method)), self.assertRaises(AccessError):
                    getattr(sender, method)()
                with self.assertRaises(AccessError):
                    getattr(sender.browse(), method)()

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_readmission_is_for_managers(self):
        for kind in ("portal", "plain", "viewer", "officer"):
            for row in (self.key_row, self.key_row.browse()):
                with self.subTest(kind), self.assertRaises(AccessError):
                    row.with_user(self.users[kind]).action_readmit()
                with self.subTest(kind), self.assertRaises(AccessError):
                    row.with_user(self.users[kind]).action_revoke()


@tagged("post_install", "-at_install")
class TestSenderAlerts(SenderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "crvs-manager-1", groups=GROUPS["manager"])
        cls.other_manager = new_test_user(cls.env, "crvs-manager-2", groups=GROUPS["manager"])
        managers = cls.env.ref(GROUPS["manager"])
        (managers.all_user_ids - cls.manager - cls.other_manager).write(
            {"group_ids": [(3, managers.id)]}
        )

    def assert_told(self, sender=None):
        """Assert that every manager but who did it was told, once."""
        told = self.activities(sender).mapped("user_id")
        self.assertEqual(told, self.manager | self.other_manager)
        self.assertEqual(len(self.activities(sender)), 2)

    def test_each_change_of_trust_is_told(self):
        for values in (
            {"public_key": pem(ed25519_key())},
            {"public_key": False},
            {"jwks_url": "https://r.test/jwks"},
            {"jwks_url": "https://other.test/jwks"},
            {"algorithm": "rs256"},
            {"sender_id": "other"},
            {"active": False},
            {"active": True},
        ):
            self.sender.write(values)
            with self.subTest(values):
                self.assert_told()
            self.activities().unlink()

    def test_other_changes_are_not(self):
        self.sender.write({"name": "New name", "allow_death": True, "sender_id": "registry.test"})
        self.assertFalse(self.activities())

    def test_each_change_of_what_it_may_bring_about_is_told_and_tracked(self):
        uin = self.env["spp.vocabulary.code"].search([("code", "=", "UIN")], limit=1)
        self.flush_tracking()
        for values in (
            {"max_deaths_per_hour": 100000},
            {"allow_birth": False},
            {"allowed_identifier_types": [(4, uin.id)]},
            {"birth_years_contradict": 90},
        ):
            self.sender.message_ids.sudo().unlink()
            self.sender.with_user(self.manager).write(values)
            self.flush_tracking()
            with self.subTest(values):
                self.assertEqual(self.activities().user_id, self.other_manager)
                tracked = self.sender.message_ids.tracking_value_ids
                self.assertEqual(tracked.field_id.mapped("name"), list(values))
            self.activities().unlink()

    def test_new_one_is_told(self):
        sender = self.sender.with_user(self.manager).create({"name": "New", "sender_id": "new"})
        self.assertEqual(sender._open_alerts("sender_changed").user_id, self.other_manager)

    def test_lonely_manager_is_told_of_to_the_administrators(self):
        self.other_manager.group_ids -= self.env.ref(GROUPS["manager"])
        self.sender.with_user(self.manager).sender_id = "changed"
        administrators = self.env.ref("base.group_system").all_user_ids.filtered("active")
        self.assertTrue(administrators)
        self.assertEqual(self.activities().user_id, administrators)

    def test_other_keys_for_answers_are_told(self):
        source = self.env["spp.dci.data.source"].create(
            {
                "name": "Registry",
                "code": "told",
                "registry_type": "CRVS",
                "base_url": "https://registry.test",
                "auth_type": "none",
            }
        )
        for values in ({"crvs_sender_id": self.sender.id}, {"answer_verification": "ignore"}):
            source.with_user(self.env.ref("base.user_admin")).write(values)
            with self.subTest(values):
                self.assert_told()
            self.activities().unlink()

    def test_one_activity_however_many_changes(self):
        for number in range(3):
            self.sender.sender_id = f"registry.{number}"
        self.assert_told()

    def test_told_to_another_manager_than_who_did_it(self):
        self.sender.with_user(self.manager).sender_id = "changed"
        self.assertEqual(self.activities().user_id, self.other_manager)

    def test_the_client_cannot_keep_it_quiet(self):
        self.env.flush_all()
        quiet = self.sender.with_user(self.manager).with_context(
            tracking_disable=True, mail_notrack=True, mail_activity_automation_skip=True
        )
        quiet.write({"jwks_url": "https://evil.test/jwks"})
        self.flush_tracking()
        self.assertEqual(len(self.activities()), 1)
        tracked = self.sender.message_ids.tracking_value_ids
        self.assertIn("https://evil.test/jwks", tracked.mapped("new_value_char"))

    def test_chatter_shows_the_fingerprint_not_the_key(self):
        self.flush_tracking()
        key = ed25519_key()
        self.sender.public_key = pem(key)
        self.flush_tracking()
        tracked = self.sender.message_ids.tracking_value_ids
        self.assertIn(parse_pem(pem(key)).fingerprint, tracked.mapped("new_value_char"))
        for text in tracked.mapped("new_value_text") + tracked.mapped("new_value_char"):
            self.assertNotIn("BEGIN", text or "")

    def flush_tracking(self):
        self.env.flush_all()
        self.cr.precommit.run()
