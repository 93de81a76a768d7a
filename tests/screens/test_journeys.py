"""Journeys through the screens in a real browser, as those make them whose work they are."""

import shutil
from datetime import date
from unittest import skipUnless

from odoo import Command
from odoo.tests import HttpCase, tagged

from ...models.trust.sender_key import parse_pem
from ..asking.test_check_payment import PaymentCase
from ..asking.test_connect import GuideCase
from ..asking.test_person_check import NUMBER, PersonCase
from ..event.test_to_do import ToDoCase
from ..helpers.callback import new_key, pem_of
from ..helpers.fake_registry import person
from .test_browser import BROWSERS, without_noise


@skipUnless(any(map(shutil.which, BROWSERS)), "no browser: install the package chromium")
class JourneyCase(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        without_noise(cls.env)

    def journey(self, name, path, user):
        self.start_tour(path, f"crvs_{name}", login=user.login, timeout=300)
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
        self.journey("morning", "/odoo/discuss", self.officer)
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

    def test_manager_ends_the_trust_in_a_stolen_key(self):
        key = parse_pem(pem_of(new_key()), "k")
        self.env["spp.dci.crvs.sender.key"].create(self.sender._key_values(key, self.env.cr.now()))
        self.events.with_context(active_test=False).search([]).unlink()
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.process("death", {"UIN": "U-1"}, date(2024, 5, 1))
        self.journey("stolen_key", f"/odoo/crvs-senders/{self.sender.id}", self.manager)
        self.assertFalse(self.sender.active)
        run = self.env["spp.dci.crvs.undo"].search([("sender_id", "=", self.sender.id)])
        self.assertEqual(run.started_by, self.manager)
        with self.enter_registry_test_mode():
            self.env.ref("spp_dci_client_crvs.ir_cron_undo_runs").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(event.outcome, "reversed")
        self.assertFalse(ana.disabled)


@tagged("post_install", "-at_install")
class TestPaymentJourneys(JourneyCase, PaymentCase):
    def test_officer_checks_a_programme_before_the_payment(self):
        self.source.crvs_is_default = True
        action = self.env.ref("spp_programs.action_program").id
        self.journey("check_payment", f"/odoo/action-{action}/{self.program.id}", self.officer)
        check = self.env["spp.dci.crvs.check"].search([("user_id", "=", self.officer.id)])
        self.work()
        self.assertEqual((check.state, check.dead_count), ("done", 1))
        self.journey("check_payment_results", f"/odoo/crvs-death-checks/{check.id}", self.officer)
        self.assertEqual(self.states(self.unknown), ["paused", "paused"])


@tagged("post_install", "-at_install")
class TestConnectJourney(JourneyCase, GuideCase):
    def test_manager_connects_a_registry(self):
        source = self.enter(self.guide()).data_source_id.sudo()
        source.answer_verification = "ignore"  # the fake registry does not sign its answers
        action = self.env.ref("spp_dci_client.action_spp_dci_data_source").id
        self.journey("connect", f"/odoo/action-{action}/{source.id}", self.manager)
        self.assertTrue(source.crvs_is_complete)
        subscriptions = self.env["spp.dci.crvs.subscription"].search(
            [("data_source_id", "=", source.id)]
        )
        self.assertEqual(set(subscriptions.mapped("state")), {"active"})


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
