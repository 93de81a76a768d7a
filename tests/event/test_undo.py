from datetime import date

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from ... import const
from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestUndo(EventCase):
    def reverse(self, events, reason="Withdrawn by the registry"):
        wizard = self.env["spp.dci.crvs.event.reverse"].with_user(self.manager)
        action = events.with_user(self.manager).action_reverse()
        wizard = wizard.with_context(**action["context"]).create({"reason": reason})
        self.assertEqual(wizard.event_ids.ids, events.ids)
        wizard.action_confirm()
        self.env.invalidate_all()

    def reassign(self, event, person, reason="Other person"):
        action = event.with_user(self.manager).action_reassign()
        wizard = (
            self.env["spp.dci.crvs.event.reassign"]
            .with_user(self.manager)
            .with_context(**action["context"])
            .create({"person_id": person.id, "reason": reason})
        )
        result = wizard.action_confirm()
        self.env.invalidate_all()
        return self.events.browse(result["res_id"])

    # ------------------------------------------------------------------
    # Reversing
    # ------------------------------------------------------------------

    def test_one_that_breaks_down_is_named_and_the_others_are_reversed(self):
        people = [self.registrant(ids={"UIN": f"U-{i}"}) for i in range(2)]
        deaths = [self.process("death", {"UIN": f"U-{i}"}) for i in range(2)]
        undo = type(self.events)._undo_one

        def breaking(event, *args):
            if event == deaths[0]:
                raise ZeroDivisionError
            return undo(event, *args)

        self.patch(type(self.events), "_undo_one", breaking)
        wizard = (
            self.env["spp.dci.crvs.event.reverse"]
            .with_user(self.manager)
            .create({"event_ids": (deaths[0] | deaths[1]).ids, "reason": "Withdrawn"})
        )
        with self.assertLogs("odoo.addons.spp_dci_client_crvs.models.event.event_undo"):
            action = wizard.action_confirm()
        self.assertIn(deaths[0].name, action["params"]["message"])
        self.assertNotIn(deaths[1].name, action["params"]["message"])
        self.env.invalidate_all()
        self.assertEqual([bool(p.disabled) for p in people], [True, False])

    def test_no_more_than_a_batch_is_reversed_by_hand(self):
        death = self.store(self.vital("death", {"UIN": "nobody"}))
        wizard = self.env["spp.dci.crvs.event.reverse"].with_user(self.manager)
        self.patch(const, "BATCH_SIZE", 0)
        with self.assertRaisesRegex(UserError, "A Key Was Stolen"):
            wizard.create({"event_ids": death.ids, "reason": "Withdrawn"}).action_confirm()

    def test_death_is_put_back_and_memberships_come_back_paused(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        membership = self.member(ana)
        draft = self.member(ana, "draft")
        event = self.process("death", {"UIN": "U-1", "DRN": "D-1"})
        self.reverse(event)
        self.assertEqual((event.state, event.outcome), ("processed", "reversed"))
        self.assertFalse(ana.disabled or ana.disabled_reason or ana.disabled_by or ana.death_date)
        self.assertEqual(ana.reg_ids.mapped("value"), ["U-1"])
        self.assertEqual((membership.state, membership.exit_date), ("paused", False))
        self.assertEqual(draft.state, "paused")
        self.assertFalse(event.not_restored)
        self.assertEqual(
            (event.undone_by, event.undo_reason), (self.manager, "Withdrawn by the registry")
        )
        self.assertTrue(event.undone_date)

    def test_birth_and_marriage_are_put_back(self):
        ana = self.registrant(
            ids={"UIN": "U-1", "MRN": "M-0"},
            birthdate=date(1990, 1, 1),
            birthdate_not_exact=True,
            civil_status_id=self.civil_status("S").id,
        )
        birth = self.process("birth", {"UIN": "U-1", "BRN": "B-1"}, date(1990, 2, 2))
        marriage = self.process("marriage", {"UIN": "U-1", "MRN": "M-1"})
        self.reverse(birth | marriage)
        self.assertEqual((ana.birthdate, ana.birthdate_not_exact), (date(1990, 1, 1), True))
        self.assertEqual(ana.civil_status_id, self.civil_status("S"))
        self.assertEqual(self.numbers(ana, "MRN"), ["M-0"])
        self.assertEqual(len(ana.reg_ids), 2)

    def test_what_somebody_changed_since_stays_and_is_listed(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        membership, other = self.member(ana), self.member(ana)
        event = self.process("death", {"UIN": "U-1", "DRN": "D-1"}, date(2024, 5, 1))
        ana.death_date = date(2024, 5, 9)
        membership.state = "not_eligible"
        ana.reg_ids.filtered(lambda n: n.id_type_id.code == "DRN").value = "D-9"
        self.reverse(event)
        self.assertFalse(ana.disabled)
        self.assertEqual(ana.death_date, date(2024, 5, 9))
        self.assertEqual(membership.state, "not_eligible")
        self.assertEqual(other.state, "paused")
        self.assertEqual(self.numbers(ana, "DRN"), ["D-9"])
        left = {(entry["model"], entry["field"]) for entry in event.not_restored}
        self.assertEqual(
            left,
            {
                ("res.partner", "death_date"),
                ("spp.program.membership", "state"),
                ("spp.registry.id", "created"),
            },
        )
        self.assertIn("Date of Death", event.error_message)
        note = ana.message_ids[0].body
        self.assertIn("Date of Death", note)
        for value in ("2024-05-09", "D-9", "U-1"):
            self.assertNotIn(value, note + event.error_message)

    def test_registrant_enabled_by_hand_keeps_that(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.process("death", {"UIN": "U-1"})
        ana.enable_registrant()
        ana.write({"disabled": "2025-01-01 00:00:00", "disabled_reason": "Moved"})
        self.reverse(event)
        self.assertEqual(ana.disabled_reason, "Moved")
        self.assertEqual([e["field"] for e in event.not_restored], ["disabled"])
        self.assertFalse(ana.death_date)

    def test_what_is_gone_is_listed(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.process("death", {"UIN": "U-1", "DRN": "D-1"})
        ana.reg_ids.filtered(lambda n: n.id_type_id.code == "DRN").unlink()
        self.reverse(event)
        self.assertEqual([e["field"] for e in event.not_restored], ["created"])
        self.assertFalse(ana.disabled)

    def test_older_value_is_handed_on_to_the_later_event(self):
        ana = self.registrant(ids={"UIN": "U-1"}, civil_status_id=self.civil_status("S").id)
        marriage = self.process("marriage", {"UIN": "U-1", "MRN": "M-1"}, date(2020, 1, 1))
        divorce = self.process("divorce", {"UIN": "U-1"}, date(2021, 1, 1))
        self.reverse(marriage)
        self.assertFalse(marriage.not_restored)
        self.assertEqual(ana.civil_status_id, self.civil_status("D"))
        self.reverse(divorce)
        self.assertEqual(ana.civil_status_id, self.civil_status("S"))

    def test_number_set_invalid_by_a_later_marriage_is_removed_with_its_own(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        first = self.process("marriage", {"UIN": "U-1", "MRN": "M-1"}, date(2020, 1, 1))
        second = self.process("marriage", {"UIN": "U-1", "MRN": "M-2"}, date(2022, 1, 1))
        self.reverse(first)
        self.assertFalse(first.not_restored)
        self.assertEqual(self.numbers(ana, "MRN"), ["M-2"])
        self.assertFalse(self.numbers(ana, "MRN", invalid=True))
        self.reverse(second)
        self.assertFalse(second.not_restored)
        self.assertEqual(ana.reg_ids.mapped("value"), ["U-1"])

    def test_what_gave_way_to_an_undone_event_is_looked_at_again(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        divorce = self.process("divorce", {"UIN": "U-1"}, date(2021, 1, 1))
        marriage = self.process("marriage", {"UIN": "U-1", "MRN": "M-1"}, date(2020, 1, 1))
        self.assertOutcome(marriage, "superseded")
        self.reverse(divorce)
        self.run_due()
        self.assertOutcome(marriage, "applied")
        self.assertEqual(ana.civil_status_id, self.civil_status("M"))

    def test_marriage_after_a_death_undone_is_looked_at_again(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        death = self.process("death", {"UIN": "U-1"}, date(2024, 1, 1))
        marriage = self.process("marriage", {"UIN": "U-1"}, date(2024, 2, 1))
        self.assertFalse(ana.civil_status_id)
        self.reverse(death)
        self.run_due()
        self.assertOutcome(marriage, "applied")
        self.assertEqual(ana.civil_status_id, self.civil_status("M"))

    def test_death_delivered_late_takes_back_what_came_after_it(self):
        ana = self.registrant(ids={"UIN": "U-1"}, civil_status_id=self.civil_status("S").id)
        ben = self.registrant("Ben", ids={"UIN": "U-2"})
        marriage = self.process(
            "marriage", {"UIN": "U-1", "MRN": "M-1"}, date(2024, 2, 1), spouse={"UIN": "U-2"}
        )
        death = self.process("death", {"UIN": "U-1"}, date(2024, 1, 1))
        self.assertEqual(ana.civil_status_id, self.civil_status("S"))
        self.assertFalse(self.numbers(ana, "MRN"))
        self.assertEqual(ben.civil_status_id, self.civil_status("M"))
        self.assertOutcome(marriage, "flagged")
        self.reverse(death)
        self.run_due()
        self.assertOutcome(marriage, "applied")
        self.assertEqual(ana.civil_status_id, self.civil_status("M"))
        # The spouse's part is still known to the marriage.
        self.reverse(marriage)
        self.assertFalse(ben.civil_status_id)
        self.assertEqual(ana.civil_status_id, self.civil_status("S"))

    def test_undone_event_is_final(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.process("death", {"UIN": "U-1"})
        self.reverse(event)
        event.process_event()
        event.action_retry_processing()
        self.run_due()
        self.assertEqual(event.outcome, "reversed")
        self.assertFalse(ana.disabled)
        # Reversing it again changes nothing, even what is equal to what it had written.
        ana.death_date = event.event_date
        self.reverse(event)
        self.assertEqual(ana.death_date, event.event_date)

    def test_same_content_again_waits_for_a_manager(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.process("death", {"UIN": "U-1"})
        self.reverse(event)
        again = self.store(self.vital("death", {"UIN": "U-1"}))
        self.run_due()
        self.assertEqual((again.state, again.outcome), ("received", "held"))
        self.assertFalse(self.run_due())
        self.assertIs(again.with_user(self.officer).process_event(), False)
        self.assertFalse(ana.disabled)
        # The next repetition is a repetition of the new one.
        self.assertFalse(self.store(self.vital("death", {"UIN": "U-1"})))
        self.assertEqual(again.duplicate_count, 1)
        again.with_user(self.manager).action_release()
        self.run_due()
        self.assertOutcome(again, "applied")
        self.assertTrue(ana.disabled)

    def test_same_content_from_another_sender_is_not_held(self):
        self.registrant(ids={"UIN": "U-1"})
        self.reverse(self.process("death", {"UIN": "U-1"}))
        other = self.store(self.vital("death", {"UIN": "U-1"}), sender=self.other_sender)
        self.assertFalse(other.outcome)

    def test_event_that_is_not_applied_yet_is_taken_out(self):
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        self.run_due()
        self.assertError(event, "no_match")
        self.reverse(event)
        self.assertEqual(event.outcome, "reversed")
        ana = self.registrant(ids={"UIN": "U-1"})
        self.run_due()
        self.assertFalse(ana.disabled)

    def test_other_managers_are_told(self):
        other = new_test_user(
            self.env, login="crvs_manager_2", groups="spp_dci_client_crvs.group_crvs_manager"
        )
        self.registrant(ids={"UIN": "U-1"})
        event = self.process("death", {"UIN": "U-1"})
        self.reverse(event)
        told = event.activity_ids.user_id
        self.assertIn(other, told)
        self.assertNotIn(self.manager, told)

    def test_note_of_the_manager_stands_on_the_registrant(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.process("death", {"UIN": "U-1"})
        self.reverse(event, reason="Ana Test is alive")
        note = ana.message_ids[0]
        self.assertIn(event.name, note.body)
        self.assertEqual(note.author_id, self.manager.partner_id)
        self.assertNotIn("alive", note.body)
        note = event.message_ids[0]
        self.assertIn("undid", note.body)
        self.assertEqual(note.author_id, self.manager.partner_id)
        self.assertNotIn("alive", note.body)

    def test_a_reason_is_asked(self):
        event = self.process("death", {"UIN": "U-1"})
        with self.assertRaises(UserError):
            self.reverse(event, reason="  ")

    # ------------------------------------------------------------------
    # Another registrant
    # ------------------------------------------------------------------

    def test_event_of_another_registrant(self):
        wrong = self.registrant("Wrong", ids={"UIN": "U-1"})
        right = self.registrant("Right", ids={"BRN": "B-2"})
        membership = self.member(right)
        event = self.process("death", {"UIN": "U-1", "DRN": "D-1"}, date(2024, 5, 1))
        new = self.reassign(event, right)
        self.assertEqual((event.state, event.outcome), ("processed", "reassigned"))
        self.assertEqual((event.reassigned_to_id, new.reassigned_from_id), (new, event))
        self.assertFalse(wrong.disabled or wrong.death_date or self.numbers(wrong, "DRN"))
        self.assertOutcome(new, "applied")
        self.assertEqual(new.person_id, right)
        self.assertEqual(right.death_date, date(2024, 5, 1))
        self.assertEqual(self.numbers(right, "DRN"), ["D-1"])
        self.assertEqual(membership.state, "exited")
        self.assertEqual(new.raw_data, event.raw_data)
        # What the registry repeats is known.
        self.assertFalse(self.store(self.vital("death", {"UIN": "U-1", "DRN": "D-1"})))
        self.assertEqual(new.duplicate_count, 1)

    def test_event_is_not_given_to_whom_it_cannot_be_about(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        group = self.registrant("Household", is_group=True)
        contact = self.env["res.partner"].create({"name": "Contact"})
        event = self.process("death", {"UIN": "U-1"})
        for person in (ana, group, contact):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self.reassign(event, person)
        self.assertOutcome(event, "applied")

    def test_marriage_of_another_registrant_leaves_the_spouse_right(self):
        wrong = self.registrant("Wrong", ids={"UIN": "U-1"})
        spouse = self.registrant("Spouse", ids={"UIN": "U-2"})
        right = self.registrant("Right")
        event = self.process("marriage", {"UIN": "U-1", "MRN": "M-1"}, spouse={"UIN": "U-2"})
        new = self.reassign(event, right)
        self.assertOutcome(new, "applied")
        self.assertFalse(wrong.civil_status_id)
        for partner in (right, spouse):
            self.assertEqual(partner.civil_status_id, self.civil_status("M"))
            self.assertEqual(self.numbers(partner, "MRN"), ["M-1"])
