import json
import shutil
from unittest import skipUnless

from odoo.tests import HttpCase, tagged

from ..helpers.events import EventCase

SCRIPT = """
(async () => {
    const until = async (what, find) => {
        for (let tries = 0; tries < 600; tries++) {
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

# Pauses a death check behind the form's back; the form says so by itself, and then asks no more.
PROGRESS = """
    const id = %s;
    await until("Running", () => withText(".o_arrow_button_current", "Running"));
    await fetch("/web/dataset/call_kw/spp.dci.crvs.check/action_pause", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({
            params: {
                model: "spp.dci.crvs.check", method: "action_pause", args: [[id]], kwargs: {},
            },
        }),
    });
    await until("Paused", () => withText(".o_arrow_button_current", "Paused"));
    const reads = () =>
        performance.getEntriesByType("resource").filter((entry) => entry.name.includes("/web_read"))
            .length;
    const before = reads();
    if (!before) {
        throw new Error("readings cannot be counted in this way");
    }
    await new Promise((resolve) => setTimeout(resolve, 4000));
    if (reads() !== before) {
        throw new Error("the form of a check that does not run is still read");
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
            timeout=180,
        )
        event.invalidate_recordset()
        self.assertOutcome(event, "applied")
        self.assertTrue(registrant.disabled)

    def test_progress_of_a_death_check_is_seen_without_reloading(self):
        check = self.env["spp.dci.crvs.check"].create(
            {
                "name": "CHK/BROWSER",
                "data_source_id": self.source.id,
                "user_id": self.officer.id,
                "effect": "report",
                "state": "running",
            }
        )
        self.env["spp.dci.crvs.check.line"].create(
            {
                "check_id": check.id,
                "partner_id": self.registrant("Ana Browser").id,
                "result": "waiting",
            }
        )
        self.browser_js(
            f"/odoo/crvs-death-checks/{check.id}",
            SCRIPT % (PROGRESS % check.id),
            login=self.officer.login,
            timeout=180,
        )
        check.invalidate_recordset()
        self.assertEqual(check.state, "paused")
