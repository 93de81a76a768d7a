"""The brake holds however many workers apply a sender's deaths at the same time."""

from odoo.tests import tagged

from ..helpers.committed import CommittedCase


@tagged("post_install", "-at_install")
class TestBrakeOfWorkers(CommittedCase):
    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            env["spp.dci.crvs.sender"].browse(self.sender_id).max_deaths_per_hour = 2
            for person in range(4):
                self.store(env, "death", person, "2024-05-01")

    def claim(self, env, limit):
        return env["spp.dci.crvs.event"]._as_processor()._claim(limit)

    def outcomes(self):
        with self.transaction() as env:
            return [event.outcome or event.state for event in self.events(env)]

    def test_one_worker_at_a_time_counts(self):
        with self.transaction() as one, self.transaction() as two:
            first, second = self.claim(one, 2), self.claim(two, 2)
            self.assertEqual(first._process_batch(), 2)
            self.assertEqual(second._process_batch(), 0)
            self.assertEqual(set(second.mapped("state")), {"received"})
        self.assertEqual(self.outcomes(), ["applied"] * 2 + ["received"] * 2)
        with self.transaction() as worker:
            worker["spp.dci.crvs.event"]._cron_process_backlog()
        self.assertEqual(self.outcomes(), ["applied"] * 2 + ["held"] * 2)

    def test_deaths_committed_after_the_snapshot_count(self):
        with self.transaction() as late:
            later = self.claim(late, 2)
            with self.transaction() as early:
                self.assertEqual(self.claim(early, 2)._process_batch(), 2)
            later._process_batch()
        self.assertEqual(self.outcomes(), ["held"] * 2 + ["applied"] * 2)
