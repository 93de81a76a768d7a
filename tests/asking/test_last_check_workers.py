"""What was checked last is noted while vital events are processed, and neither waits."""

from odoo.tests import tagged

from ..helpers.committed import CommittedCase


@tagged("post_install", "-at_install")
class TestLastCheckWorkers(CommittedCase):
    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            self.event = self.store(env, "death", 0, "2024-05-01")

    def note(self, env, result):
        env.cr.execute("SET LOCAL lock_timeout = '2s'")
        partners = env["res.partner"].browse(self.person_ids[:2])
        env["spp.dci.crvs.last.check"]._note(
            env["spp.dci.data.source"], env.user, dict.fromkeys(partners, result)
        )

    def process(self, env):
        events = env["spp.dci.crvs.event"]._as_processor()._claim(10)
        self.assertEqual(events._process_batch(), 1)

    def assert_both_are_done(self, result):
        with self.transaction() as env:
            person = env["res.partner"].browse(self.person_ids[0])
            self.assertEqual((person.crvs_checked_result, bool(person.disabled)), (result, True))
            self.assertEqual(self.event.with_env(env).outcome, "applied")

    def test_check_while_an_event_is_processed(self):
        with self.transaction() as worker, self.transaction() as check:
            self.process(worker)
            self.note(check, "dead")
        self.assert_both_are_done("dead")

    def test_event_while_a_check_is_noted(self):
        with self.transaction() as env:
            self.note(env, "unknown")
        with self.transaction() as check, self.transaction() as worker:
            worker.cr.execute("SELECT 1 FROM res_partner")  # its snapshot is of before
            self.note(check, "dead")
            self.process(worker)
        self.assert_both_are_done("dead")
