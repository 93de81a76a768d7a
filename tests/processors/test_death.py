from datetime import date

from odoo.tests import tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestDeath(EventCase):
    def test_registrant_is_disabled_with_date_reason_and_drn(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.process("death", {"UIN": "U-1", "DRN": "D-1"}, date(2024, 5, 1))
        self.assertOutcome(event, "applied")
        self.assertEqual(event.person_id, ana)
        self.assertTrue(ana.disabled)
        self.assertIn(event.name, ana.disabled_reason)
        self.assertEqual(ana.disabled_by, self.processor_user)
        self.assertEqual(ana.death_date, date(2024, 5, 1))
        self.assertEqual(self.numbers(ana, "DRN"), ["D-1"])
        number = ana.reg_ids.filtered(lambda n: n.id_type_id.code == "DRN")
        self.assertEqual(number.verification_method, "dci_api")
        self.assertEqual(number.verification_source, "Registry")
        self.assertTrue(number.verification_date)
        self.assertEqual(event.processed_by, self.env.user)
        self.assertTrue(event.processed_date)

    def test_live_memberships_end_and_others_stay(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        live = [self.member(ana, state) for state in ("draft", "enrolled", "paused")]
        over = [self.member(ana, state) for state in ("not_eligible", "duplicated")]
        neighbour = self.member(self.registrant("Ben", ids={"UIN": "U-2"}))
        self.process("death", {"UIN": "U-1"})
        for membership in live:
            self.assertEqual(membership.state, "exited")
            self.assertEqual(membership.exit_date, self.events._today())
        self.assertEqual([m.state for m in over], ["not_eligible", "duplicated"])
        self.assertFalse(any(m.exit_date for m in over))
        self.assertEqual(neighbour.state, "enrolled")

    def test_twice_changes_nothing(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        self.process("death", {"UIN": "U-1", "DRN": "D-1"})
        disabled = ana.disabled
        again = self.store(
            self.vital("death", {"UIN": "U-1", "DRN": "D-1"}), sender=self.other_sender
        )
        again.process_event()
        self.assertOutcome(again, "no_effect")
        self.assertFalse(again.changes)
        self.assertEqual(ana.disabled, disabled)
        self.assertEqual(self.numbers(ana, "DRN"), ["D-1"])

    def test_another_death_date_is_flagged_not_taken(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        ana.death_date = date(2024, 5, 1)
        event = self.process("death", {"UIN": "U-1"}, date(2024, 5, 2))
        self.assertOutcome(event, "flagged")
        self.assertIn("death date", event.error_message)
        self.assertEqual(ana.death_date, date(2024, 5, 1))

    def test_without_a_date_payments_stop_all_the_same(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.process("death", {"UIN": "U-1"}, None)
        self.assertOutcome(event, "flagged")
        self.assertTrue(ana.disabled)
        self.assertFalse(ana.death_date)

    def test_disabled_before_keeps_its_reason(self):
        ana = self.registrant(
            ids={"UIN": "U-1"}, disabled="2023-01-01 10:00:00", disabled_reason="Moved away"
        )
        event = self.process("death", {"UIN": "U-1"})
        self.assertOutcome(event, "applied")
        self.assertEqual(ana.disabled_reason, "Moved away")
        self.assertTrue(ana.death_date)

    def test_different_drn_is_flagged_and_the_rest_applied(self):
        ana = self.registrant(ids={"UIN": "U-1", "DRN": "D-OLD"})
        event = self.process("death", {"UIN": "U-1", "DRN": "D-NEW"})
        self.assertOutcome(event, "flagged")
        self.assertIn("DRN", event.error_message)
        self.assertEqual(self.numbers(ana, "DRN"), ["D-OLD"])
        self.assertTrue(ana.disabled)

    def test_drn_of_another_registrant_is_flagged(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        group = self.registrant("Household", ids={"DRN": "D-1"}, is_group=True)
        event = self.process("death", {"UIN": "U-1", "DRN": "D-1"})
        self.assertOutcome(event, "flagged")
        self.assertFalse(self.numbers(ana, "DRN"))
        self.assertEqual(self.numbers(group, "DRN"), ["D-1"])
        self.assertTrue(ana.disabled)

    def test_note_names_no_value(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        before = ana.message_ids
        event = self.process("death", {"UIN": "U-1", "DRN": "D-777"}, date(2024, 5, 1))
        note = ana.message_ids - before
        self.assertEqual(len(note), 1)
        self.assertEqual(note.author_id, self.processor_user.partner_id)
        self.assertIn(event.name, note.body)
        self.assertNotIn("D-777", note.body)
        self.assertNotIn("2024-05-01", note.body)
        self.assertFalse(note.notification_ids)

    def test_changes_are_kept_old_and_new(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        membership = self.member(ana)
        event = self.process("death", {"UIN": "U-1", "DRN": "D-1"}, date(2024, 5, 1))
        changes = {(c["model"], c.get("field")): c for c in event.changes}
        self.assertEqual(changes["res.partner", "death_date"]["old"], False)
        self.assertEqual(changes["res.partner", "death_date"]["new"], "2024-05-01")
        self.assertEqual(changes["spp.program.membership", "state"]["old"], "enrolled")
        self.assertEqual(changes["spp.program.membership", "state"]["id"], membership.id)
        created = changes["spp.registry.id", None]
        self.assertEqual(created["created"]["value"], "D-1")
