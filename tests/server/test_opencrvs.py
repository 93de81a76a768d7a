"""OpenCRVS and a real Odoo: it fetches our keys from us, and answers later, by the callback."""

import textwrap
import unittest
from contextlib import ExitStack

from ..helpers.server import shared_server
from ..helpers.strict_opencrvs import StrictOpenCRVS
from ..helpers.strict_opencrvs_records import birth, death

# What the shell runs before each piece of code.
HEAD = """
from odoo.addons.spp_dci_client_crvs.services.crvs_service import CRVSService
"""
SETUP = """
parameters = env["ir.config_parameter"]
parameters.set_param("dci.allow_insecure_jwks", "True")
parameters.set_param("web.base.url", "{ours}")
sender = env["spp.dci.crvs.sender"].create({{
    "name": "OpenCRVS", "sender_id": "{url}", "algorithm": "rs256",
    "jwks_url": "{url}/.well-known/jwks.json"}})
sender.fetch_public_key()
key = env["spp.dci.signing.key"].create({{"name": "Ours", "algorithm": "rs256"}})
key.action_generate_key()
key.action_activate()
env["spp.dci.data.source"].create({{
    "name": "OpenCRVS", "code": "crvs_main", "registry_type": "CRVS", "base_url": "{url}",
    "dialect": "opencrvs", "our_sender_id": "spp-test", "auth_type": "oauth2",
    "oauth2_credential_location": "query",
    "oauth2_token_url": "{url}/oauth2/client/token", "oauth2_client_id": "{client_id}",
    "oauth2_client_secret": "{client_secret}", "receiver_id": "{url}",
    "signing_key_id": key.id, "crvs_sender_id": sender.id}})
"""
ASK = """
service = CRVSService(env)
assert service.check_death("UIN", "12") is True
assert service.check_death("UIN", "11") is False
assert service.verify_birth("UIN", "11")["birth_date"] == "1990-02-03"
service.request_deaths([("UIN", "11"), ("UIN", "12"), ("BRN", "BRN-9")])
service.request_birth("BRN", "BRN-1")
service.request_birth("BRN", "BRN-0")
"""
READ = """
service = CRVSService(env)
deaths, found, missing = env["spp.dci.crvs.request"].search([], order="id")
assert [one.status for one in service.read_deaths(deaths)] == ["not_dead", "dead", "not_dead"]
assert str(service.read_deaths(deaths)[1].death_date) == "2025-10-03"
assert service.read_birth(found)["person_name"] == "Amina Diallo"
assert service.read_birth(missing) is None
"""
ASK_AGAIN = """
CRVSService(env).request_deaths([("UIN", "{value}")])
"""
RUN_AGAIN = """
env["spp.dci.crvs.request"]._cron_ask_again()
"""
READ_DEAD = """
request = env["spp.dci.crvs.request"].search([], order="id desc", limit=1)
assert [one.status for one in CRVSService(env).read_deaths(request)] == ["dead"]
assert request.again_count == 2
"""
READ_AGAIN = """
request = env["spp.dci.crvs.request"].search([], order="id desc", limit=1)
assert [one.status for one in CRVSService(env).read_deaths(request)] == ["failed"]
"""


class TestOpenCRVSServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        stack = ExitStack()
        cls.addClassCleanup(stack.close)
        cls.opencrvs = StrictOpenCRVS()
        stack.callback(cls.opencrvs.stop)
        cls.opencrvs.records["birth"] = [birth("11", "BRN-1", "1990-02-03")]
        cls.opencrvs.records["death"] = [death("12", "DRN-2", "1961-01-02", "2025-10-03")]
        cls.server = shared_server()
        cls.run_code(SETUP, ours=cls.server.url, url=cls.opencrvs.url, **cls.opencrvs.client)

    @classmethod
    def run_code(cls, code, **values):
        """Run code in Odoo's shell, with the service in scope."""
        cls.server.run(HEAD + textwrap.dedent(code).format(**values))

    def states(self):
        """Return the states of our requests, in order."""
        rows = self.server.query("SELECT state FROM spp_dci_crvs_request ORDER BY id")
        return [state for (state,) in rows]

    def test_asking_at_once_and_later(self):
        self.run_code(ASK)
        self.assertEqual(self.states(), ["pending"] * 3)
        waiting = list(self.opencrvs.outbox)
        self.assertEqual(
            {one["header"]["sender_uri"] for one in waiting},
            {f"{self.server.url}/dci/crvs/callback"},
        )

        with self.subTest("what nobody signed has no effect"):
            for self.opencrvs.signing in ("other key", "missing", "empty", "other content", "http"):
                self.opencrvs.outbox = list(waiting)
                answers = self.opencrvs.deliver()
                self.assertEqual([answer.status_code for answer in answers], [401] * 3)
            self.assertEqual(self.states(), ["pending"] * 3)

        self.opencrvs.signing = "right"
        for _time in range(2):
            self.opencrvs.outbox = list(waiting)
            answers = self.opencrvs.deliver()
            self.assertEqual([answer.status_code for answer in answers], [202] * 3)
            self.assertEqual(self.states(), ["done"] * 3)
        self.run_code(READ)
        self.assertEqual(self.opencrvs.refused, [])

        with self.subTest("a record of somebody else, which another client asks for under our ids"):
            self.run_code(ASK_AGAIN, value="11")
            question = self.opencrvs.outbox[0]["message"]["search_request"][0]
            question["search_criteria"]["query"]["value"] = "12"
            self.assertEqual([answer.status_code for answer in self.opencrvs.deliver()], [202])
            self.run_code(READ_AGAIN)

        with self.subTest("keys that changed at a restart are fetched when they are needed"):
            self.run_code(ASK_AGAIN, value="12")
            self.opencrvs.restart()
            self.server.query("UPDATE spp_dci_crvs_sender SET last_refetch = NULL")
            self.assertEqual([answer.status_code for answer in self.opencrvs.deliver()], [202])
            self.assertEqual(self.states(), ["done"] * 5)

        with self.subTest("what is refused for its key is asked for again"):
            self.run_code(ASK_AGAIN, value="12")
            self.opencrvs.restart()
            count = "SELECT count(*) FROM spp_dci_crvs_message"
            kept = self.server.query(count)
            self.assertEqual([answer.status_code for answer in self.opencrvs.deliver()], [401])
            self.assertEqual((self.states()[-1], self.server.query(count)), ("pending", kept))
            self.run_code(RUN_AGAIN)
            self.assertEqual(self.opencrvs.outbox, [], "keys were fetched in this minute")
            self.server.query("UPDATE spp_dci_crvs_sender SET last_refetch = NULL")
            self.opencrvs.out_of_order = 503, "text/plain", "starting"
            self.run_code(RUN_AGAIN)
            self.assertEqual((self.opencrvs.outbox, self.states()[-1]), ([], "pending"))
            self.opencrvs.out_of_order = None
            self.run_code(RUN_AGAIN)
            self.assertEqual([answer.status_code for answer in self.opencrvs.deliver()], [202])
            self.assertEqual(self.states()[-1], "done")
            self.run_code(READ_DEAD)
            self.run_code(RUN_AGAIN)
            self.assertEqual(self.opencrvs.outbox, [])
        self.assertEqual(self.opencrvs.refused, [])
