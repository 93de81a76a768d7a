from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestBrake(EventCase):
    def deaths(self, first, number, **kwargs):
        self.people = [self.registrant(ids={"UIN": f"U-{i}"}) for i in range(first, first + number)]
        return self.store(
            *(self.vital("death", {"UIN": f"U-{i}"}) for i in range(first, first + number)),
            **kwargs,
        )

    def test_deaths_beyond_the_number_are_held(self):
        self.sender.max_deaths_per_hour = 3
        events = self.deaths(0, 5)
        self.run_due()
        self.assertEqual(events.mapped("outcome"), ["applied"] * 3 + ["held"] * 2)
        self.assertEqual(set(events[3:].mapped("state")), {"received"})
        self.assertEqual([bool(p.disabled) for p in self.people], [True] * 3 + [False] * 2)
        self.assertFalse(self.run_due())
        more = self.deaths(10, 1)
        self.run_due()
        self.assertEqual(more.outcome, "held")

    def test_another_sender_is_not_held(self):
        self.sender.max_deaths_per_hour = 0
        held = self.deaths(0, 1)
        passed = self.deaths(1, 1, sender=self.other_sender)
        self.run_due()
        self.assertEqual((held.outcome, passed.outcome), ("held", "applied"))

    def test_registry_without_keys_has_a_limit_of_its_own(self):
        self.env["ir.config_parameter"].set_param("spp_dci_client_crvs.max_deaths_per_hour", 1)
        nobody = self.env["spp.dci.crvs.sender"]
        first, second = self.deaths(0, 2, sender=nobody)
        self.run_due()
        self.assertEqual((first.outcome, second.outcome), ("applied", "held"))
        self.assertEqual(second._open_alerts("held").user_id, self.events._crvs_managers()[:1])
        with self.subTest("and takes nothing from a sender's"):
            pushed = self.deaths(2, 1)
            self.run_due()
            self.assertOutcome(pushed, "applied")

    def test_what_was_reversed_counts_and_what_a_manager_released_does_not(self):
        self.sender.max_deaths_per_hour = 1
        first = self.deaths(0, 1)
        self.run_due()
        first._reverse("Wrong", self.manager)
        second = self.deaths(1, 1)
        self.run_due()
        self.assertEqual(second.outcome, "held")
        self.sender.max_deaths_per_hour = 2
        second.with_user(self.manager).action_release()
        self.run_due()
        third = self.deaths(2, 1)
        self.run_due()
        self.assertOutcome(third, "applied")

    def test_only_the_last_hour_counts(self):
        self.sender.max_deaths_per_hour = 1
        self.deaths(0, 1)
        self.run_due()
        later = self.deaths(1, 1)
        with freeze_time(fields.Datetime.now() + timedelta(minutes=61)):
            self.run_due()
        self.assertOutcome(later, "applied")

    def test_deaths_without_effect_and_other_events_do_not_count(self):
        self.sender.max_deaths_per_hour = 1
        self.store(self.vital("death", {"UIN": "nobody"}))
        self.registrant(ids={"UIN": "B"})
        self.store(self.vital("birth", {"UIN": "B"}))
        death = self.deaths(0, 1)
        self.run_due()
        self.assertOutcome(death, "applied")

    def test_deaths_that_disable_somebody_again_count(self):
        self.sender.max_deaths_per_hour = 0
        event = self.deaths(0, 1)
        self.people[0].death_date = "2020-01-01"
        self.run_due()
        self.assertEqual(event.outcome, "held")
        self.assertFalse(self.people[0].disabled)

    def test_several_batches_in_one_transaction(self):
        self.sender.max_deaths_per_hour = 3
        for first in (0, 2, 4):
            self.deaths(first, 2)
            self.run_due()
        events = self.events.search([("sender_id", "=", self.sender.id)])
        self.assertEqual(sorted(events.mapped("outcome")), ["applied"] * 3 + ["held"] * 3)

    def test_managers_are_called_once_on_the_sender(self):
        self.sender.max_deaths_per_hour = 0
        self.deaths(0, 2)
        self.run_due()
        self.deaths(2, 2)
        self.run_due()
        calls = self.sender._open_alerts("deaths_held")
        self.assertEqual(calls.user_id, self.events._crvs_managers())
        self.assertIn("Deaths held", calls[0].note)
        self.assertEqual(len(calls), len(calls.user_id))

    def test_manager_lets_them_pass(self):
        self.sender.max_deaths_per_hour = 0
        event = self.deaths(0, 1)
        self.run_due()
        self.assertIs(event.process_event(), False)
        self.assertEqual(event.outcome, "held")
        with self.assertRaises(AccessError):
            event.with_user(self.officer).action_release()
        said = event.with_user(self.manager).action_release()
        self.assertIn("1 released", said["params"]["message"])
        self.run_due()
        self.assertOutcome(event, "applied")
        self.assertTrue(self.people[0].disabled)
