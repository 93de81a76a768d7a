"""Bulk death checks as users meet them: the wizard's form, results, and what breaks down."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .test_check import CheckCase

LOGGER = "odoo.addons.spp_dci_client_crvs.models.asking.check_run"


@tagged("post_install", "-at_install")
class TestCheckForms(CheckCase):
    def setUp(self):
        super().setUp()
        self.source = self.standard_source()
        self.partners = self.env["res.partner"].union(
            *(self.registrant(number) for number in (19, 20, 21))
        )
        self.group = self.env["res.partner"].create(
            {"name": "A Household", "is_registrant": True, "is_group": True}
        )
        groups = "base.group_user,spp_registry.group_registry_viewer"
        self.officer = new_test_user(
            self.env,
            "check-form-officer",
            groups=f"{groups},spp_dci_client_crvs.group_crvs_officer,base.group_allow_export",
        )

    def form(self, **context):
        """Open the wizard as an officer does."""
        wizards = self.env["spp.dci.crvs.check.wizard"].with_user(self.officer)
        form = Form(wizards.with_context(**context))
        form.data_source_id = self.source
        return form

    def begin(self, form):
        """Press Start; return the run, as an officer sees it."""
        action = form.save().action_start()
        return self.env[action["res_model"]].with_user(self.officer).browse(action["res_id"])

    def selected(self):
        """Return the form as opened from the list of registrants."""
        chosen = self.partners + self.group
        return self.form(active_model="res.partner", active_ids=chosen.ids)

    def test_from_the_list_of_registrants(self):
        form = self.selected()
        self.assertEqual((form.scope, form.effect, form.count), ("selected", "events", 3))
        check = self.begin(form)
        self.assertEqual(check.line_ids.partner_id, self.partners)
        self.assertEqual(check.user_id, self.officer)
        self.work()
        run = Form(check)
        self.assertEqual((run.progress, run.state, run.dead_count), (100, "done", 1))

    def test_a_programme(self):
        if "spp.program" not in self.env:
            self.skipTest("spp_programs is not installed")
        program = self.env["spp.program"].create({"name": "Cash"})
        memberships = self.env["spp.program.membership"]
        for partner, state in zip(self.partners, ("enrolled", "paused", "exited"), strict=True):
            memberships.create({"partner_id": partner.id, "program_id": program.id, "state": state})
        self.officer.group_ids += self.env.ref("spp_programs.group_programs_officer")
        form = self.form()
        form.scope = "program"
        with self.assertRaisesRegex(AssertionError, "program is a required field"):
            form.save()
        form.program = str(program.id)
        self.assertEqual(form.count, 2)
        self.assertEqual(self.begin(form).line_ids.partner_id, self.partners[:2])

    def test_a_saved_filter(self):
        saved = self.env["ir.filters"].create(
            {
                "name": "Two",
                "model_id": "res.partner",
                "domain": f"[('id', 'in', {(self.partners[1:] + self.group).ids})]",
                "user_ids": [(6, 0, self.officer.ids)],
            }
        )
        form = self.form()
        form.scope = "filter"
        with self.assertRaisesRegex(AssertionError, "filter_id is a required field"):
            form.save()
        form.filter_id = saved
        self.assertEqual(form.count, 2)
        check = self.begin(form)
        self.assertEqual(check.line_ids.partner_id, self.partners[1:])
        self.assertEqual(check.selection, "Two")

    def test_a_filter_on_something_else(self):
        saved = self.env["ir.filters"].create(
            {"name": "Users", "model_id": "res.users", "domain": "[]"}
        )
        form = self.form()
        form.scope = "filter"
        with self.assertRaisesRegex(UserError, "saved on registrants"):
            form.filter_id = saved

    def test_nobody(self):
        form = self.form(active_model="res.partner", active_ids=self.group.ids)
        self.assertEqual(form.count, 0)
        with self.assertRaisesRegex(UserError, "no individual"):
            form.save().action_start()

    def test_results_are_exported(self):
        check = self.begin(self.selected())
        self.work()
        lines = self.env["spp.dci.crvs.check.line"].with_user(self.officer)
        lines = lines.search(check.action_view_results()["domain"])
        columns = ["partner_id", "identifier_type", "result", "death_date", "reason"]
        rows = lines.export_data(columns)["datas"]
        self.assertEqual([row[2] for row in rows], ["Not Dead", "Dead", "Not Dead"])
        self.assertEqual([row[0] for row in rows], self.partners.mapped("display_name"))
        self.assertEqual([bool(row[3]) for row in rows], [False, True, False])
        stranger = new_test_user(
            self.env,
            "check-form-stranger",
            groups="base.group_allow_export,spp_dci_client_crvs.group_crvs_viewer",
        )
        with self.assertRaises(AccessError):
            lines.with_user(stranger).export_data(columns)

    def test_only_failures_are_asked_about_again(self):
        self.partners[2].reg_ids.status = "invalid"
        check = self.begin(self.selected())
        self.work()
        self.assertEqual(self.results(check), ["not_dead", "dead", "failed"])
        before = check.line_ids.mapped("checked_date")
        self.partners[2].reg_ids.status = "valid"
        self.sandbox.admin("requests", method="DELETE")
        check.action_rerun_failed()
        self.assertEqual((check.state, check.checked_count), ("running", 2))
        self.work()
        self.assertEqual(self.results(check), ["not_dead", "dead", "not_dead"])
        self.assertEqual(check.line_ids.mapped("checked_date")[:2], before[:2])
        asked = [
            item["search_criteria"]["query"]["value"]
            for row in self.sandbox.admin("requests")["last"]
            if row["path"] == "/registry/sync/search"
            for item in row["body"]["message"]["search_request"]
        ]
        self.assertEqual(asked, ["800000021"])

    def test_a_run_that_breaks_down_keeps_no_other_waiting(self):
        broken, other = self.begin(self.selected()), self.begin(self.selected())
        original = type(broken)._process_batch

        def process_batch(check, run):
            if check.id == broken.id:
                raise ValueError("something about 800000020")
            return original(check, run)

        with (
            patch.object(type(broken), "_process_batch", process_batch),
            self.assertLogs(LOGGER, "WARNING") as logs,
        ):
            self.work()
        self.assertEqual((broken.state, other.state), ("paused", "done"))
        self.assertIn("ValueError", broken.pause_reason)
        self.assertNotIn("800000020", broken.pause_reason + str(logs.output))
        broken.action_resume()
        self.work()
        self.assertEqual(broken.state, "done")
