from ast import literal_eval
from datetime import timedelta

import psycopg2
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import RegistryCase


@tagged("post_install", "-at_install")
class TestRegistrant(RegistryCase):
    def disable(self, partner):
        partner.write(
            {
                "disabled": "2024-12-01 10:00:00",
                "disabled_reason": "Death registered",
                "disabled_by": self.env.uid,
            }
        )

    def test_enable_registrant(self):
        self.disable(self.ana)
        notes = len(self.ana.message_ids)
        self.ana.with_user(self.officer).enable_registrant()
        self.assertFalse(self.ana.disabled)
        self.assertFalse(self.ana.disabled_reason)
        self.assertFalse(self.ana.disabled_by)
        self.assertEqual(len(self.ana.message_ids), notes + 1)
        self.assertEqual(self.ana.message_ids[0].author_id, self.officer.partner_id)

    def test_enable_leaves_enabled_ones_alone(self):
        notes = len(self.ben.message_ids)
        self.ben.enable_registrant()
        self.assertEqual(len(self.ben.message_ids), notes)

    def test_only_officers_enable(self):
        self.disable(self.ana)
        contacts = self.env.ref("base.group_partner_manager")
        contact_manager = self.viewer.copy({"login": "registry_contact_manager"})
        contact_manager.group_ids |= contacts
        for user in (self.plain_user, self.viewer, contact_manager):
            with self.assertRaises(AccessError):
                self.ana.with_user(user).enable_registrant()
        self.assertTrue(self.ana.disabled)
        with self.assertRaises(AccessError):
            self.ben.with_user(self.plain_user).enable_registrant()

    def test_contact_managers_change_contacts_but_no_registry_fields(self):
        self.plain_user.group_ids |= self.env.ref("base.group_partner_manager")
        ana = self.ana.with_user(self.plain_user)
        ana.write({"phone": "+000"})
        for vals in (
            {"birthdate": "2000-01-01"},
            {"disabled": False},
            {"is_registrant": False},
            {"reg_ids": [fields.Command.clear()]},
        ):
            with self.assertRaises(AccessError):
                ana.write(vals)
        with self.assertRaises(AccessError):
            ana.create({"name": "Made Up", "is_registrant": True})
        ana.create({"name": "A Contact"})

    def test_plain_users_read_contacts_without_their_ids(self):
        self.add_id(self.ana, self.national_id, "1000000001")
        ana = self.ana.with_user(self.plain_user)
        self.assertEqual(ana.name, "Ana Test")
        self.assertNotIn("reg_ids", ana.fields_get())
        with self.assertRaises(AccessError):
            ana.read(["reg_ids"])
        with self.assertRaises(AccessError):
            self.env["res.partner"].with_user(self.plain_user).search(
                [("reg_ids.value", "=", "1000000001")]
            )

    def test_name_from_its_parts(self):
        partner = self.env["res.partner"].create(
            {"is_registrant": True, "given_name": "Ada ", "family_name": "King"}
        )
        self.assertEqual(partner.name, "KING, ADA")
        partner.addl_name = "Augusta"
        self.assertEqual(partner.name, "KING, ADA AUGUSTA")
        partner.write({"family_name": False, "name": "Somebody Else"})
        self.assertEqual(partner.name, "ADA AUGUSTA")

    def test_only_individuals_are_named_after_parts(self):
        group = self.env["res.partner"].create(
            {"name": "House", "is_registrant": True, "is_group": True, "family_name": "King"}
        )
        self.assertEqual(group.name, "House")
        self.ana.given_name = False
        self.assertEqual(self.ana.name, "Ana Test")

    def test_registration_date(self):
        self.assertEqual(self.ana.registration_date, fields.Date.context_today(self.ana))
        contact = self.env["res.partner"].create({"name": "No Registrant"})
        self.assertFalse(contact.registration_date)
        contact.write({"is_registrant": True, "registration_date": "2020-02-02"})
        self.assertEqual(contact.registration_date, fields.Date.to_date("2020-02-02"))

    def test_dates_that_cannot_be(self):
        today = fields.Date.context_today(self.ana)
        self.ana.write({"birthdate": "2000-01-01", "registration_date": "2020-02-02"})
        for values in (
            {"birthdate": today + timedelta(days=1), "registration_date": False},
            {"registration_date": today + timedelta(days=1)},
            {"registration_date": "1999-12-31"},
            {"birthdate": "2020-02-03"},
        ):
            with self.assertRaises(ValidationError):
                self.ana.write(values)
        self.ana.birthdate = "2020-02-02"
        self.ana.registration_date = today

    def test_today_is_the_users(self):
        """At noon in UTC it is tomorrow already on Kiritimati."""
        with freeze_time("2026-03-04 12:00:00"):
            ana = self.ana.with_context(tz="Pacific/Kiritimati")
            ana.write({"birthdate": "2026-03-05", "registration_date": "2026-03-05"})
            with self.assertRaises(ValidationError):
                self.ana.with_context(tz="UTC").birthdate = "2026-03-05"

    def test_everybody_has_a_company(self):
        self.assertEqual(self.ana.company_id, self.env.company)
        with self.assertRaises(psycopg2.errors.NotNullViolation), mute_logger("odoo.sql_db"):
            self.ana.company_id = False
            self.env.flush_all()

    def test_officer_registers_a_person_in_the_form(self):
        partners = self.env["res.partner"].with_user(self.officer)
        form = Form(
            partners.with_context(default_is_registrant=True), "spp_registry.view_individuals_form"
        )
        form.given_name = "Ada"
        form.family_name = "King"
        self.assertEqual(form.name, "KING, ADA")
        form.birthdate = "1815-12-10"
        with form.reg_ids.new() as line:
            line.id_type_id = self.national_id
            line.value = "1000000009"
        partner = form.save()
        self.assertTrue(partner.is_registrant)
        self.assertEqual(partner.reg_ids.value, "1000000009")
        self.assertFalse(partner.reg_ids.status)

    def test_actions_tell_individuals_and_groups_apart(self):
        group = self.env["res.partner"].create(
            {"name": "A Household", "is_registrant": True, "is_group": True}
        )
        everybody = self.ana | group
        for xmlid, expected in (("action_individual", self.ana), ("action_group", group)):
            action = self.env["ir.actions.act_window"]._for_xml_id(f"spp_registry.{xmlid}")
            found = everybody.filtered_domain(literal_eval(action["domain"]))
            self.assertEqual(found, expected)

    def test_registry_fields_are_not_tracked(self):
        """Chatter is no place for birth dates and numbers of persons."""
        tracked = self.env["res.partner"]._track_get_fields()
        self.assertFalse(
            tracked & {"birthdate", "birth_place", "given_name", "family_name", "reg_ids"}
        )
