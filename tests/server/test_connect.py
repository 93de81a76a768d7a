"""The guide against real processes: the registry's answer comes back by the callback."""

import textwrap
import unittest
from contextlib import ExitStack

from ..helpers.registry import sandbox_process
from ..helpers.server import OdooServer, wait_until

GUIDE = """
env["ir.config_parameter"].set_param("dci.allow_insecure_jwks", "True")
env["ir.config_parameter"].set_param("web.base.url", "{base}")
manager = env["res.users"].create({{
    "name": "Manager", "login": "guide_manager", "group_ids": [(6, 0, [
        env.ref("spp_dci_client_crvs.group_crvs_manager").id])]}})
env = env(user=manager)

def enter(wizard, **values):
    wizard.web_save(values, {{}})
    action = wizard.action_next()
    env.cr.commit()
    found = env[action["res_model"]].browse(action["res_id"])
    assert not found.problem, found.problem
    return found

wizard = env["spp.dci.crvs.connect.wizard"].create({{"name": "Registry", "base_url": "{url}"}})
wizard = enter(wizard)
wizard = enter(wizard, receiver_id="{sender_id}", our_sender_id="spp-test")
wizard = enter(wizard, auth_type="oauth2", oauth2_token_url="{url}/oauth2/token",
               oauth2_client_id="spp", oauth2_client_secret="spp-secret")
wizard.action_fetch()
wizard = enter(wizard, told_fingerprint=wizard.fingerprints.splitlines()[0])
wizard = enter(wizard, birth=True, death=True)
assert wizard.step == "done", wizard.step
"""
STATES = "SELECT event_type, state FROM spp_dci_crvs_subscription ORDER BY event_type"


class TestServerConnect(unittest.TestCase):
    def test_a_manager_connects_a_registry(self):
        stack = ExitStack()
        self.addCleanup(stack.close)
        registry = stack.enter_context(sandbox_process(generate=5))
        server = stack.enter_context(OdooServer("connect"))
        server.start(workers=2, crons=1)
        server.run(
            textwrap.dedent(GUIDE).format(
                base=server.url, url=registry.url, sender_id=registry.sender_id
            )
        )
        wanted = [("birth", "active"), ("death", "active")]
        wait_until(lambda: server.query(STATES) == wanted, seconds=60)
        answers = "SELECT count(*) FROM spp_dci_crvs_message WHERE kind = 'on-subscribe'"
        self.assertEqual(server.query(answers), [(2,)])
        event = {
            "event_type": "death",
            "identifier": {"type": "UIN", "value": "800000003"},
            "date": "2026-03-04",
        }
        deliveries = registry.admin("events", event)["deliveries"]
        self.assertEqual([delivery["accepted"] for delivery in deliveries], [True])
        rows = "SELECT count(*) FROM spp_dci_crvs_event WHERE event_type = 'death'"
        self.assertEqual(server.query(rows), [(1,)])
