import json
import shutil
from unittest import skipUnless

from odoo.tests import HttpCase, tagged

from ..helpers.events import EventCase

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
    await click("menu Events", () => withText(".o_menu_sections .o_nav_entry", "Events"));
    await click("event in the list", () => withText(".o_list_view td.o_data_cell", name));
    await click("Retry", () => document.querySelector("button[name=action_retry]"));
    await until("Processed", () => withText(".o_arrow_button_current", "Processed"));
    await until("Applied", () => withText(".o_form_view", "Applied"));
    if (document.querySelector("button[name=action_reverse], .nav-link[name=raw_data]")) {
        throw new Error("officers see what is for managers");
    }
"""

# Where Odoo looks for one.
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")


def without_noise(env):
    """Have Odoo not ask for a script that Debian's Odoo comes without.

    It blurs backgrounds in calls; its lack stands in the console, which fails every browser test.
    """
    env["ir.asset"].create(
        {
            "name": "Calls do not blur backgrounds",
            "bundle": "web.assets_backend",
            "directive": "remove",
            "path": "mail/static/lib/selfie_segmentation/selfie_segmentation.js",
        }
    )


@skipUnless(any(map(shutil.which, BROWSERS)), "no browser: install the package chromium")
@tagged("post_install", "-at_install")
class TestBrowser(HttpCase, EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        without_noise(cls.env)

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
