from datetime import date
from itertools import permutations

from odoo.tests import tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestCivilStatus(EventCase):
    def test_marriage_and_divorce(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.process("marriage", {"UIN": "U-1", "MRN": "M-1"}, date(2020, 1, 1))
        self.assertOutcome(event, "applied")
        self.assertEqual(ana.civil_status_id, self.civil_status("M"))
        self.assertEqual(self.numbers(ana, "MRN"), ["M-1"])
        self.assertOutcome(self.process("divorce", {"UIN": "U-1"}, date(2021, 1, 1)), "applied")
        self.assertEqual(ana.civil_status_id, self.civil_status("D"))

    def test_the_second_of_a_couple_is_enough(self):
        """Some registries put the groom first, others the bride, and only one is ours."""
        ana = self.registrant(ids={"UIN": "U-2"})
        event = self.process(
            "marriage", {"UIN": "U-1", "MRN": "M-1"}, date(2020, 1, 1), spouse={"UIN": "U-2"}
        )
        self.assertEqual(event.person_id, ana)
        self.assertEqual(ana.civil_status_id, self.civil_status("M"))
        self.assertEqual(self.numbers(ana, "MRN"), ["M-1"])
        self.assertIn("spouse was not found", event.error_message)
        divorce = self.process("divorce", {"UIN": "U-1"}, date(2021, 1, 1), spouse={"UIN": "U-2"})
        self.assertEqual((divorce.person_id, divorce.outcome), (ana, "flagged"))
        self.assertEqual(ana.civil_status_id, self.civil_status("D"))

    def test_one_of_a_couple_without_numbers(self):
        ana = self.registrant(ids={"UIN": "U-2"})
        self.process("marriage", {}, date(2020, 1, 1), spouse={"UIN": "U-2"})
        self.assertEqual(ana.civil_status_id, self.civil_status("M"))

    def test_either_of_a_couple_is_waited_for(self):
        event = self.process("marriage", {"UIN": "U-1"}, date(2020, 1, 1), spouse={"UIN": "U-2"})
        self.assertError(event, "no_match")
        ana = self.registrant(ids={"UIN": "U-2"})
        self.run_due()
        self.assertEqual((event.person_id, event.state), (ana, "processed"))

    def test_a_spouse_of_other_events_identifies_nobody(self):
        ana = self.registrant(ids={"UIN": "U-2"})
        event = self.process("death", {"UIN": "U-1"}, spouse={"UIN": "U-2"})
        self.assertError(event, "no_match")
        self.assertFalse(ana.disabled)

    def test_opencrvs_names_one_of_the_couple_as_an_untyped_relation(self):
        ana = self.registrant(ids={"UIN": "U-2"})
        relation = {"identifier": [{"identifier_type": "UIN", "identifier_value": "U-2"}]}
        event = self.store(
            self.vital("marriage", {"UIN": "U-1", "MRN": "M-1"}, relations=[relation])
        )
        event.process_event()
        self.assertEqual((event.person_id, ana.civil_status_id), (ana, self.civil_status("M")))
        two = self.store(
            self.vital("marriage", {"UIN": "U-3", "MRN": "M-2"}, relations=[relation] * 2)
        )
        two.process_event()
        self.assertTrue(two.state)

    def test_old_marriage_after_a_divorce_changes_nothing_and_says_so(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        self.process("divorce", {"UIN": "U-1"}, date(2021, 1, 1))
        event = self.process("marriage", {"UIN": "U-1", "MRN": "M-1"}, date(2020, 1, 1))
        self.assertOutcome(event, "superseded")
        self.assertTrue(event.error_message)
        self.assertEqual(ana.civil_status_id, self.civil_status("D"))
        self.assertFalse(ana.reg_ids.filtered(lambda n: n.id_type_id.code == "MRN"))

    def test_any_order_of_arrival_ends_the_same(self):
        story = [
            ("marriage", date(2010, 1, 1)),
            ("divorce", date(2012, 1, 1)),
            ("marriage", date(2015, 1, 1)),
            ("divorce", date(2015, 1, 1)),
        ]
        for number, arrival in enumerate(permutations(story)):
            ana = self.registrant(ids={"UIN": f"P-{number}"})
            for event_type, day in arrival:
                self.process(event_type, {"UIN": f"P-{number}"}, day)
            self.assertEqual(ana.civil_status_id, self.civil_status("D"), arrival)

    def test_one_batch_is_applied_in_the_order_of_dates(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        events = self.store(
            self.vital("divorce", {"UIN": "U-1"}, date(2012, 1, 1)),
            self.vital("marriage", {"UIN": "U-1", "MRN": "M-2"}, date(2015, 1, 1)),
            self.vital("marriage", {"UIN": "U-1", "MRN": "M-1"}, date(2010, 1, 1)),
        )
        self.run_due()
        self.assertEqual(events.mapped("outcome"), ["applied"] * 3)
        self.assertEqual(ana.civil_status_id, self.civil_status("M"))
        self.assertEqual(self.numbers(ana, "MRN"), ["M-2"])
        self.assertEqual(self.numbers(ana, "MRN", invalid=True), ["M-1"])

    def test_later_marriage_sets_the_older_number_invalid(self):
        ana = self.registrant(ids={"UIN": "U-1", "MRN": "M-1"})
        self.process("marriage", {"UIN": "U-1", "MRN": "M-2"}, date(2020, 1, 1))
        self.assertEqual(self.numbers(ana, "MRN"), ["M-2"])
        self.assertEqual(self.numbers(ana, "MRN", invalid=True), ["M-1"])

    def test_marriage_number_of_a_stranger_is_flagged(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        self.registrant("Stranger", ids={"MRN": "M-1"})
        event = self.process("marriage", {"UIN": "U-1", "MRN": "M-1"})
        self.assertOutcome(event, "flagged")
        self.assertFalse(self.numbers(ana, "MRN"))
        self.assertEqual(ana.civil_status_id, self.civil_status("M"))

    def test_same_status_again_has_no_effect(self):
        self.registrant(ids={"UIN": "U-1"}, civil_status_id=self.civil_status("M").id)
        self.assertOutcome(self.process("marriage", {"UIN": "U-1"}), "no_effect")

    def test_spouse_gets_the_same(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        ben = self.registrant("Ben", ids={"UIN": "U-2"})
        event = self.process("marriage", {"UIN": "U-1", "MRN": "M-1"}, spouse={"UIN": "U-2"})
        self.assertOutcome(event, "applied")
        self.assertEqual(event.spouse_id, ben)
        for partner in (ana, ben):
            self.assertEqual(partner.civil_status_id, self.civil_status("M"))
            self.assertEqual(self.numbers(partner, "MRN"), ["M-1"])
        self.process("divorce", {"UIN": "U-2"}, date(2024, 6, 1), spouse={"UIN": "U-1"})
        for partner in (ana, ben):
            self.assertEqual(partner.civil_status_id, self.civil_status("D"))

    def test_old_news_for_the_spouse_alone_is_left_out(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        ben = self.registrant("Ben", ids={"UIN": "U-2"})
        self.process("divorce", {"UIN": "U-2"}, date(2024, 1, 1))
        self.process("marriage", {"UIN": "U-1"}, date(2023, 1, 1), spouse={"UIN": "U-2"})
        self.assertEqual(ana.civil_status_id, self.civil_status("M"))
        self.assertEqual(ben.civil_status_id, self.civil_status("D"))
        # What was not in force for the spouse does not count against later news either.
        self.process("marriage", {"UIN": "U-2"}, date(2024, 2, 1))
        self.assertEqual(ben.civil_status_id, self.civil_status("M"))

    def test_old_news_for_the_person_decides_for_the_spouse(self):
        self.registrant(ids={"UIN": "U-1"})
        ben = self.registrant("Ben", ids={"UIN": "U-2"})
        self.process("divorce", {"UIN": "U-1"}, date(2024, 1, 1))
        marriage = self.process(
            "marriage", {"UIN": "U-1", "MRN": "M-23"}, date(2023, 1, 1), spouse={"UIN": "U-2"}
        )
        self.assertOutcome(marriage, "superseded")
        self.assertEqual(self.numbers(ben, "MRN"), ["M-23"])
        older = self.process("marriage", {"UIN": "U-2", "MRN": "M-22"}, date(2022, 1, 1))
        self.assertOutcome(older, "superseded")
        self.assertEqual(self.numbers(ben, "MRN"), ["M-23"])

    def test_spouse_not_found_or_not_clear_is_flagged_no_error(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        self.assertOutcome(
            self.process("marriage", {"UIN": "U-1"}, spouse={"UIN": "U-X"}), "flagged"
        )
        self.assertEqual(ana.civil_status_id, self.civil_status("M"))
        cem = self.registrant("Cem", ids={"UIN": "U-3"})
        dan = self.registrant("Dan", ids={"BRN": "B-4"})
        event = self.process(
            "divorce", {"UIN": "U-1"}, date(2025, 1, 1), spouse={"UIN": "U-3", "BRN": "B-4"}
        )
        self.assertOutcome(event, "flagged")
        self.assertFalse(cem.civil_status_id or dan.civil_status_id)

    def test_registrant_named_as_the_own_spouse_is_flagged(self):
        ana = self.registrant(ids={"UIN": "U-1", "passport": "P-1"})
        event = self.process("marriage", {"UIN": "U-1"}, spouse={"passport": "P-1"})
        self.assertOutcome(event, "flagged")
        self.assertFalse(event.spouse_id)
        self.assertEqual(ana.civil_status_id, self.civil_status("M"))

    def test_death_is_final_for_later_marriages(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        self.process("death", {"UIN": "U-1"}, date(2024, 1, 1))
        event = self.process("marriage", {"UIN": "U-1", "MRN": "M-1"}, date(2024, 1, 2))
        self.assertOutcome(event, "flagged")
        self.assertFalse(event.changes or ana.civil_status_id)
        # One from before the death still counts.
        self.assertOutcome(self.process("marriage", {"UIN": "U-1"}, date(2023, 1, 1)), "applied")
        self.assertEqual(ana.civil_status_id, self.civil_status("M"))

    def test_death_without_date_is_final_too(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        self.process("death", {"UIN": "U-1"}, None)
        self.assertOutcome(self.process("marriage", {"UIN": "U-1"}), "flagged")
        self.assertFalse(ana.civil_status_id)

    def test_without_a_date_it_is_applied_and_flagged(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        self.assertOutcome(self.process("marriage", {"UIN": "U-1"}, None), "flagged")
        self.assertEqual(ana.civil_status_id.code, "M")

    def test_missing_civil_status_is_flagged(self):
        self.registrant(ids={"UIN": "U-1"})
        self.civil_status("M").with_context(install_mode=True).code = "X"
        event = self.process("marriage", {"UIN": "U-1", "MRN": "M-1"})
        self.assertOutcome(event, "flagged")
        self.assertEqual(self.numbers(event.person_id, "MRN"), ["M-1"])
