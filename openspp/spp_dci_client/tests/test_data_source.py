import base64
from pathlib import Path

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import get_public_method
from odoo.tests import Form, TransactionCase, new_test_user, tagged

SECRETS = ("bearer_token", "basic_password", "oauth2_client_id", "oauth2_client_secret")


@tagged("post_install", "-at_install")
class TestDataSource(TransactionCase):
    def create_source(self, **vals):
        return self.env["spp.dci.data.source"].create(
            {
                "name": "Test",
                "code": "test_one",
                "base_url": "https://crvs.example.org",
                "auth_type": "none",
                "our_sender_id": "spp.example.org",
                **vals,
            }
        )

    def test_defaults(self):
        source = self.create_source()
        self.assertRecordValues(
            source,
            [
                {
                    "state": "draft",
                    "active": True,
                    "registry_type": "CRVS",
                    "auth_type": "none",
                    "verify_ssl": True,
                    "search_endpoint": "/registry/sync/search",
                    "subscribe_endpoint": "/registry/subscribe",
                    "oauth2_credential_location": "body",
                }
            ],
        )

    def test_codes(self):
        source = self.create_source(code=" Test_One ")
        self.assertEqual(source.code, "test_one")
        source.code = "CRVS_Main"
        self.assertEqual(source.code, "crvs_main")
        for code in ("two words", "ünicode", "a/b", "a.b", "a-b"):
            with self.assertRaises(ValidationError):
                source.code = code

    def test_codes_are_unique_and_secrets_stay_out_of_the_log(self):
        source = self.create_source(active=False)
        other = self.create_source(code="test_two")
        with self.assertNoLogs("odoo.sql_db", "ERROR"):
            with self.assertRaises(ValidationError):
                self.create_source(code="TEST_ONE", bearer_token="secret")
            with self.assertRaises(ValidationError):
                other.code = source.code
            with self.assertRaises(ValidationError):
                (source | other).code = "the_same"

    def test_copy(self):
        source = self.create_source(auth_type="bearer", bearer_token="secret")
        self.assertEqual(source.copy().code, "test_one_copy")
        self.assertFalse(source.copy({"code": "third"}).bearer_token)

    def test_get_by_code(self):
        source = self.create_source()
        model = self.env["spp.dci.data.source"]
        self.assertEqual(model.get_by_code("TEST_ONE"), source)
        for code in ("test", "test_%", "", None, False, ["test_one"], {}):
            with self.assertRaises(UserError):
                model.get_by_code(code)
        source.active = False
        with self.assertRaises(UserError):
            model.get_by_code("test_one")

    def test_urls(self):
        source = self.create_source(base_url="http://10.0.0.1:8080/crvs/v1/")
        for url in (
            "crvs.example.org",
            "ftp://crvs.example.org",
            "https://",
            "https://user:secret@crvs.example.org",
            "https://crvs.example.org?key=secret",
            "https://crvs.example.org#x",
            "https://crvs.example.org:port",
            "https://[::1",
            "https://crvs.example.org/ x",
        ):
            for field in ("base_url", "oauth2_token_url", "our_callback_uri"):
                with self.assertRaises(ValidationError, msg=url):
                    source.write({field: url})

    def test_headers(self):
        source = self.create_source()
        self.assertEqual(
            source.get_headers(),
            {"Content-Type": "application/json", "Accept": "application/json"},
        )
        source.write({"auth_type": "bearer", "bearer_token": " abc.def\n"})
        self.assertEqual(source.get_headers()["Authorization"], "Bearer abc.def")
        source.write({"auth_type": "basic", "basic_username": "josé", "basic_password": "p:w"})
        scheme, _blank, value = source.get_headers()["Authorization"].partition(" ")
        self.assertEqual(scheme, "Basic")
        self.assertEqual(base64.b64decode(value).decode(), "josé:p:w")

    def test_missing_credentials(self):
        source = self.create_source()
        for vals in ({"auth_type": "bearer"}, {"auth_type": "basic"}):
            source.write(vals)
            with self.assertRaisesRegex(UserError, "credentials"):
                source.get_headers()
        oauth2 = {
            "auth_type": "oauth2",
            "oauth2_token_url": "https://x.example",
            "oauth2_client_id": "i",
            "oauth2_client_secret": "s",
        }
        for missing in ("oauth2_token_url", "oauth2_client_id", "oauth2_client_secret"):
            with self.assertRaises(ValidationError):
                source.write({**oauth2, missing: False})
        source.write(oauth2)
        with self.assertRaises(ValidationError):
            source.our_sender_id = False
        source.write({"auth_type": "none", "our_sender_id": False})

    def test_secrets_are_for_administrators(self):
        source = self.create_source(**dict.fromkeys(SECRETS, "secret"))
        user = new_test_user(self.env, "source_plain", "base.group_user")
        as_user = source.with_user(user)
        self.assertEqual(as_user.name, "Test")
        for field in SECRETS:
            with self.assertRaises(AccessError):
                as_user.read([field])
            with self.assertRaises(AccessError):
                as_user.search([(field, "=like", "s%")])
        for operation in (
            lambda: as_user.write({"base_url": "https://evil.example.org"}),
            as_user.test_connection,
            as_user.unlink,
        ):
            with self.assertRaises(AccessError):
                operation()
        admin = new_test_user(self.env, "source_admin", "base.group_system")
        self.assertEqual(source.with_user(admin).bearer_token, "secret")

    def test_headers_are_not_for_remote_callers(self):
        with self.assertRaises(AccessError):
            get_public_method(self.env["spp.dci.data.source"], "get_headers")

    def test_forms(self):
        with Form(self.env["spp.dci.data.source"]) as form:
            form.name = "From the form"
            form.code = "form"
            form.base_url = "https://crvs.example.org"
            form.auth_type = "oauth2"
            form.oauth2_token_url = "https://crvs.example.org/token"
            form.oauth2_client_id = "id"
            form.oauth2_client_secret = "secret"
            form.our_sender_id = "spp.example.org"
        self.assertEqual(form.record.code, "form")
        arch = self.env.ref("spp_dci_client.view_spp_dci_data_source_form").arch
        self.assertIn('name="api_endpoints"', arch)

    def test_neutralized_copies_know_nothing_of_the_real_registry(self):
        key = self.env["spp.dci.signing.key"].create({"name": "Key"})
        key.action_generate_key()
        source = self.create_source(signing_key_id=key.id, **dict.fromkeys(SECRETS, "secret"))
        self.env.flush_all()
        script = Path(__file__).parents[1] / "data" / "neutralize.sql"
        self.cr.execute(script.read_text())
        self.env.invalidate_all()
        self.assertNotIn("example.org", source.base_url)
        for field in SECRETS:
            self.assertFalse(source[field])
        self.assertFalse(key.private_key)
        # Running it again, as Odoo may, is no different.
        self.cr.execute(script.read_text())
