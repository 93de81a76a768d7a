import json

from odoo.tests import tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestMatching(EventCase):
    def test_any_own_identifier_matches_not_the_first_alone(self):
        ana = self.registrant(ids={"BRN": "B-1"})
        event = self.process("death", {"DRN": "D-1", "passport": "P-9", "BRN": "B-1"})
        self.assertEqual(event.person_id, ana)
        self.assertEqual((event.identifier_type, event.identifier_value), ("BRN", "B-1"))

    def test_type_counts_not_the_value_alone(self):
        ana = self.registrant(ids={"passport": "SAME"})
        event = self.process("death", {"UIN": "SAME"})
        self.assertError(event, "no_match")
        self.assertFalse(ana.disabled)

    def test_code_of_the_type_in_any_case(self):
        ana = self.registrant(ids={"national_id": "N-1"})
        self.assertEqual(self.process("death", {"NATIONAL_ID": "N-1"}).person_id, ana)

    def test_archived_registrants_are_found(self):
        ana = self.registrant(ids={"UIN": "U-1"}, active=False)
        self.assertOutcome(self.process("death", {"UIN": "U-1"}), "applied")
        self.assertTrue(ana.disabled)

    def test_groups_and_contacts_are_not_registrants_meant(self):
        group = self.registrant("Household", ids={"UIN": "U-1"}, is_group=True)
        contact = self.registrant("Contact", ids={"UIN": "U-1"})
        contact.is_registrant = False
        self.assertError(self.process("death", {"UIN": "U-1"}), "no_match")
        self.assertFalse(group.disabled or contact.disabled)

    def test_invalid_identifiers_do_not_match(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        ana.reg_ids.status = "invalid"
        event = self.process("death", {"UIN": "U-1"})
        self.assertError(event, "no_match")
        self.assertEqual(event.error_message, "No matching person found in registry")

    def test_several_registrants_are_ambiguous(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        ben = self.registrant("Ben", ids={"BRN": "B-2"})
        event = self.process("death", {"UIN": "U-1", "BRN": "B-2"})
        self.assertError(event, "ambiguous")
        self.assertFalse(ana.disabled or ben.disabled)
        self.assertFalse(event.person_id or event.next_attempt)

    def test_other_lifelong_identifier_is_ambiguous(self):
        ana = self.registrant(ids={"UIN": "U-1", "BRN": "B-1"})
        event = self.process("death", {"UIN": "U-1", "BRN": "B-OTHER"})
        self.assertError(event, "ambiguous")
        self.assertIn("BRN", event.error_message)
        self.assertFalse(ana.disabled)

    def test_other_identifier_that_changes_in_life_is_not(self):
        self.registrant(ids={"UIN": "U-1", "passport": "P-1"})
        self.assertOutcome(self.process("death", {"UIN": "U-1", "passport": "P-2"}), "applied")

    def test_lifelong_identifier_that_is_invalid_is_no_contradiction(self):
        ana = self.registrant(ids={"UIN": "U-1", "BRN": "B-OLD"})
        ana.reg_ids.filtered(lambda n: n.value == "B-OLD").status = "invalid"
        self.assertOutcome(self.process("death", {"UIN": "U-1", "BRN": "B-1"}), "applied")

    def test_marriage_number_never_tells_who(self):
        ana = self.registrant(ids={"MRN": "M-1"})
        event = self.process("death", {"MRN": "M-1"})
        self.assertError(event, "no_match")
        self.assertFalse(ana.disabled)

    def test_parents_and_spouse_are_never_meant(self):
        mother = self.registrant("Mother", ids={"UIN": "U-M"})
        wife = self.registrant("Wife", ids={"UIN": "U-W"})
        event = self.store(
            self.vital(
                "death",
                {"UIN": "U-CHILD"},
                parent1_identifier={"identifier_type": "UIN", "identifier_value": "U-M"},
                spouse_identifier={"identifier_type": "UIN", "identifier_value": "U-W"},
            )
        )
        event.process_event()
        self.assertError(event, "no_match")
        self.assertFalse(mother.disabled or wife.disabled)

    def test_nobody_named_is_invalid(self):
        self.assertError(self.process("death", {}), "invalid")

    def test_unreadable_record_is_invalid_and_quotes_nothing(self):
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        raw = json.loads(event.raw_data)
        raw["data"]["reg_records"] = "Ana 31/31"
        event.raw_data = json.dumps(raw)
        event.process_event()
        self.assertError(event, "invalid")
        self.assertNotIn("31/31", event.error_message)

    def test_sender_speaks_only_for_what_it_may(self):
        ana = self.registrant(ids={"UIN": "U-1", "BRN": "B-1"})
        self.sender.allow_death = False
        event = self.process("death", {"UIN": "U-1"})
        self.assertError(event, "invalid")
        self.sender.allow_death = True
        self.sender.allowed_identifier_types = self.code("BRN")
        self.assertError(self.process("death", {"UIN": "U-1"}, "2024-05-02"), "no_match")
        self.assertFalse(ana.disabled)
        self.assertOutcome(self.process("death", {"UIN": "U-1", "BRN": "B-1"}), "applied")

    def test_what_a_sender_may_not_name_still_tells_that_somebody_is_not_meant(self):
        ana = self.registrant(ids={"UIN": "U-1", "BRN": "B-1"})
        self.sender.allowed_identifier_types = self.code("BRN")
        self.assertError(self.process("death", {"UIN": "U-2", "BRN": "B-1"}), "ambiguous")
        self.assertFalse(ana.disabled)

    def test_registry_that_sends_the_uin_as_nid_is_understood(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.process("death", {"NID": "U-1"})
        self.assertOutcome(event, "applied")
        self.assertEqual((event.person_id, event.identifier_type), (ana, "NID"))
        # It contradicts a registrant who has another national number, whatever its name.
        ben = self.registrant("Ben", ids={"UIN": "U-2", "BRN": "B-2"})
        self.assertError(self.process("death", {"NID": "U-9", "BRN": "B-2"}), "ambiguous")
        self.assertFalse(ben.disabled)

    def test_batch_matches_in_as_many_queries_as_one_event(self):
        def count(number):
            self.store(*(self.vital("death", {"UIN": f"Q{number}-{i}"}) for i in range(number)))
            for index in range(number):
                self.registrant(ids={"UIN": f"Q{number}-{index}"})
            self.env.flush_all()
            self.env.invalidate_all()
            events = self.events._as_processor()._claim(1000)
            before = self.env.cr.sql_log_count
            events._process_batch()
            self.env.flush_all()
            self.assertEqual(set(events.mapped("outcome")), {"applied"})
            return self.env.cr.sql_log_count - before

        count(1)  # fills the caches of the registry
        self.assertLessEqual(count(40), count(2) + 4)
