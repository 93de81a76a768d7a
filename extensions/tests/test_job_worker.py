"""The addon for OpenSPP's job queue, with a stand-in of that queue, in a server of its own."""

import re
import unittest
from pathlib import Path

from odoo.addons.spp_dci_client_crvs.tests.helpers.server import OdooServer, add_addons, complaints

ADDON = "spp_dci_client_crvs_job_worker"


class JobWorkerServer(OdooServer):
    """The server with the folder of the stand-in on its addons path."""

    def __init__(self):
        super().__init__("job_worker")
        here = Path(__file__).resolve().parent
        self.configure(lambda settings: add_addons(settings, here))


class TestJobWorker(unittest.TestCase):
    def test_addon_installs_itself_and_its_own_tests_pass(self):
        server = self.enterContext(JobWorkerServer())
        status, log = server.load("-i", "job_worker", "--test-enable", f"--test-tags=/{ADDON}")
        self.assertEqual(status, 0, log[-3000:])
        summary = re.search(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests", log)
        self.assertEqual(summary.groups()[:2], ("0", "0"), log[-3000:])
        self.assertGreaterEqual(int(summary[3]), 4)
        self.assertEqual(complaints(log), [])
