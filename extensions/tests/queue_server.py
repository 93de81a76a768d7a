"""A real Odoo server with OCA's job queue and its runner, on a copy of the test database."""

import configparser
import subprocess
import time

from odoo.tools import config

from odoo.addons.spp_dci_client_crvs.tests.common_server import OdooServer, free_port

ADDON = "spp_dci_client_crvs_queue_job"


class QueueServer(OdooServer):
    """The server as the README of the addon has it configured.

    :param str name: suffix of the database
    """

    def __init__(self, name):
        super().__init__(name)
        self.configuration = self.folder / "odoo.conf"
        settings = configparser.ConfigParser(interpolation=None)
        settings.read(config["config"])
        settings["options"]["server_wide_modules"] = "base,web,queue_job"
        settings["queue_job"] = {"channels": "root:2,root.crvs:2"}
        with open(self.configuration, "w", encoding="utf-8") as stream:
            settings.write(stream)

    def _command(self, command, *options):
        return [*super()._command(command, *options), f"--config={self.configuration}"]

    def load(self, *options):
        """Install, update or test; return the exit status and what was logged."""
        result = subprocess.run(
            # Its own port: tests bring up HTTP all the same, and a server of ours may be running.
            self._command(
                *("server", "--stop-after-init", "--no-http", f"--http-port={free_port()}"),
                *options,
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            check=False,
        )
        return result.returncode, result.stdout

    def wait_until(self, condition, seconds):
        """Wait until a condition holds.

        :raise AssertionError: with the end of the log when it does not
        """
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"Waited in vain:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.2)


def complaints(log):
    """Return the lines of a log above the level INFO, and those that do not look like a log."""
    return [
        line
        for line in log.splitlines()
        if line.strip()
        and not line.startswith("Running as user 'root'")
        and (len(line.split()) < 4 or line.split()[3] not in ("INFO", "DEBUG"))
    ]
