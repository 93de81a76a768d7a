from datetime import date

from odoo.tests import tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestChanges(EventCase):
    def test_manager_reads_what_a_death_changed(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        self.member(ana)
        event = self.process("death", {"UIN": "U-1", "DRN": "D-1"}, date(2024, 5, 1))
        lines = event.with_user(self.manager).changes_text.splitlines()
        self.assertIn("Ana Test: Date of Death was empty, is 2024-05-01", lines)
        number = self.code("DRN").display
        self.assertIn(f"Ana Test: new {number} D-1", lines)
        self.assertTrue(any("Status was Enrolled, is Exited" in line for line in lines), lines)

    def test_values_are_named(self):
        self.registrant(
            ids={"UIN": "U-1"},
            birthdate=date(2000, 1, 1),
            birthdate_not_exact=True,
            civil_status_id=self.civil_status("S").id,
        )
        birth = self.process("birth", {"UIN": "U-1"}, date(2000, 2, 1))
        self.assertIn("was 2000-01-01, is 2000-02-01", birth.changes_text)
        self.assertIn("was yes, is no", birth.changes_text)
        marriage = self.process("marriage", {"UIN": "U-1"})
        single, married = self.civil_status("S").display, self.civil_status("M").display
        self.assertIn(f"was {single}, is {married}", marriage.changes_text)

    def test_an_event_without_effect_has_no_lines(self):
        self.assertFalse(self.process("death", {"UIN": "U-2"}).changes_text)

    def test_what_was_deleted_since_is_left_out_of_the_line(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.process("death", {"UIN": "U-1", "DRN": "D-1"})
        ana.reg_ids.filtered(lambda number: number.value == "D-1").unlink()
        event.changes = [*event.changes, {"model": "gone.model", "id": 1, "field": "x"}]
        self.assertIn("Ana Test: new ID D-1", event.changes_text.splitlines())
        self.assertEqual(len(event.changes_text.splitlines()), len(event.changes) - 1)
