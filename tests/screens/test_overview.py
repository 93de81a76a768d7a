import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ...models.trust.sender_key import parse_pem
from ..helpers.callback import new_key, pem_of
from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestOverview(EventCase):
    def overview(self, user=None):
        action = self.env["spp.dci.crvs.overview"].with_user(user or self.viewer).action_open()
        return self.env[action["res_model"]].with_user(user or self.viewer).browse(action["res_id"])

    def test_counts_what_needs_somebody(self):
        before = self.overview()
        unmatched, ambiguous = before.no_match, before.held
        self.process("death", {"UIN": "NOBODY"})
        self.store(self.vital("death", {"UIN": "H"}))._hold("brake")
        now = self.overview()
        self.assertEqual((now.no_match, now.held), (unmatched + 1, ambiguous + 1))
        self.assertFalse(now.is_done)
        self.events.search([]).unlink()
        done = self.overview()
        self.assertTrue(done.is_done)
        self.assertEqual((done.no_match, done.held, done.waiting), (0, 0, 0))

    def test_counts_what_was_refused_in_the_last_day(self):
        before = self.overview().refused
        now = fields.Datetime.now()
        values = {"reason": "sender", "count": 3, "last_address": "192.0.2.1"}
        refusals = self.env["spp.dci.crvs.refusal"]
        for name, ago in (("new", 1), ("old", 30)):
            when = now - timedelta(hours=ago)
            refusals.create(
                {**values, "claimed_sender": name, "first_date": when, "last_date": when}
            )
        self.assertEqual(self.overview().refused, before + 1)

    def test_graph_has_a_bar_for_each_day(self):
        self.events.search([]).unlink()
        self.store(self.vital("death", {"UIN": "A"}), self.vital("birth", {"UIN": "B"}))
        (graph,) = json.loads(self.overview().events_graph)
        self.assertEqual(len(graph["values"]), 14)
        self.assertEqual([bar["value"] for bar in graph["values"]][-1], 2)
        self.assertEqual(sum(bar["value"] for bar in graph["values"]), 2)

    def test_only_viewers_and_above(self):
        clerk = new_test_user(self.env, "clerk", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.overview(clerk)

    def test_registries_and_who_is_asked_without_keys(self):
        overview = self.overview()
        self.assertLessEqual(self.sender | self.other_sender, overview.sender_ids.sudo())
        self.assertNotIn(self.source.name, (overview.without_keys or "").split(", "))
        self.source.crvs_sender_id = False
        self.assertIn(self.source.name, self.overview().without_keys.split(", "))


@tagged("post_install", "-at_install")
class TestHealth(EventCase):
    def add_key(self):
        key = parse_pem(pem_of(new_key()), "k")
        return self.env["spp.dci.crvs.sender.key"].create(
            self.sender._key_values(key, self.env.cr.now())
        )

    def health(self):
        self.env.invalidate_all()
        sender = self.sender.with_user(self.viewer)
        return sender.health, sender.health_text or ""

    def test_without_a_key_it_is_broken(self):
        health, text = self.health()
        self.assertEqual(health, "bad")
        self.assertIn("no key", text)
        key = self.add_key()
        self.assertEqual(self.health(), ("quiet", ""))
        key.action_revoke()
        self.assertEqual(self.health()[0], "bad")

    def test_archived_is_broken(self):
        self.add_key()
        self.sender.active = False
        self.assertIn("archived", self.health()[1])

    def test_what_was_notified_makes_it_good(self):
        self.add_key()
        event = self.store(self.vital("death", {"UIN": "A"}))
        self.assertEqual(self.health()[0], "good")
        self.assertEqual(self.sender.last_notification, event.received_date)
        self.assertFalse(self.other_sender.last_notification)

    def test_failing_pull(self):
        self.add_key()
        pull = self.env["spp.dci.crvs.pull"].create(
            {"data_source_id": self.source.id, "event_type": "birth", "failures": 1}
        )
        self.assertEqual(self.health(), ("warning", "Searching for birth failed."))
        pull.failures = 3
        self.assertEqual(self.health()[0], "bad")
        pull.write({"failures": 0, "end_date": "2026-01-02 03:04:05"})
        self.assertEqual(self.health()[0], "good")

    def test_subscriptions(self):
        self.add_key()
        values = {"data_source_id": self.source.id, "reference_id": "r"}
        subscriptions = self.env["spp.dci.crvs.subscription"]
        refused = subscriptions.create({**values, "event_type": "birth", "state": "rejected"})
        self.assertIn("refused a subscription: Birth", self.health()[1])
        refused.unlink()
        active = subscriptions.create({**values, "event_type": "death", "state": "active"})
        self.assertEqual(self.sender.subscriptions_text, "Death")
        self.assertEqual(self.health()[0], "quiet")
        active.alarm_date = "2026-01-01"
        self.assertIn("long time", self.health()[1])
        self.store(self.vital("death", {"UIN": "A"}))
        self.assertEqual(self.health()[0], "good")
