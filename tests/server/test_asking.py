"""What only real processes show of asking: users and answers at once, and a power cut."""

import json
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import requests

from odoo.addons.spp_dci_client_crvs.services import signature

from ..helpers.callback import new_key, pem_of
from ..helpers.fake_registry import FakeRegistry
from ..helpers.registry import sandbox_process
from ..helpers.server import OdooServer

SENDER = "crvs.example.org"
CALLBACK = "/dci/crvs/callback"
SETUP = """
sender = env["spp.dci.crvs.sender"].create({{
    "name": "Registry", "sender_id": "{sender_id}", "algorithm": "ed25519",
    "public_key": {public_key!r}}})
env["spp.dci.data.source"].create({{
    "name": "Registry", "code": "crvs_main", "registry_type": "CRVS", "base_url": "{url}",
    "our_sender_id": "spp-test", "our_callback_uri": "http://127.0.0.1:9/dci/crvs/callback",
    "crvs_sender_id": sender.id, "answer_verification": "present", "check_batch_size": 5,
    "receiver_id": "{sender_id}",
    "auth_type": "oauth2", "oauth2_token_url": "{url}/oauth2/token", "oauth2_client_id": "spp",
    "oauth2_client_secret": "spp-secret"}})
"""
REGISTRANTS = """
uin = env["spp.vocabulary.code"].search([("code", "=", "UIN")], limit=1)
env["res.partner"].create([
    {{"name": f"Registrant {{number}}", "is_registrant": True,
      "reg_ids": [(0, 0, {{"id_type_id": uin.id, "value": str(800000000 + number)}})]}}
    for number in range({count})])
"""


class Browser:
    """A user's session with one server."""

    def __init__(self, server):
        self.url = server.url
        self.session = requests.Session()
        self.session.trust_env = False
        login = {"db": server.database, "login": "admin", "password": "admin"}
        if not self._call("/web/session/authenticate", login)["uid"]:
            raise AssertionError("The administrator cannot log in.")

    def call(self, model, method, *args, **kwargs):
        """Call a public method; return what it returns."""
        parameters = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self._call(f"/web/dataset/call_kw/{model}/{method}", parameters)

    def _call(self, path, parameters):
        answer = self.session.post(
            self.url + path, json={"jsonrpc": "2.0", "params": parameters}, timeout=60
        ).json()
        if "error" in answer:
            raise AssertionError(answer["error"]["data"]["debug"])
        return answer["result"]

    def run_cron(self, xml_id):
        """Run a scheduled action now, as its form's button does."""
        domain = [("module", "=", "spp_dci_client_crvs"), ("name", "=", xml_id)]
        record = self.call("ir.model.data", "search_read", domain, ["res_id"])[0]
        self.call("ir.cron", "method_direct_trigger", [record["res_id"]])


def at_once(*functions):
    """Call functions at the same instant, each in a thread of its own; return their results."""
    barrier = threading.Barrier(len(functions))

    def run(function):
        barrier.wait()
        return function()

    with ThreadPoolExecutor(len(functions)) as threads:
        return list(threads.map(run, functions))


class ServersCase(unittest.TestCase):
    """Two Odoo servers on one database, which know one registry."""

    name = ""

    @classmethod
    def set_up_servers(cls, url, sender_id, public_key):
        """Make the database, and have both servers know it; start none."""
        stack = ExitStack()
        cls.addClassCleanup(stack.close)
        cls.server = stack.enter_context(OdooServer(cls.name))
        cls.server.run(SETUP.format(url=url, sender_id=sender_id, public_key=public_key))
        cls.other = OdooServer(cls.name)
        stack.callback(cls.other.kill)

    def count(self, table, condition="TRUE"):
        """Return the number of rows."""
        return self.server.query(f"SELECT count(*) FROM {table} WHERE {condition}")[0][0]

    def wait(self, condition, seconds=60):
        """Wait until a condition holds; tell whether it does."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def assert_quiet(self):
        """Check that neither server complained."""
        for server in (self.server, self.other):
            log = server.log.read_text() if server.log.exists() else ""
            for line in log.splitlines():
                for level in (" WARNING ", " ERROR ", " CRITICAL "):
                    self.assertNotIn(level, line[:60], line)


class TestSubscriptionsAtOnce(ServersCase):
    name = "subscriptions"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = FakeRegistry()
        cls.addClassCleanup(cls.registry.stop)
        cls.registry.answer = cls.answer
        cls.key = new_key()
        cls.set_up_servers(cls.registry.url, SENDER, pem_of(cls.key))
        # The guide has nothing more to ask.
        cls.server.query(
            "UPDATE spp_dci_data_source SET state = 'active', last_test_date = now()"
            " WHERE code = 'crvs_main'"
        )
        cls.server.query("UPDATE spp_dci_crvs_sender SET compared_fingerprint = key_fingerprint")
        for server in (cls.server, cls.other):
            server.start()
        cls.browsers = [Browser(cls.server), Browser(cls.other)]

    @staticmethod
    def answer(request):
        """Give tokens, acknowledge subscriptions, and tell what became of them."""
        if "grant_type" in request:
            time.sleep(0.3)  # long enough that every worker has none
            return {"access_token": "token", "token_type": "Bearer", "expires_in": 300}
        message = request["message"]
        if "txnstatus_request" in message:
            status = decided(message["txnstatus_request"])
            response = {"txn_type": "subscribe", "txn_status": status}
            content = {"transaction_id": message["transaction_id"], "correlation_id": "c-1"}
            return {
                "header": {"action": "txn-on-status"},
                "message": {**content, "txnstatus_response": response},
            }
        time.sleep(0.3)
        return {"message": {"ack_status": "ACK", "correlation_id": "c-1"}}

    def sent(self, path):
        """Return the messages that came to a path of the registry."""
        return [envelope for where, envelope in self.registry.requests if where == path]

    def subscribe(self, browser):
        """Subscribe to deaths by the wizard."""
        source = self.server.query("SELECT id FROM spp_dci_data_source")[0][0]
        values = {"data_source_id": source, "birth": False, "death": True}
        wizard = browser.call("spp.dci.crvs.subscribe.wizard", "create", [values])
        browser.call("spp.dci.crvs.subscribe.wizard", "action_subscribe", wizard)

    def on_subscribe(self, number, transaction_id, reference_id):
        """Return the body of the registry's answer to a subscription."""
        header = {
            "version": "1.0.0",
            "message_id": f"on-subscribe-{number}",
            "message_ts": "2026-11-20T10:00:00+00:00",
            "action": "on-subscribe",
            "status": "succ",
            "sender_id": SENDER,
        }
        message = decided({"reference_id": reference_id, "attribute_value": transaction_id})
        text = signature.sign_http(
            header,
            message,
            sender_id=SENDER,
            key_id="k1",
            algorithm="ed25519",
            private_key=self.key,
            now=time.time(),
        )
        return json.dumps({"signature": text, "header": header, "message": message})

    def test_users_and_answers_at_once(self):
        first, second = self.browsers
        at_once(*[lambda browser=browser: self.subscribe(browser) for browser in (first, second)])
        with self.subTest("two users ask for one subscription, with one token"):
            self.assertEqual(len(self.sent("/registry/subscribe")), 1)
            self.assertEqual(len(self.sent("/oauth2/token")), 1)
            self.assertEqual(self.count("spp_dci_crvs_subscription"), 1)

        # The answer comes several times while the scheduler asks what became of the request.
        ids = self.server.query(
            "UPDATE spp_dci_crvs_subscription SET request_date = now() - interval '1 day'"
            " RETURNING transaction_id, reference_id"
        )[0]
        bodies = [self.on_subscribe(number // 2, *ids) for number in range(6)]
        posts = [
            lambda url=server.url + CALLBACK, body=body: requests.post(url, body, timeout=60)
            for server, body in zip([self.server, self.other] * 3, bodies, strict=True)
        ]
        *answers, _done = at_once(*posts, lambda: second.run_cron("ir_cron_subscriptions"))
        with self.subTest("the answer counts once"):
            self.assertEqual([answer.status_code for answer in answers], [202] * 6)
            rows = self.server.query("SELECT state, code FROM spp_dci_crvs_subscription")
            self.assertEqual(rows, [("active", "S-1")])
            outcomes = self.server.query("SELECT outcome FROM spp_dci_crvs_message ORDER BY 1")
            self.assertEqual(len(outcomes), 3, outcomes)
            pending = "purpose = 'subscribe' AND state != 'done'"
            self.assertEqual(self.count("spp_dci_crvs_request", pending), 0)

        at_once(*[lambda browser=browser: self.subscribe(browser) for browser in (first, second)])
        with self.subTest("an active subscription is not asked for again"):
            self.assertEqual(len(self.sent("/registry/subscribe")), 1)
        self.assert_quiet()


def decided(asked):
    """Return the answer to a subscription whose ids are those of a question about its status."""
    return {
        "transaction_id": asked["attribute_value"],
        "correlation_id": "c-1",
        "subscribe_response": [
            {
                "reference_id": asked["reference_id"],
                "timestamp": "2026-11-20T10:00:00+00:00",
                "status": "succ",
                "subscriptions": [{"code": "S-1", "status": "subscribe"}],
            }
        ],
    }


class TestCheckSurvives(ServersCase):
    name = "check"

    COUNT = 240

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = sandbox_process(generate=cls.COUNT).start()
        cls.addClassCleanup(cls.registry.stop)
        keys = cls.registry.admin("keys")["standard"]
        key = next(key for key in keys if key["algorithm"] == "ed25519")
        cls.set_up_servers(cls.registry.url, cls.registry.sender_id, key["public_key"])
        cls.server.run(REGISTRANTS.format(count=cls.COUNT))

    def checked(self):
        """Return how many registrants have a result."""
        return self.count("spp_dci_crvs_check_line", "result != 'waiting'")

    def test_a_power_cut_and_a_pause(self):
        self.registry.admin("faults", {"kind": "slow", "seconds": 0.05})
        self.server.start(crons=1)
        browser = Browser(self.server)
        rows = self.server.query("SELECT id FROM res_partner WHERE name LIKE 'Registrant %'")
        ids = [row[0] for row in rows]
        context = {"active_model": "res.partner", "active_ids": ids}
        wizards = "spp.dci.crvs.check.wizard"
        wizard = browser.call(wizards, "create", [{}], context=context)
        check = browser.call(wizards, "action_start", wizard, context=context)["res_id"]
        self.assertTrue(self.wait(lambda: self.checked() >= 40))
        self.server.kill()
        before = self.checked()
        self.assertLess(before, self.COUNT)

        self.other.start(crons=1)
        self.other.wake_scheduler()
        browser = Browser(self.other)
        self.assertTrue(self.wait(lambda: self.checked() >= before + 40))
        browser.call("spp.dci.crvs.check", "action_pause", [check])
        time.sleep(0.5)  # the message under way
        paused = self.checked()
        self.assertLess(paused, self.COUNT)
        time.sleep(1)
        self.assertEqual(self.checked(), paused)

        browser.call("spp.dci.crvs.check", "action_resume", [check])
        done = "state = 'done'"
        self.assertTrue(self.wait(lambda: self.count("spp_dci_crvs_check", done) == 1))
        results = self.server.query(
            """
            SELECT (identifier.value::bigint - 800000000)::integer, line.result
              FROM spp_dci_crvs_check_line line
              JOIN spp_registry_id identifier ON identifier.partner_id = line.partner_id
             WHERE identifier.value LIKE '8000%'
             ORDER BY 1
            """
        )
        expected = [(n, "not_dead" if n % 20 else "dead") for n in range(self.COUNT)]
        self.assertEqual(results, expected)
        # Asked again is at most what was under way when the power was cut.
        counters = self.registry.admin("requests")["counters"]
        asked = [row["count"] for row in counters if row["path"] == "/registry/sync/search"]
        self.assertLessEqual(sum(asked), self.COUNT // 5 + 1)
        dead = self.COUNT // 20
        self.assertTrue(
            self.wait(lambda: self.count("spp_dci_crvs_event", "state = 'processed'") == dead)
        )
        self.assertEqual(self.count("spp_dci_crvs_event"), dead)
        self.assertEqual(self.count("res_partner", "disabled IS NOT NULL"), dead)
        self.assert_quiet()
