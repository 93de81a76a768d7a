"""What the tests of the callback share: a trusted registry and its keys, messages and posts."""

import copy
import json
import time
import uuid

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from odoo.tests import HttpCase

from odoo.addons.spp_dci_client_crvs.services import signature

CALLBACK = "/dci/crvs/callback"
SENDER = "crvs.example.org"


def new_key(algorithm="ed25519"):
    """Make a private key."""
    if algorithm == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(private_key):
    """Return the public part of a key as PEM text."""
    return (
        private_key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def header(action="notify", **members):
    """Build a header as the standard has it."""
    return {
        "version": "1.0.0",
        "message_id": str(uuid.uuid4()),
        "message_ts": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
        "action": action,
        "sender_id": SENDER,
        "receiver_id": "",
        "total_count": 1,
        "is_msg_encrypted": False,
        **members,
    }


def item(event_type="death", identifiers=(("UIN", "9990000001"),), **person):
    """Build one item of a standard notification."""
    return {
        "reference_id": str(uuid.uuid4()),
        "timestamp": "2026-11-20T10:00:00+00:00",
        "data": {
            "version": "1.0.0",
            "reg_type": "ns:org:RegistryType:Civil",
            "reg_event_type": event_type,
            "reg_record_type": "spdci-extensions-dci:Person",
            "reg_records": {
                "identifier": [
                    {"identifier_type": type_, "identifier_value": value}
                    for type_, value in identifiers
                ],
                **person,
            },
        },
    }


def notification(*items, **members):
    """Build the message of a standard notification; a death when no items are given."""
    return {
        "transaction_id": str(uuid.uuid4()),
        "notify_event": list(items) or [item(death_date="2026-11-01")],
        **members,
    }


class CallbackCase(HttpCase):
    """Posts messages of a registry that is trusted, with an Ed25519 key of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = new_key()
        cls.sender = cls.env["spp.dci.crvs.sender"].create(
            {
                "name": "Test Registry",
                "sender_id": SENDER,
                "algorithm": "ed25519",
                "public_key": pem_of(cls.key),
            }
        )
        cls.env["ir.config_parameter"].set_param("dci.receiver_ids", "")
        cls.env["spp.dci.data.source"].search([]).write({"our_sender_id": False})

    def sign(self, message, head=None, *, key=None, algorithm="ed25519", **options):
        """Return a signed envelope of a message; `head` replaces the usual header."""
        head = head or header()
        text = signature.sign_http(
            head,
            message,
            **{
                "sender_id": SENDER,
                "key_id": "k1",
                "algorithm": algorithm,
                "private_key": key or self.key,
                "now": time.time(),
                **options,
            },
        )
        return {"signature": text, "header": head, "message": copy.deepcopy(message)}

    def post(self, envelope, path=CALLBACK, **headers):
        """Post an envelope, or bytes as they are; return the HTTP answer."""
        body = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
        headers = {"Content-Type": "application/json", **headers}
        return self.url_open(path, data=body, headers=headers, method="POST")

    def assertAccepted(self, answer):
        """Check an acknowledgement and return its correlation id."""
        self.assertEqual(answer.status_code, 202, answer.text)
        body = answer.json()
        self.assertEqual(body["message"]["ack_status"], "ACK")
        self.assertTrue(body["message"]["timestamp"])
        self.assertNotIn("error", body["message"])
        return body["message"]["correlation_id"]

    def assertRefused(self, answer, status, code):
        """Check that a message was refused as the contract says."""
        self.assertEqual(answer.status_code, status, answer.text)
        body = answer.json()
        message = body["message"]
        self.assertEqual(message["ack_status"], "ERR")
        self.assertEqual(message["error"]["code"], code)
        self.assertTrue(message["error"]["message"])
        self.assertTrue(message["timestamp"] and message["correlation_id"])
        self.assertEqual("errors" in body, status in (401, 503))
        self.assertNotIn("Set-Cookie", answer.headers)

    def row_counts(self):
        """Count the rows of every table that a message could make grow."""
        self.env.flush_all()
        counts = {}
        for table in (
            "spp_dci_crvs_message",
            "spp_dci_crvs_event",
            "spp_dci_crvs_request",
            "spp_dci_crvs_sender",
            "spp_dci_crvs_sender_key",
            "ir_cron_trigger",
            "mail_message",
            "mail_activity",
            "ir_attachment",
            "ir_logging",
        ):
            self.env.cr.execute(f"SELECT count(*) FROM {table}")  # pylint: disable=E8103
            counts[table] = self.env.cr.fetchone()[0]
        return counts
