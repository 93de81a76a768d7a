"""Journeys through the screens in a real browser, as those make them whose work they are."""

import base64
import io
import os
import shutil
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path
from unittest import skipUnless
from unittest.mock import patch

from PIL import Image

from odoo import Command
from odoo.tests import HttpCase, tagged
from odoo.tests.common import ChromeBrowser

from ...models.trust.sender_key import parse_pem
from ..asking.test_check_payment import PaymentCase
from ..asking.test_connect import GuideCase
from ..asking.test_person_check import NUMBER, PersonCase
from ..event.test_to_do import ToDoCase
from ..helpers.callback import new_key, pem_of
from ..helpers.fake_registry import person
from .test_browser import BROWSERS, without_noise

#: `./dev pictures` sets it: the folder for a picture of how each journey ends.
PICTURES = "SPP_PICTURES"


@contextmanager
def pictured(path):
    """Keep a picture of few colours of what a tour ends with."""
    wait = ChromeBrowser._wait_code_ok

    def wait_and_look(browser, *args, **kwargs):
        wait(browser, *args, **kwargs)
        data = browser._websocket_request("Page.captureScreenshot")["data"]
        image = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
        image.quantize(256, dither=Image.Dither.NONE).save(path, "PNG", optimize=True)

    with patch.object(ChromeBrowser, "_wait_code_ok", wait_and_look):
        yield


@skipUnless(any(map(shutil.which, BROWSERS)), "no browser: install the package chromium")
class JourneyCase(HttpCase):
    browser_size = "1280x800"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        without_noise(cls.env)

    def journey(self, name, path, user):
        folder = os.environ.get(PICTURES)
        picture = Path(folder or "", f"journey-{name.replace('_', '-')}.png")
        with pictured(picture) if folder else nullcontext():
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

    def test_officer_reads_from_right_to_left(self):
        language = (
            self.env["res.lang"].with_context(active_test=False).search([("code", "=", "ar_001")])
        )
        self.env["base.language.install"].create({"lang_ids": language.ids}).lang_install()
        self.officer.lang = "ar_001"
        self.events.search([("standing", "in", self.events._to_decide())]).unlink()
        self.unmatched()
        self.flagged()
        self.journey("arabic", "/odoo/civil-registry", self.officer)

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
