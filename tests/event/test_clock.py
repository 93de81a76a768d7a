"""A clock that was ahead has left time stamps in the future: nothing waits for them."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..helpers.events import EventCase

YEAR = timedelta(days=365)


@tagged("post_install", "-at_install")
class TestClock(EventCase):
    def setUp(self):
        super().setUp()
        self.ahead = fields.Datetime.now() + YEAR

    def test_keys_are_fetched(self):
        self.sender.jwks_url = "https://registry.test/jwks"
        self.sender.last_refetch = self.ahead
        self.assertTrue(self.sender._may_refetch())
        self.sender.last_refetch = fields.Datetime.now()
        self.assertFalse(self.sender._may_refetch())

    def test_corrections_count(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        first = self.process("birth", {"UIN": "U-1"}, "1990-01-01")
        first.version_time = self.ahead
        corrected = self.process("birth", {"UIN": "U-1"}, "1990-02-02")
        self.assertEqual(fields.Date.to_string(ana.birthdate), "1990-02-02")
        self.assertOutcome(corrected, "applied")

    def test_events_are_processed(self):
        ana = self.registrant(ids={"UIN": "U-1"})
        event = self.store(self.vital("death", {"UIN": "U-1"}))
        event.next_attempt = self.ahead
        soon = self.store(self.vital("death", {"UIN": "later"}))
        soon.next_attempt = fields.Datetime.now() + timedelta(days=2)
        self.patch(self.env.cr, "commit", self.env.cr.flush)
        self.events._cron_process_backlog()
        self.assertTrue(ana.disabled)
        self.assertFalse(soon.attempts)

    def test_limit_of_deaths_opens_again(self):
        self.sender.max_deaths_per_hour = 1
        for number in range(2):
            self.registrant(ids={"UIN": f"U-{number}"})
        first = self.process("death", {"UIN": "U-0"})
        first.processed_date = self.ahead
        self.assertOutcome(self.process("death", {"UIN": "U-1"}), "applied")

    def test_pulls_go_on(self):
        pull = self.env["spp.dci.crvs.pull"].create(
            {"data_source_id": self.source.id, "event_type": "death", "kind": "regular"}
        )
        pull.write(
            {
                "next_date": self.ahead,
                "start_date": self.ahead,
                "watermark": self.ahead.date(),
                "overlap_days": 3,
            }
        )
        self.assertIn(pull, pull.search(pull._due_domain()))
        today = fields.Date.context_today(pull)
        self.assertEqual(pull._since(), today - timedelta(days=3))

    def test_subscriptions_are_asked_about(self):
        subscription = self.env["spp.dci.crvs.subscription"].create(
            {
                "data_source_id": self.source.id,
                "event_type": "death",
                "state": "requested",
                "reference_id": "r",
                "request_date": self.ahead,
                "status_date": self.ahead,
            }
        )
        self.assertIn(subscription, subscription._find_stale())
