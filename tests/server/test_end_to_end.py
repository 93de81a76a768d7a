"""The whole path with real processes: a registry, HTTP, Odoo with workers, PostgreSQL."""

import textwrap
import time
import unittest
from contextlib import ExitStack

from ..helpers.registry import sandbox_process
from ..helpers.server import OdooServer

SETUP = """
env["ir.config_parameter"].set_param("dci.allow_insecure_jwks", "True")
sender = env["spp.dci.crvs.sender"].create({{
    "name": "Registry", "sender_id": "{sender_id}", "algorithm": "{algorithm}",
    "jwks_url": "{url}/.well-known/jwks.json"}})
sender.fetch_public_key()
key = env["spp.dci.signing.key"].create({{
    "name": "Ours", "key_id": "ours", "algorithm": "ed25519"}})
key.action_generate_key()
key.action_activate()
env["spp.dci.data.source"].create({{
    "name": "Registry", "code": "crvs_main", "registry_type": "CRVS", "base_url": "{url}",
    "auth_type": "oauth2", "oauth2_token_url": "{url}/oauth2/token",
    "oauth2_client_id": "spp", "oauth2_client_secret": "spp-secret", "our_sender_id": "spp-test",
    "our_callback_uri": "{callback}", "receiver_id": "{sender_id}", "signing_key_id": key.id,
    "crvs_sender_id": sender.id}})
uin = env["spp.vocabulary.code"].search([("code", "=", "UIN")], limit=1)
program = env["spp.program"].create({{"name": "Cash"}})
for number in range(1, 5):
    partner = env["res.partner"].create({{
        "name": f"Registrant {{number}}", "is_registrant": True,
        "reg_ids": [(0, 0, {{"id_type_id": uin.id, "value": str(800000000 + number)}})]}})
    env["spp.program.membership"].create({{
        "partner_id": partner.id, "program_id": program.id, "state": "enrolled"}})
"""

SUBSCRIBE = """
from odoo.addons.spp_dci_client_crvs.services.crvs_service import CRVSService
CRVSService(env).subscribe_events(["birth", "death", "marriage", "divorce"])
"""

STATE = """
    SELECT p.birthdate::text, p.death_date::text, p.disabled IS NOT NULL, status.code, m.state,
           array(SELECT type.code FROM spp_registry_id other
                   JOIN spp_vocabulary_code type ON type.id = other.id_type_id
                  WHERE other.partner_id = p.id AND other.status IS DISTINCT FROM 'invalid'
                  ORDER BY 1)
      FROM spp_registry_id i
      JOIN res_partner p ON p.id = i.partner_id
      JOIN spp_program_membership m ON m.partner_id = p.id
      LEFT JOIN spp_vocabulary_code status ON status.id = p.civil_status_id
     WHERE i.value = %s
"""


class TestEndToEnd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        stack = ExitStack()
        cls.addClassCleanup(stack.close)
        cls.registry = stack.enter_context(sandbox_process(generate=10))
        cls.server = stack.enter_context(OdooServer("end_to_end"))
        cls.server.start(workers=2, crons=1)
        cls.server.run(
            textwrap.dedent(SETUP).format(
                url=cls.registry.url,
                sender_id=cls.registry.sender_id,
                algorithm="ed25519",
                callback=f"{cls.server.url}/dci/crvs/callback",
            )
        )
        cls.server.run(SUBSCRIBE)

    def _wait(self, seconds, condition):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def _register(self, event_type, number, day, **more):
        event = {
            "event_type": event_type,
            "identifier": {"type": "UIN", "value": str(800000000 + number)},
            "date": day,
            **more,
        }
        deliveries = self.registry.admin("events", event)["deliveries"]
        self.assertTrue(deliveries)
        self.assertTrue(all(delivery["accepted"] for delivery in deliveries), deliveries)

    def _state(self, number):
        return self.server.query(STATE, str(800000000 + number))[0]

    def test_vital_events_reach_the_registrants(self):
        active = "SELECT count(*) FROM spp_dci_crvs_subscription WHERE state = 'active'"
        self.assertTrue(self._wait(20, lambda: self.server.query(active) == [(4,)]))
        self._register("birth", 1, "2026-02-03")
        self._register("death", 2, "2026-03-04")
        self._register("marriage", 3, "2026-04-05")
        self._register("marriage", 4, "2026-04-06")
        self._register("divorce", 4, "2026-05-06")
        done = "SELECT count(*) FROM spp_dci_crvs_event WHERE state = 'processed'"
        processed = self._wait(20, lambda: self.server.query(done) == [(5,)])
        events = (
            "SELECT event_type, state, outcome, error_kind, error_message FROM spp_dci_crvs_event"
        )
        self.assertTrue(processed, self.server.query(events))
        birth, death, marriage, divorce = map(self._state, (1, 2, 3, 4))
        self.assertEqual(birth[0], "2026-02-03")
        self.assertIn("BRN", birth[5])
        self.assertEqual(death[1:3] + death[4:5], ("2026-03-04", True, "exited"))
        self.assertIn("DRN", death[5])
        self.assertEqual(marriage[2:5], (False, "M", "enrolled"))
        self.assertIn("MRN", marriage[5])
        self.assertEqual(divorce[2:4], (False, "D"))
        log = self.server.log.read_text()
        for level in (" WARNING ", " ERROR ", " CRITICAL "):
            self.assertFalse(
                [line for line in log.splitlines() if level in line[:60]], f"in the log: {level}"
            )
