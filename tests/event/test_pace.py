"""A run that was killed, and events that take long: the backlog shrinks all the same."""

from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.tests import tagged

from ...models.event import event_queue as crvs_event_pace
from ...models.event.event_queue import _Run
from ..helpers.committed import CommittedCase

PARAMETER = "spp_dci_client_crvs.technical_attempts"


class Killed(BaseException):
    """Stands for the end of the process: nothing of ours catches it, nothing is committed."""


@tagged("post_install", "-at_install")
class TestPace(CommittedCase):
    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            for person in range(4):
                self.store(env, "death", person, "2024-05-01")
        self.deadly = None
        self.batches = []
        case = self
        processors = type(self.env["spp.dci.crvs.processor"])
        process = processors._process

        def deadly(processor, events):
            case.batches.append(len(events))
            if case.deadly in events.mapped("identifier_value"):
                raise Killed
            return process(processor, events)

        self.patch(processors, "_process", deadly)

    def run_once(self, died_before):
        """Run the scheduled action as Odoo does, after so many runs that never ended."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            cron = env.ref("spp_dci_client_crvs.ir_cron_process_events")
            cron, _progress = cron.with_context(cron_id=cron.id)._add_progress(
                timed_out_counter=died_before
            )
            cr.commit()
            env = env(context=cron.env.context)
            try:
                env["spp.dci.crvs.event"]._cron_process_backlog()
                env.flush_all()
            except Killed:
                cr.rollback()
                return False
        return True

    def states(self):
        with self.transaction() as env:
            return self.events(env).mapped("state")

    def test_events_that_kill_their_process_do_not_keep_the_others_waiting(self):
        self.deadly = "COMMITTED-1"
        self.assertFalse(self.run_once(died_before=0))
        self.assertEqual(self.states(), ["received"] * 4)
        self.assertEqual(self.batches, [4])
        self.assertFalse(self.run_once(died_before=1))
        self.assertEqual(self.states(), ["processed", "processing", "received", "received"])
        self.assertTrue(self.run_once(died_before=2))
        self.assertEqual(self.states(), ["processed", "processing", "processed", "processed"])
        self.assertEqual(self.batches, [4, 1, 1, 1, 1])

    def test_it_is_given_up_in_time_and_nobody_is_touched(self):
        self.deadly = "COMMITTED-1"
        with self.transaction() as env:
            env["ir.config_parameter"].set_param(PARAMETER, 2)
        self.addCleanup(self.reset)
        for rest in (10, 20):
            self.assertFalse(self.run_once(died_before=1))
            with self.transaction() as env:
                event = self.events(env)[1]
                self.assertEqual(event.state, "processing")
                self.assertEqual(
                    (event.next_attempt - event.processing_since).total_seconds(), rest
                )
                event.next_attempt = event.processing_since
        self.assertTrue(self.run_once(died_before=1))
        with self.transaction() as env:
            event = self.events(env)[1]
            self.assertEqual((event.state, event.error_kind), ("error", "technical"))
            self.assertFalse(event.next_attempt)
            self.assertFalse(env["res.partner"].browse(self.person_ids[1]).disabled)
        self.assertEqual(self.states(), ["processed", "error", "processed", "processed"])

    def reset(self):
        with self.transaction() as env:
            env["ir.config_parameter"].set_param(PARAMETER, False)

    def test_a_run_begins_small_and_takes_what_fits_into_a_few_seconds(self):
        with patch.object(crvs_event_pace, "_FIRST_BATCH", 2):
            self.assertTrue(self.run_once(died_before=0))
        self.assertEqual(self.batches, [2, 2])
        self.assertEqual(self.states(), ["processed"] * 4)

    def test_the_size_of_batches_follows_what_they_took(self):
        events = self.env["spp.dci.crvs.event"]
        for done, seconds, expected in (
            (20, 0.1, 200),
            (20, 2, 50),
            (200, 20, 50),
            (1, 60, 1),
            (0, 0.01, 20),
        ):
            with self.subTest(done=done, seconds=seconds):
                run = _Run(200, 20, claimed=list(range(done)))
                self.assertEqual(events._next_limit(run, seconds), expected)

    def test_events_of_a_batch_that_broke_down_go_one_by_one(self):
        events = self.env["spp.dci.crvs.event"]
        run = _Run(200, 200, claimed=[1, 2])
        events._isolate(run, ValueError())
        self.assertEqual([events._next_limit(run, 0.1) for _number in range(2)], [1, 1])
        self.assertGreater(events._next_limit(run, 0.1), 1)
