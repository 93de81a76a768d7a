from datetime import date

from odoo.tests import tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestBirth(EventCase):
    def test_birth_date_and_brn(self):
        ana = self.registrant(
            ids={"UIN": "U-1"}, birthdate=date(2000, 1, 1), birthdate_not_exact=True
        )
        event = self.process("birth", {"UIN": "U-1", "BRN": "B-1"}, date(2000, 2, 3))
        self.assertOutcome(event, "applied")
        self.assertEqual(ana.birthdate, date(2000, 2, 3))
        self.assertFalse(ana.birthdate_not_exact)
        self.assertEqual(self.numbers(ana, "BRN"), ["B-1"])
        old = {c["field"]: c["old"] for c in event.changes if c.get("field")}
        self.assertEqual(old["birthdate"], "2000-01-01")

    def test_date_of_the_record_before_that_of_the_event(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        vital = self.vital(
            "birth",
            {"UIN": "U-1"},
            date(2000, 2, 3),
        )
        vital.raw["data"]["event_date"] = "2001-01-01"
        self.store(vital).process_event()
        self.assertEqual(ana.birthdate, date(2000, 2, 3))

    def test_date_of_the_event_when_the_record_has_none(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        vital = self.vital("birth", {"UIN": "U-1"}, None)
        vital.raw["data"]["event_date"] = "2001-01-01"
        self.store(vital).process_event()
        self.assertEqual(ana.birthdate, date(2001, 1, 1))

    def test_policy_flag_keeps_ours(self):
        self.source.birth_date_policy = "flag"
        ana = self.registrant(ids={"UIN": "U-1"}, birthdate=date(2000, 1, 1))
        event = self.process("birth", {"UIN": "U-1", "BRN": "B-1"}, date(2000, 2, 3))
        self.assertOutcome(event, "flagged")
        self.assertEqual(ana.birthdate, date(2000, 1, 1))
        self.assertEqual(self.numbers(ana, "BRN"), ["B-1"])

    def test_policy_flag_fills_what_is_empty(self):
        self.source.birth_date_policy = "flag"
        ana = self.registrant(ids={"UIN": "U-1"})
        self.assertOutcome(self.process("birth", {"UIN": "U-1"}, date(2000, 2, 3)), "applied")
        self.assertEqual(ana.birthdate, date(2000, 2, 3))

    def test_known_already_has_no_effect(self):
        ana = self.registrant(ids={"UIN": "U-1", "BRN": "B-1"}, birthdate=date(2000, 2, 3))
        event = self.process("birth", {"UIN": "U-1", "BRN": "B-1"}, date(2000, 2, 3))
        self.assertOutcome(event, "no_effect")
        self.assertEqual(len(ana.reg_ids), 2)

    def test_missing_id_type_is_flagged_and_the_rest_applied(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        self.code("BRN").code = "BIRTHNO"
        event = self.process("birth", {"UIN": "U-1", "BRN": "B-1"}, date(2000, 2, 3))
        self.assertOutcome(event, "flagged")
        self.assertEqual(ana.birthdate, date(2000, 2, 3))

    def test_time_zone_of_the_source_corrects_local_midnight_in_utc(self):
        self.source.crvs_timezone = "Asia/Manila"
        ana = self.registrant(ids={"UIN": "U-1"})
        self.process("birth", {"UIN": "U-1"}, "2000-02-02T16:00:00Z")
        self.assertEqual(ana.birthdate, date(2000, 2, 3))
