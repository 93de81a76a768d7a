"""Connecting a registry: the guide, its checklist, and what it refuses."""

import base64
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from ...services.dialects.opencrvs2 import OpenCRVS2Dialect
from ..helpers.fake_registry import FakeRegistry, found
from ..helpers.key_server import PATH, ed25519_key, jwk, pem, rsa_key
from ..helpers.registry import FakeRegistryCase, SandboxCase
from ..helpers.subscription import decided

ADDON = "spp_dci_client_crvs"
NAME = "crvs.example.org"


class GuideCase(FakeRegistryCase):
    """A manager without any right of an administrator, and a registry that wants a token."""

    def setUp(self):
        super().setUp()
        self.env["spp.dci.crvs.subscription"].search([]).write({"state": "cancelled"})
        self.source.unlink()
        self.env["spp.dci.data.source"].search([("code", "=", "crvs_main")]).code = "aside"
        self.env["ir.config_parameter"].set_param("dci.allow_insecure_jwks", "True")
        self.env["ir.config_parameter"].set_param("web.base.url", "https://spp.example.org")
        self.manager = self.make_user("manager", f"{ADDON}.group_crvs_manager")
        self.key = ed25519_key()
        self.fake.documents[PATH] = {"keys": [jwk(self.key, "k1")]}
        self.fake.answer = self.registry_answer
        self.secret = "right"

    def make_user(self, login, groups):
        return new_test_user(self.env, login=f"guide_{login}", groups=groups)

    def registry_answer(self, request):
        if "grant_type" in request:
            if request["client_secret"] != self.secret:
                return 401, {"error": "invalid_client"}
            return {"access_token": "t", "expires_in": 300}
        message = request["message"]
        if "subscribe_request" in message:
            return decided(request)
        return self.found_nobody(message)

    def found_nobody(self, message):
        return {
            "header": {"action": "on-search", "status": "succ", "message_id": "1"},
            "message": {
                "transaction_id": message["transaction_id"],
                "correlation_id": "c-1",
                "search_response": [
                    {
                        "reference_id": item["reference_id"],
                        "timestamp": "2026-11-20T10:00:00+00:00",
                        "status": "succ",
                        "data": {"version": "1.0.0", "reg_records": []},
                    }
                    for item in message["search_request"]
                ],
            },
        }

    # === WALKING === #

    def guide(self, user=None):
        """Open the guide as by its menu."""
        form = Form(self.env["spp.dci.crvs.connect.wizard"].with_user(user or self.manager))
        form.name, form.base_url = "National Registry", f"{self.fake.url}/"
        return form.save()

    def enter(self, wizard, **values):
        """Enter values as the web client does, and press the step's button."""
        wizard.web_save(values, {})
        return self.follow(wizard.action_next())

    def follow(self, action):
        return self.env[action["res_model"]].with_user(self.manager).browse(action["res_id"])

    def credentials(self, **values):
        return {
            "auth_type": "oauth2",
            "oauth2_token_url": f"{self.fake.url}/token",
            "oauth2_client_id": "spp",
            "oauth2_client_secret": "right",
            **values,
        }

    def at_credentials(self):
        wizard = self.enter(self.guide())
        return self.enter(wizard, receiver_id=NAME, our_sender_id="spp.example.org")

    def at_keys(self):
        return self.enter(self.at_credentials(), **self.credentials())

    def fingerprint(self, wizard):
        wizard = self.follow(wizard.action_fetch())
        self.assertFalse(wizard.problem)
        return wizard.fingerprints


@tagged("post_install", "-at_install")
class TestGuide(GuideCase):
    def test_the_whole_way_as_a_manager(self):
        wizard = self.enter(self.guide())
        source = wizard.data_source_id.sudo()
        self.assertEqual((wizard.step, source.state, source.code), ("us", "draft", "crvs_main"))
        self.assertEqual(wizard.callback_address, "https://spp.example.org/dci/crvs/callback")
        self.assertEqual(wizard.key_address, f"https://spp.example.org{PATH}")
        wizard = self.enter(wizard, receiver_id=NAME, our_sender_id="spp.example.org")
        self.assertEqual(source.signing_key_id.state, "active")
        self.assertEqual(source.our_callback_uri, "https://spp.example.org/dci/crvs/callback")
        self.assertEqual(wizard.step, "credentials")
        wizard = self.enter(wizard, **self.credentials())
        self.assertEqual((wizard.step, wizard.problem), ("keys", False))
        self.assertEqual(source.state, "active")
        search = self.fake.last
        self.assertTrue(search["signature"], "a search signed as any other")
        self.assertEqual(search["header"]["sender_id"], "spp.example.org")
        fingerprint = self.fingerprint(wizard)
        sender = self.env["spp.dci.crvs.sender"].with_context(active_test=False)
        sender = sender.search([("sender_id", "=", NAME)])
        self.assertFalse(sender.active, "nothing is believed before it is compared")
        self.source = source
        source.answer_verification = "ignore"
        wizard.web_save({"told_fingerprint": f"{fingerprint[:8]} {fingerprint[8:20]}"}, {})
        # What the fake registry answers is not signed.
        self.addCleanup(self.env.invalidate_all)
        wizard = self.follow(wizard.action_next())
        self.assertEqual((wizard.step, wizard.problem), ("events", False))
        self.assertTrue(sender.active)
        self.assertEqual(sender.compared_fingerprint, fingerprint)
        self.assertEqual(source.crvs_sender_id, sender)
        wizard = self.enter(wizard, marriage=True)
        self.assertEqual((wizard.step, wizard.problem), ("done", False))
        self.assertEqual(
            set(wizard.subscription_ids.mapped("event_type")), {"birth", "death", "marriage"}
        )
        self.assertEqual(set(wizard.subscription_ids.mapped("state")), {"active"})
        self.assertTrue(source.crvs_is_complete)
        self.assertNotIn("fa-times-circle", source.crvs_checklist)

    def test_wrong_credentials(self):
        wizard = self.enter(self.at_credentials(), **self.credentials(oauth2_client_secret="wrong"))
        self.assertEqual(wizard.step, "credentials")
        self.assertIn("gave no access token", wizard.problem)
        self.assertIn("Whom to ask: the registry's administrator", wizard.problem)
        source = wizard.data_source_id
        self.assertEqual(source.state, "error")
        self.assertIn("gave no access token", source.crvs_checklist)
        wizard = self.enter(wizard, **self.credentials())
        self.assertEqual((wizard.step, source.state), ("keys", "active"))

    def test_user_name_and_password(self):
        wizard = self.at_credentials()
        self.assertTrue(wizard.takes_password)
        given = {"auth_type": "basic", "basic_username": "spp", "basic_password": "s3cret"}
        with self.assertRaisesRegex(UserError, "Enter all of the credentials"):
            wizard.web_save({**given, "basic_password": False}, {})
        wizard = self.enter(wizard, **given)
        self.assertEqual((wizard.step, wizard.problem), ("keys", False))
        pair = base64.b64encode(b"spp:s3cret").decode()
        self.assertEqual(self.fake.authorization, f"Basic {pair}")
        self.assertFalse(wizard.read(["basic_password"])[0]["basic_password"])
        source = wizard.data_source_id
        with self.assertRaises(AccessError):
            source.read(["basic_password"])
        source.sudo().basic_password = False
        self.assertIn("Credentials:</b> <bdi>missing", source.crvs_checklist)

    def test_a_part_of_the_credentials_is_not_enough(self):
        wizard = self.at_credentials()
        with self.assertRaisesRegex(UserError, "Enter all of the credentials"):
            wizard.web_save(self.credentials(oauth2_client_secret=False), {})
        with self.assertRaisesRegex(UserError, "Enter all of the credentials"):
            self.enter(wizard)
        self.at_keys()

    def test_a_new_secret_alone_goes_where_the_old_one_went(self):
        wizard = self.enter(self.at_credentials(), **self.credentials(oauth2_client_secret="wrong"))
        wizard = self.enter(wizard, oauth2_client_secret="right")
        self.assertEqual((wizard.step, wizard.problem), ("keys", False))
        self.assertIn("A new token was given", wizard.report, "what was tested is said")
        wizard = self.follow(wizard.action_back())
        with self.assertRaisesRegex(UserError, "Enter all of the credentials"):
            wizard.web_save({"oauth2_client_id": "spp", "oauth2_client_secret": "right"}, {})

    def test_the_name_of_another_registry(self):
        other = self.env["spp.dci.crvs.sender"].create(
            {"name": "Other", "sender_id": NAME, "public_key": pem(ed25519_key())}
        )
        before = other.key_fingerprint
        wizard = self.at_keys()
        wizard.web_save({"key_source": "fetch", "jwks_url": f"{self.fake.url}{PATH}"}, {})
        wizard = self.follow(wizard.action_fetch())
        self.assertIn("trusted registry that has other keys: Other", wizard.problem)
        self.assertEqual((other.key_fingerprint, other.jwks_url), (before, False))

    def test_a_stored_secret_goes_to_no_other_address(self):
        wizard = self.follow(self.at_keys().action_back())
        self.assertTrue(wizard.has_credentials)
        with self.assertRaisesRegex(UserError, "Enter all of the credentials"):
            wizard.web_save({"oauth2_token_url": "https://evil.example.org/token"}, {})
        source = wizard.data_source_id
        with self.assertRaisesRegex(UserError, "entered for another server"):
            source.base_url = "https://evil.example.org"
        wizard = self.follow(self.follow(wizard.action_back()).action_back())
        other = FakeRegistry()
        self.addCleanup(other.stop)
        wizard = self.enter(wizard, base_url=other.url)
        self.assertEqual(source.sudo().base_url, other.url)
        self.assertFalse(source.sudo().oauth2_client_secret)
        self.assertEqual(source.auth_type, "none")
        self.env.invalidate_all()
        self.assertEqual(wizard.auth_type, "oauth2", "the guide proposes what it does at first")

    def test_credentials_are_written_and_never_read(self):
        wizard = self.at_keys()
        source = wizard.data_source_id
        self.assertEqual(source.sudo().oauth2_client_secret, "right")
        for name in ("oauth2_client_secret", "oauth2_client_id", "oauth2_token_url"):
            self.assertFalse(wizard.read([name])[0][name])
            with self.assertRaises(AccessError):
                source.read([name])
            with self.assertRaises(AccessError), mute_logger("odoo.models"):
                source.write({name: "x"})
        wizard.flush_recordset()
        self.env.cr.execute("SELECT * FROM spp_dci_crvs_connect_wizard WHERE id = %s", [wizard.id])
        self.assertNotIn("right", map(str, self.env.cr.fetchone()))

    def test_a_wrong_fingerprint(self):
        wizard = self.at_keys()
        self.fingerprint(wizard)
        for told in (f"{'x' * 43}", "", "short"):
            wizard = self.enter(wizard, told_fingerprint=told)
            self.assertEqual(wizard.step, "keys")
            self.assertIn("fingerprint", wizard.problem)
        sender = self.env["spp.dci.crvs.sender"].with_context(active_test=False)
        sender = sender.search([("sender_id", "=", NAME)])
        self.assertFalse(sender.active)
        self.assertFalse(sender.compared_fingerprint)
        self.assertFalse(wizard.data_source_id.sudo().crvs_sender_id)

    def test_no_keys_there(self):
        wizard = self.at_keys()
        self.fake.documents[PATH] = {"keys": []}
        wizard = self.follow(wizard.action_fetch())
        self.assertIn("could not be fetched", wizard.problem)
        with self.assertRaisesRegex(UserError, "Fetch the registry's keys first"):
            wizard.action_next()
        wizard.web_save({"key_source": "paste", "public_key": pem(self.key)}, {})
        self.assertTrue(self.fingerprint(wizard))

    def test_the_kind_of_signature_is_found_out(self):
        key = rsa_key()
        self.fake.documents[PATH] = {"keys": [jwk(key, "k1", alg="RS256")]}
        wizard = self.at_keys()
        self.assertTrue(self.fingerprint(wizard))
        self.assertEqual(wizard._sender().algorithm, "rs256")

    def test_the_registry_is_down(self):
        wizard = self.at_credentials()
        self.fake.stop()
        self.addCleanup(setattr, self, "fake", None)
        self._cleanups = [entry for entry in self._cleanups if entry[0] != self.fake.stop]
        wizard = self.enter(wizard, auth_type="none")
        self.assertEqual(wizard.step, "credentials")
        self.assertIn("could not be reached", wizard.problem)
        self.assertIn("the administrator of this server", wizard.problem)
        wizard = self.follow(wizard.action_later())
        self.assertEqual(wizard.step, "keys")
        self.assertIn("could not be fetched", self.follow(wizard.action_fetch()).problem)

    def test_it_is_left_and_taken_up_again(self):
        wizard = self.at_keys()
        source = wizard.data_source_id
        wizard.unlink()  # as the vacuum does
        form = Form(self.env["spp.dci.crvs.connect.wizard"].with_user(self.manager))
        self.assertIn(source.id, form.unfinished_ids.ids)
        form.resume_id = source
        wizard = self.follow(form.save().action_resume())
        self.assertEqual((wizard.step, wizard.data_source_id), ("keys", source))
        self.assertTrue(wizard.jwks_url.endswith(PATH))
        self.fingerprint(wizard)
        wizard.unlink()
        wizard = self.follow(source.action_connect())
        self.assertEqual(wizard.step, "keys")
        self.assertTrue(wizard.fingerprints, "fetched before")
        sources = self.env["spp.dci.data.source"].search_count([("name", "=", source.name)])
        self.assertEqual(sources, 1)

    def test_a_second_registry_gets_a_code_of_its_own(self):
        for code in ("crvs_main", "crvs_national_registry", "crvs_national_registry_2"):
            self.assertEqual(self.enter(self.guide()).data_source_id.code, code)

    def test_how_it_speaks_is_found_out(self):
        wizard = self.follow(self.guide().action_find_dialect())
        self.assertEqual((wizard.step, wizard.dialect), ("registry", "standard"))
        self.assertIn("DCI standard", wizard.report)
        self.fake.answer = lambda _request: (404, {})
        wizard = self.follow(wizard.action_find_dialect())
        self.assertIn("Whom to ask", wizard.problem)

    def test_the_secret_goes_where_the_chosen_dialect_takes_it(self):
        wizard = self.enter(self.at_credentials(), **self.credentials(oauth2_client_secret="wrong"))
        self.env.invalidate_all()
        self.assertEqual(wizard.oauth2_credential_location, "body")
        wizard = self.follow(self.follow(wizard.action_back()).action_back())
        wizard = self.enter(self.enter(wizard, dialect="opencrvs"))
        self.env.invalidate_all()
        self.assertEqual((wizard.step, wizard.oauth2_credential_location), ("credentials", "query"))

    def test_a_registry_without_subscriptions_is_searched(self):
        wizard = self.at_keys()
        source = wizard.data_source_id
        fingerprint = self.fingerprint(wizard)
        source.write({"dialect": "opencrvs2", "answer_verification": "ignore"})
        wizard = self.enter(wizard, told_fingerprint=fingerprint)
        self.assertEqual((wizard.step, wizard.problem), ("events", False))
        self.assertFalse(wizard.can_subscribe)
        with patch.object(OpenCRVS2Dialect, "can_pull", lambda _dialect, kind: kind != "divorce"):
            wizard = self.enter(wizard, divorce=True)
        self.assertIn("no register of some of these", wizard.problem)
        wizard = self.enter(wizard, divorce=False)
        self.assertEqual(wizard.step, "done")
        self.assertEqual(set(wizard.pull_ids.mapped("event_type")), {"birth", "death"})
        wizard = self.enter(self.follow(wizard.action_back()))
        self.assertEqual(len(wizard.pull_ids), 2, "set up once")

    def test_the_answer_is_waited_for(self):
        wizard = self.at_keys()
        source = wizard.data_source_id
        fingerprint = self.fingerprint(wizard)
        source.answer_verification = "ignore"
        wizard = self.enter(wizard, told_fingerprint=fingerprint)
        answer = self.fake.answer
        self.fake.answer = lambda request: (
            {"message": {"ack_status": "ACK", "correlation_id": "c"}}
            if "subscribe_request" in request.get("message", {})
            else answer(request)
        )
        wizard = self.enter(wizard, birth=False)
        self.assertTrue(wizard.is_waiting)
        self.assertIn("has not answered our subscription yet", wizard.checklist)
        subscription = wizard.subscription_ids.sudo()
        subscription.write({"state": "active"})
        self.env.invalidate_all()
        wizard = self.follow(wizard.action_look_again())
        self.assertFalse(wizard.is_waiting)
        self.assertFalse(wizard.is_refused)
        subscription.write({"state": "rejected"})
        self.env.invalidate_all()
        self.assertTrue(wizard.is_refused)

    def test_a_doubtful_subscription_is_waited_for(self):
        wizard = self.at_keys()
        fingerprint = self.fingerprint(wizard)
        wizard.data_source_id.answer_verification = "ignore"
        wizard = self.enter(wizard, told_fingerprint=fingerprint)
        answer = self.fake.answer
        self.fake.answer = lambda request: (
            (503, {}) if "subscribe_request" in request.get("message", {}) else answer(request)
        )
        wizard = self.enter(wizard, birth=False)
        self.assertEqual((wizard.step, wizard.is_waiting), ("done", True))
        self.assertIn("Civil Registry > Subscriptions", wizard.problem)
        wizard = self.follow(wizard.action_back())
        self.assertEqual((wizard.birth, wizard.death), (False, True), "as chosen before")

    def test_who_may(self):
        system = self.make_user("system", "base.group_system")
        wizard = self.guide(system)
        self.assertEqual(wizard.action_next()["res_id"], wizard.id)
        self.assertEqual(wizard.step, "us")
        for role in ("viewer", "auditor", "officer"):
            user = self.make_user(role, f"{ADDON}.group_crvs_{role}")
            with self.subTest(role), self.assertRaises(AccessError), mute_logger("odoo.models"):
                self.guide(user)
            with self.subTest(role), self.assertRaises(AccessError), mute_logger("odoo.models"):
                wizard.data_source_id.with_user(user).action_connect()

    def test_managers_have_the_data_sources_of_civil_registries(self):
        sources = self.env["spp.dci.data.source"].with_user(self.manager)
        quiet = mute_logger("odoo.models", "odoo.addons.base.models.ir_rule")
        values = {"name": "A", "code": "a", "base_url": "https://a.org", "auth_type": "none"}
        source = sources.create({**values, "registry_type": "ns:org:RegistryType:Civil"})
        source.name = "B"
        with self.assertRaises(AccessError), quiet:
            source.registry_type = "DR"
        with self.assertRaises(AccessError), quiet:
            sources.create({**values, "code": "b", "registry_type": "DR"})
        other = self.env["spp.dci.data.source"].create(
            {**values, "code": "c", "registry_type": "DR"}
        )
        self.assertEqual(other.with_user(self.manager).name, "A")
        with self.assertRaises(AccessError), quiet:
            other.with_user(self.manager).name = "C"
        both = self.make_user("both", f"base.group_system,{ADDON}.group_crvs_manager")
        other.with_user(both).name = "D"
        with self.assertRaises(AccessError), quiet:
            source.unlink()


@tagged("post_install", "-at_install")
class TestChecklist(FakeRegistryCase):
    def setUp(self):
        super().setUp()
        self.complete(self.source)

    def lacks(self, **values):
        """Return what is said to be missing after a change."""
        self.source.write(values)
        with self.assertRaises(UserError) as caught:
            self.subscribe()
        self.assertIn("fa-times-circle", self.source.crvs_checklist)
        self.assertEqual(self.fake.requests, [])
        return caught.exception.args[0].partition("\n")[2]

    def subscribe(self):
        values = {"data_source_id": self.source.id, "birth": False}
        self.env["spp.dci.crvs.subscribe.wizard"].create(values).action_subscribe()

    def test_complete(self):
        self.source.answer_verification = "ignore"
        self.answer(decided)
        self.subscribe()
        self.assertTrue(self.source.crvs_is_complete)

    def test_each_item(self):
        sender = self.source.crvs_sender_id
        for values, missing in (
            ({"our_sender_id": False}, "Our name at the registry"),
            ({"last_test_date": False}, "Connection tested"),
            ({"state": "error", "last_error": "It was closed."}, "It was closed."),
            ({"crvs_sender_id": False}, "The registry's keys"),
        ):
            with self.subTest(missing):
                before = self.source.read(list(values), load=None)[0]
                del before["id"]
                self.assertIn(missing, self.lacks(**values))
                self.source.write(before)
        with self.subTest("not compared"):
            sender.compared_fingerprint = False
            self.assertRegex(self.lacks(), r"\AKeys compared: not yet[^\n]*\Z")
            sender.compared_fingerprint = sender.key_fingerprint
        with self.subTest("archived"):
            sender.active = False
            self.assertIn("archived", self.lacks())
            sender.active = True
        with self.subTest("a key that is not in use"):
            key = self.make_signing_key()
            key.action_revoke()
            self.assertIn("is not in use", self.lacks(signing_key_id=key.id))
            self.source.signing_key_id = False
        with self.subTest("credentials"):
            self.env.cr.execute(
                "UPDATE spp_dci_data_source SET auth_type = 'oauth2' WHERE id = %s",
                [self.source.id],
            )
            self.source.invalidate_recordset()
            self.assertIn("Credentials: missing", self.lacks())

    def test_an_address_that_leads_nowhere(self):
        here = "http://localhost:8069/dci/crvs/callback"
        self.source.our_callback_uri = here
        self.assertNotIn("leads nowhere", self.source.crvs_checklist, "a registry beside us")
        self.source.base_url = "https://crvs.example.org"
        self.assertIn("leads nowhere", self.lacks())

    def test_a_key_for_another_kind_of_signature(self):
        self.source.dialect = "opencrvs"
        self.assertIn("answers signed requests only", self.source.crvs_checklist)
        self.source.signing_key_id = self.make_signing_key()
        self.assertIn("RS256", self.source.crvs_checklist)
        self.source.signing_key_id = self.make_signing_key("rs256")
        self.assertNotIn("RS256", self.source.crvs_checklist)

    def test_a_comparison_holds_for_what_was_compared(self):
        sender = self.source.crvs_sender_id
        sender.name = "Another Name"
        self.assertTrue(sender.compared_fingerprint)
        sender.public_key = pem(ed25519_key())
        self.assertFalse(sender.compared_fingerprint)


@tagged("post_install", "-at_install")
class TestConnectionTest(SandboxCase):
    def test_what_was_tried_is_said(self):
        source = self.standard_source(signing_key_id=self.make_signing_key().id)
        params = source.action_test_connection()["params"]
        self.assertEqual(params["type"], "success", params["message"])
        for words in ("A new token was given", "signed with our key", "DCI standard", "answered"):
            self.assertIn(words, params["message"])
        self.assertEqual((source.state, source.last_error), ("active", False))
        self.assertTrue(source.last_test_date)

    def test_it_fails_where_the_registry_would(self):
        source = self.standard_source()
        for values, words in (
            ({"oauth2_client_secret": "wrong"}, "gave no access token"),
            ({"dialect": "opencrvs2"}, "Whom to ask"),
            ({"crvs_sender_id": self.make_sender("x", pem(ed25519_key())).id}, "signature"),
        ):
            with self.subTest(words):
                before = source.read(list(values), load=None)[0]
                del before["id"]
                source.write(values)
                params = source.action_test_connection()["params"]
                self.assertEqual(params["type"], "danger")
                self.assertIn(words, params["message"])
                self.assertEqual((source.state, source.last_error), ("error", params["message"]))
                source.write(before)
        self.assertEqual(source.action_test_connection()["params"]["type"], "success")


@tagged("post_install", "-at_install")
class TestCountedConnectionTest(TransactionCase):
    """A registry that counts our questions, in transactions as they are on a server."""

    def setUp(self):
        super().setUp()
        self.fake = FakeRegistry()
        self.addCleanup(self.fake.stop)
        self.fake.answer = found
        values = {"name": "Counts", "code": "counts_questions", "auth_type": "none"}
        values.update(registry_type="CRVS", base_url=self.fake.url, dialect="opencrvs2")
        with self.registry.cursor() as cr:
            source = self.env["spp.dci.data.source"].with_env(self.env(cr=cr)).create(values)
            self.source_id = source.id
        self.addCleanup(self._delete)

    def _delete(self):
        with self.registry.cursor() as cr:
            self._source(cr).unlink()

    def _source(self, cr):
        return self.env["spp.dci.data.source"].with_env(self.env(cr=cr)).browse(self.source_id)

    def test_what_came_of_it_is_stored_and_counted(self):
        with self.registry.cursor() as cr:
            source = self._source(cr)
            self.assertTrue(source.crvs_daily_searches)
            source.our_sender_id = "spp.example.org"  # as a step of the guide does before
            source._crvs_test_connection()
        with self.registry.cursor() as cr:
            source = self._source(cr)
            source.action_find_dialect()
            source.dialect = "opencrvs"
        with self.registry.cursor() as cr:
            source = self._source(cr)
            self.assertTrue(source.last_test_date)
            self.assertEqual(source.dialect, "opencrvs")
            self.assertEqual(source.crvs_searches_today, 4)


@tagged("post_install", "-at_install")
class TestNoRegistry(FakeRegistryCase):
    def test_a_server_that_says_yes_to_anything_is_no_registry(self):
        for answer in ({}, {"ok": True}, b"<html>Welcome</html>", {"message": {}}):
            with self.subTest(answer=answer):
                self.answer(lambda _request, answer=answer: answer)
                params = self.source.action_test_connection()["params"]
                self.assertEqual((params["type"], self.source.state), ("danger", "error"))
        with self.subTest("one that repeats what it hears"):
            self.answer(lambda request: request)
            self.assertEqual(self.source.action_test_connection()["params"]["type"], "danger")
        self.assertTrue(all(path == "/registry/sync/search" for path, _ in self.fake.requests))

    def test_other_registries_are_tested_as_before(self):
        self.source.registry_type = "DR"
        self.fake.documents[PATH] = {"keys": []}
        self.assertEqual(self.source.action_test_connection()["params"]["type"], "success")
        self.assertEqual(self.fake.requests, [])
