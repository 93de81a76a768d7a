from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger


def pem(key, password=None):
    encryption = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    ).decode()


@tagged("post_install", "-at_install")
class TestSigningKey(TransactionCase):
    def create_key(self, **vals):
        return self.env["spp.dci.signing.key"].create({"name": "Test", **vals})

    def test_life_of_a_key(self):
        for algorithm in ("ed25519", "rs256"):
            key = self.create_key(algorithm=algorithm)
            with self.assertRaises(UserError):
                key.action_activate()
            key.action_generate_key()
            self.assertTrue(key.private_key.startswith("-----BEGIN PRIVATE KEY-----"))
            public_key = key.public_key
            self.assertTrue(public_key.startswith("-----BEGIN PUBLIC KEY-----"))
            key.action_activate()
            self.assertEqual(key.state, "active")
            key.action_revoke()
            self.assertEqual(key.state, "revoked")
            self.assertFalse(key.private_key)
            self.assertEqual(key.public_key, public_key)
            with self.assertRaises(UserError):
                key.action_activate()

    def test_a_private_key_is_read_once_and_a_new_one_at_once(self):
        key = self.create_key(algorithm="rs256")
        key.action_generate_key()
        first = key._load_private_key()
        self.assertIs(key._load_private_key(), first)
        key.action_generate_key()
        second = key._load_private_key()
        self.assertNotEqual(first.private_numbers(), second.private_numbers())
        self.assertEqual(pem(second), key.private_key)
        key.private_key = False
        with self.assertRaises(ValueError):
            key._load_private_key()

    def test_a_key_in_use_stays_as_it_is(self):
        key = self.create_key()
        key.action_generate_key()
        key.action_activate()
        for vals in (
            {"private_key": pem(Ed25519PrivateKey.generate())},
            {"algorithm": "rs256"},
            {"key_id": "another"},
        ):
            with self.assertRaises(UserError):
                key.write(vals)
        with self.assertRaises(UserError):
            key.action_generate_key()
        key.name = "A Better Name"

    def test_own_key(self):
        own = rsa.generate_private_key(65537, 2048)
        key = self.create_key(algorithm="rs256", private_key=pem(own))
        public_key = serialization.load_pem_public_key(key.public_key.encode())
        self.assertEqual(public_key.public_numbers(), own.public_key().public_numbers())

    def test_unfit_keys(self):
        ed25519 = Ed25519PrivateKey.generate()
        for algorithm, text in (
            ("rs256", pem(rsa.generate_private_key(65537, 1024))),
            ("rs256", pem(ed25519)),
            ("ed25519", pem(rsa.generate_private_key(65537, 2048))),
            ("ed25519", pem(ec.generate_private_key(ec.SECP256R1()))),
            ("rs256", pem(dsa.generate_private_key(1024))),
            ("ed25519", pem(ed25519, b"a password")),
            ("ed25519", pem(ed25519).replace("M", "N")),
            ("ed25519", "no key"),
        ):
            with self.assertRaises(ValidationError) as caught:
                self.create_key(algorithm=algorithm, private_key=text)
            self.assertNotIn(text[40:60] or text, str(caught.exception))

    def test_key_ids(self):
        for key_id in ("a|b", 'a"b', "a b", "ä", "a\nb", "x" * 129):
            with self.assertRaises(ValidationError):
                self.create_key(key_id=key_id)
        self.assertNotEqual(self.create_key().key_id, self.create_key().key_id)

    @mute_logger("odoo.models")
    def test_only_administrators(self):
        key = self.create_key()
        key.action_generate_key()
        user = new_test_user(self.env, "signing_plain", "base.group_user")
        key_as_user = key.with_user(user)
        for operation in (
            lambda: key_as_user.read(["private_key"]),
            lambda: key_as_user.read(["public_key"]),
            key_as_user.action_generate_key,
            key_as_user.action_activate,
            key_as_user.action_revoke,
            lambda: key_as_user.create({"name": "Mine"}),
        ):
            with self.assertRaises(AccessError):
                operation()
        admin = new_test_user(self.env, "signing_admin", "base.group_system")
        key.with_user(admin).action_activate()
        self.assertEqual(key.state, "active")
        self.assertFalse(key.copy().public_key)
