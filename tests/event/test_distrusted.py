"""What an archived sender, or a key that was revoked, has brought and nobody has applied yet."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestDistrusted(EventCase):
    def assert_held(self, events):
        self.assertEqual(set(events.mapped("outcome")), {"held"})
        self.assertEqual(set(events.mapped("hold_reason")), {"distrusted"})

    def test_archiving_holds_all_that_waits(self):
        self.registrant(ids={"UIN": "U-1"})
        tomorrow = self.events._today() + timedelta(days=1)
        fresh = self.store(self.vital("death", {"UIN": "U-1"}))
        dated = self.store(self.vital("death", {"UIN": "U-1"}, tomorrow))
        dated.process_event()
        nobody = self.store(self.vital("death", {"UIN": "nobody"}))
        nobody.process_event()
        self.assertEqual((dated.outcome, nobody.error_kind), ("scheduled", "no_match"))
        done = self.process("birth", {"UIN": "U-1"}, tomorrow - timedelta(days=9000))
        other = self.store(self.vital("death", {"UIN": "U-1"}), sender=self.other_sender)
        self.sender.active = False
        self.assert_held(fresh | dated | nobody)
        self.assertOutcome(done, done.outcome)
        self.assertFalse(other.outcome)
        self.assertTrue(nobody._open_alerts("held"))
        person = self.registrant(ids={"UIN": "nobody"})
        self.run_due()
        self.assertFalse(person.disabled)
        nobody.with_user(self.manager).action_release()
        self.run_due()
        self.assertTrue(person.disabled)

    def test_what_is_retried_by_hand_afterwards_is_held(self):
        self.registrant(ids={"UIN": "U-1"})
        self.registrant(ids={"passport": "P-1"})
        event = self.process("death", {"UIN": "U-1", "PASSPORT": "P-1"})
        self.assertError(event, "ambiguous")
        self.sender.active = False
        self.assertError(event, "ambiguous")
        self.env["spp.registry.id"].search([("value", "=", "P-1")]).unlink()
        self.assertIs(event.with_user(self.officer).process_event(), False)
        self.assert_held(event)

    def test_revoking_a_key_holds_what_it_signed(self):
        now = fields.Datetime.now()
        keys = self.env["spp.dci.crvs.sender.key"].create(
            [
                {
                    "sender_id": self.sender.id,
                    "key_id": name,
                    "algorithm": "ed25519",
                    "fingerprint": f"thumbprint-{name}",
                    "public_key": "-",
                    "first_seen": now,
                    "last_seen": now,
                }
                for name in ("stolen", "good")
            ]
        )
        events = []
        for number, key in enumerate(keys):
            message = self.env["spp.dci.crvs.message"].create(
                {
                    "sender_id": self.sender.id,
                    "message_id": f"m-{number}",
                    "digest": str(number),
                    "kind": "notify",
                    "outcome": "stored",
                    "received_date": now,
                    "key_fingerprint": key.fingerprint,
                }
            )
            self.registrant(ids={"UIN": f"U-{number}"})
            events.append(self.store(self.vital("death", {"UIN": f"U-{number}"}), message=message))
        by_stolen, by_good = events
        keys[0].action_revoke()
        self.assert_held(by_stolen)
        self.assertFalse(by_good.outcome)
        by_stolen.write({"outcome": False, "hold_reason": False, "next_attempt": now})
        self.run_due()
        self.assert_held(by_stolen)
        self.assertOutcome(by_good, "applied")
