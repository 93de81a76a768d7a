import base64
import hashlib
import json
import re
import unittest

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from odoo.tests import tagged

from ..services.signing import canonical, to_json
from .common import ClientCase


@tagged("post_install", "-at_install")
class TestSigning(ClientCase):
    def sign_with(self, algorithm):
        key = self.env["spp.dci.signing.key"].create(
            {"name": "Test", "key_id": f"test-{algorithm}", "algorithm": algorithm}
        )
        key.action_generate()
        key.action_activate()
        self.source.signing_key_id = key
        return key

    def sent(self, identifier="4018273645"):
        """:return: body of a search as the registry receives it, and its signature's parts."""
        self.client.search_by_id("UIN", identifier)
        body = self.server.requests[-1].body.decode()
        signature = json.loads(body)["signature"]
        return body, dict(re.findall(r'(\w+)="([^"]*)"', signature)), signature

    def verify(self, key, parameters, digest):
        text = (
            f"(created): {parameters['created']}\n"
            f"(expires): {parameters['expires']}\n"
            f"digest: {digest}"
        ).encode()
        public_key = load_pem_public_key(key.public_key.encode())
        signature = base64.b64decode(parameters["signature"], validate=True)
        if key.algorithm == "ed25519":
            public_key.verify(signature, text)
        else:
            public_key.verify(signature, text, padding.PKCS1v15(), hashes.SHA256())

    @staticmethod
    def digest(text):
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    def test_both_algorithms(self):
        for algorithm in ("ed25519", "rs256"):
            key = self.sign_with(algorithm)
            body, parameters, signature = self.sent()
            self.assertEqual(
                list(parameters),
                [
                    "namespace",
                    "kidId",
                    "algorithm",
                    "created",
                    "expires",
                    "headers",
                    "signature",
                ],
            )
            self.assertTrue(signature.startswith('namespace="dci", kidId="'))
            self.assertEqual(
                parameters["kidId"], f"https://spp.example.org|test-{algorithm}|{algorithm}"
            )
            self.assertEqual(parameters["headers"], "(created) (expires) digest")
            lifetime = int(parameters["expires"]) - int(parameters["created"])
            self.assertEqual(lifetime, 300)
            received = body[body.index('"header":') : -1]
            self.verify(key, parameters, self.digest("{" + received + "}"))

    def test_received_sorted_and_reserialised_are_one_text(self):
        key = self.sign_with("ed25519")
        body, parameters, _signature = self.sent("É-1")
        envelope = json.loads(body)
        signed = {"header": envelope["header"], "message": envelope["message"]}
        compact = {"separators": (",", ":")}
        for text in (
            json.dumps(signed, **compact),
            json.dumps(signed, sort_keys=True, **compact),
        ):
            self.verify(key, parameters, self.digest(text))

    def test_any_change_is_noticed(self):
        key = self.sign_with("ed25519")
        body, parameters, _signature = self.sent()
        received = body[body.index('"header":') : -1]
        with self.assertRaises(InvalidSignature):
            self.verify(key, parameters, self.digest("{" + received.replace("UIN", "BRN") + "}"))

    def test_unsigned_without_an_active_key(self):
        self.assertEqual(self.sent()[2], "")
        key = self.env["spp.dci.signing.key"].create({"name": "Test"})
        key.action_generate()
        self.source.signing_key_id = key
        self.assertEqual(self.sent()[2], "")
        key.action_activate()
        self.assertTrue(self.sent()[2])
        key.action_revoke()
        self.assertEqual(self.sent()[2], "")

    def test_callers_need_not_see_the_key(self):
        self.sign_with("ed25519")
        user = self.env.ref("base.public_user")
        client = type(self.client)(self.source.with_user(user), self.env(user=user))
        client.search_by_id("UIN", "1")
        self.assertTrue(self.server.requests[-1].json["signature"])


class TestText(unittest.TestCase):
    def test_canonical_sorts_at_every_depth(self):
        value = {"b": [{"d": 1, "c": 2}], "a": 1}
        self.assertEqual(to_json(canonical(value)), '{"a":1,"b":[{"c":2,"d":1}]}')

    def test_no_numbers_that_json_does_not_know(self):
        for number in (float("nan"), float("inf")):
            with self.assertRaises(ValueError):
                to_json({"a": number})
