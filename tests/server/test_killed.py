"""Odoo killed in the middle of receiving and of processing: nothing lost, nothing done twice."""

import os
import signal
import unittest

from ..helpers.callback import new_key
from ..helpers.population import Population, mixed_events
from ..helpers.postgres import PrivateCluster, has_private_cluster
from ..helpers.push import Pusher, signed
from ..helpers.server import OdooServer, wait_until

PEOPLE = 150
WORKERS = 2


class FaultCase(unittest.TestCase):
    """Pushes 300 events, one to nine in a message, while something is killed again and again."""

    # Shares of the messages acknowledged when something is killed, whatever it does just then.
    receiving = (0.4,)
    # Shares of the events processed, and what is about to be written when something is killed.
    processing = ((0.7, "mail_message"),)

    def prepare(self, server):
        """Put registrants on a server's database and make the messages about them ready."""
        self.server = server
        key = new_key()
        self.population = Population(server, mixed_events(PEOPLE), key)
        # Small batches, so that there is something to interrupt.
        server.run('env["ir.config_parameter"].set_param("spp_dci_client_crvs.batch_size", "15")')
        vitals, bodies = list(self.population.vitals), []
        while vitals:
            size = 1 + len(bodies) % 9
            bodies.append(signed(vitals[:size], key))
            vitals = vitals[size:]
        half = len(bodies) // 2
        self.pushers = Pusher(server, bodies[:half]), Pusher(server, bodies[half:])

    def kill(self):
        """Kill something by the ids of its processes."""
        raise NotImplementedError

    def restart(self):
        """Start what was killed again, if nobody else does."""
        raise NotImplementedError

    def go_through_it(self):
        """Kill while half of the events come in and are processed, then amid a backlog."""
        self._kill_while_receiving_and_processing()
        self._kill_while_receiving()
        self._kill_while_processing()
        self.population.assert_right(self)
        messages = sum(len(pusher.bodies) for pusher in self.pushers)
        self.assertEqual(
            self.server.query("SELECT count(*) FROM spp_dci_crvs_message"), [(messages,)]
        )

    def _kill_while_receiving_and_processing(self):
        pusher = self.pushers[0]
        self.start(crons=1)
        with pusher.pushing():
            for share in self.receiving:
                pusher.wait_for(share * len(pusher.bodies))
                self.kill()
                self.restart()
        self.server.stop()

    def _kill_while_receiving(self):
        """Kill when each worker has a message half stored."""
        pusher = self.pushers[1]
        self.start(crons=0)
        with pusher.pushing():
            pusher.wait_for(len(pusher.bodies) // 2)
            with self.server.held_up("spp_dci_crvs_event", WORKERS):
                acknowledged = len(pusher.acknowledged)
                self.kill()
            self.assertLess(acknowledged, len(pusher.bodies), "too late to kill anything")
            self.restart()
        self.assertGreaterEqual(pusher.repeats, WORKERS, "nobody was interrupted")
        self.server.stop()

    def _kill_while_processing(self):
        """Kill when a batch is half applied."""
        total = len(self.population.vitals)
        self.start(crons=1)
        for share, table in self.processing:
            self.wait_for_processing(share * total)
            with self.server.held_up(table):
                processed = self.population.processed()
                self.kill()
            self.assertLess(processed, total, "too late to kill anything")
            self.restart()
        self.wait_for_processing(total)

    def start(self, crons):
        self.server.start(workers=WORKERS, crons=crons)

    def wait_for_processing(self, count):
        """Wait until so many events are processed, by a scheduler that was perhaps just started."""

        def reached():
            self.server.wake_scheduler()
            return self.population.processed() >= count

        wait_until(reached, pause=0.1)

    def assert_nothing_acknowledged_is_lost(self):
        acknowledged = set().union(*(pusher.acknowledged.values() for pusher in self.pushers))
        stored = self.server.query("SELECT correlation_id FROM spp_dci_crvs_message")
        self.assertLessEqual(acknowledged, {row[0] for row in stored})


class TestWorkersKilled(FaultCase):
    receiving = (0.3, 0.6)
    processing = ((0.6, "spp_registry_id"), (0.8, "mail_message"))

    def kill(self):
        """Kill all worker processes."""
        wait_until(lambda: len(self.server.workers()) == WORKERS + self.server.crons)
        for pid in self.server.workers():
            os.kill(pid, signal.SIGKILL)

    def restart(self):
        """Leave it to the parent of the workers."""

    def test_killed_workers(self):
        self.prepare(OdooServer("killed_workers").for_test(self))
        self.go_through_it()


class TestServerKilled(FaultCase):
    def kill(self):
        self.server.kill()

    def restart(self):
        self.assert_nothing_acknowledged_is_lost()
        self.start(self.server.crons)

    def test_killed_server(self):
        self.prepare(OdooServer("killed_server").for_test(self))
        self.go_through_it()


@unittest.skipUnless(has_private_cluster(), "needs the repository's own tools")
class TestPostgresKilled(FaultCase):
    def kill(self):
        self.cluster.kill()

    def restart(self):
        """Start PostgreSQL again, then Odoo too.

        Odoo's main process ends when it has to replace a worker and reaches no database, so
        in real life its supervisor does that.
        """
        self.cluster.start()
        self.assert_nothing_acknowledged_is_lost()
        self.server.stop()
        self.start(self.server.crons)

    def test_killed_postgres(self):
        self.cluster = PrivateCluster().for_test(self)
        self.prepare(self.cluster.server())
        self.go_through_it()
