"""The addon as a package for pip, installed into an Odoo that knows no clone."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from ..helpers import ROOT
from ..helpers.server import BareServer, complaints

ADDON = "spp_dci_client_crvs"


class WheelServer(BareServer):
    """A server that finds the addon in one folder, and the base modules in another."""

    def __init__(self, folder):
        super().__init__("wheel", ADDON)

        def change(settings):
            paths = settings["options"]["addons_path"].split(",")
            kept = [path for path in paths if not (Path(path) / ADDON).exists()]
            settings["options"]["addons_path"] = ",".join([*kept, str(folder)])

        self.configure(change)


@unittest.skipUnless((ROOT / "devtools").is_dir(), "needs the repository's own tools")
class TestWheel(unittest.TestCase):
    def test_it_holds_the_addon_alone_and_installs(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="spp-wheel-")))
        with patch.object(sys, "path", [*sys.path, str(ROOT)]):
            from devtools import wheel, workspace
        clone = workspace.Workspace(ROOT, workspace.cache_folder(dict(os.environ)))
        built = wheel.build(clone, Path(sys.executable), folder)
        self.assertRegex(
            built.name, r"^odoo_addon_spp_dci_client_crvs-19\.0\..*-py3-none-any\.whl$"
        )
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
        subprocess.run([*pip, f"--target={folder / 'site'}", str(built)], check=True)
        addons = folder / "site" / "odoo" / "addons"
        self.assertEqual([path.name for path in addons.iterdir()], [ADDON])
        tops = {path.name for path in (addons / ADDON).iterdir()}
        self.assertLessEqual({"models", "services", "views", "data", "i18n", "README.md"}, tops)
        self.assertFalse({"tests", "sandbox", "devtools", "bench", "openspp", "extensions"} & tops)
        server = self.enterContext(WheelServer(addons))
        # Odoo has docutils read every README that it finds, those in Markdown too.
        found = complaints(server.log_of_installing)
        self.assertEqual([line for line in found if not line.startswith("<string>:")], [])
        self.assertEqual(
            server.query("SELECT state FROM ir_module_module WHERE name = %s", ADDON),
            [("installed",)],
        )
