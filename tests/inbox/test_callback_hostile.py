"""Hostile and broken messages over real HTTP: exact status and code, and nothing grows."""

import gzip
import http.client
import json
import time
from urllib.parse import urlsplit

from odoo import fields
from odoo.tests import tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME, release_test_lock

from ..helpers.callback import CALLBACK, SENDER, CallbackCase, header, item, notification
from ..helpers.hostile_messages import World, hostile_cases

BAD = (400, "err.request.bad")
VERSION = (400, "err.version.not_supported")
ENCRYPTED = (400, "err.encryption.invalid")
STRANGER = (401, "err.sender_id.invalid")
UNSIGNED = (401, "err.signature.missing")
FORGED = (401, "err.signature.invalid")
TOO_LARGE = (413, "err.request.bad")

PATHS = {
    None: CALLBACK,
    "notify": "/dci/crvs/registry/notify",
    "on-search": "/dci/crvs/registry/on-search",
    "on-subscribe": "/dci/crvs/registry/on-subscribe",
    "on-unsubscribe": "/dci/crvs/registry/on-unsubscribe",
    "txn-on-status": "/dci/crvs/registry/txn/on-status",
}


@tagged("post_install", "-at_install")
class TestHostileMessages(CallbackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param("spp_dci_client_crvs.max_items", "50")
        cls.env["ir.config_parameter"].set_param("spp_dci_client_crvs.max_body_mb", "1")

    def _trust(self, world):
        """Make the senders of the table known, each with its one published key."""
        self.sender.unlink()
        for registry in world.senders:
            sender = self.env["spp.dci.crvs.sender"].create(
                {
                    "name": registry.sender_id,
                    "sender_id": registry.sender_id,
                    "algorithm": registry.algorithm,
                    "jwks_url": "https://keys.invalid/jwks.json",
                    "public_key": registry.pem,
                    # No key is fetched for an unknown id within a minute of the last time.
                    "last_key_fetch": fields.Datetime.now(),
                }
            )
            for key in world.keys_of(registry):
                self.env["spp.dci.crvs.sender.key"].sudo().create(
                    {
                        "sender_id": sender.id,
                        "key_id": key.kid,
                        "algorithm": key.algorithm,
                        "fingerprint": key.fingerprint,
                        "public_key": registry.pem,
                        "first_seen": fields.Datetime.now(),
                        "last_seen": fields.Datetime.now(),
                    }
                )

    def test_every_hostile_message_gets_its_answer_and_leaves_nothing(self):
        world = World(time.time(), max_items=50)
        self.env["ir.config_parameter"].set_param("dci.receiver_ids", world.receiver_id)
        self._trust(world)
        self.assertAccepted(self.post(world.sign(world.header(message_id="unspoilt"))))
        counts, wrong = self.row_counts(), []
        cases = hostile_cases(world)
        for case in cases:
            try:
                self.assertRefused(self.post(case.body, PATHS[case.path_kind]), *case.answer)
            except AssertionError as error:
                wrong.append(f"{case.name}: {error}")
        self.assertFalse(wrong, "\n".join(wrong))
        self.assertEqual(self.row_counts(), counts)
        self.assertGreaterEqual(len(cases), 60)

    def test_what_only_http_has(self):
        good = json.dumps(self.sign(notification())).encode()
        counts = self.row_counts()
        self.assertRefused(self.post(b""), *BAD)
        self.assertRefused(self.post(good + b" " * 1024 * 1024), *TOO_LARGE)
        self.assertRefused(self.post(gzip.compress(good), **{"Content-Encoding": "gzip"}), *BAD)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        self.assertRefused(self.post(b"signature=x&header=y&message=z", **form), *BAD)
        parts = b'--x\r\nContent-Disposition: form-data; name="header"\r\n\r\n{}\r\n--x--\r\n'
        form = {"Content-Type": "multipart/form-data; boundary=x"}
        self.assertRefused(self.post(parts, **form), *BAD)
        self.assertEqual(self.row_counts(), counts)

    def test_archived_sender_is_a_stranger(self):
        envelope = self.sign(notification())
        self.sender.active = False
        self.assertRefused(self.post(envelope), *STRANGER)

    def test_checks_run_in_the_order_of_the_contract(self):
        """Each message breaks one check and all that come after it."""
        broken = {
            "sender_id": "stranger",
            "message_id": "",
            "version": "9",
            "is_msg_encrypted": True,
            "receiver_id": "somebody else",
        }
        repairs = [
            ("message_id", "1", BAD),
            ("version", "1.0.0", VERSION),
            ("is_msg_encrypted", False, ENCRYPTED),
            ("sender_id", SENDER, STRANGER),
        ]
        self.env["ir.config_parameter"].set_param("dci.receiver_ids", "us")
        head, message = header(**broken), {"notify_event": "x"}
        self.assertRefused(self.post(b"{" + json.dumps({"header": head}).encode()), *BAD)
        for name, value, expected in repairs:
            self.assertRefused(self.post({"header": head, "message": message}), *expected)
            head = {**head, name: value}
        self.assertRefused(self.post({"header": head, "message": message}), *UNSIGNED)
        wrong = {**self.sign(message, head), "message": {}}
        self.assertRefused(self.post(wrong), *FORGED)
        self.assertRefused(self.post(self.sign(message, head)), 400, "err.receiver_id.invalid")
        head["receiver_id"] = "us"
        self.assertRefused(self.post(self.sign(message, head)), *BAD)
        many = {"notify_event": [item(death_date="2026-11-01")] * 51}
        self.assertRefused(self.post(self.sign(many, head)), *TOO_LARGE)
        self.assertAccepted(self.post(self.sign(notification(), head)))

    def _raw(self, send):
        """Send a request byte by byte; return status and decoded body."""
        url = urlsplit(self.base_url())
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
        self.addCleanup(connection.close)
        connection.putrequest("POST", CALLBACK)
        connection.putheader("Content-Type", "application/json")
        cookie = f"{TEST_CURSOR_COOKIE_NAME}={self.http_request_key}"
        connection.putheader("Cookie", cookie)
        with release_test_lock():
            send(connection)
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    def test_chunked_over_the_limit_is_refused_not_cut(self):
        good = json.dumps(self.sign(notification())).encode()

        def send(connection):
            connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders()
            connection.send(b"%x\r\n%s\r\n" % (len(good), good))
            blank = b" " * 65536
            for _chunk in range(20):
                connection.send(b"%x\r\n%s\r\n" % (len(blank), blank))
            connection.send(b"0\r\n\r\n")

        status, body = self._raw(send)
        self.assertEqual((status, body["message"]["error"]["code"]), TOO_LARGE)

    def test_chunked_within_the_limit_is_taken(self):
        good = json.dumps(self.sign(notification())).encode()

        def send(connection):
            connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders()
            for start in range(0, len(good), 100):
                part = good[start : start + 100]
                connection.send(b"%x\r\n%s\r\n" % (len(part), part))
            connection.send(b"0\r\n\r\n")

        status, body = self._raw(send)
        self.assertEqual((status, body["message"]["ack_status"]), (202, "ACK"))

    def test_declared_size_is_refused_before_it_is_read(self):
        def send(connection):
            connection.putheader("Content-Length", str(50 * 1024 * 1024))
            connection.endheaders()

        status, body = self._raw(send)
        self.assertEqual((status, body["message"]["error"]["code"]), TOO_LARGE)
