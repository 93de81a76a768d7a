import psycopg2

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestCycles(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program = cls.env["spp.program"].create({"name": "Test Program"})
        cls.cycle = cls.env["spp.cycle"].create({"name": "One", "program_id": cls.program.id})
        cls.ana, cls.household = cls.env["res.partner"].create(
            [
                {"name": "Ana Test", "is_registrant": True},
                {"name": "A Household", "is_registrant": True, "is_group": True},
            ]
        )
        cls.membership = cls.env["spp.cycle.membership"].create(
            {"partner_id": cls.ana.id, "cycle_id": cls.cycle.id}
        )

    def entitlement(self, partner=None, **vals):
        return self.env["spp.entitlement"].create(
            {
                "partner_id": (partner or self.ana).id,
                "cycle_id": self.cycle.id,
                "initial_amount": 10,
                **vals,
            }
        )

    def test_individuals_and_groups_benefit(self):
        for partner in (self.ana, self.household):
            entitlement = self.entitlement(partner)
            self.assertEqual(entitlement.program_id, self.program)
            self.assertEqual(entitlement.state, "draft")

    @mute_logger("odoo.sql_db")
    def test_once_in_a_cycle(self):
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            self.membership.copy()

    @mute_logger("odoo.sql_db")
    def test_amount_is_required(self):
        vals = {"partner_id": self.ana.id, "cycle_id": self.cycle.id}
        with self.assertRaises(psycopg2.errors.NotNullViolation), self.cr.savepoint():
            self.env["spp.entitlement"].create(vals)

    def test_only_drafts_are_deleted(self):
        for state, _label in self.env["spp.entitlement"]._fields["state"].selection:
            entitlement = self.entitlement(state=state)
            if state == "draft":
                entitlement.unlink()
            else:
                with self.assertRaises(ValidationError):
                    entitlement.unlink()

    def test_rights(self):
        entitlement = self.entitlement()
        plain = new_test_user(self.env, "cycles_plain", "base.group_user")
        viewer = new_test_user(self.env, "cycles_viewer", "spp_registry.group_registry_viewer")
        officer = new_test_user(self.env, "cycles_officer", "spp_programs.group_programs_officer")
        for record in (self.cycle, self.membership, entitlement):
            with self.assertRaises(AccessError):
                record.with_user(plain).read(["state"])
            self.assertEqual(record.with_user(viewer).state, "draft")
            with self.assertRaises(AccessError):
                record.with_user(viewer).state = "cancelled"
            record.with_user(officer).state = record.state
