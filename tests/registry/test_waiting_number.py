"""Adding an identifier that a vital event waits for: asked first, and told afterwards."""

from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from ..helpers.events import EventCase

KEEPER = "base.group_partner_manager,spp_registry.group_registry_officer"


@tagged("post_install", "-at_install")
class TestWaitingNumber(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper = new_test_user(cls.env, "wait_keeper", KEEPER)
        cls.officer.group_ids += cls.keeper.group_ids
        cls.ana = cls.env["res.partner"].create({"name": "Ana Wait", "is_registrant": True})

    def setUp(self):
        super().setUp()
        self.death = self.process("death", {"UIN": "W-1"})
        self.assertError(self.death, "no_match")
        self.sent = []
        self.startPatcher(
            patch.object(
                type(self.env["bus.bus"]),
                "_sendone",
                lambda _bus, target, kind, message: self.sent.append((target, kind, message)),
            )
        )

    def told(self, user):
        """Return the messages shown on a user's screen."""
        return [
            message
            for target, kind, message in self.sent
            if kind == "simple_notification" and target == user.partner_id
        ]

    def warning(self, user, value="W-1", code="UIN", number=None, **values):
        """Type a number in a row of the registrant's form; return the warning."""
        number = (number or self.env["spp.registry.id"]).with_user(user)
        values = {
            "partner_id": self.ana.id,
            "id_type_id": self.code(code).id,
            "value": value,
            "status": False,
            **values,
        }
        spec = {name: {} for name in values}
        return number.onchange(values, ["value"], spec).get("warning", {}).get("message", "")

    def test_asked_first(self):
        text = self.warning(self.officer)
        self.assertIn("A death waits for this number", text)
        self.assertIn("do not save", text)
        self.assertIn("A death waits", self.warning(self.officer, " Ｗ-1 "))

    def test_several_kinds(self):
        self.process("birth", {"UIN": "W-1"})
        text = self.warning(self.officer)
        self.assertIn("A death waits", text)
        self.assertIn("A birth waits", text)

    def test_who_is_not_in_our_groups_learns_no_kind(self):
        text = self.warning(self.keeper)
        self.assertIn("has reported something", text)
        self.assertNotIn("death", text.lower())

    def test_who_may_not_add_identifiers_learns_nothing(self):
        with self.assertRaises(AccessError):
            self.warning(self.viewer)

    def test_nothing_waits(self):
        for values in (
            {"value": "W-2"},
            {"value": ""},
            {"code": "passport"},
            {"status": "invalid"},
        ):
            with self.subTest(values):
                self.assertFalse(self.warning(self.officer, **values))
        ben = self.registrant("Ben", ids={"UIN": "W-1"})
        with self.subTest("a number that stays the same"):
            self.assertFalse(self.warning(self.officer, number=ben.reg_ids))
        self.run_due()
        self.assertOutcome(self.death, "applied")
        with self.subTest("it waits no more"):
            self.assertFalse(self.warning(self.officer))

    def test_the_rows_of_the_form_ask(self):
        view = self.env.ref("spp_registry.view_individuals_form")
        form = Form(self.ana.with_user(self.officer), view)
        with self.assertLogs("odoo.tests.form", "WARNING") as logs, form.reg_ids.new() as row:
            row.id_type_id = self.code("UIN")
            row.value = "W-1"
        self.assertIn("A death waits", logs.output[0])
        form.save()
        self.assertEqual(self.death.identifier_added_by, self.officer)

    def add(self, user):
        self.ana.with_user(user).reg_ids = [
            (0, 0, {"id_type_id": self.code("UIN").id, "value": "W-1"})
        ]

    def test_result_is_told(self):
        self.add(self.officer)
        self.assertFalse(self.told(self.officer))
        self.run_due()
        self.assertOutcome(self.death, "applied")
        (message,) = self.told(self.officer)
        self.assertEqual(message["type"], "success")
        self.assertIn(self.death.name, message["message"])
        self.assertIn("Applied", message["message"])
        self.assertNotIn("W-1", message["message"])
        self.assertFalse(self.death.identifier_added_by)
        with self.subTest("once"):
            self.death._as_processor()._reconsider()
            self.run_due()
            self.assertEqual(len(self.told(self.officer)), 1)

    def test_it_did_not_help(self):
        self.registrant("Twin", ids={"UIN": "W-1"})
        self.add(self.officer)
        self.run_due()
        self.assertError(self.death, "ambiguous")
        (message,) = self.told(self.officer)
        self.assertEqual(message["type"], "warning")
        self.assertIn("Not clear who", message["message"])
        self.assertIn(self.death.error_message, message["message"])

    def test_who_is_not_in_our_groups_is_told_to_look(self):
        self.add(self.keeper)
        self.run_due()
        (message,) = self.told(self.keeper)
        self.assertIn("Open the registrant again", message["message"])
        self.assertNotIn("eath", message["message"])

    def test_technical_users_are_not_told(self):
        self.env["spp.registry.id"].with_user(self.processor_user).sudo().create(
            {"partner_id": self.ana.id, "id_type_id": self.code("UIN").id, "value": "W-1"}
        )
        self.assertLessEqual(self.death.next_attempt, fields.Datetime.now())
        self.assertFalse(self.death.identifier_added_by)
