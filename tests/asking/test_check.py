"""Bulk death checks of registrants against the sandbox registry."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.spp_dci_client_crvs.const import ID_TYPE_NAMESPACE
from odoo.addons.spp_dci_client_crvs.services.asking.death_checks import DeathChecker
from odoo.addons.spp_dci_client_crvs.services.asking.verdicts import DeathFinding

from ...models.asking import check_run
from ..helpers.registry import SandboxCase

CRON = "spp_dci_client_crvs.ir_cron_checks"


class CheckCase(SandboxCase):
    sandbox_options = {"generate": 2100}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        codes = cls.env["spp.vocabulary.code"].search([("namespace_uri", "=", ID_TYPE_NAMESPACE)])
        cls.types = {code.code: code for code in codes}
        cls.env["spp.dci.crvs.check"].search([]).write({"state": "done"})

    def registrant(self, number, **identifiers):
        """Create the registrant of the n-th person of the registry; by default with the UIN."""
        identifiers = identifiers or {"UIN": str(800000000 + number)}
        return self.env["res.partner"].create(
            {
                "name": f"Registrant {number}",
                "is_registrant": True,
                "reg_ids": [
                    (0, 0, {"id_type_id": self.types[kind].id, "value": value})
                    for kind, value in identifiers.items()
                ],
            }
        )

    def start(self, partners, effect="events", source=None):
        """Start a run by the wizard."""
        wizard = (
            self.env["spp.dci.crvs.check.wizard"]
            .with_context(active_model="res.partner", active_ids=partners.ids)
            .create({"effect": effect, "data_source_id": (source or self.source).id})
        )
        self.assertEqual(wizard.count, len(partners))
        return self.env["spp.dci.crvs.check"].browse(wizard.action_start()["res_id"])

    def work(self):
        """Let the scheduler work."""
        with self.enter_registry_test_mode():
            self.env.ref(CRON).method_direct_trigger()
        self.env.invalidate_all()

    def results(self, check):
        """Return the result of each registrant, in order."""
        return check.line_ids.mapped("result")


@tagged("post_install", "-at_install")
class TestCheck(CheckCase):
    def setUp(self):
        super().setUp()
        self.source = self.standard_source()

    def test_a_run(self):
        partners = self.env["res.partner"].union(
            *(self.registrant(number) for number in (19, 20, 21)),
            self.registrant(0, UIN="1"),
            self.registrant(0, passport="P1"),
        )
        partners[4].reg_ids.unlink()
        check = self.start(partners)
        self.assertEqual((check.state, check.progress), ("running", 0))
        self.work()
        self.assertEqual(self.results(check), ["not_dead", "dead", "not_dead", "unknown", "failed"])
        self.assertIn("no valid ID", check.line_ids[4].reason)
        self.assertEqual((check.state, check.progress, check.dead_count), ("done", 100, 1))
        self.assertEqual((check.checked_count, check.unknown_count, check.failed_count), (5, 1, 1))
        line = check.line_ids[1]
        self.assertEqual(line.identifier_type, "UIN")
        self.assertTrue(line.death_date)
        event = line.event_id
        self.assertEqual((event.event_type, event.source), ("death", "search"))
        self.assertEqual(event.event_date, line.death_date)
        self.assertTrue(event.process_event())
        self.assertEqual(event.person_id, partners[1])
        self.assertTrue(partners[1].disabled)

    def test_more_deaths_than_the_limit_wait_for_a_manager(self):
        partners = self.env["res.partner"].union(*(self.registrant(n) for n in (20, 40, 60, 61)))
        self.source.crvs_sender_id.max_deaths_per_hour = 2
        check = self.start(partners)
        self.work()
        self.assertEqual(self.results(check), ["dead", "dead", "dead", "not_dead"])
        self.assertEqual((check.state, check.held_count), ("confirm", 3))
        events = check.line_ids.event_id
        self.assertEqual(set(events.mapped("hold_reason")), {"check"})
        self.assertIs(events[0].process_event(), False)
        officer = new_test_user(self.env, "apply_officer", "spp_dci_client_crvs.group_crvs_officer")
        check.user_id = officer
        with self.assertRaises(AccessError):
            check.with_user(officer).action_apply()
        self.assertIn("3 deaths are applied", check.action_apply()["params"]["message"])
        self.assertIn("No death", check.action_apply()["params"]["message"])
        check.invalidate_recordset()
        self.assertEqual((check.state, check.held_count), ("done", 0))
        for event in events:
            self.assertTrue(event.process_event())
        self.assertTrue(all(partners[:3].mapped("disabled")))
        with self.subTest("those known to be dead do not count"):
            again = self.start(partners)
            self.work()
            self.assertEqual(again.state, "done")

    def test_deaths_within_the_limit_are_applied_at_the_end(self):
        self.source.check_batch_size = 1
        partners = self.registrant(20) | self.registrant(21)
        check = self.start(partners)
        run = check_run._Run()
        check._process_batch(run)
        self.assertEqual((check.state, check.held_count), ("running", 1))
        check._process_batch(run)
        check._process_batch(run)
        check.invalidate_recordset()
        self.assertEqual((check.state, check.held_count), ("done", 0))
        self.assertTrue(check.line_ids.event_id.process_event())

    def test_registrant_who_breaks_down_does_not_stop_the_others(self):
        partners = self.env["res.partner"].union(*(self.registrant(n) for n in (19, 20, 21)))
        facts = check_run.held_facts

        def breaking(partner):
            if partner == partners[0]:
                raise ZeroDivisionError
            return facts(partner)

        self.patch(check_run, "held_facts", breaking)
        check = self.start(partners)
        with self.assertLogs("odoo.addons.spp_dci_client_crvs.models.asking.check_run") as logs:
            self.work()
        self.assertEqual(len(logs.output), 1)
        self.assertEqual(self.results(check), ["failed", "dead", "not_dead"])
        self.assertIn("ZeroDivisionError", check.line_ids[0].reason)
        self.assertEqual(check.state, "done")

    def test_the_same_death_is_one_event(self):
        partner = self.registrant(20)
        first, second = self.start(partner), self.start(partner)
        self.work()
        self.assertTrue(first.line_ids.event_id)
        self.assertEqual(first.line_ids.event_id, second.line_ids.event_id)

    def test_report_only(self):
        check = self.start(self.registrant(20), effect="report")
        events = self.env["spp.dci.crvs.event"].search_count([])
        self.work()
        self.assertEqual(self.results(check), ["dead"])
        self.assertFalse(check.line_ids.event_id)
        self.assertEqual(self.env["spp.dci.crvs.event"].search_count([]), events)

    def test_another_identifier_is_asked_by(self):
        partner = self.registrant(0, UIN="unknown-there", BRN="GBRN-0000040")
        check = self.start(partner, effect="report")
        self.work()
        self.assertEqual(self.results(check), ["dead"])
        self.assertEqual(check.line_ids.identifier_type, "BRN")

    def test_pause_and_resume(self):
        self.source.check_batch_size = 2
        partners = self.env["res.partner"].union(*(self.registrant(n) for n in range(1, 6)))
        check = self.start(partners)
        said = {}
        said["not paused"] = check.action_resume()
        said["Paused: it stops"] = check.action_pause()
        said["not running"] = check.action_pause()
        self.work()
        self.assertEqual(check.checked_count, 0)
        said["5 are left"] = check.action_resume()
        said["nobody to ask"] = check.action_rerun_failed()
        for part, action in said.items():
            self.assertIn(part, action["params"]["message"])
            self.assertEqual(action["params"]["type"] == "warning", "no" in part)
        self.work()
        self.assertEqual((check.checked_count, check.state), (5, "done"))

    def test_a_restart_goes_on_where_it_stopped(self):
        self.source.check_batch_size = 2
        partners = self.env["res.partner"].union(*(self.registrant(n) for n in range(1, 6)))
        check = self.start(partners)
        self.assertEqual(check._process_batch(check_run._Run()), 2)
        self.assertEqual(check.checked_count, 2)
        self.sandbox.admin("requests", method="DELETE")
        self.work()
        self.assertEqual((check.checked_count, check.state), (5, "done"))
        counters = self.sandbox.admin("requests")["counters"]
        searches = [row["count"] for row in counters if row["path"] == "/registry/sync/search"]
        self.assertEqual(searches, [2])

    def test_a_registry_that_is_down_pauses_the_run(self):
        self.source.write({"check_batch_size": 1, "timeout": 1})
        self.sandbox.admin("faults", {"kind": "error", "status": 400})
        partners = self.env["res.partner"].union(*(self.registrant(n) for n in range(1, 6)))
        check = self.start(partners)
        with self.assertLogs("odoo.addons.spp_dci_client_crvs.models.asking.check_run", "WARNING"):
            self.work()
        self.assertEqual(check.state, "paused")
        self.assertTrue(check.pause_reason)
        self.assertEqual(self.results(check), ["failed"] * 3 + ["waiting"] * 2)
        self.sandbox.admin("faults", method="DELETE")
        check.action_rerun_failed()
        self.work()
        self.assertEqual(self.results(check), ["not_dead"] * 5)

    def test_a_programme_and_a_saved_filter(self):
        if "spp.program" not in self.env:
            self.skipTest("spp_programs is not installed")
        partners = self.registrant(1) + self.registrant(2)
        program = self.env["spp.program"].create({"name": "Cash"})
        self.env["spp.program.membership"].create(
            [
                {"partner_id": partners[0].id, "program_id": program.id, "state": "enrolled"},
                {"partner_id": partners[1].id, "program_id": program.id, "state": "exited"},
            ]
        )
        wizards = self.env["spp.dci.crvs.check.wizard"]
        wizard = wizards.create({"scope": "program", "program": str(program.id)})
        self.assertEqual(wizard.count, 1)
        check = self.env["spp.dci.crvs.check"].browse(wizard.action_start()["res_id"])
        self.assertEqual(check.line_ids.partner_id, partners[0])
        self.assertEqual(check.selection, "Cash")
        saved = self.env["ir.filters"].create(
            {
                "name": "Two",
                "model_id": "res.partner",
                "domain": f"[('id', 'in', {partners.ids})]",
            }
        )
        wizard = wizards.create({"scope": "filter", "filter_id": saved.id})
        self.assertEqual(wizard.count, 2)
        saved.domain = "[('create_uid', '=', uid)]"
        with self.assertRaises(UserError):
            wizard.action_start()

    def test_access(self):
        officer, other, viewer, manager = (
            new_test_user(
                self.env,
                f"check-{name}",
                groups=f"base.group_user,spp_registry.group_registry_viewer,{group}",
            )
            for name, group in (
                ("officer", "spp_dci_client_crvs.group_crvs_officer"),
                ("other", "spp_dci_client_crvs.group_crvs_officer"),
                ("viewer", "spp_dci_client_crvs.group_crvs_viewer"),
                ("manager", "spp_dci_client_crvs.group_crvs_manager"),
            )
        )
        partner = self.registrant(1)
        self.env = self.env(user=officer)
        check = self.start(partner)
        self.assertEqual(check.user_id, officer)
        self.assertEqual(check.with_user(manager).line_ids.partner_id, partner)
        for name in ("action_pause", "action_resume", "action_rerun_failed"):
            for user in (other, viewer):
                with self.subTest(name), self.assertRaises(AccessError):
                    getattr(check.with_user(user), name)()
            self.assertTrue(getattr(check, name)())
        with self.assertRaises(AccessError):
            check.with_user(manager).write({"state": "done"})
        with self.assertRaises(AccessError):
            check.line_ids.with_user(manager).write({"result": "dead"})
        with self.assertRaises(AccessError):
            self.env["spp.dci.crvs.check.wizard"].with_user(viewer).create({})


@tagged("post_install", "-at_install")
class TestCheckOpenCRVS(CheckCase):
    def setUp(self):
        super().setUp()
        self.source = self.opencrvs_source()

    def test_every_identifier_is_asked_by(self):
        dead = self.registrant(0, UIN="X-0", national_id="800000040")
        check = self.start(dead + self.registrant(1))
        self.work()
        self.assertEqual(self.results(check), ["dead", "not_dead"])
        self.assertEqual(check.line_ids[0].identifier_type, "national_id")

    def test_a_record_of_somebody_else_is_not_hidden(self):
        # The register of deaths finds an entry by the BRN that does not bear the BRN.
        check = self.start(self.registrant(0, UIN="X-0", BRN="GBRN-0000040"))
        self.work()
        self.assertEqual(self.results(check), ["failed"])
        self.assertIn("do not bear this identifier", check.line_ids.reason)

    def test_no_life_hides_a_failure(self):
        check = self.start(self.registrant(0, UIN="X-0", BRN="X-1"))
        original = DeathChecker.ask_once

        def findings(checker, lookups):
            found = original(checker, lookups)
            failed = DeathFinding("failed", problem="not_ready")
            return found | {lookup: failed for lookup in lookups if lookup.id_type == "UIN"}

        with patch.object(DeathChecker, "ask_once", findings):
            # A failure alone ends the asking; beside another registrant's answer it does not.
            results = check._ask(check.line_ids)
            self.assertEqual(results[check.line_ids].status, "failed")
            other = self.start(self.registrant(0, UIN="X-0", BRN="b") + self.registrant(2, BRN="c"))
            statuses = [result.status for result in other._ask(other.line_ids).values()]
        self.assertEqual(statuses, ["failed", "not_dead"])
