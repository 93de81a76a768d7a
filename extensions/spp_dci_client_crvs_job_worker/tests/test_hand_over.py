"""Against a stand-in of `job_worker`: see the README."""

from datetime import datetime, timedelta

from freezegun import freeze_time
from psycopg2.errors import SerializationFailure

from odoo.tests import tagged

from odoo.addons.job_worker.exception import RetryableJobError
from odoo.addons.spp_dci_client_crvs.tests.helpers.events import EventCase

LOGGER = "odoo.addons.spp_dci_client_crvs.models.event.job_hand_over"


@tagged("post_install", "-at_install")
class TestHandOver(EventCase):
    def setUp(self):
        super().setUp()
        self.ana = self.registrant(ids={"UIN": "U-1"})
        self.event = self.store(self.vital("death", {"UIN": "U-1"}))

    def dispatch(self):
        """Do what the scheduler does with one batch; return the jobs there are then."""
        self.events._as_processor()._claim(1000)._dispatch_batch()
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["queue.job"].search([("model_name", "=", self.events._name)])

    def test_batch_becomes_one_job_that_processes_once(self):
        job = self.dispatch()
        self.assertEqual((len(job), job.channel), (1, "root.crvs"))
        self.assertEqual(self.event.state, "processing")
        self.assertFalse(self.ana.disabled)
        self.assertEqual(job._perform(), 1)
        self.assertOutcome(self.event, "applied")
        self.assertTrue(self.ana.disabled)
        self.assertEqual(job._perform(), 0)

    def test_scheduler_processes_what_no_job_took(self):
        job = self.dispatch()
        with freeze_time(datetime.now() + timedelta(minutes=16)):
            with self.assertLogs(LOGGER, "WARNING"):
                self.assertEqual(self.dispatch(), job, "no second job")
            self.assertOutcome(self.event, "applied")
        self.assertEqual(job._perform(), 0)

    def test_conflict_has_the_job_repeated_without_the_errors_text(self):
        job = self.dispatch()

        def fail(_events):
            raise SerializationFailure("could not serialize: Ana Test")

        self.patch(type(self.events), "_process_batch", fail)
        with self.assertRaises(RetryableJobError) as caught:
            job._perform()
        self.assertNotIn("Ana", str(caught.exception))

    def test_what_is_handed_over_can_be_taken_back(self):
        self.dispatch()
        self.events._take_back()
        self.assertEqual(self.run_due(), self.event)
        self.assertOutcome(self.event, "applied")
