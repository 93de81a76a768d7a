from lxml import etree

from odoo.tests import Form, new_test_user, tagged

from ..helpers.events import EventCase

ADDON = "spp_dci_client_crvs"
SCHEDULED = {
    "spp.dci.crvs.event": "ir_cron_process_events",
    "spp.dci.crvs.check": "ir_cron_checks",
    "spp.dci.crvs.pull": "ir_cron_pulls",
    "spp.dci.crvs.undo": "ir_cron_undo_runs",
}
# What each role finds under DCI > CRVS.
MENUS = {
    "viewer": {"Events", "Sender Registry", "Subscriptions", "Inbox", "ID Types"},
    "officer": {"Death Checks", "Refused Messages"},
    "manager": {"Pulls", "Pending Requests", "Undo Runs"},
}
# The buttons of methods that each role may call, beside those of the role before it.
BUTTONS = {
    "viewer": {"action_open_registrant", "action_view_results"},
    "officer": {
        "action_choose",
        "action_nobody",
        "action_open_registry",
        "action_process_now",
        "action_reassign",
        "action_retry",
        "action_review",
        "action_check_again",
        "action_pause",
        "action_pause_unknown",
        "action_rerun_unknown",
        "action_resume",
        "action_rerun_failed",
        "action_start",
        "action_view_refusals",
    },
    "manager": {
        "action_apply",
        "action_release",
        "action_undo_withdrawn",
        "action_never_apply",
        "action_reverse",
        "action_fetch_public_key",
        "action_revoke",
        "action_readmit",
        "action_unsubscribe",
        "action_ask_status",
        "action_run_now",
        "action_view_held",
    },
}
ASK_FIRST = {
    "action_apply",
    "action_release",
    "action_revoke",
    "action_readmit",
    "action_unsubscribe",
}


@tagged("post_install", "-at_install")
class TestScreens(EventCase):
    def _root(self):
        return self.env.ref(f"{ADDON}.menu_spp_dci_crvs_root")

    def _screens(self, user):
        """Return the name, model and views of each menu item that a user sees."""
        visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
        for menu in self._root().child_id.filtered(lambda item: item.id in visible):
            action = menu.action
            modes = [(False, mode) for mode in [*action.view_mode.split(","), "search"]]
            model = self.env[action.res_model].with_user(user)
            yield menu.name, model, model.get_views(modes)["views"]

    def test_each_role_opens_the_screens_meant_for_it(self):
        self.process("death", {"UIN": "SCREEN-1"})
        expected = set()
        for role, names in MENUS.items():
            expected |= names
            user = new_test_user(
                self.env, login=f"screen_{role}", groups=f"{ADDON}.group_crvs_{role}"
            )
            found = set()
            for name, model, views in self._screens(user):
                found.add(name)
                fields = etree.fromstring(views["list"]["arch"]).xpath("/list/field/@name")
                with self.subTest(role=role, menu=name):
                    model.search([], limit=1).read(fields)
            self.assertEqual(found, expected)

    def test_an_auditor_finds_what_an_auditor_may_read(self):
        user = new_test_user(self.env, login="screen_auditor", groups=f"{ADDON}.group_crvs_auditor")
        found = {name for name, _model, _views in self._screens(user)}
        expected = MENUS["viewer"] | MENUS["officer"] | MENUS["manager"]
        self.assertEqual(found, expected)
        screens = {name: views for name, _model, views in self._screens(user)}
        for name, expected in (
            ("Events", {"undo_reason", "date_text", "to_recover", "raw_text"}),
            ("Inbox", {"signature", "body_text"}),
        ):
            fields = set(etree.fromstring(screens[name]["form"]["arch"]).xpath("//field/@name"))
            self.assertLessEqual(expected, fields)

    def test_an_administrator_finds_the_way_to_connect_a_registry(self):
        for role, groups in (
            ("system", "base.group_system"),
            ("boss", f"{ADDON}.group_crvs_manager"),
        ):
            user = new_test_user(self.env, login=f"screen_menu_{role}", groups=groups)
            visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            for name in ("app", "app_sender", "app_subscription", "app_connect", "app_data_source"):
                with self.subTest(role=role, menu=name):
                    self.assertIn(self.env.ref(f"{ADDON}.menu_spp_dci_crvs_{name}").id, visible)
        viewer = new_test_user(
            self.env, login="screen_menu_viewer", groups=f"{ADDON}.group_crvs_officer"
        )
        visible = self.env["ir.ui.menu"].with_user(viewer)._visible_menu_ids()
        self.assertNotIn(self.env.ref(f"{ADDON}.menu_spp_dci_crvs_app_connect").id, visible)
        self.assertEqual(
            self.env.ref(f"{ADDON}.menu_spp_dci_crvs_sender").complete_name.split("/")[-3:],
            ["DCI", "CRVS", "Sender Registry"],
        )

    def test_a_data_source_opens_for_managers(self):
        user = new_test_user(self.env, login="screen_source", groups=f"{ADDON}.group_crvs_manager")
        source = self.env["spp.dci.data.source"].create(
            {"name": "A", "code": "a", "base_url": "https://a.org", "auth_type": "none"}
        )
        with Form(source.with_user(user)) as form:
            self.assertIn("Connection tested", form.crvs_checklist)
            form.name = "B"
        action = self.env.ref(f"{ADDON}.action_spp_dci_crvs_data_source")
        context = {"default_auth_type": "none"}
        self.assertIn("'default_auth_type': 'none'", action.context)
        form = Form(self.env["spp.dci.data.source"].with_user(user).with_context(**context))
        form.name, form.code, form.base_url = "C", "c", "https://c.org"
        self.assertEqual(form.save().registry_type, "CRVS")

    def test_nobody_sees_the_button_of_what_is_refused(self):
        allowed = set()
        for role, names in BUTTONS.items():
            allowed |= names
            user = getattr(self, role)
            for name, _model, views in self._screens(user):
                for view in views.values():
                    arch = etree.fromstring(view["arch"])
                    shown = set(arch.xpath("//button[@type='object']/@name"))
                    with self.subTest(role=role, menu=name):
                        self.assertLessEqual(shown, allowed)

    def test_what_cannot_be_taken_back_is_asked_about(self):
        asked = set()
        for _name, _model, views in self._screens(self.manager):
            for view in views.values():
                for button in etree.fromstring(view["arch"]).xpath("//button[@type='object']"):
                    if button.get("name") in ASK_FIRST:
                        asked.add(button.get("name"))
                        self.assertTrue(button.get("confirm"), button.get("name"))
        self.assertEqual(asked, ASK_FIRST)

    def test_records_know_when_their_scheduler_is_off(self):
        for model, xml_id in SCHEDULED.items():
            records = self.env[model].with_user(self.manager)
            with self.subTest(model=model):
                self.assertFalse(records.new({}).scheduler_off)
                self.env.ref(f"{ADDON}.{xml_id}").active = False
                self.assertTrue(records.new({}).scheduler_off)

    def test_a_result_of_a_check_leads_to_the_registrant(self):
        person = self.registrant(ids={"UIN": "SCREEN-9"})
        check = (
            self.env["spp.dci.crvs.check"]
            .with_user(self.officer)
            ._start(self.source, person.ids, "report", "One")
        )
        action = check.line_ids.with_user(self.officer).action_open_registrant()
        self.assertEqual((action["res_model"], action["res_id"]), ("res.partner", person.id))

    def test_page_of_the_registrant_is_seen_on_the_registrants_form(self):
        self.viewer.group_ids += self.env.ref("spp_registry.group_registry_viewer")
        view = self.env.ref("spp_registry.view_individuals_form")
        person, group = self.registrant(), self.registrant("Household", is_group=True)
        arch = etree.fromstring(
            person.with_user(self.viewer).get_view(view.id, "form")["arch"],
        )
        (page,) = arch.xpath("//page[@name='crvs']")
        self.assertEqual(page.getparent().get("name"), "individual_detail")
        self.assertFalse([step for step in page.iterancestors() if step.get("invisible") == "1"])
        self.assertTrue(arch.xpath("//page[@name='crvs']/button[@type='action']"))
        for partner, seen in ((person, True), (group, False)):
            form = Form(partner.with_user(self.viewer), view)
            self.assertEqual(not form._get_modifier("crvs_event_ids", "invisible"), seen)
