"""What the tests of subscriptions share."""

import json

from odoo.addons.spp_dci_client_crvs.services import signature
from odoo.addons.spp_dci_client_crvs.services.wire import envelope as envelopes

from .registry import FakeRegistryCase

CRON = "spp_dci_client_crvs.ir_cron_subscriptions"
ACK = {"message": {"ack_status": "ACK", "timestamp": "2026-11-20T10:00:00+00:00"}}


def decided(request, status="succ", code="S-1", **members):
    """Answer a subscription or an unsubscription at once."""
    message = request["message"]
    answer = {"transaction_id": message["transaction_id"], "correlation_id": "c-1"}
    if "subscribe_request" not in message:
        return {"header": {}, "message": {**answer, "status": status, **members}}
    item = message["subscribe_request"][0]
    subscriptions = [{"code": code, "status": "subscribe"}] if status == "succ" else []
    answer["subscribe_response"] = [
        {
            "reference_id": item["reference_id"],
            "status": status,
            "subscriptions": subscriptions,
            **members,
        }
    ]
    return {"header": {}, "message": answer}


class SubscriptionCase(FakeRegistryCase):
    def setUp(self):
        super().setUp()
        self.env["spp.dci.crvs.subscription"].search([]).write({"state": "cancelled"})

    def subscriptions(self):
        """Return the subscriptions at the registry, the oldest first."""
        return self.env["spp.dci.crvs.subscription"].search(
            [("data_source_id", "=", self.source.id)], order="id"
        )

    def upkeep(self):
        """Let the scheduler look after them."""
        with self.enter_registry_test_mode():
            self.env.ref(CRON).method_direct_trigger()
        self.env.invalidate_all()

    def call_back(self, subscription, status="succ", code="S-9", **members):
        """Let the answer come by the callback, as the inbox hands it over."""
        request = self.env["spp.dci.crvs.request"]._find(subscription.transaction_id)
        message = {
            "transaction_id": subscription.transaction_id,
            "subscribe_response": [
                {
                    "reference_id": subscription.reference_id,
                    "status": status,
                    "subscriptions": [{"code": code, "status": "subscribe"}],
                    **members,
                }
            ],
        }
        return self._hand_over(request, "on-subscribe", message)

    def call_back_ending(self, transaction_id, status="succ", **members):
        """Let the answer to an unsubscription come by the callback."""
        request = self.env["spp.dci.crvs.request"]._find(transaction_id)
        message = {"transaction_id": transaction_id, "status": status, **members}
        return self._hand_over(request, "on-unsubscribe", message)

    def _hand_over(self, request, action, message):
        body = json.dumps({"header": {"action": action}, "message": message}).encode()
        verified = signature.unsigned(envelopes.parse(body), "crvs.example.org")
        return request._take_answer(self.env["spp.dci.crvs.message"], verified)

    def pending(self):
        """Count the requests that wait for an answer of the registry."""
        return self.env["spp.dci.crvs.request"].search_count(
            [("data_source_id", "=", self.source.id), ("state", "=", "pending")]
        )
