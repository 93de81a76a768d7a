"""Before a payment: checking a programme, a cycle or members, and what follows from the results."""

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .test_check import CheckCase

GROUPS = "base.group_user,spp_registry.group_registry_viewer,base.group_allow_export"
OFFICER = "spp_dci_client_crvs.group_crvs_officer"


class PaymentCase(CheckCase):
    """A programme with a cycle, and people who are alive, dead, unknown, and without a number.

    Of its household one member lives there, one is dead already, and one left.
    """

    def setUp(self):
        super().setUp()
        if "spp.cycle" not in self.env:
            self.skipTest("spp_programs is not installed")
        self.source = self.standard_source()
        self.alive, self.dead = self.registrant(19), self.registrant(20)
        self.unknown, self.numberless = self.registrant(0, UIN="1"), self.registrant(0, UIN="2")
        self.numberless.reg_ids.status = "invalid"
        self.members = self.alive + self.dead + self.unknown + self.numberless
        self.child, self.late, self.gone = (self.registrant(n) for n in (21, 22, 23))
        self.late.death_date = "2020-01-01"
        self.household = self.env["res.partner"].create(
            {"name": "Household", "is_registrant": True, "is_group": True}
        )
        for person in self.child + self.late + self.gone:
            self.env["spp.group.membership"].create(
                {"group": self.household.id, "individual": person.id, "start_date": "2020-01-01"}
            )
        self.env["spp.group.membership"].search(
            [("individual", "=", self.gone.id)]
        ).ended_date = "2021-01-01"
        self.program = self.env["spp.program"].create({"name": "Cash"})
        self.cycle = self.env["spp.cycle"].create({"name": "May", "program_id": self.program.id})
        self.drafted = self.registrant(24)
        for person in self.members + self.household + self.drafted:
            state = "draft" if person == self.drafted else "enrolled"
            self.env["spp.program.membership"].create(
                {"partner_id": person.id, "program_id": self.program.id, "state": state}
            )
            self.env["spp.cycle.membership"].create(
                {"partner_id": person.id, "cycle_id": self.cycle.id, "state": state}
            )
        self.officer = new_test_user(
            self.env, "pay-officer", f"{GROUPS},{OFFICER},spp_programs.group_programs_officer"
        )
        self.reader = new_test_user(self.env, "pay-reader", f"{GROUPS},{OFFICER}")

    def wizard(self, records, user=None):
        """Choose Check Deaths among the actions of records."""
        wizards = self.env["spp.dci.crvs.check.wizard"].with_user(user or self.officer)
        context = {"active_model": records._name, "active_ids": records.ids}
        form = Form(wizards.with_context(**context))
        form.data_source_id = self.source
        form.effect = "report"
        return form

    def check(self, records, user=None):
        """Check records, to the end."""
        action = self.wizard(records, user).save().action_start()
        check = self.env[action["res_model"]].with_user(user or self.officer)
        check = check.browse(action["res_id"])
        self.work()
        return check

    def line(self, check, person):
        return check.line_ids.filtered(lambda line: line.partner_id == person)

    def states(self, person):
        """Return the states of somebody's memberships of the programme and the cycle."""
        return [
            self.env[name].search([("partner_id", "=", person.id)]).state
            for name in ("spp.program.membership", "spp.cycle.membership")
        ]


@tagged("post_install", "-at_install")
class TestChoosing(PaymentCase):
    def test_it_is_offered_to_officers_on_the_records_of_payments(self):
        viewer = new_test_user(
            self.env, "pay-viewer", f"{GROUPS},spp_dci_client_crvs.group_crvs_viewer"
        )
        action = self.env.ref("spp_dci_client_crvs.action_spp_dci_crvs_check_wizard")
        for name in ("program", "program.membership", "cycle", "cycle.membership"):
            for user, offered in ((self.officer, 1), (viewer, 0)):
                views = self.env[f"spp.{name}"].with_user(user)
                for kind in ("form", "list"):
                    arch = etree.fromstring(views.get_view(view_type=kind)["arch"])
                    found = arch.xpath("/*/header/button[@type='action']/@name")
                    with self.subTest(name, user=user.login, kind=kind):
                        self.assertEqual(found.count(str(action.id)), offered)
        arch = self.env["res.partner"].with_user(self.officer).get_view(view_type="form")["arch"]
        self.assertNotIn(f'"{action.id}"', arch)

    def test_whom_a_programme_or_cycle_stands_for(self):
        for target, scope in ((self.program, "program"), (self.cycle, "cycle")):
            with self.subTest(scope):
                form = self.wizard(target)
                self.assertEqual(form.scope, scope)
                self.assertEqual(getattr(form, scope), str(target.id))
                self.assertEqual((form.count, form.household_count), (5, 1))
                self.assertEqual((form.no_number_count, form.not_counted), (1, 1))
                self.assertFalse(form.last_check_id)
                check = self.check(target)
                self.assertEqual(check.line_ids.partner_id, self.members + self.child)
                self.assertEqual((check.target_model, check.target_id), (target._name, target.id))
                self.assertEqual(self.wizard(target).last_check_id, check)
        self.assertEqual(check.selection, "Cash: May")

    def test_paused_members_count_and_those_who_left_do_not(self):
        for name in ("spp.program.membership", "spp.cycle.membership"):
            self.env[name].search([("partner_id", "=", self.alive.id)]).state = "paused"
            self.env[name].search([("partner_id", "=", self.dead.id)]).state = "exited"
        for target in (self.program, self.cycle):
            form = self.wizard(target)
            self.assertEqual((form.count, form.not_counted), (4, 2))

    def test_chosen_members(self):
        chosen = self.env["spp.cycle.membership"].search(
            [("partner_id", "in", (self.household + self.alive + self.drafted).ids)]
        )
        form = self.wizard(chosen)
        self.assertEqual((form.scope, form.count, form.not_counted), ("selected", 2, 1))
        check = self.check(chosen)
        self.assertEqual(check.line_ids.partner_id, self.alive + self.child)
        self.assertEqual(check.selection, "May: selected members (3)")
        self.assertEqual((check.target_model, check.target_id), ("spp.cycle", self.cycle.id))

    def test_several_programmes(self):
        other = self.env["spp.program"].create({"name": "Food"})
        self.env["spp.program.membership"].create(
            {"partner_id": self.drafted.id, "program_id": other.id, "state": "enrolled"}
        )
        check = self.check(self.program + other)
        self.assertEqual(check.total_count, 6)
        self.assertFalse(check.target_id)
        self.assertEqual(check.selection, "Cash, Food")

    def test_more_members_than_the_web_client_names(self):
        self.env["ir.config_parameter"].sudo().set_param("web.active_ids_limit", "2")
        memberships = self.env["spp.program.membership"].search(
            [("program_id", "=", self.program.id)]
        )
        wizards = self.env["spp.dci.crvs.check.wizard"].with_user(self.officer)
        for domain, count in (([("id", "in", memberships.ids)], 5), (None, 2)):
            context = {"active_model": memberships._name, "active_domain": domain}
            ids = memberships.filtered(lambda some: some.partner_id in self.members)[:2].ids
            wizard = wizards.with_context(**context, active_ids=ids).create({})
            self.assertEqual(wizard.count, count)
        with self.subTest("nothing is selected: all that the list shows"):
            wizard = wizards.with_context(
                **{**context, "active_domain": [("id", "in", memberships.ids)]}, active_ids=[]
            ).create({})
            self.assertEqual((wizard.scope, wizard.count), ("selected", 5))
            self.assertEqual(wizard._describe(), f"Cash: selected members ({len(memberships)})")

    def test_no_right_on_programmes(self):
        stranger = new_test_user(self.env, "pay-stranger", f"base.group_user,{OFFICER}")
        with self.assertRaises(AccessError):
            self.wizard(self.program, stranger)

    def test_check_again(self):
        check = self.check(self.cycle)
        self.assertTrue(check.can_check_again)
        action = check.action_check_again()
        again = (
            self.env[action["res_model"]]
            .with_user(self.officer)
            .with_context(**action["context"])
            .create({})
        )
        self.assertEqual((again.cycle, again.effect), (str(self.cycle.id), "report"))
        self.assertEqual((again.data_source_id, again.count), (self.source, 5))
        self.env["spp.cycle.membership"].search([("cycle_id", "=", self.cycle.id)]).unlink()
        self.cycle.unlink()
        check.invalidate_recordset()
        self.assertFalse(check.can_check_again)
        with self.assertRaisesRegex(UserError, "exists"):
            check.action_check_again()


@tagged("post_install", "-at_install")
class TestNextSteps(PaymentCase):
    def confirm(self, action, user=None):
        """Answer the question before pausing."""
        wizard = self.env[action["res_model"]].with_user(user or self.officer)
        return wizard.browse(action["res_id"]).action_confirm()

    def test_the_unknown_are_paused_and_enrolled_again(self):
        check = self.check(self.cycle)
        self.assertTrue(check.can_pause)
        question = check.action_pause_unknown()
        wizard = self.env[question["res_model"]].browse(question["res_id"])
        self.assertEqual((wizard.people_count, wizard.membership_count), (1, 2))
        self.assertEqual(self.states(self.unknown), ["enrolled", "enrolled"])
        self.assertIn("2 memberships", self.confirm(question)["params"]["message"])
        self.assertEqual(self.states(self.unknown), ["paused", "paused"])
        for person in self.alive + self.dead + self.numberless + self.household:
            self.assertEqual(self.states(person), ["enrolled", "enrolled"])
        note = self.unknown.message_ids[0]
        self.assertIn(f"Paused after death check {check.name}: Cash, May.", str(note.body))
        self.assertEqual(note.author_id, self.officer.partner_id)
        line = self.line(check, self.unknown)
        self.assertTrue(line.left_out and line.is_paused)
        self.assertEqual(line.search([("is_paused", "=", True)]), line)
        with self.subTest("twice"), self.assertRaisesRegex(UserError, "any more"):
            self.confirm(question)
        with self.subTest("undone, but not what somebody changed since"):
            self.env["spp.program.membership"].search(
                [("partner_id", "=", self.unknown.id)]
            ).state = "exited"
            answer = line.action_take_back()
            self.assertIn("1 memberships enrolled", answer["params"]["message"])
            self.assertEqual(self.states(self.unknown), ["exited", "enrolled"])
            self.assertFalse(line.left_out or line.is_paused)
            self.assertFalse(line.search([("is_paused", "=", True)]))
            self.assertIn("Enrolled again", str(self.unknown.message_ids[0].body))

    def test_chosen_ones(self):
        check = self.check(self.program)
        other = self.env["spp.program"].create({"name": "Food"})
        elsewhere = self.env["spp.program.membership"].create(
            {"partner_id": self.numberless.id, "program_id": other.id, "state": "enrolled"}
        )
        lines = self.line(check, self.numberless) + self.line(check, self.alive)
        self.confirm(lines.action_pause())
        self.assertEqual(
            self.env["spp.cycle.membership"].search([("state", "=", "paused")]).partner_id,
            self.numberless,
        )
        self.assertEqual(elsewhere.state, "enrolled")
        self.assertEqual(self.states(self.alive), ["enrolled", "enrolled"])
        with self.assertRaisesRegex(UserError, "does not know"):
            self.line(check, self.alive).action_pause()

    def test_cycles_that_are_over_are_left_alone(self):
        self.cycle.state = "ended"
        check = self.check(self.program)
        self.confirm(check.action_pause_unknown())
        self.assertEqual(self.states(self.unknown), ["paused", "enrolled"])

    def test_who_turned_out_alive_is_not_paused(self):
        check = self.check(self.program)
        question = self.line(check, self.unknown).action_pause()
        self.line(check, self.unknown).sudo().result = "not_dead"
        with self.assertRaises(UserError):
            self.confirm(question)
        self.assertEqual(self.states(self.unknown), ["enrolled", "enrolled"])

    def test_members_of_households_are_left_out_and_the_household_stays(self):
        self.child.reg_ids.value = "3"
        check = self.check(self.program)
        question = check.action_pause_unknown()
        wizard = self.env[question["res_model"]].browse(question["res_id"])
        self.assertEqual((wizard.people_count, wizard.membership_count), (2, 2))
        self.assertEqual(wizard.other_count, 1)
        self.confirm(question)
        self.assertEqual(self.states(self.household), ["enrolled", "enrolled"])
        self.assertTrue(self.line(check, self.child).left_out)

    def test_rights(self):
        check = self.check(self.program, self.reader)
        self.assertFalse(check.can_pause)
        with self.assertRaisesRegex(AccessError, "Ask a CRVS manager"):
            question = check.action_pause_unknown()
            self.confirm(question, self.reader)
        self.assertEqual(self.states(self.unknown), ["enrolled", "enrolled"])
        manager = new_test_user(
            self.env, "pay-manager", f"{GROUPS},spp_dci_client_crvs.group_crvs_manager"
        )
        line = self.line(check, self.unknown)
        for user in (self.officer, manager):
            mine = line.with_user(user)
            if user == self.officer:
                for name in ("action_pause", "action_leave_out", "action_take_back"):
                    with self.subTest("not one's own"), self.assertRaises(AccessError):
                        getattr(mine, name)()
            else:
                self.confirm(mine.action_pause(), manager)
        self.assertEqual(self.states(self.unknown), ["paused", "paused"])
        with self.assertRaises(AccessError):
            line.action_take_back()
        self.assertTrue(line.left_out)

    def test_an_auditor_reads_all_and_an_officer_who_is_one_acts_on_no_more(self):
        check = self.check(self.program)
        auditor = "spp_dci_client_crvs.group_crvs_auditor"
        one = new_test_user(self.env, "pay-auditor", f"{GROUPS},{auditor}")
        both = new_test_user(self.env, "pay-both", f"{GROUPS},{auditor},{OFFICER}")
        for user in (one, both):
            mine = check.with_user(user)
            self.assertEqual(len(mine.line_ids), 5)
            lines = self.env["spp.dci.crvs.check.line"].with_user(user)
            self.assertEqual(lines.search_count(mine.action_view_results()["domain"]), 5)
            for name in ("action_rerun_failed", "action_rerun_unknown", "action_pause_unknown"):
                with self.subTest(user.login, method=name), self.assertRaises(AccessError):
                    getattr(mine, name)()
            with self.assertRaises(AccessError):
                self.line(mine, self.unknown).action_leave_out()

    def test_exclusion_list(self):
        check = self.check(self.program)
        self.assertEqual(check.left_out_count, 1)
        lines = check.line_ids
        self.assertIn("1 added", lines[2].action_leave_out()["params"]["message"])
        message = lines.filtered("death_date").action_leave_out()["params"]["message"]
        self.assertIn("Nobody was added", message)
        check.invalidate_recordset()
        self.assertEqual(check.left_out_count, 2)
        action = check.action_view_results()
        domain = ["|", ("result", "=", "dead"), ("left_out", "=", True)]
        found = lines.search(action["domain"] + domain)
        self.assertEqual(found.partner_id, self.dead + self.unknown)
        rows = found.export_data(["partner_id", "selection", "result"])["datas"]
        self.assertEqual(
            [row[1:] for row in rows], [["Cash", "Dead"], ["Cash", "Unknown to the Registry"]]
        )
        with self.subTest("the household where they live, or lived last"):
            self.assertEqual(self.line(check, self.child).household, "Household")
            self.assertFalse(self.line(check, self.dead).household)
            membership = self.env["spp.group.membership"].search(
                [("individual", "=", self.child.id)]
            )
            membership.ended_date = "2021-01-01"
            lines.invalidate_recordset()
            self.assertEqual(self.line(check, self.child).household, "Household")
        lines.action_take_back()
        check.invalidate_recordset()
        self.assertEqual(check.left_out_count, 1)

    def test_the_unknown_are_asked_about_again(self):
        check = self.check(self.program)
        line = self.line(check, self.unknown)
        line.action_leave_out()
        self.unknown.reg_ids.value = "800000025"
        self.assertIn("again about 1", check.action_rerun_unknown()["params"]["message"])
        self.assertEqual((check.state, line.result, line.left_out), ("running", "waiting", False))
        self.work()
        self.assertEqual((check.state, line.result), ("done", "not_dead"))
        self.assertEqual(self.line(check, self.numberless).result, "failed")
