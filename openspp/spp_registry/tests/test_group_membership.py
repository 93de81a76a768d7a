from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from .common import RegistryCase


@tagged("post_install", "-at_install")
class TestGroupMembership(RegistryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.group = cls.env["res.partner"].create(
            {"name": "Test Household", "is_registrant": True, "is_group": True}
        )
        cls.head = cls.env["spp.vocabulary.code"].get_code(
            "urn:openspp:vocab:group-membership-type", "head"
        )
        cls.membership = cls.env["spp.group.membership"].create(
            {
                "group": cls.group.id,
                "individual": cls.ana.id,
                "membership_type_ids": cls.head.ids,
                "start_date": "2024-01-01 00:00:00",
            }
        )

    def test_both_sides_see_it(self):
        self.assertEqual(self.ana.individual_membership_ids, self.membership)
        self.assertEqual(self.group.group_membership_ids, self.membership)
        self.assertEqual(self.membership.membership_type_ids.code, "head")

    def test_ends(self):
        self.assertEqual((self.membership.is_ended, self.membership.status), (False, "active"))
        self.membership.ended_date = fields.Datetime.now()
        self.assertEqual((self.membership.is_ended, self.membership.status), (True, "inactive"))
        self.membership.ended_date = False
        self.assertEqual((self.membership.is_ended, self.membership.status), (False, "active"))

    def test_cannot_end_before_it_starts(self):
        with self.assertRaises(ValidationError):
            self.membership.ended_date = "2023-12-31 00:00:00"

    def test_once_at_a_time(self):
        again = {"group": self.group.id, "individual": self.ana.id}
        with self.assertRaises(ValidationError):
            self.env["spp.group.membership"].create(again)
        self.membership.ended_date = "2024-06-01 00:00:00"
        back = self.env["spp.group.membership"].create(again)
        with self.assertRaises(ValidationError):
            self.membership.ended_date = False
        back.active = False
        self.membership.ended_date = False

    def test_form_of_a_group_shows_its_members(self):
        form = Form(self.group.with_user(self.officer), "spp_registry.view_groups_form")
        self.assertEqual(form.group_membership_ids._records[0]["individual"], self.ana.id)
        with form.group_membership_ids.new() as line:
            line.individual = self.ben
        form.save()
        self.assertEqual(self.group.group_membership_ids.individual, self.ana | self.ben)

    def test_rights(self):
        with self.assertRaises(AccessError):
            self.membership.with_user(self.plain_user).read(["group"])
        self.assertEqual(self.membership.with_user(self.viewer).group, self.group)
        with self.assertRaises(AccessError):
            self.membership.with_user(self.viewer).ended_date = fields.Datetime.now()
        self.membership.with_user(self.officer).ended_date = fields.Datetime.now()
