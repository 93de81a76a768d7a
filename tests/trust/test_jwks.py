from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from odoo.tests import HttpCase, tagged

from ...services.signature import read_jwks
from ..helpers.key_server import ed25519_key, pem, rsa_key

URL = "/.well-known/jwks.json"


def private_pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@tagged("post_install", "-at_install")
class TestJWKS(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["spp.dci.signing.key"].search([("state", "=", "active")]).action_revoke()
        cls.keys = {"ed": ed25519_key(), "rsa": rsa_key(), "draft": ed25519_key()}
        cls.rows = {
            name: cls.env["spp.dci.signing.key"].create(
                {
                    "name": name,
                    "key_id": f"key-{name}",
                    "algorithm": "rs256" if name == "rsa" else "ed25519",
                    "private_key": private_pem(key),
                }
            )
            for name, key in cls.keys.items()
        }
        (cls.rows["ed"] | cls.rows["rsa"]).action_activate()
        cls.env["spp.dci.data.source"].create(
            {
                "name": "CRVS",
                "code": "jwks_test",
                "registry_type": "CRVS",
                "base_url": "https://crvs.test",
                "auth_type": "none",
                "our_sender_id": "https://spp.test",
                "signing_key_id": cls.rows["ed"].id,
            }
        )

    def test_active_keys_under_both_ids(self):
        response = self.url_open(URL)
        self.assertEqual(response.status_code, 200)
        keys = read_jwks(response.json())
        published = {(key.kid, key.fingerprint) for key in keys}
        by_name = {
            name: next(key for key in keys if key.public_key == private.public_key())
            for name, private in self.keys.items()
            if name != "draft"
        }
        ed, rsa = by_name["ed"].fingerprint, by_name["rsa"].fingerprint
        self.assertEqual(published, {("https://spp.test|key-ed|ed25519", ed), (ed, ed), (rsa, rsa)})

    def test_nothing_private(self):
        response = self.url_open(URL)
        for entry in response.json()["keys"]:
            self.assertFalse({"d", "p", "q", "dp", "dq", "qi", "k", "oth"} & entry.keys())
            self.assertEqual(entry["use"], "sig")
        self.assertNotIn("PRIVATE", response.text)

    def test_revoked_key_is_gone(self):
        self.rows["rsa"].action_revoke()
        kinds = [entry["kty"] for entry in self.url_open(URL).json()["keys"]]
        self.assertEqual(set(kinds), {"OKP"})

    def test_cacheable_and_without_session(self):
        self.opener.cookies.clear()
        response = self.opener.get(self.base_url() + URL)
        self.assertNotIn("Set-Cookie", response.headers)
        self.assertIn("max-age=", response.headers["Cache-Control"])
        self.assertEqual(response.headers["Content-Type"], "application/json")
        again = self.opener.get(
            self.base_url() + URL, headers={"If-None-Match": response.headers["ETag"]}
        )
        self.assertEqual((again.status_code, again.content), (304, b""))

    def test_head(self):
        response = self.opener.head(self.base_url() + URL)
        self.assertEqual((response.status_code, response.content), (200, b""))
        whole = self.opener.get(self.base_url() + URL)
        for name in ("ETag", "Cache-Control", "Content-Type"):
            self.assertEqual(response.headers[name], whole.headers[name])

    def test_one_date(self):
        response = self.opener.get(self.base_url() + URL)
        self.assertEqual(len(response.raw.headers.getlist("Date")), 1)

    def test_public_part_alone_is_read(self):
        """A key whose private part is not here is published all the same (OpenSPP's own store)."""
        row = self.rows["draft"]
        row.action_activate()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE spp_dci_signing_key SET private_key = NULL, public_key = %s WHERE id = %s",
            [pem(self.keys["draft"]), row.id],
        )
        self.env.invalidate_all()
        self.assertEqual(len(self.url_open(URL).json()["keys"]), 4)
