"""Journeys through the screens in a real browser, as those make them whose work they are."""

import shutil
from datetime import date
from unittest import skipUnless

from odoo import Command
from odoo.tests import HttpCase, tagged

from ..asking.test_person_check import NUMBER, PersonCase
from ..event.test_to_do import ToDoCase
from ..helpers.fake_registry import person
from .test_browser import BROWSERS, without_noise


@skipUnless(any(map(shutil.which, BROWSERS)), "no browser: install the package chromium")
class JourneyCase(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        without_noise(cls.env)

    def journey(self, name, path, user):
        self.start_tour(path, f"crvs_{name}", login=user.login)
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestEventJourneys(JourneyCase, ToDoCase):
    def test_officer_empties_the_morning_list(self):
        self.events.search([("standing", "in", self.events._to_decide())]).unlink()
        right, wrong = (
            self.registrant(name, ids={"UIN": "TWICE"}, birthdate=born)
            for name, born in (("Ana Right", date(1950, 2, 3)), ("Anna Wrong", date(1971, 1, 2)))
        )
        unclear = self.process("death", {"UIN": "TWICE"}, date.today(), birth_date="1950-02-03")
        events = unclear | self.flagged() | self.unmatched()
        self.journey("morning", "/odoo/crvs-events", self.officer)
        self.assertEqual(events.mapped("standing"), ["applied", "reviewed", "set_aside"])
        self.assertTrue(right.disabled)
        self.assertFalse(wrong.disabled)

    def test_manager_undoes_a_death(self):
        self.events.with_context(active_test=False).search([]).unlink()
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.process("death", {"UIN": "U-1"}, date(2024, 5, 1))
        self.assertTrue(ana.disabled)
        self.journey("undo", "/odoo/crvs-events", self.manager)
        self.assertEqual((event.outcome, event.undone_by), ("reversed", self.manager))
        self.assertFalse(ana.disabled)


@tagged("post_install", "-at_install")
class TestRegistrantJourneys(JourneyCase, PersonCase):
    def test_officer_verifies_a_birth(self):
        self.ana.reg_ids = [
            Command.create({"id_type_id": self.code("birth_certificate").id, "value": "B-1"})
        ]
        certificate = self.ana.reg_ids.filtered(lambda number: number.value == "B-1")
        self.says(person("B-1", "BRN"))
        self.journey(
            "verify_birth",
            f"/odoo/action-spp_registry.action_individual/{self.ana.id}",
            self.officer,
        )
        self.assertEqual(certificate.verification_method, "dci_api")
        self.assertTrue(self.ana.reg_ids.filtered(lambda number: number.value == NUMBER))
