"""What each dialect sends, against schemas that mirror the standard, and what OpenCRVS wants."""

import json
from datetime import date, datetime
from pathlib import Path
from unittest import TestCase
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jsonschema import Draft202012Validator, FormatChecker

from odoo.tests import tagged

from odoo.addons.spp_dci_client_crvs.services import dialects, signature
from odoo.addons.spp_dci_client_crvs.services.wire import envelope as envelopes

from ..asking.test_subscription import ACK
from ..helpers.fake_registry import found, person
from ..helpers.registry import FakeRegistryCase

_FORMATS = FormatChecker(formats=())
_OTHER_TYPE = None  # nothing that we send may be null


@_FORMATS.checks("date-time", raises=ValueError)
def _date_time(value):
    return datetime.fromisoformat(value).tzinfo is not None


@_FORMATS.checks("uri", raises=ValueError)
def _uri(value):
    return bool(urlsplit(value).scheme and urlsplit(value).netloc)


class SentCase(FakeRegistryCase):
    def assertStandard(self, envelope):
        """Check a request against the schema of its action."""
        action = envelope["header"]["action"]
        path = Path(__file__).parent / "schemas" / f"{action}.json"
        schema = json.loads(path.read_text())
        validator = Draft202012Validator(schema, format_checker=_FORMATS)
        validator.validate(envelope)
        # A validator that takes everything would prove nothing.
        wrong = list(_wrong_versions(schema, envelope))
        self.assertGreater(len(wrong), 15)
        for what, broken in wrong:
            self.assertFalse(validator.is_valid(broken), what)


def _wrong_versions(schema, value, path=""):
    """Yield versions of a valid value that its schema must refuse, each with what is wrong."""
    if "type" in schema or "const" in schema or "enum" in schema:
        yield f"{path}: another type", _OTHER_TYPE
    if isinstance(value, dict):
        for name in schema.get("required", ()):
            yield f"{path}.{name}: missing", {k: v for k, v in value.items() if k != name}
        for name, part in schema.get("properties", {}).items():
            if name in value:
                for what, broken in _wrong_versions(part, value[name], f"{path}.{name}"):
                    yield what, {**value, name: broken}
    elif isinstance(value, list) and value and "items" in schema:
        for what, broken in _wrong_versions(schema["items"], value[0], f"{path}[0]"):
            yield what, [broken, *value[1:]]


@tagged("post_install", "-at_install")
class TestStandard(SentCase):
    def test_lookups(self):
        self.answer(lambda request: found(request, person()))
        self.service().check_death("UIN", "847951632")
        self.assertStandard(self.fake.last)
        self.assertEqual(self.fake.requests[-1][0], "/registry/sync/search")
        criteria = self.fake.last["message"]["search_request"][0]["search_criteria"]
        self.assertEqual(criteria["reg_type"], "ns:org:RegistryType:Civil")
        self.assertEqual(criteria["reg_record_type"], "spdci-extensions-dci:Person")
        self.assertEqual(criteria["query"], {"type": "UIN", "value": "847951632"})
        self.service().check_deaths([("UIN", str(number)) for number in range(30)])
        self.assertStandard(self.fake.last)
        self.assertEqual(self.fake.last["header"]["total_count"], 30)

    def test_ids_are_random(self):
        self.answer(found)
        pairs = [("UIN", str(number)) for number in range(5)]
        for _time in range(2):
            self.service().check_deaths(pairs)
        ids = []
        for _path, request in self.fake.requests:
            ids.append(request["message"]["transaction_id"])
            ids += [item["reference_id"] for item in request["message"]["search_request"]]
        self.assertEqual(len(set(ids)), 12)
        for one in ids:
            self.assertRegex(one, "^[0-9a-f]{32}$")

    def test_pulls(self):
        self.answer(found)
        for event_type in ("birth", "death", "marriage", "divorce"):
            pull = self.env["spp.dci.crvs.pull"].create(
                {"data_source_id": self.source.id, "event_type": event_type}
            )
            pull._begin()
            pull._read_window()
            self.assertStandard(self.fake.last)
            criteria = self.fake.last["message"]["search_request"][0]["search_criteria"]
            expression = criteria["query"][0]["expression1"]
            self.assertEqual(expression["attribute_name"], f"{event_type}_date")

    def test_subscriptions(self):
        self.answer(ACK)
        service = self.service()
        for event_type in ("BIRTH", "DEATH", "MARRIAGE", "DIVORCE"):
            service.subscribe_events([event_type])
            self.assertStandard(self.fake.last)
            self.assertEqual(
                self.fake.last["header"]["sender_uri"],
                "https://spp.example.org/dci/crvs/callback",
            )
        subscription = self.env["spp.dci.crvs.subscription"].search([], limit=1)
        subscription.action_ask_status()
        self.assertStandard(self.fake.last)
        subscription.code = "S-1"
        service.unsubscribe_events(["S-1"])
        self.assertStandard(self.fake.last)

    def test_asynchronous_searches(self):
        self.answer(ACK)
        self.service().request_deaths([("UIN", "1"), ("BRN", "2")])
        self.assertStandard(self.fake.last)
        self.assertEqual(self.fake.requests[-1][0], "/registry/search")

    def test_our_signature(self):
        key = self.make_signing_key()
        self.source.signing_key_id = key
        self.answer(found)
        self.service().check_death("UIN", "1")
        envelope = envelopes.parse(json.dumps(self.fake.last).encode())
        trusted = signature.TrustedKey.from_pem(key.public_key, kid=key.key_id)
        verified = signature.verify(
            envelope,
            sender_id="spp.example.org",
            algorithm="ed25519",
            keys=[trusted],
            now=datetime.now().timestamp(),
        )
        self.assertEqual(verified.profile, "http-signature")

    def test_a_header_that_another_base_client_builds_is_corrected(self):
        key = self.make_signing_key()
        self.source.signing_key_id = key
        service = self.service()
        client = service.registry.client
        build = client._build_envelope

        def odd(action, message, callback_url=None):
            built = build(action, message, callback_url)
            built["header"].update(total_count="1", meta="", sender_uri="", receiver_id="")
            return built

        self.patch(client, "_build_envelope", odd)
        self.answer(found)
        service.check_deaths([("UIN", "1"), ("UIN", "2")])
        self.assertStandard(self.fake.last)
        self.assertEqual(self.fake.last["header"]["total_count"], 2)
        envelope = envelopes.parse(json.dumps(self.fake.last).encode())
        signature.verify(
            envelope,
            sender_id="spp.example.org",
            algorithm="ed25519",
            keys=[signature.TrustedKey.from_pem(key.public_key, kid=key.key_id)],
            now=datetime.now().timestamp(),
        )


@tagged("post_install", "-at_install")
class TestOpenCRVS(SentCase):
    def setUp(self):
        super().setUp()
        self.key = self.make_signing_key("rs256")
        self.source.write(
            {
                "dialect": "opencrvs",
                "our_sender_id": "https://spp.example.org/",
                "signing_key_id": self.key.id,
            }
        )
        self.answer(found)

    def criteria(self):
        """Return the criteria sent last."""
        return self.fake.last["message"]["search_request"][0]["search_criteria"]

    def test_registers_and_identifiers(self):
        service = self.service()
        for id_type, sent in (
            ("UIN", "NID"),
            ("NID", "NID"),
            ("national_id", "NID"),
            ("BRN", "BRN"),
            ("DRN", "DRN"),
            ("MRN", "MRN"),
        ):
            with self.subTest(id_type):
                service.check_death(id_type, "7")
                self.assertEqual(self.criteria()["query"], {"type": sent, "value": "7"})
                self.assertEqual(self.criteria()["reg_type"], "ocrvs:registry_type:death")
                self.assertNotIn("reg_record_type", self.criteria())
        service.verify_birth("UIN", "7")
        self.assertEqual(self.criteria()["reg_type"], "ocrvs:registry_type:birth")

    def test_header(self):
        self.service().check_death("UIN", "7")
        header = self.fake.last["header"]
        self.assertEqual(header["sender_id"], "https://spp.example.org")
        self.assertEqual(header["total_count"], 1)
        self.assertIsNotNone(datetime.fromisoformat(header["message_ts"]).tzinfo)
        item = self.fake.last["message"]["search_request"][0]
        self.assertRegex(item["locale"], "^[a-z]{3}$")

    def test_sender_id_is_our_public_url(self):
        self.source.our_sender_id = "openspp"
        self.env["ir.config_parameter"].set_param("web.base.url", "https://ours.example.org")
        self.service().check_death("UIN", "7")
        self.assertEqual(self.fake.last["header"]["sender_id"], "https://ours.example.org")

    def test_signed_as_jws(self):
        self.service().check_death("UIN", "7")
        sent = self.fake.last
        head = jwt.get_unverified_header(sent["signature"])
        public = load_pem_public_key(self.key.public_key.encode())
        self.assertEqual(head["alg"], "RS256")
        self.assertEqual(head["kid"], signature.thumbprint(public))
        payload = jwt.api_jws.decode(sent["signature"], public, algorithms=["RS256"])
        self.assertEqual(
            json.loads(payload), {"header": sent["header"], "message": sent["message"]}
        )

    def test_nothing_leaves_unsigned(self):
        self.source.signing_key_id = False
        with self.assertRaisesRegex(Exception, "signing key"):
            self.service().check_death("UIN", "7")
        self.assertEqual(self.fake.requests, [])

    def test_pull_by_birthdate(self):
        pull = self.env["spp.dci.crvs.pull"].create(
            {"data_source_id": self.source.id, "event_type": "death"}
        )
        pull._begin()
        pull._read_window()
        query = self.criteria()["query"]
        self.assertEqual(query[0]["expression1"]["attribute_name"], "birthdate")
        self.assertEqual(query[0]["condition"], "and")
        self.assertEqual(self.criteria()["query_type"], "predicate")


class TestDialectRules(TestCase):
    def test_scan_start(self):
        today, since = date(2026, 11, 23), date(2026, 8, 1)
        self.assertEqual(dialects.get("standard").scan_start("death", since, today), (since, 1))
        opencrvs = dialects.get("opencrvs")
        self.assertEqual(opencrvs.scan_start("birth", since, today), (since, 1))
        self.assertEqual(opencrvs.scan_start("death", since, today), (date(1800, 1, 1), 120))

    def test_another_addon_adds_a_dialect(self):
        class Mine(dialects.StandardDialect):
            code = "mine"

        try:
            self.assertIs(dialects.register(Mine), Mine)
            self.assertIsInstance(dialects.get("mine"), Mine)
        finally:
            dialects._dialects.pop("mine")
