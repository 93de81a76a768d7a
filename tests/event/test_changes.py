from datetime import date

from lxml import html

from odoo.tests import new_test_user, tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestChanges(EventCase):
    def rows(self, event, user=None):
        """Return the cells of the table of changes, row by row."""
        table = event.with_user(user or self.manager).changes_table
        if not table:
            return []
        body = html.fromstring(table).iterfind(".//tbody/tr")
        return [[cell.text or "" for cell in row] for row in body]

    def death(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        self.member(ana)
        return self.process("death", {"UIN": "U-1", "DRN": "D-1234567"}, date(2024, 5, 1))

    def test_what_a_death_changed(self):
        event = self.death()
        auditor = new_test_user(
            self.env, "auditor", groups="spp_dci_client_crvs.group_crvs_auditor"
        )
        for user in (self.officer, self.manager, auditor):
            rows = self.rows(event, user)
            self.assertIn(["Ana Test", "Date of Death", "", "2024-05-01"], rows)
            self.assertIn(["Ana Test", self.code("DRN").display, "", "D-1234567"], rows)
            self.assertTrue(any(row[1:] == ["Status", "Enrolled", "Exited"] for row in rows), rows)

    def test_viewers_read_what_changed_and_not_the_values(self):
        rows = self.rows(self.death(), self.viewer)
        self.assertIn(["Ana Test", "Date of Death", "", "•••01"], rows)
        self.assertIn(["Ana Test", self.code("DRN").display, "", "•••67"], rows)

    def test_values_are_named(self):
        self.registrant(
            ids={"UIN": "U-1"},
            birthdate=date(2000, 1, 1),
            birthdate_not_exact=True,
            civil_status_id=self.civil_status("S").id,
        )
        birth = self.process("birth", {"UIN": "U-1"}, date(2000, 2, 1))
        cells = [row[2:] for row in self.rows(birth)]
        self.assertIn(["2000-01-01", "2000-02-01"], cells)
        self.assertIn(["yes", "no"], cells)
        marriage = self.process("marriage", {"UIN": "U-1"})
        single, married = self.civil_status("S").display, self.civil_status("M").display
        self.assertIn([single, married], [row[2:] for row in self.rows(marriage)])

    def test_an_event_without_effect_has_no_rows(self):
        self.assertFalse(self.process("death", {"UIN": "U-2"}).changes_table)

    def test_what_was_deleted_since_is_left_out(self):
        event = self.death()
        event.person_id.reg_ids.filtered(lambda number: number.value == "D-1234567").unlink()
        event.changes = [*event.changes, {"model": "gone.model", "id": 1, "field": "x"}]
        rows = self.rows(event)
        self.assertIn(["Ana Test", "ID", "", "D-1234567"], rows)
        self.assertEqual(len(rows), len(event.changes) - 1)
