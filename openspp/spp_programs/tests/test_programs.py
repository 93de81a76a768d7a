import psycopg2

from odoo.exceptions import AccessError
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestPrograms(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program = cls.env["spp.program"].create({"name": "Test Program"})
        cls.ana, cls.ben = cls.env["res.partner"].create(
            [
                {"name": "Ana Test", "is_registrant": True},
                {"name": "Ben Test", "is_registrant": True},
            ]
        )
        cls.membership = cls.env["spp.program.membership"].create(
            {"partner_id": cls.ana.id, "program_id": cls.program.id}
        )

    def test_starts_as_draft(self):
        self.assertEqual(self.membership.state, "draft")

    @mute_logger("odoo.sql_db")
    def test_one_membership_per_registrant_and_program(self):
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            self.membership.create({"partner_id": self.ana.id, "program_id": self.program.id})

    def test_delegates_to_the_registrant(self):
        self.assertEqual(self.membership.name, "Ana Test")
        self.ana.disabled = "2024-12-01 10:00:00"
        self.assertEqual(self.membership.disabled, self.ana.disabled)
        self.assertEqual(self.membership.state, "draft")
        self.membership.unlink()
        self.assertTrue(self.ana.exists())

    def test_membership_of_an_archived_registrant_is_archived_too(self):
        self.ana.active = False
        memberships = self.env["spp.program.membership"]
        found = [("partner_id", "=", self.ana.id)]
        self.assertFalse(memberships.search(found))
        self.assertTrue(memberships.with_context(active_test=False).search(found))

    def test_enrollment_date_follows_the_state(self):
        self.assertFalse(self.membership.enrollment_date)
        self.membership.state = "enrolled"
        enrolled = self.membership.enrollment_date
        self.assertTrue(enrolled)
        self.membership.state = "paused"
        self.assertEqual(self.membership.enrollment_date, enrolled)

    def test_counts_those_who_are_enrolled(self):
        self.assertEqual(self.program.enrolled_count, 0)
        self.membership.state = "enrolled"
        self.membership.create(
            {"partner_id": self.ben.id, "program_id": self.program.id, "state": "paused"}
        )
        self.assertEqual(self.program.enrolled_count, 1)
        action = self.program.action_open_memberships()
        found = self.env[action["res_model"]].search_count(action["domain"])
        self.assertEqual(found, 2)

    def test_rights(self):
        plain = new_test_user(self.env, "programs_plain", "base.group_user")
        viewer = new_test_user(self.env, "programs_viewer", "spp_registry.group_registry_viewer")
        officer = new_test_user(self.env, "programs_officer", "spp_programs.group_programs_officer")
        with self.assertRaises(AccessError):
            self.membership.with_user(plain).read(["state"])
        self.assertEqual(self.membership.with_user(viewer).state, "draft")
        with self.assertRaises(AccessError):
            self.membership.with_user(viewer).state = "enrolled"
        self.membership.with_user(officer).state = "enrolled"
        self.assertEqual(self.membership.state, "enrolled")

    def test_memberships_in_the_registrant_form(self):
        form = Form(self.ben, "spp_registry.view_individuals_form")
        with form.program_membership_ids.new() as line:
            line.program_id = self.program
            line.state = "enrolled"
        form.save()
        self.assertEqual(self.ben.program_membership_ids.program_id, self.program)
