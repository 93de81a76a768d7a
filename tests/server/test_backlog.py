"""Several scheduler processes over one backlog, and a scheduler that is interrupted."""

import os
import signal
import unittest

from ..helpers.callback import new_key
from ..helpers.population import Population, marriages_and_divorces, mixed_events
from ..helpers.push import Pusher, signed
from ..helpers.server import OdooServer, wait_until

PEOPLE, EACH = 300, 5
WORKERS = 4


class BacklogCase(unittest.TestCase):
    def prepare(self, name, vitals):
        """Have events acknowledged in one message while no scheduler runs."""
        self.server = OdooServer(name).for_test(self)
        key = new_key()
        self.population = Population(self.server, vitals, key)
        self.server.start()
        Pusher(self.server, [signed(vitals, key)]).push(0)
        self.server.stop()
        self.assertEqual(
            self.server.query("SELECT state, count(*) FROM spp_dci_crvs_event GROUP BY state"),
            [("received", len(vitals))],
        )

    def wait_for_processing(self, count):
        def reached():
            self.server.wake_scheduler()
            return self.population.processed() >= count

        wait_until(reached, pause=0.1)


class TestOneBacklog(BacklogCase):
    def test_four_schedulers_share_the_events_of_one_message(self):
        """Nothing twice, no deadlock, and the last civil status by date wins."""
        self.prepare("backlog", marriages_and_divorces(PEOPLE, EACH))
        self.server.run(
            f"""
cron = env.ref("spp_dci_client_crvs.ir_cron_process_events")
for number in range({WORKERS}):
    (cron.copy() if number else cron)._trigger()
"""
        )
        self.server.start(workers=1, crons=WORKERS)
        self.server.wake_scheduler()
        # All of them have a batch in hand before one ends.
        with self.server.held_up("spp_dci_crvs_event", WORKERS):
            self.assertEqual(self.population.processed(), 0)
        self.wait_for_processing(PEOPLE * EACH)
        self.server.stop()
        self.population.assert_right(self)
        done = self.server.query(
            """
            SELECT cron.id FROM ir_cron cron
              JOIN ir_act_server action ON action.id = cron.ir_actions_server_id
              JOIN ir_cron_progress progress ON progress.cron_id = cron.id
             WHERE action.code = 'model._cron_process_backlog()' AND progress.done > 0
             GROUP BY cron.id
            """
        )
        self.assertEqual(len(done), WORKERS, "somebody did nothing")
        self.assertEqual(self.server.deadlocks(), 0)


class TestInterruptedScheduler(BacklogCase):
    def test_interrupted_run_and_abandoned_events_are_taken_up_again(self):
        vitals = mixed_events(300)
        self.prepare("interrupted", vitals)
        self.server.run(
            """
env["ir.config_parameter"].set_param("spp_dci_client_crvs.batch_size", "20")
events = env["spp.dci.crvs.event"].search([], limit=30)._as_processor()
events[:20]._hand_over()
# Those left by a worker that died long ago; the lease of the others goes on.
events[:10].write({"processing_since": "2020-01-01", "next_attempt": "2020-01-01"})
"""
        )
        self.server.forget_regular_turns()
        self.server.start(workers=1, crons=1)
        self.wait_for_processing(100)
        with self.server.held_up("mail_message"):
            self.assertLess(self.population.processed(), len(vitals) - 10, "too late to interrupt")
            for pid in self.server.workers():
                os.kill(pid, signal.SIGKILL)
        self.wait_for_processing(len(vitals) - 10)
        self.assertEqual(
            self.server.query("SELECT count(*) FROM spp_dci_crvs_event WHERE state = 'processing'"),
            [(10,)],
            "a lease that goes on is respected",
        )
        self.server.query(
            "UPDATE spp_dci_crvs_event SET next_attempt = now() AT TIME ZONE 'UTC'"
            " WHERE state = 'processing'"
        )
        self.server.run('env["spp.dci.crvs.event"]._wake_scheduler()')
        self.wait_for_processing(len(vitals))
        # Hand-overs are counted apart: each event was tried once.
        self.population.assert_right(self)
