import json

from odoo.tests import HttpCase, new_test_user, tagged

from .common_events import EventCase

# Opens Events from the menu, the event, and has it processed again.
CODE = """
(async () => {
    const until = async (what, find) => {
        for (let tries = 0; tries < 200; tries++) {
            const found = find();
            if (found) {
                return found;
            }
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        throw new Error(`not on the screen: ${what}`);
    };
    const withText = (selector, text) =>
        [...document.querySelectorAll(selector)].find((node) => node.textContent.includes(text));
    const name = %(name)s;
    const click = async (what, find) => (await until(what, find)).click();
    await click("menu CRVS", () => withText(".o_menu_sections button", "CRVS"));
    await click("menu Events", () => withText(".o-dropdown--menu .dropdown-item", "Events"));
    await click("event in the list", () => withText(".o_list_view td.o_data_cell", name));
    await click("Retry", () => document.querySelector("button[name=action_retry_processing]"));
    await until("Processed", () => withText(".o_arrow_button_current", "Processed"));
    await until("Applied", () => withText(".o_form_view", "Applied"));
    if (document.querySelector("button[name=action_reverse], .nav-link[name=raw_data]")) {
        throw new Error("officers see what is for managers");
    }
    console.log("test successful");
})().catch((error) => console.error(String(error)));
"""


@tagged("post_install", "-at_install")
class TestBrowser(HttpCase, EventCase):
    """Skipped by Odoo, with the reason, where there is no Chrome or Chromium."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Debian's Odoo comes without the script that blurs backgrounds in calls, and says so in
        # the console, which fails every browser test.
        cls.env["ir.asset"].create(
            {
                "name": "Calls do not blur backgrounds",
                "bundle": "web.assets_backend",
                "directive": "remove",
                "path": "mail/static/lib/selfie_segmentation/selfie_segmentation.js",
            }
        )

    def test_officer_retries_an_event(self):
        officer = new_test_user(
            self.env,
            login="crvs_browser",
            groups="spp_dci_client_crvs.group_crvs_officer",
        )
        event = self.process("death", {"UIN": "B-1"})
        self.assertError(event, "no_match")
        registrant = self.registrant("Ana Browser", ids={"UIN": "B-1"})
        self.browser_js(
            "/odoo/crvs-senders",
            CODE % {"name": json.dumps(event.name)},
            login=officer.login,
        )
        event.invalidate_recordset()
        self.assertOutcome(event, "applied")
        self.assertTrue(registrant.disabled)
