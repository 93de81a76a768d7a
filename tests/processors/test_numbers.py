from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestNumbers(EventCase):
    """What the registry of persons allows of the numbers and dates that events bring."""

    def local(self, code, pattern):
        """Give an ID type of ours a pattern."""
        id_type = self.code(code)
        id_type.id_validation = pattern
        return id_type

    def reverse(self, events):
        for event in events:
            event.with_user(self.manager).sudo()._reverse("Withdrawn", self.manager)
        self.env.invalidate_all()

    # ------------------------------------------------------------------
    # No status is alive
    # ------------------------------------------------------------------

    def test_number_entered_on_a_screen_is_not_taken_over_by_another(self):
        ana = self.registrant(ids={"UIN": "U-1", "BRN": "B-OLD"})
        self.assertFalse(any(ana.reg_ids.mapped("status")))
        event = self.process("birth", {"UIN": "U-1", "BRN": "B-NEW"}, date(2000, 2, 3))
        self.assertError(event, "ambiguous")
        self.assertEqual(self.numbers(ana, "BRN"), ["B-OLD"])

    def test_waiting_event_is_woken_by_a_number_without_status(self):
        event = self.process("death", {"UIN": "U-1"})
        self.assertError(event, "no_match")
        ana = self.registrant(ids={"UIN": "U-1"})
        self.run_due()
        self.assertEqual(event.person_id, ana)

    # ------------------------------------------------------------------
    # What does not fit
    # ------------------------------------------------------------------

    def test_number_that_does_not_fit_the_pattern_is_flagged_and_the_rest_applied(self):
        self.local("BRN", r"BRN-\d+")
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.process("birth", {"UIN": "U-1", "BRN": "2000/17"}, date(2000, 2, 3))
        self.assertOutcome(event, "flagged")
        self.assertEqual(ana.birthdate, date(2000, 2, 3))
        self.assertFalse(self.numbers(ana, "BRN"))
        self.assertIn("BRN", event.error_message)
        self.assertNotIn("2000/17", event.error_message)
        self.assertEqual([c["field"] for c in event.changes], ["birthdate"])
        self.assertNotIn("BRN", ana.message_ids[0].body)

    def test_number_that_does_not_fit_spoils_no_other_of_its_batch(self):
        self.local("BRN", r"BRN-\d+")
        ids = {f"U-{number}": self.registrant(ids={"UIN": f"U-{number}"}) for number in range(3)}
        events = self.store(
            *(
                self.vital("birth", {"UIN": uin, "BRN": value}, date(2000, 2, 3))
                for uin, value in zip(ids, ("BRN-1", "17", "BRN-3"), strict=True)
            )
        )
        self.run_due()
        self.assertEqual(events.mapped("outcome"), ["applied", "flagged", "applied"])
        self.assertEqual(
            [self.numbers(partner, "BRN") for partner in ids.values()], [["BRN-1"], [], ["BRN-3"]]
        )

    def test_older_number_stays_when_the_new_one_does_not_fit(self):
        self.local("MRN", r"MRN-\d+")
        ana = self.registrant(ids={"UIN": "U-1", "MRN": "MRN-1"})
        event = self.process("marriage", {"UIN": "U-1", "MRN": "2020/2"}, date(2020, 1, 1))
        self.assertOutcome(event, "flagged")
        self.assertEqual(self.numbers(ana, "MRN"), ["MRN-1"])
        self.assertFalse(self.numbers(ana, "MRN", invalid=True))
        self.reverse(event)
        self.assertEqual(self.numbers(ana, "MRN"), ["MRN-1"])

    def test_birth_after_the_registration_is_flagged(self):
        ana = self.registrant(
            ids={"UIN": "U-1"}, birthdate=date(2000, 1, 1), registration_date=date(2001, 6, 1)
        )
        event = self.process("birth", {"UIN": "U-1", "BRN": "B-1"}, date(2001, 6, 2))
        self.assertOutcome(event, "flagged")
        self.assertEqual(ana.birthdate, date(2000, 1, 1))
        self.assertEqual(self.numbers(ana, "BRN"), ["B-1"])
        self.assertIn("registered", event.error_message)

    def test_birth_on_the_day_of_the_registration_is_taken(self):
        ana = self.registrant(ids={"UIN": "U-1"}, registration_date=date(2001, 6, 1))
        self.assertOutcome(self.process("birth", {"UIN": "U-1"}, date(2001, 6, 1)), "applied")
        self.assertEqual(ana.birthdate, date(2001, 6, 1))

    def test_today_is_the_companys_for_the_base_modules_too(self):
        """At noon in UTC it is tomorrow already on Kiritimati."""
        self.env.ref("base.main_company").partner_id.tz = "Pacific/Kiritimati"
        with freeze_time("2026-03-04 12:00:00"):
            ana = self.registrant(ids={"UIN": "U-1"}, registration_date=False)
            event = self.process("birth", {"UIN": "U-1"}, date(2026, 3, 5))
        self.assertOutcome(event, "applied")
        self.assertEqual(ana.birthdate, date(2026, 3, 5))

    def test_any_other_rule_of_the_base_modules_is_an_invalid_that_nobody_retries(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        partners = type(self.env["res.partner"])
        write = partners.write

        def refuse(records, values):
            if "disabled" in values:
                raise ValidationError("Ana Test may not be disabled")
            return write(records, values)

        with patch.object(partners, "write", refuse):
            event = self.process("death", {"UIN": "U-1"})
        self.assertError(event, "invalid")
        self.assertFalse(event.next_attempt)
        self.assertNotIn("Ana", event.error_message)
        self.assertFalse(ana.disabled)

    # ------------------------------------------------------------------
    # Servers that keep one row per registrant and ID type
    # ------------------------------------------------------------------

    def keep_one_row_per_type(self):
        self.cr.execute(
            """
            DROP INDEX spp_registry_id_one_live_per_type;
            ALTER TABLE spp_registry_id ADD CONSTRAINT one_row UNIQUE (partner_id, id_type_id)
            """
        )

    def test_todays_servers_keep_the_older_number_as_invalid(self):
        self.assertFalse(self.env["spp.dci.crvs.processor"]._keeps_one_row_per_type())
        self.keep_one_row_per_type()
        self.assertTrue(self.env["spp.dci.crvs.processor"]._keeps_one_row_per_type())

    def test_later_marriage_rewrites_the_row(self):
        self.keep_one_row_per_type()
        ana = self.registrant(ids={"UIN": "U-1", "MRN": "M-0"})
        row = ana.reg_ids.filtered(lambda number: number.value == "M-0")
        event = self.process("marriage", {"UIN": "U-1", "MRN": "M-1"}, date(2020, 1, 1))
        self.assertOutcome(event, "applied")
        self.assertEqual((row.value, row.status), ("M-1", "valid"))
        self.assertEqual(row.verification_method, "dci_api")
        old = {c["field"]: c["old"] for c in event.changes if c["model"] == row._name}
        self.assertEqual((old["value"], old["status"]), ("M-0", False))
        self.assertIn("older MRN replaced", ana.message_ids[0].body)
        self.reverse(event)
        self.assertFalse(event.not_restored)
        self.assertEqual((row.value, row.status, row.verification_method), ("M-0", False, False))

    def test_invalid_number_is_rewritten_too(self):
        self.keep_one_row_per_type()
        ana = self.registrant(ids={"UIN": "U-1", "BRN": "B-0"})
        row = ana.reg_ids.filtered(lambda number: number.value == "B-0")
        row.status = "invalid"
        event = self.process("birth", {"UIN": "U-1", "BRN": "B-1"}, date(2000, 2, 3))
        self.assertOutcome(event, "applied")
        self.assertEqual((row.value, row.status), ("B-1", "valid"))
        self.reverse(event)
        self.assertEqual((row.value, row.status), ("B-0", "invalid"))

    def test_marriages_undone_in_any_order_leave_nothing(self):
        self.keep_one_row_per_type()
        for number, order in enumerate(([0, 1, 2], [0, 2, 1], [1, 0, 2], [2, 1, 0], [1, 2, 0])):
            ana = self.registrant(ids={"UIN": f"U-{number}"})
            marriages = [
                self.process(
                    "marriage",
                    {"UIN": f"U-{number}", "MRN": f"M-{number}-{year}"},
                    date(year, 1, 1),
                )
                for year in (2020, 2021, 2022)
            ]
            self.assertEqual(self.numbers(ana, "MRN"), [f"M-{number}-2022"])
            for position in order:
                self.reverse(marriages[position])
                self.assertFalse(marriages[position].not_restored, order)
            self.assertEqual(ana.reg_ids.mapped("value"), [f"U-{number}"], order)

    def test_rewritten_row_that_an_officer_changed_stays(self):
        self.keep_one_row_per_type()
        ana = self.registrant(ids={"UIN": "U-1", "MRN": "M-0"})
        event = self.process("marriage", {"UIN": "U-1", "MRN": "M-1"}, date(2020, 1, 1))
        row = ana.reg_ids.filtered(lambda number: number.value == "M-1")
        row.value = "M-9"
        self.reverse(event)
        self.assertEqual((row.value, row.status), ("M-9", "valid"))
        self.assertEqual([entry["model"] for entry in event.not_restored], [row._name])

    # ------------------------------------------------------------------
    # Putting back what the registry of persons would refuse
    # ------------------------------------------------------------------

    def test_undo_lists_what_cannot_be_put_back(self):
        ana = self.registrant(ids={"UIN": "U-1", "MRN": "M-0"})
        event = self.process("marriage", {"UIN": "U-1", "MRN": "M-1"}, date(2020, 1, 1))
        ana.reg_ids.filtered(lambda number: number.value == "M-1").status = "invalid"
        self.env["spp.registry.id"].create(
            {"partner_id": ana.id, "id_type_id": self.code("MRN").id, "value": "M-9"}
        )
        self.reverse(event)
        self.assertEqual(event.outcome, "reversed")
        self.assertEqual(self.numbers(ana, "MRN"), ["M-9"])
        self.assertEqual({entry["model"] for entry in event.not_restored}, {"spp.registry.id"})
