"""Hostile and broken messages over real HTTP: exact status and code, and nothing grows."""

import base64
import gzip
import http.client
import json
import re
import time
from urllib.parse import urlsplit

import jwt

from odoo.tests import tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME, release_test_lock
from odoo.tools import mute_logger

from odoo.addons.spp_dci_client_crvs.services import signature

from .common_callback import (
    CALLBACK,
    SENDER,
    CallbackCase,
    header,
    item,
    new_key,
    notification,
    pem_of,
)

BAD = (400, "err.request.bad")
VERSION = (400, "err.version.not_supported")
ENCRYPTED = (400, "err.encryption.invalid")
STRANGER = (401, "err.sender_id.invalid")
UNSIGNED = (401, "err.signature.missing")
FORGED = (401, "err.signature.invalid")
TOO_LARGE = (413, "err.request.bad")


def without(mapping, *names):
    return {name: value for name, value in mapping.items() if name not in names}


def nested(depth):
    return b'{"a":' * depth + b"1" + b"}" * depth


@tagged("post_install", "-at_install")
class TestHostileMessages(CallbackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_key = new_key()
        cls.rsa_key = new_key("rs256")
        cls.env["spp.dci.crvs.sender"].create(
            [
                {
                    "name": "Other Trusted Registry",
                    "sender_id": "other.example.org",
                    "algorithm": "ed25519",
                    "public_key": pem_of(cls.other_key),
                },
                {
                    "name": "RSA Registry",
                    "sender_id": "rsa.example.org",
                    "algorithm": "rs256",
                    "public_key": pem_of(cls.rsa_key),
                },
                {
                    "name": "Archived Registry",
                    "sender_id": "archived.example.org",
                    "algorithm": "ed25519",
                    "public_key": pem_of(cls.key),
                    "active": False,
                },
            ]
        )
        cls.env["ir.config_parameter"].set_param("spp_dci_client_crvs.max_items", "50")
        cls.env["ir.config_parameter"].set_param("spp_dci_client_crvs.max_body_mb", "1")

    # -- the table ---------------------------------------------------------

    def _cases(self):
        yield from self._broken_json()
        yield from self._broken_headers()
        yield from self._broken_signatures()
        yield from self._broken_jws()
        yield from self._broken_messages()

    def _broken_json(self):
        good = json.dumps(self.sign(notification())).encode()
        text = good.decode()
        yield "empty body", b"", BAD
        yield "truncated", good[:-20], BAD
        yield "trailing text", good + b"{}", BAD
        yield "byte order mark", b"\xef\xbb\xbf" + good, BAD
        yield "UTF-16", text.encode("utf-16"), BAD
        yield "invalid UTF-8", good.replace(b"notify_event", b"notify\xff\xfeevent"), BAD
        yield "overlong UTF-8", good.replace(b"spdci", b"\xc0\xafspd"), BAD
        yield "duplicate member", good.replace(b'"header":', b'"header": {}, "header":', 1), BAD
        inner = b'"reg_records": {"identifier": [], '
        yield "duplicate member deep", good.replace(b'"reg_records": {', inner, 1), BAD
        yield "NaN", good.replace(b'"total_count": 1', b'"total_count": NaN'), BAD
        yield "Infinity", good.replace(b'"total_count": 1', b'"total_count": -Infinity'), BAD
        yield "infinite number", good.replace(b'"total_count": 1', b'"total_count": 1e999'), BAD
        huge = b'"total_count": ' + b"9" * 5000
        yield "huge number", good.replace(b'"total_count": 1', huge), BAD
        yield "U+0000", good.replace(b'"ns:org', b'"\\u0000ns:org'), BAD
        yield "U+0000 in a name", good.replace(b'"reg_type"', b'"reg_type\\u0000"'), BAD
        yield "lone surrogate", good.replace(b'"ns:org', b'"\\ud800ns:org'), BAD
        yield "raw control character", good.replace(b'"ns:org', b'"\x01ns:org'), BAD
        yield "single quotes", text.replace('"', "'").encode(), BAD
        yield "nested to 65", nested(65), BAD
        yield "nested to 100,000", b"[" * 100_000, BAD
        yield "array", b"[]", BAD
        yield "string", b'"header"', BAD
        yield "null", b"null", BAD
        yield "gzip", gzip.compress(good), BAD
        yield "form", b"signature=x&header=y&message=z", BAD
        yield "too large", good + b" " * (1024 * 1024), TOO_LARGE

    def _broken_headers(self):
        head, message = header(), notification()
        for name in ("header", "message"):
            envelope = self.sign(message)
            yield f"no {name}", without(envelope, name), BAD
            for value in (None, [], "x", 1):
                yield f"{name} is {value!r}", {**envelope, name: value}, BAD
        for name in ("sender_id", "message_id", "action"):
            yield f"no {name}", self.sign(message, without(head, name)), BAD
        for changes in (
            {"sender_id": 7},
            {"sender_id": ["crvs.example.org"]},
            {"sender_id": None},
            {"message_id": ""},
            {"message_id": None},
            {"message_id": True},
            {"message_id": 1.5},
            {"message_id": "x" * 256},
            {"message_id": 10**300},
            {"message_id": {}},
            {"action": "delete"},
            {"action": "search"},
            {"action": "NOTIFY "},
            {"action": ["notify"]},
        ):
            yield f"header {changes}"[:60], self.sign(message, {**head, **changes}), BAD
        for version in ("2.0.0", "0.9", "1x", 1, True, [], "1.0.0\n", "١.0.0"):
            envelope = self.sign(message, {**head, "version": version})
            yield f"version {version!r}", envelope, VERSION
        yield "encrypted", self.sign(message, {**head, "is_msg_encrypted": True}), ENCRYPTED
        sealed = {
            "header": {"alg": "RSA-OAEP", "enc": "A256GCM", "kid": "k"},
            **dict.fromkeys(("ciphertext", "encrypted_key", "tag", "iv"), "x"),
        }
        yield "encrypted shape", self.sign(sealed, head), ENCRYPTED
        for sender in ("", "stranger", "CRVS.EXAMPLE.ORG", "%", "crvs_example_org", SENDER + " "):
            envelope = self.sign(message, {**head, "sender_id": sender}, sender_id=sender)
            yield f"sender {sender!r}", envelope, STRANGER
        archived = "archived.example.org"
        envelope = self.sign(message, {**head, "sender_id": archived}, sender_id=archived)
        yield "archived sender", envelope, STRANGER

    def _broken_signatures(self):
        head, message = header(), notification()
        good = self.sign(message, head)
        text = good["signature"]
        yield "no signature", without(good, "signature"), UNSIGNED
        yield "empty signature", {**good, "signature": ""}, UNSIGNED
        yield "null signature", {**good, "signature": None}, UNSIGNED
        for value in (1, [], {}, True, [text]):
            yield f"signature {str(value)[:20]}", {**good, "signature": value}, FORGED

        def edited(pattern, replacement):
            changed = re.sub(pattern, replacement, text, count=1)
            self.assertNotEqual(changed, text, pattern)
            return {**good, "signature": changed}

        yield "free text", {**good, "signature": "signed by me"}, FORGED
        yield "algorithm none", edited(r'algorithm="ed25519"', 'algorithm="none"'), FORGED
        yield "algorithm hs256", edited(r'algorithm="ed25519"', 'algorithm="hs256"'), FORGED
        yield "algorithm rs256", edited(r'algorithm="ed25519"', 'algorithm="rs256"'), FORGED
        yield "algorithm in kid", edited(r"\|ed25519", "|rs256"), FORGED
        yield "kid of another sender", edited(SENDER, "other.example.org"), FORGED
        yield "no digest in headers", edited(r" digest", ""), FORGED
        yield "headers in another order", edited("created. .expires", "expires) (created"), FORGED
        yield "no headers", edited(r', headers="[^"]*"', ""), FORGED
        yield "repeated parameter", edited(r"(created=\"\d+\")", r'\1, created="1"'), FORGED
        yield "created changed", edited(r'(created="\d+)\d"', r'\g<1>0"'), FORGED
        yield "expires changed", edited(r'(expires="\d+)\d"', r'\g<1>0"'), FORGED
        yield "created not ASCII", edited(r'created="\d', 'created="١'), FORGED
        yield "created negative", edited(r'created="', 'created="-'), FORGED
        yield "expires too long", edited(r'expires="', 'expires="000000'), FORGED
        yield "signature cut", edited(r"signature=\"(.{20})[^\"]*", r'signature="\1'), FORGED
        yield "signature empty", edited(r"signature=\"[^\"]*", 'signature="'), FORGED
        yield "base64 with rubbish", edited(r"signature=\"(.{20})", r'signature="\1!*'), FORGED
        now = time.time()
        yield "expired", self.sign(message, head, now=now - 1000), FORGED
        yield "not yet valid", self.sign(message, head, now=now + 1000), FORGED
        yield "valid for a year", self.sign(message, head, lifetime=31_536_000), FORGED
        yield "expires before created", self.sign(message, head, lifetime=-10), FORGED
        yield "another trusted sender's key", self.sign(message, head, key=self.other_key), FORGED
        yield "unknown key", self.sign(message, head, key=new_key()), FORGED
        envelope = self.sign(message, head, key=self.rsa_key, algorithm="rs256")
        yield "RSA for an Ed25519 sender", envelope, FORGED
        rsa_head = header(sender_id="rsa.example.org")
        envelope = self.sign(message, rsa_head, sender_id="rsa.example.org")
        yield "Ed25519 for an RSA sender", envelope, FORGED
        yield "of another message", {**good, "message": notification()}, FORGED
        yield "of another header", {**good, "header": header()}, FORGED
        more = notification(*message["notify_event"], item(death_date="2026-11-03"))
        yield "item added", {**good, "message": more}, FORGED
        yield "member added", {**good, "header": {**head, "x": 1}}, FORGED

    def _broken_jws(self):
        message = notification()
        head = header(sender_id="rsa.example.org")
        kid = signature.thumbprint(self.rsa_key.public_key())
        payload = {"header": head, "message": message}

        def envelope(token, **changes):
            return {"signature": token, "header": head, "message": message, **changes}

        def jws(content=None, key=self.rsa_key, algorithm="RS256", **protected):
            content = json.dumps(content or payload).encode()
            return jwt.api_jws.encode(content, key, algorithm, headers={"kid": kid, **protected})

        good = jws()
        first, middle, last = good.split(".")
        pem = pem_of(self.rsa_key)
        # PyJWT refuses to misuse a public key as a secret, so the attack is spelled out.
        fake = base64.urlsafe_b64encode(
            json.dumps({"alg": "HS256", "kid": kid}).encode()
        ).decode().rstrip("=")  # fmt: skip
        mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
        tag = mac.sign(f"{fake}.{middle}".encode(), pem.encode())
        hs256 = f"{fake}.{middle}.{base64.urlsafe_b64encode(tag).decode().rstrip('=')}"
        yield "JWS HS256 with the public key", envelope(hs256), FORGED
        none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": kid}).encode())
        yield "JWS none", envelope(f"{none.decode().rstrip('=')}.{middle}."), FORGED
        yield "JWS crit", envelope(jws(crit=["exp"], exp=1)), FORGED
        yield "JWS empty crit", envelope(jws(crit=[])), FORGED
        yield "JWS PS256", envelope(jws(algorithm="PS256")), FORGED
        yield "JWS RS512", envelope(jws(algorithm="RS512")), FORGED
        yield "JWS kid of another", envelope(jws(kid="other.example.org|k|rs256")), FORGED
        yield "JWS other key", envelope(jws(key=new_key("rs256"))), FORGED
        yield "JWS EdDSA for an RSA sender", envelope(jws(key=self.key, algorithm="EdDSA")), FORGED
        yield "JWS detached", envelope(f"{first}..{last}"), FORGED
        yield "JWS four parts", envelope(good + ".x"), FORGED
        yield "JWS signature cut", envelope(good[:-10]), FORGED
        yield "JWS of another message", envelope(good, message=notification()), FORGED
        same = {**head, "total_count": True}
        yield "JWS True for 1", envelope(good, header=same), FORGED
        same = {**head, "total_count": 1.0}
        yield "JWS 1.0 for 1", envelope(good, header=same), FORGED
        for stamp in ("2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "", "yesterday", None, 1):
            stale = {**head, "message_ts": stamp}
            token = jws({"header": stale, "message": message})
            yield f"JWS of {stamp!r}", envelope(token, header=stale), FORGED

    def _broken_messages(self):
        def signed(message, action="notify"):
            return self.sign(message, header(action))

        one = item(death_date="2026-11-01")
        yield "empty message", signed({}), BAD
        yield "no items", signed({"transaction_id": "x"}), BAD
        yield "items are text", signed({"notify_event": "x"}), BAD
        yield "item is text", signed({"notify_event": ["x"]}), BAD
        yield "item without data", signed({"notify_event": [without(one, "data")]}), BAD
        yield "data without records", signed({"notify_event": [{**one, "data": {}}]}), BAD
        data = {**one["data"], "reg_records": "x"}
        yield "records are text", signed({"notify_event": [{**one, "data": data}]}), BAD
        data = {**one["data"], "reg_records": ["x"]}
        yield "record is text", signed({"notify_event": [{**one, "data": data}]}), BAD
        yield "on-search without response", signed({"transaction_id": "x"}, "on-search"), BAD
        yield "on-subscribe without response", signed({}, "on-subscribe"), BAD
        yield "on-status without response", signed({}, "txn-on-status"), BAD
        yield "too many items", signed({"transaction_id": "x", "notify_event": [one] * 51}), TOO_LARGE

    # -- the tests ---------------------------------------------------------

    @mute_logger("odoo.http")
    def test_every_hostile_message_gets_its_answer_and_leaves_nothing(self):
        counts = self.row_counts()
        number, wrong = 0, []
        for name, envelope, (status, code) in self._cases():
            number += 1
            try:
                self.assertRefused(self.post(envelope), status, code)
            except AssertionError as error:
                wrong.append(f"{name}: {error}")
        self.assertFalse(wrong, "\n".join(wrong))
        self.assertEqual(self.row_counts(), counts)
        self.assertGreaterEqual(number, 60)

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
