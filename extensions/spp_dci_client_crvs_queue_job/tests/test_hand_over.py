from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.tests import tagged

from odoo.addons.queue_job.exception import FailedJobError, RetryableJobError
from odoo.addons.queue_job.job import Job
from odoo.addons.spp_dci_client_crvs import const
from odoo.addons.spp_dci_client_crvs.models.mixins import number
from odoo.addons.spp_dci_client_crvs.tests.helpers.events import EventCase

LOGGER = "odoo.addons.spp_dci_client_crvs.models.event.job_hand_over"


@tagged("post_install", "-at_install")
class TestHandOver(EventCase):
    def setUp(self):
        super().setUp()
        self.ana = self.registrant(ids={"UIN": "U-1"})
        self.ben = self.registrant("Ben Test", ids={"UIN": "U-2"})

    def deaths(self, *numbers):
        return self.store(*(self.vital("death", {"UIN": number}) for number in numbers))

    def dispatch(self):
        """Do what the scheduler does with one batch; return the jobs there are then."""
        self.events._as_processor()._claim(1000)._dispatch_batch()
        self.env.flush_all()
        self.env.invalidate_all()
        return self.jobs()

    def jobs(self):
        return self.env["queue.job"].search([("model_name", "=", self.events._name)])

    def perform(self, job):
        """Do what the job runner's worker does, without its commit."""
        result = Job.load(self.env, job.uuid).perform()
        self.env.flush_all()
        self.env.invalidate_all()
        return result

    def notes(self, partner):
        return len(partner.message_ids.filtered(lambda note: "Civil registry" in note.body))

    def after_the_lease(self):
        return freeze_time(datetime.now() + timedelta(minutes=16))

    def test_batch_becomes_one_job_in_its_own_channel(self):
        events = self.deaths("U-1", "U-2")
        job = self.dispatch()
        self.assertEqual(len(job), 1)
        self.assertEqual(job.records, events)
        self.assertEqual((job.channel, job.state), ("root.crvs", "pending"))
        self.assertEqual(job.user_id, self.processor_user)
        self.assertEqual(set(events.mapped("state")), {"processing"})
        self.assertFalse(self.ana.disabled or self.ben.disabled)
        self.assertFalse(self.dispatch() - job, "what is handed over is not due")

    def test_job_processes_once_however_often_it_runs(self):
        events = self.deaths("U-1", "U-2")
        job = self.dispatch()
        self.assertEqual(self.perform(job), 2)
        self.assertEqual(set(events.mapped("outcome")), {"applied"})
        before = events.read(), self.ana.read(), self.notes(self.ana)
        self.assertEqual(before[2], 1)
        self.assertEqual(events.mapped("attempts"), [1, 1])
        with freeze_time(datetime.now() + timedelta(hours=1)):
            self.assertEqual(self.perform(job), 0)
        self.assertEqual((events.read(), self.ana.read(), self.notes(self.ana)), before)

    def test_scheduler_processes_what_no_job_took_and_the_job_then_does_nothing(self):
        event = self.deaths("U-1")
        job = self.dispatch()
        with self.after_the_lease():
            with self.assertLogs(LOGGER, "WARNING") as log:
                self.assertEqual(self.dispatch(), job, "no second job")
            self.assertIn("1 vital events were not processed by the job queue", log.output[0])
            self.assertOutcome(event, "applied")
            before = event.read(), self.ana.read(), self.notes(self.ana)
            self.assertEqual(before[2], 1)
            self.assertEqual(self.perform(job), 0)
        self.assertEqual((event.read(), self.ana.read(), self.notes(self.ana)), before)

    def test_event_that_waits_in_a_job_gets_no_second_one(self):
        """The job runner is down; the scheduler tries in vain, and hands over the retry."""
        event = self.deaths("U-9")
        job = self.dispatch()
        with self.after_the_lease(), self.assertLogs(LOGGER, "WARNING"):
            self.dispatch()
            self.assertError(event, "no_match")
        self.registrant("Zoe Test", ids={"UIN": "U-9"})
        with freeze_time(event.next_attempt + timedelta(seconds=1)):
            self.assertEqual(self.dispatch(), job)
            self.assertEqual(event.state, "processing")
            self.assertEqual(self.perform(job), 1)
        self.assertOutcome(event, "applied")

    def test_finished_job_does_not_stand_in_the_way_of_a_retry(self):
        event = self.deaths("U-9")
        first = self.dispatch()
        self.perform(first)
        first.button_done()
        self.assertError(event, "no_match")
        with freeze_time(event.next_attempt + timedelta(seconds=1)):
            second = self.dispatch() - first
        self.assertEqual(second.records, event)

    def test_event_whose_registrant_is_locked_comes_back_through_the_scheduler(self):
        event = self.deaths("U-1")
        job = self.dispatch()
        cron = self.env.ref("spp_dci_client_crvs.ir_cron_process_events")
        cron.nextcall = fields.Datetime.now() + timedelta(hours=1)
        self.env["ir.cron.trigger"].search([]).unlink()

        def locked(_processor, batch):
            for case in batch.open:
                case.postponed = batch.now + timedelta(seconds=1)

        with patch.object(type(self.env["spp.dci.crvs.processor"]), "_lock_persons", locked):
            self.assertEqual(self.perform(job), 0)
        self.assertEqual(event.state, "processing")
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]))
        with freeze_time(event.next_attempt), self.assertNoLogs(LOGGER, "WARNING"):
            self.assertEqual(self.dispatch(), job, "no second job")
        self.assertOutcome(event, "applied")

    def test_retry_after_a_job_wakes_the_scheduler_in_time(self):
        cron = self.env.ref("spp_dci_client_crvs.ir_cron_process_events")
        cron.nextcall = fields.Datetime.now() + timedelta(hours=1)
        event = self.deaths("U-9")
        job = self.dispatch()
        self.env["ir.cron.trigger"].search([]).unlink()
        self.perform(job)
        self.assertError(event, "no_match")
        trigger = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.assertEqual(trigger.call_at, event.next_attempt)

    def test_hand_over_and_job_stand_and_fall_together(self):
        event = self.deaths("U-1")
        with self.assertRaises(RuntimeError), self.env.cr.savepoint():
            self.assertTrue(self.dispatch())
            raise RuntimeError("crash")
        self.assertFalse(self.jobs())
        self.assertEqual(event.state, "received")
        self.assertTrue(self.dispatch())

    # ------------------------------------------------------------------
    # Conflicts
    # ------------------------------------------------------------------

    def conflict(self):
        def fail(_events):
            raise SerializationFailure("could not serialize: Ana Test")

        self.patch(type(self.events), "_process_batch", fail)

    def test_conflict_has_the_job_repeated_without_the_errors_text(self):
        self.deaths("U-1")
        job = self.dispatch()
        self.conflict()
        with self.assertRaises(RetryableJobError) as caught:
            self.perform(job)
        self.assertIn("Another transaction", str(caught.exception))
        self.assertNotIn("Ana", str(caught.exception))

    def test_conflict_outside_of_a_job_reaches_whoever_called(self):
        event = self.deaths("U-1")
        self.dispatch()
        self.conflict()
        with self.assertRaises(SerializationFailure):
            event._process_handed_over()

    def test_job_gives_up_before_the_lease_of_its_events_ends(self):
        self.deaths("U-1")
        job = Job.load(self.env, self.dispatch().uuid)
        self.conflict()
        seconds = 0
        for _attempt in range(job.max_retries - 1):
            with self.assertRaises(RetryableJobError):
                job.perform()
            pattern = job.job_config.retry_pattern
            wait = pattern[max(count for count in pattern if count <= job.retry)]
            self.assertLessEqual(job._get_retry_seconds(), max(wait))
            seconds += max(wait)
        with self.assertRaises(FailedJobError):
            job.perform()
        lease = number(self.env, const.PARAM_PROCESSING_LEASE_MIN) * 60
        self.assertLess(seconds, lease)

    # ------------------------------------------------------------------
    # Leaving
    # ------------------------------------------------------------------

    def test_what_is_handed_over_can_be_taken_back(self):
        event = self.deaths("U-1")
        self.dispatch()
        self.env["ir.cron.trigger"].search([]).unlink()
        self.events._take_back()
        self.assertEqual(event.state, "processing")
        self.assertLessEqual(event.next_attempt, fields.Datetime.now())
        self.assertTrue(self.env["ir.cron.trigger"].search([]))
        self.assertEqual(self.run_due(), event)
        self.assertOutcome(event, "applied")
