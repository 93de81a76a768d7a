import json
import shutil
from unittest import skipUnless

from odoo.tests import HttpCase, tagged

from .common_events import EventCase

SCRIPT = """
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
    const click = async (what, find) => (await until(what, find)).click();
    %s
    console.log("test successful");
})().catch((error) => console.error(String(error)));
"""

# Opens Events from the menu, the event, and has it processed again.
RETRY = """
    const name = %s;
    await click("menu CRVS", () => withText(".o_menu_sections button", "CRVS"));
    await click("menu Events", () => withText(".o-dropdown--menu .dropdown-item", "Events"));
    await click("event in the list", () => withText(".o_list_view td.o_data_cell", name));
    await click("Retry", () => document.querySelector("button[name=action_retry_processing]"));
    await until("Processed", () => withText(".o_arrow_button_current", "Processed"));
    await until("Applied", () => withText(".o_form_view", "Applied"));
    if (document.querySelector("button[name=action_reverse], .nav-link[name=raw_data]")) {
        throw new Error("officers see what is for managers");
    }
"""

WARNED = """
    await until("warning", () => document.querySelector(".o_crvs_scheduler_off"));
    await until("list", () => document.querySelector(".o_list_view .o_data_row"));
"""
NOT_WARNED = """
    await until("list", () => document.querySelector(".o_list_view .o_data_row"));
    if (document.querySelector(".o_crvs_scheduler_off")) {
        throw new Error("warned of a scheduler that runs");
    }
"""


# Where Odoo looks for one.
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")


@skipUnless(any(map(shutil.which, BROWSERS)), "no browser: install the package chromium")
@tagged("post_install", "-at_install")
class TestBrowser(HttpCase, EventCase):
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
        event = self.process("death", {"UIN": "B-1"})
        self.assertError(event, "no_match")
        registrant = self.registrant("Ana Browser", ids={"UIN": "B-1"})
        self.browser_js(
            "/odoo/crvs-senders",
            SCRIPT % (RETRY % json.dumps(event.name)),
            login=self.officer.login,
        )
        event.invalidate_recordset()
        self.assertOutcome(event, "applied")
        self.assertTrue(registrant.disabled)

    def test_list_says_that_the_scheduler_is_off(self):
        self.process("death", {"UIN": "B-2"})
        self.browser_js("/odoo/crvs-events", SCRIPT % NOT_WARNED, login=self.officer.login)
        self.env.ref("spp_dci_client_crvs.ir_cron_process_events").active = False
        self.browser_js("/odoo/crvs-events", SCRIPT % WARNED, login=self.officer.login)
