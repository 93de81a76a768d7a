"""Requests of which nobody knows whether the registry accepted them."""

import time
from datetime import timedelta
from unittest.mock import patch

import requests

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.spp_dci_client_crvs.services.asking.registry import Registry

from ..helpers.subscription import ACK, SubscriptionCase, decided

LOGGER = "odoo.addons.spp_dci_client_crvs.models.asking.subscription_upkeep"
_send = requests.Session.send
UNKNOWN_REQUEST = {
    "status": "rjct",
    "status_reason_code": "rjct.reference_id.invalid",
    "status_reason_message": "No such request.",
}


def slow(_request):
    time.sleep(1.2)
    return ACK


class DoubtCase(SubscriptionCase):
    @classmethod
    def _request_handler(cls, session, request, /, **options):
        # Odoo's own would raise short timeouts to ten seconds.
        if request.url.startswith("http://127.0.0.1:"):
            return _send(session, request, **options)
        return super()._request_handler(session, request, **options)

    def age(self, subscription):
        """Let two hours pass for what the scheduler looks at."""
        past = fields.Datetime.now() - timedelta(hours=2)
        subscription.write({"request_date": past, "status_date": past})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE spp_dci_crvs_request SET create_date = %s WHERE data_source_id = %s",
            [past, self.source.id],
        )
        self.env.invalidate_all()

    def status(self, **inner):
        """Have the registry answer questions about a transaction in this way."""
        self.answer(
            lambda request: {
                "header": {},
                "message": {
                    "transaction_id": request["message"]["transaction_id"],
                    "txnstatus_response": {
                        "txn_type": request["message"]["txnstatus_request"]["txn_type"],
                        "txn_status": inner,
                    },
                },
            }
        )

    def fail_to(self, answer, call, *arguments):
        """Call while the registry answers so; the outcome is unknown afterwards."""
        self.answer(answer)
        self.env.flush_all()
        with self.assertRaisesRegex(UserError, "not known whether.*will be asked"):
            call(*arguments)
        self.env.invalidate_all()

    def chase(self, subscription):
        """Have the scheduler ask, and return the question."""
        self.age(subscription)
        self.upkeep()
        return self.fake.last["message"].get("txnstatus_request")


@tagged("post_install", "-at_install")
class TestSubscribeInDoubt(DoubtCase):
    def subscribe(self):
        return self.service().subscribe_events(["DEATH"])

    def in_doubt(self, answer=None):
        """Subscribe without learning what became of it."""
        self.fail_to(answer, self.subscribe)
        return self.subscriptions()[-1:]

    def test_what_leaves_doubt(self):
        self.source.timeout = 1
        answers = {
            "no answer": None,
            "too late": slow,
            "out of order": (503, {}),
            "nonsense": b"nonsense",
            "another": lambda request: decided(
                {"message": {**request["message"], "transaction_id": "other"}}
            ),
        }
        for name, answer in answers.items():
            with self.subTest(name):
                subscription = self.in_doubt(answer)
                self.assertEqual((subscription.state, self.pending()), ("requested", 1))
                self.assertIn("not known whether", subscription.reason)
                self.assertEqual(self.call_back(subscription), "answered")
                self.assertEqual((subscription.state, subscription.code), ("active", "S-9"))
                self.assertFalse(subscription.reason)
                subscription.state = "cancelled"

    def test_a_truncated_answer(self):
        self.fake.cut = True
        self.assertEqual(self.in_doubt(ACK).state, "requested")

    def test_an_error_of_another_base_client_leaves_doubt(self):
        for error in (UserError("The registry did not answer."), RuntimeError("broken pipe")):
            with self.subTest(error), patch.object(Registry, "send", side_effect=error):
                subscription = self.in_doubt()
                self.assertEqual(subscription.state, "requested")
                subscription.state = "cancelled"

    def test_what_was_never_sent_is_clear(self):
        self.source.write(
            {
                "auth_type": "oauth2",
                "oauth2_token_url": f"{self.fake.url}/token",
                "oauth2_client_id": "spp",
                "oauth2_client_secret": "secret",
            }
        )
        self.answer((503, {}))
        with self.assertRaisesRegex(UserError, "token server"):
            self.subscribe()
        self.assertEqual((self.subscriptions().state, self.pending()), ("rejected", 0))

    def again(self, status):
        """Subscribe again; the registry answers about the first request so, then accepts."""
        sent = len(self.fake.requests)

        def answer(request):
            if request["header"]["action"] == "subscribe":
                return decided(request, code="S-2")
            return status(request) if callable(status) else status

        self.answer(answer)
        self.env.flush_all()
        try:
            return self.subscribe()
        finally:
            self.env.invalidate_all()
            actions = [body["header"]["action"] for _path, body in self.fake.requests[sent:]]
            self.actions = list(dict.fromkeys(actions))

    def test_asked_about_before_it_is_asked_for_again(self):
        subscription = self.in_doubt()
        self.assertEqual(self.again(ACK), [subscription.reference_id])
        self.assertEqual(self.actions, ["txn-status"])
        self.assertEqual(self.subscriptions(), subscription)

    def test_asked_for_again_when_the_registry_does_not_tell(self):
        for status in ((404, {}), b"<html>", {"message": {"transaction_id": "other"}}):
            with self.subTest(status):
                first = self.in_doubt()
                self.assertEqual(self.again(status), ["S-2"])
                self.assertEqual(self.actions, ["txn-status", "subscribe"])
                self.assertEqual(first.state, "rejected")
                self.assertFalse(first.activity_ids)
                self.subscriptions()[-1:].state = "cancelled"

    def test_not_asked_for_again_while_the_registry_cannot_be_asked(self):
        subscription = self.in_doubt()
        with self.assertRaises(UserError):
            self.again((503, {}))
        self.assertEqual(self.actions, ["txn-status"])
        self.assertEqual((subscription.state, subscription.in_doubt), ("requested", True))

    def test_known_after_all(self):
        subscription = self.in_doubt()

        def status(request):
            asked = {
                "transaction_id": subscription.transaction_id,
                "subscribe_request": [{"reference_id": subscription.reference_id}],
            }
            inner = decided({"message": asked}, code="S-1")["message"]
            self.status(**inner)
            answer = self.fake.answer(request)
            return answer

        self.assertEqual(self.again(status), ["S-1"])
        self.assertEqual(self.actions, ["txn-status"])
        self.assertEqual((subscription.state, subscription.in_doubt), ("active", False))

    def test_the_status_completes_it(self):
        subscription = self.in_doubt()
        message = {
            "transaction_id": subscription.transaction_id,
            "subscribe_request": [{"reference_id": subscription.reference_id}],
        }
        self.status(**decided({"message": message}, code="S-5")["message"])
        question = self.chase(subscription)
        self.assertEqual(question["txn_type"], "subscribe")
        self.assertEqual(question["attribute_value"], subscription.transaction_id)
        self.assertEqual((subscription.state, subscription.code), ("active", "S-5"))
        self.assertFalse(subscription.reason)

    def test_a_request_that_the_registry_does_not_know_may_be_made_again(self):
        for known in ("item", "whole"):
            with self.subTest(known):
                subscription = self.in_doubt()
                item = {"reference_id": subscription.reference_id, **UNKNOWN_REQUEST}
                is_item = known == "item"
                self.status(**({"subscribe_response": [item]} if is_item else UNKNOWN_REQUEST))
                self.chase(subscription)
                self.assertEqual(subscription.state, "rejected")
                self.assertIn("rjct.reference_id.invalid No such request.", subscription.reason)
                self.assertEqual(len(subscription.activity_ids), 1)
        self.answer(lambda request: decided(request, code="S-2"))
        self.assertEqual(self.subscribe(), ["S-2"])

    def test_an_unreachable_registry_is_asked_until_the_request_expires(self):
        subscription = self.in_doubt()
        self.source.base_url = "http://127.0.0.1:1"
        for _question in range(7):
            with self.assertLogs(LOGGER, "WARNING"):
                self.chase(subscription)
        self.assertEqual((subscription.state, subscription.status_count), ("requested", 0))
        past = fields.Datetime.now() - timedelta(days=31)
        subscription.write({"request_date": past, "status_date": past})
        self.upkeep()
        self.assertEqual(subscription.state, "rejected")

    def test_confirmed_after_it_was_given_up(self):
        subscription = self.in_doubt()
        subscription.status_count = 5
        self.chase(subscription)
        self.assertEqual((subscription.state, self.pending()), ("rejected", 1))
        self.call_back(subscription)
        self.assertEqual((subscription.state, subscription.code), ("active", "S-9"))

    def test_confirmed_after_it_was_asked_for_again(self):
        first = self.in_doubt()
        first.status_count = 5
        self.chase(first)
        self.answer(lambda request: decided(request, code="S-2"))
        self.subscribe()
        self.call_back(first)
        self.assertEqual(self.subscriptions().mapped("state"), ["rejected", "active"])


@tagged("post_install", "-at_install")
class TestUnsubscribeInDoubt(DoubtCase):
    def setUp(self):
        super().setUp()
        self.answer(lambda request: decided(request, code="S-1"))
        self.service().subscribe_events(["DEATH"])
        self.subscription = self.subscriptions()

    def unsubscribe(self):
        return self.service().unsubscribe_events(["S-1"])

    def in_doubt(self, answer=None):
        """Unsubscribe without learning what became of it, and return the transaction."""
        self.fail_to(answer, self.unsubscribe)
        return self.fake.last["message"]["transaction_id"]

    def test_confirmed_by_the_callback(self):
        for answer in (None, (500, {}), b"nonsense"):
            with self.subTest(answer):
                transaction = self.in_doubt(answer)
                self.assertEqual((self.subscription.state, self.pending()), ("active", 1))
                self.assertIn("not known whether", self.subscription.reason)
                self.assertEqual(self.call_back_ending(transaction), "answered")
                self.assertEqual((self.subscription.state, self.pending()), ("cancelled", 0))
                self.assertFalse(self.subscription.ending_id)
                self.subscription.write({"state": "active", "cancel_date": False})

    def test_refused_by_the_callback(self):
        self.call_back_ending(self.in_doubt(), "rjct", status_reason_code="rjct.requester.invalid")
        self.assertEqual(self.subscription.state, "active")
        self.assertFalse(self.subscription.ending_id)
        self.assertIn("rjct.requester.invalid", self.subscription.reason)
        self.assertEqual(len(self.subscription.activity_ids), 1)

    def test_a_clear_refusal_leaves_nothing_open(self):
        for answer in ((400, {}), lambda request: decided(request, "rjct")):
            self.answer(answer)
            with self.subTest(answer), self.assertRaises(UserError):
                self.unsubscribe()
            self.assertEqual((self.subscription.state, self.pending()), ("active", 0))
            self.assertFalse(self.subscription.ending_id)

    def test_not_asked_again_until_it_is_settled(self):
        self.in_doubt()
        sent = len(self.fake.requests)
        self.fail_to(decided, self.unsubscribe)
        self.assertEqual(len(self.fake.requests), sent)

    def test_the_status_settles_it(self):
        transaction = self.in_doubt()
        self.status(transaction_id=transaction, status="succ")
        question = self.chase(self.subscription)
        self.assertEqual(question["txn_type"], "unsubscribe")
        self.assertEqual(question["attribute_value"], transaction)
        self.assertEqual((self.subscription.state, self.pending()), ("cancelled", 0))

    def test_one_that_the_registry_does_not_know_may_be_made_again(self):
        self.in_doubt()
        self.status(**UNKNOWN_REQUEST)
        self.chase(self.subscription)
        self.assertEqual(self.subscription.state, "active")
        self.assertIn("rjct.reference_id.invalid", self.subscription.reason)
        self.answer(decided)
        self.unsubscribe()
        self.assertEqual(self.subscription.state, "cancelled")

    def test_given_up_when_the_registry_never_says(self):
        self.in_doubt()
        self.answer(ACK)
        for _question in range(5):
            self.chase(self.subscription)
        self.assertTrue(self.subscription.ending_id)
        self.chase(self.subscription)
        self.assertFalse(self.subscription.ending_id)
        self.assertEqual(self.subscription.state, "active")
        self.assertEqual(len(self.subscription.activity_ids), 1)

    def test_a_renewal_waits_until_it_is_settled(self):
        # What the renewal marks before it asks.
        self.subscription.to_renew = True
        transaction = self.in_doubt()
        self.subscription.end_date = fields.Datetime.now() + timedelta(days=3)
        sent = len(self.fake.requests)
        self.upkeep()
        self.assertEqual(len(self.fake.requests), sent)
        self.call_back_ending(transaction)
        self.answer(lambda request: decided(request, code="S-2"))
        self.upkeep()
        live = self.subscriptions().filtered(lambda one: one.state == "active")
        self.assertEqual(live.code, "S-2")
