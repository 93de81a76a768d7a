"""The job queue addon with the real `queue_job`, in servers of its own.

The database of the other tests never gets it, so that they prove what works without.
"""

import re
import unittest

from odoo.addons.spp_dci_client_crvs.tests.helpers.server import complaints

from .queue_server import ADDON, QueueServer

PERSONS = 300
EVENTS = """
from odoo.addons.spp_dci_client_crvs import const
from odoo.addons.spp_dci_client_crvs.services import records

def item(number, event_type, day):
    record = {"identifier": {"identifier_type": "UIN", "identifier_value": f"Q-{number}"},
              f"{event_type}_date": day}
    return {"reference_id": f"{event_type}-{number}",
            "data": {"reg_event_type": event_type, "reg_records": record}}

def store(*items):
    found = records.read_notification({"notify_event": list(items)})
    return env["spp.dci.crvs.event"]._store(
        found.events, sender=env["spp.dci.crvs.sender"].search([("sender_id", "=", "queue.test")]),
        data_source=env["spp.dci.data.source"])
"""
# The size of a batch is set before a server starts: one that runs notices it a run later.
WORLD = f"""
{EVENTS}
env["ir.config_parameter"].set_param(const.PARAM_BATCH_SIZE, 50)
env["spp.dci.crvs.sender"].create(
    {{"name": "Queue", "sender_id": "queue.test", "max_deaths_per_hour": 100000}})
uin = env["spp.vocabulary.code"].search(
    [("namespace_uri", "=", const.ID_TYPE_NAMESPACE), ("code", "=", "UIN")])
env["res.partner"].create([
    {{"name": f"Queue {{number}}", "is_registrant": True,
      "reg_ids": [(0, 0, {{"id_type_id": uin.id, "value": f"Q-{{number}}"}})]}}
    for number in range({PERSONS})])
"""
# The marriages come after the divorces that they have to give way to.
BACKLOG = f"""
{EVENTS}
for kind, day in (("divorce", "2021-01-01"), ("marriage", "2020-01-01"), ("death", "2024-01-01")):
    store(*(item(number, kind, day) for number in range({PERSONS})))
"""


class TestQueueJob(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(QueueServer("queue"))
        # The addon installs itself beside queue_job; its own tests run at once.
        cls.status, cls.log = cls.server.load(
            "-i", "queue_job", "--test-enable", f"--test-tags=/{ADDON}"
        )
        cls.server.run(WORLD)

    def tearDown(self):
        self.server.stop()
        super().tearDown()

    def assertProcessedOnce(self):
        """Every event ended right, after one attempt, with one note per effect.

        A marriage whose job overtook its divorce's, stopped by the power cut, had its effect first.
        """
        found = self.server.query(
            """
            SELECT event_type, outcome, count(*) FROM spp_dci_crvs_event
             WHERE state = 'processed' AND attempts = 1 GROUP BY event_type, outcome
            """
        )
        counts = {(event_type, outcome): count for event_type, outcome, count in found}
        overtaken = counts.pop(("marriage", "applied"), 0)
        self.assertLess(overtaken, PERSONS)
        self.assertEqual(
            counts,
            {
                ("death", "applied"): PERSONS,
                ("divorce", "applied"): PERSONS,
                ("marriage", "superseded"): PERSONS - overtaken,
            },
        )
        statuses = self.server.query(
            """
            SELECT code.code, count(*) FROM res_partner AS person
              JOIN spp_vocabulary_code AS code ON code.id = person.civil_status_id
             WHERE person.name LIKE 'Queue %%' GROUP BY code.code
            """
        )
        self.assertEqual(statuses, [("D", PERSONS)])
        notes = self.server.query(
            """
            SELECT count(*), count(DISTINCT res_id) FROM mail_message
             WHERE model = 'res.partner' AND body LIKE '%%Civil registry%%'
            """
        )
        self.assertEqual(notes, [(2 * PERSONS + overtaken, PERSONS)])

    def processed(self):
        (count,) = self.server.query(
            "SELECT count(*) FROM spp_dci_crvs_event WHERE state = 'processed'"
        )[0]
        return count

    def jobs(self):
        return dict(self.server.query("SELECT state, count(*) FROM queue_job GROUP BY state"))

    def test_addon_installs_itself_and_its_own_tests_pass(self):
        self.assertEqual(self.status, 0, self.log[-3000:])
        summary = re.search(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests", self.log)
        self.assertEqual(summary.groups()[:2], ("0", "0"))
        self.assertGreaterEqual(int(summary[3]), 10)
        self.assertEqual(complaints(self.log), [])

    def test_update_leaves_a_clean_log(self):
        status, log = self.server.load("-u", ADDON)
        self.assertEqual((status, complaints(log)), (0, []))

    def test_jobs_process_a_backlog_exactly_once_whatever_dies(self):
        self.server.start(workers=2, crons=1)
        self.server.run(BACKLOG)
        self.server.wait_until(lambda: self.processed() >= PERSONS // 2)
        self.server.kill()
        self.assertLess(self.processed(), 3 * PERSONS, "killed too late to prove anything")
        self.server.start(workers=2, crons=1)
        self.server.wait_until(lambda: self.processed() == 3 * PERSONS)
        self.server.wait_until(lambda: self.jobs().keys() == {"done"})
        self.assertProcessedOnce()
        again = self.jobs()
        # After a run that died the scheduler does some itself, without jobs.
        self.assertGreaterEqual(again["done"], 3 * PERSONS // 100)
        self.server.query("UPDATE queue_job SET state = 'pending'")
        self.server.wait_until(lambda: self.jobs() == again)
        self.assertProcessedOnce()
        # The job runner says of the jobs that the power cut stopped that it starts them again.
        lines = [line for line in complaints(self.server.log.read_text()) if "dead job" not in line]
        self.assertEqual(lines, [])


class TestUninstall(unittest.TestCase):
    def test_scheduler_takes_over_what_was_handed_to_jobs(self):
        server = self.enterContext(QueueServer("queue_gone"))
        self.assertEqual(server.load("-i", "queue_job")[0], 0)
        server.run(WORLD)
        server.run(f"""
{EVENTS}
store(*(item(number, "death", "2024-01-01") for number in range(10)))
env["spp.dci.crvs.event"]._as_processor()._claim(100)._dispatch_batch()
env.cr.commit()
env["ir.module.module"].search([("name", "=", "{ADDON}")]).button_immediate_uninstall()
""")
        server.start(crons=1)
        states = "SELECT DISTINCT state, outcome, attempts FROM spp_dci_crvs_event"
        server.wait_until(lambda: server.query(states) == [("processed", "applied", 1)])
        # Its job is still there, and finds nothing to do.
        server.wait_until(lambda: server.query("SELECT state FROM queue_job") == [("done",)])
        self.assertEqual(server.query(states), [("processed", "applied", 1)])
        self.assertEqual(complaints(server.log.read_text()), [])
