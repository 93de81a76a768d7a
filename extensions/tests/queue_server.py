"""A real Odoo server with OCA's job queue and its runner, on a copy of the test database."""

import time

from odoo.addons.spp_dci_client_crvs.tests.helpers.server import OdooServer

ADDON = "spp_dci_client_crvs_queue_job"


class QueueServer(OdooServer):
    """The server as the README of the addon has it configured.

    :param str name: suffix of the database
    """

    def __init__(self, name):
        super().__init__(name)

        def change(settings):
            settings["options"]["server_wide_modules"] = "base,web,queue_job"
            settings["queue_job"] = {"channels": "root:2,root.crvs:2"}

        self.configure(change)

    def wait_until(self, condition, seconds=300):
        """Wait until a condition holds.

        :raise AssertionError: with the end of the log when it does not
        """
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"Waited in vain:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.2)
