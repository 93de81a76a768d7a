"""What real registries send is taken, over HTTP: signatures, key ids, headers, spellings."""

import time
from datetime import date

from odoo import fields
from odoo.tests import tagged

from ..helpers.callback import CallbackCase
from ..helpers.messages import (
    DIGEST_LINES,
    JSON_FORMS,
    Registry,
    body,
    json_text,
    make_event,
    make_header,
    make_notification,
    make_person,
    write,
    write_parameters,
)

# A number that survives only in the received text, letters of several scripts, an escape.
MESSAGE = (
    '{"transaction_id":"", "share" : 48.90, "tiny": 0.00001, "notify_event": [{"reference_id": "%s"'
    ', "data": {"reg_event_type": "death", "reg_records": {"name": "Zoë መሠረት",'
    ' "alias": "Zo\\u00eb", "identifier": {"type": "UIN", "value": "%s"},'
    ' "death_date": "2024-11-30"}}}]}'
)
UIN = {"identifier_type": "UIN", "identifier_value": "F-1"}


@tagged("post_install", "-at_install")
class TestFriendlyMessages(CallbackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sender.unlink()
        cls.ed = Registry("crvs.example.org", "ed25519")
        cls.rsa = Registry("https://civil.example.org:8443/dci/", "rs256")
        for registry in (cls.ed, cls.rsa):
            sender = cls.env["spp.dci.crvs.sender"].create(
                {
                    "name": registry.sender_id,
                    "sender_id": registry.sender_id,
                    "algorithm": registry.algorithm,
                    "jwks_url": "https://keys.invalid/jwks.json",
                    "last_key_fetch": fields.Datetime.now(),
                }
            )
            key = registry.trusted_key()
            for kid in (key.kid, key.fingerprint):
                cls.env["spp.dci.crvs.sender.key"].create(
                    {
                        "sender_id": sender.id,
                        "key_id": kid,
                        "algorithm": key.algorithm,
                        "fingerprint": key.fingerprint,
                        "public_key": registry.pem,
                        "first_seen": fields.Datetime.now(),
                        "last_seen": fields.Datetime.now(),
                    }
                )

    def _header(self, registry, number, **members):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return make_header(
            sender_id=registry.sender_id, message_id=f"f-{number}", message_ts=stamp, **members
        )

    def _signed(self, message, header=None, registry=None):
        registry = registry or self.ed
        header = header or self._header(registry, time.monotonic_ns())
        return registry.signed_body(header, message, created=int(time.time()) - 10)

    def _last(self):
        return self.env["spp.dci.crvs.message"].search([], limit=1)

    def test_every_way_of_signing(self):
        number = 0
        for registry in (self.ed, self.rsa):
            for form in JSON_FORMS:
                for line, prefix in DIGEST_LINES.items():
                    number += 1
                    header = write(self._header(registry, number))
                    message = MESSAGE % (f"r-{number}", f"W-{number}")
                    signature = registry.http_signature(
                        json_text(form, header, message),
                        line=prefix,
                        created=int(time.time()) - 10,
                    )
                    with self.subTest(algorithm=registry.algorithm, form=form, line=line):
                        self.assertAccepted(self.post(body(header, message, signature)))
                        self.assertEqual(self._last().form, f"{form}/{line}")
                        self.assertEqual(self._last().event_ids.identifier_value, f"W-{number}")

    def test_every_way_of_naming_the_key(self):
        for registry in (self.ed, self.rsa):
            thumbprint = registry.trusted_key().fingerprint
            kids = (registry.kid, "key-1", thumbprint, f"{registry.sender_id}|key-1")
            for number, kid in enumerate(kids):
                header = write(self._header(registry, f"k{number}"))
                message = MESSAGE % (f"k-{number}", f"K-{number}")
                parameters = registry.http_parameters(
                    json_text("received", header, message), created=int(time.time()) - 10
                )
                text = write_parameters({**parameters, "kidId": kid})
                for spelling in (text, "Signature:   " + text.replace("kidId", "keyId")):
                    with self.subTest(kid=kid, spelling=spelling[:9]):
                        self.assertAccepted(self.post(body(header, message, spelling)))

    def test_jws_by_thumbprint_as_text(self):
        for number, registry in enumerate((self.ed, self.rsa)):
            header = self._header(registry, f"j{number}")
            kid = registry.trusted_key().fingerprint
            content = registry.jws_body(header, make_notification(), kid=kid)
            answer = self.post(content, **{"Content-Type": "text/plain;charset=UTF-8"})
            self.assertAccepted(answer)
            self.assertEqual(self._last().form, "jws")

    def test_headers_that_say_little_or_nothing(self):
        least = {"sender_id": self.ed.sender_id, "message_id": "least", "action": "notify"}
        empty = dict.fromkeys(
            ("version", "message_ts", "receiver_id", "total_count", "sender_uri", "meta"), ""
        )
        extra = {"x": {"y": [1]}, "is_msg_encrypted": "false", "total_count": "1", "version": "1.1"}
        for number, members in enumerate(({}, empty, extra, {"message_id": 7})):
            header = {**least, "message_id": f"least-{number}", **members}
            with self.subTest(members=members):
                self.assertAccepted(self.post(self._signed(make_notification(), header)))

    def test_every_shape_of_a_notification(self):
        person = make_person(identifier=UIN)
        flat = {
            "event_type": "DEATH",
            "event_date": "2024-12-01",
            "identifiers": [{"type": "UIN", "value": "F-1"}],
        }
        for message, events in (
            (make_notification(make_event(reg_records=person)), 1),
            (make_notification(make_event(reg_records=[person])), 1),
            ({"transaction_id": "", "notify_event": make_event(reg_records=person)}, 1),
            (
                make_notification(
                    make_event(reg_records=[person, make_person(identifier={**UIN, "x": 1})])
                ),
                1,
            ),
            (flat, 1),
            ({**flat, "identifiers": flat["identifiers"][0], "person": ""}, 1),
            ({**flat, "person": {"name": "Zoë", "birth_date": "1950-03-23"}}, 1),
        ):
            self.env["spp.dci.crvs.event"].search([]).unlink()
            self.env.flush_all()
            with self.subTest(message=message):
                self.assertAccepted(self.post(self._signed(message)))
                self.assertEqual(len(self._last().event_ids), events)
                self.assertEqual(self._last().event_ids.mapped("event_type"), ["death"])

    def test_every_name_of_an_event(self):
        names = {
            "birth": ("BIRTH", "birth", "LiveBirth", "live_birth", "BIRTH_REGISTERED"),
            "death": ("DEATH", "Death", "death", "DEATH_REGISTERED"),
            "marriage": ("MARRIAGE", "marriage", "Marriage", "MARRIAGE_REGISTERED"),
            "divorce": ("DIVORCE", "divorce", "Divorce", "DIVORCE_REGISTERED"),
        }
        for kind, spellings in names.items():
            prefixed = (
                f"spdci-common:RegistryEventType:{spellings[2]}",
                f"ocrvs:registry_type:{kind}",
            )
            for name in (*spellings, *prefixed):
                record = make_person(identifier={"type": "UIN", "value": f"{kind}-{name}"})
                message = make_notification(make_event(name, reg_records=record))
                with self.subTest(name=name):
                    self.assertAccepted(self.post(self._signed(message)))
                    self.assertEqual(self._last().event_ids.event_type, kind)

    def test_every_spelling_of_an_identifier_and_a_date(self):
        day = date(2024, 11, 30)
        number = 0
        for member in ("identifier", "identifiers"):
            for type_name, value_name in (
                ("identifier_type", "identifier_value"),
                ("type", "value"),
                ("name", "identifier"),
            ):
                for date_name in ("death_date", "deathdate", "deathDate"):
                    for text in ("2024-11-30", "2024-11-30T23:00:00.000Z"):
                        number += 1
                        identifier = {type_name: "urn:x:UIN", value_name: f"S-{number}"}
                        record = {member: [identifier], date_name: text}
                        message = make_notification(make_event(reg_records=record))
                        with self.subTest(record=record):
                            self.assertAccepted(self.post(self._signed(message)))
                            event = self._last().event_ids
                            self.assertEqual(event.identifier_type, "UIN")
                            self.assertEqual(event.identifier_value, f"S-{number}")
                            self.assertEqual(event.event_date, day)
