"""The addon where none of the modules is installed that it does not depend on.

The other tests run where all of them are, so that neither is taken for granted.
"""

import re
import unittest

from ..helpers.server import BareServer, complaints, load

ADDON = "spp_dci_client_crvs"
CLASSES = (
    *("TestDeath", "TestBirth", "TestCivilStatus", "TestMatching", "TestNumbers", "TestHousehold"),
    *("TestEntitlements", "TestUndo", "TestScreens", "TestEvents"),
)
# Run in Odoo's shell.
LEAVE = """
env["ir.module.module"].search([("name", "=", "%s")]).button_immediate_uninstall()
"""
OFFERED = """
for name in ("program", "program.membership", "cycle", "cycle.membership"):
    for kind in ("form", "list"):
        arch = env[f"spp.{name}"].get_view(view_type=kind)["arch"]
        assert "Check Deaths" in arch, arch
"""


class TestWithoutOptionalModules(unittest.TestCase):
    def test_it_installs_works_updates_and_leaves(self):
        tags = ",".join(f"/{ADDON}:{name}" for name in CLASSES)
        server = BareServer("bare", ADDON, "--test-enable", f"--test-tags={tags}")
        server = self.enterContext(server)
        log = server.log_of_installing
        summary = re.search(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests", log)
        self.assertEqual(summary.groups()[:2], ("0", "0"), "\n".join(complaints(log)))
        self.assertGreater(int(summary[3]), 100)
        begin = log.index("odoo.tests")
        self.assertEqual(complaints(log[:begin]), [], "but for what tests provoke")
        models = {row[0] for row in server.query("SELECT model FROM ir_model")}
        self.assertFalse(models & {"spp.program", "spp.cycle", "spp.entitlement"})
        self.assertEqual(complaints(load(server, "-u", ADDON)), [])
        with self.subTest("programmes that come later, and go"):
            self.assertEqual(complaints(load(server, "-i", "spp_programs")), [])
            server.run(OFFERED)
            server.run(LEAVE % "spp_programs")
            self.assertEqual(complaints(load(server, "-u", ADDON)), [])
        server.run(LEAVE % ADDON)
        left = server.query(
            "SELECT model FROM ir_model WHERE model LIKE 'spp.dci.crvs.%%'"
            " UNION SELECT name FROM ir_model_fields WHERE name LIKE 'crvs_%%'"
        )
        self.assertEqual(left, [])
