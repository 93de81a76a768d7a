"""Subscriptions: requested once, completed by whatever answers, looked after until they end."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common_registry import SandboxCase
from .common_subscription import ACK, SubscriptionCase, decided

LOGGER = "odoo.addons.spp_dci_client_crvs.models.crvs_subscription_upkeep"


@tagged("post_install", "-at_install")
class TestSubscribe(SubscriptionCase):
    def test_an_acknowledged_request(self):
        self.answer({"message": {**ACK["message"], "correlation_id": "corr-7"}})
        handles = self.service().subscribe_events(["Death"])
        self.assertEqual(handles, ["corr-7"])
        subscription = self.subscriptions()
        self.assertEqual((subscription.state, subscription.event_type), ("requested", "death"))
        self.assertEqual(self.call_back(subscription), "answered")
        self.assertEqual((subscription.state, subscription.code), ("active", "S-9"))
        self.assertEqual(self.service().subscribe_events(["DEATH"]), ["S-9"])
        self.assertEqual(len(self.fake.requests), 1)

    def test_without_correlation_id_the_reference_leads_there(self):
        self.answer(ACK)
        handle = self.service().subscribe_events(["birth"])[0]
        self.assertEqual(handle, self.subscriptions().reference_id)
        self.assertRegex(handle, "^[0-9a-f]{32}$")

    def test_a_synchronous_answer(self):
        self.answer(lambda request: decided(request, code="S-1"))
        self.assertEqual(self.service().subscribe_events(["DEATH"]), ["S-1"])
        self.assertEqual(self.subscriptions().state, "active")

    def test_default_and_order(self):
        codes = iter(["S-1", "S-2", "S-3"])
        self.answer(lambda request: decided(request, code=next(codes)))
        self.assertEqual(self.service().subscribe_events(), ["S-1", "S-2"])
        self.assertEqual(self.subscriptions().mapped("event_type"), ["birth", "death"])
        self.assertEqual(self.service().subscribe_events(["MARRIAGE", "DEATH"]), ["S-3", "S-2"])

    def test_committed_before_it_leaves(self):
        seen = []

        def answer(_request):
            subscription = self.subscriptions()
            seen.append((subscription.state, bool(subscription.transaction_id)))
            pending = self.env["spp.dci.crvs.request"]._find(subscription.transaction_id)
            seen.append(pending.state)
            return ACK

        self.answer(answer)
        self.service().subscribe_events(["DEATH"])
        self.assertEqual(seen, [("requested", True), "pending"])

    def test_rejected(self):
        self.answer(
            lambda request: decided(request, "rjct", status_reason_code="rjct.notify_types.invalid")
        )
        with self.assertRaisesRegex(UserError, "rjct.notify_types.invalid"):
            self.service().subscribe_events(["DEATH"])
        self.assertEqual(self.subscriptions().state, "rejected")
        self.answer(lambda request: decided(request, code="S-2"))
        self.assertEqual(self.service().subscribe_events(["DEATH"]), ["S-2"])

    def test_rejected_later(self):
        self.answer(ACK)
        self.service().subscribe_events(["DEATH"])
        subscription = self.subscriptions()
        self.call_back(subscription, "rjct", status_reason_code="rjct.person_id.invalid")
        self.assertEqual(subscription.state, "rejected")
        self.assertIn("rjct.person_id.invalid", subscription.reason)
        self.assertEqual(len(subscription.activity_ids), 1)

    def test_refused_and_unreachable(self):
        error = {"message": {"ack_status": "ERR", "error": {"code": "err.request.bad"}}}
        for answer in (error, (400, {}), (429, {})):
            self.answer(answer)
            # assertRaises would undo what is kept about the failure.
            with self.subTest(answer), self.assertRaisesRegex(UserError, "egistry"):
                self.service().subscribe_events(["DEATH"])
            self.assertEqual(self.subscriptions()[-1:].state, "rejected")
            self.assertEqual(self.pending(), 0)
        self.source.base_url = "http://127.0.0.1:1"
        with self.assertRaisesRegex(UserError, "cannot be reached"):
            self.service().subscribe_events(["DEATH"])
        self.assertEqual(self.subscriptions()[-1:].state, "rejected")

    def test_an_answer_to_another_transaction(self):
        def answer(request):
            return decided({"message": {**request["message"], "transaction_id": "other"}})

        self.answer(answer)
        with self.assertRaises(UserError):
            self.service().subscribe_events(["DEATH"])
        self.assertNotEqual(self.subscriptions().state, "active")

    def test_a_pending_answer_does_not_use_up_the_request(self):
        self.answer(ACK)
        self.service().subscribe_events(["DEATH"])
        subscription = self.subscriptions()
        self.call_back(subscription, "pdng", code="")
        self.assertEqual(subscription.state, "requested")
        self.call_back(subscription)
        self.assertEqual(subscription.state, "active")
        self.assertEqual(self.call_back(subscription, code="S-evil"), "unmatched")
        self.assertEqual(subscription.code, "S-9")

    def test_wrong_arguments(self):
        service = self.service()
        for value in ("DEATH", [], ["ADOPTION"], [1], {"DEATH"}):
            with self.subTest(value), self.assertRaises(ValidationError):
                service.subscribe_events(value)
        for value in ("S-1", [], [1], [""], None):
            with self.subTest(value), self.assertRaises(ValidationError):
                service.unsubscribe_events(value)

    def test_one_live_one_of_a_kind_in_the_database(self):
        subscriptions = self.env["spp.dci.crvs.subscription"]
        first, is_new = subscriptions._claim(self.source, "death", False)
        again, is_new_again = subscriptions._claim(self.source, "death", False)
        self.assertEqual((first, is_new, is_new_again), (again, True, False))


@tagged("post_install", "-at_install")
class TestUnsubscribe(SubscriptionCase):
    def test_by_code_and_by_what_led_to_it(self):
        self.answer({"message": {**ACK["message"], "correlation_id": "corr-7"}})
        handles = self.service().subscribe_events(["DEATH"])
        self.call_back(self.subscriptions())
        self.answer(decided)
        answer = self.service().unsubscribe_events(handles)
        self.assertEqual(answer["message"]["status"], "succ")
        self.assertEqual(self.fake.last["message"]["subscription_codes"], ["S-9"])
        self.assertEqual(self.fake.requests[-1][0], "/registry/unsubscribe")
        self.assertEqual(self.subscriptions().state, "cancelled")

    def test_an_unconfirmed_one_is_asked_about(self):
        self.answer(ACK)
        handles = self.service().subscribe_events(["DEATH"])

        def answer(request):
            status = request["message"].get("txnstatus_request")
            if not status:
                return ACK
            inner = decided(
                {
                    "message": {
                        "transaction_id": status["attribute_value"],
                        "subscribe_request": [{"reference_id": status["reference_id"]}],
                    }
                },
                code="S-4",
            )["message"]
            return {
                "header": {},
                "message": {
                    "transaction_id": request["message"]["transaction_id"],
                    "txnstatus_response": {"txn_type": "subscribe", "txn_status": inner},
                },
            }

        self.answer(answer)
        self.service().unsubscribe_events(handles)
        self.assertEqual(self.fake.last["message"]["subscription_codes"], ["S-4"])
        self.assertEqual(self.subscriptions().state, "cancelled")

    def test_one_that_nobody_confirms_cannot_be_ended(self):
        self.answer(ACK)
        handles = self.service().subscribe_events(["DEATH"])
        with self.assertRaisesRegex(UserError, "not confirmed"):
            self.service().unsubscribe_events(handles)
        self.assertEqual(self.subscriptions().state, "requested")

    def test_refused(self):
        self.answer(lambda request: decided(request, code="S-1"))
        self.service().subscribe_events(["DEATH"])
        self.answer(lambda request: decided(request, "rjct"))
        with self.assertRaises(UserError):
            self.service().unsubscribe_events(["S-1"])
        self.assertEqual(self.subscriptions().state, "active")

    def test_refused_later(self):
        self.answer(lambda request: decided(request, code="S-1"))
        self.service().subscribe_events(["DEATH"])
        self.answer(ACK)
        self.service().unsubscribe_events(["S-1"])
        subscription = self.subscriptions()
        self.assertEqual(subscription.state, "cancelled")
        self.call_back_ending(self.fake.last["message"]["transaction_id"], "rjct")
        self.assertEqual(subscription.state, "active")
        self.assertEqual(len(subscription.activity_ids), 1)


@tagged("post_install", "-at_install")
class TestUpkeep(SubscriptionCase):
    def test_a_stale_request_is_asked_about_and_given_up(self):
        self.answer(ACK)
        self.service().subscribe_events(["DEATH"])
        subscription = self.subscriptions()
        self.upkeep()
        self.assertEqual(len(self.fake.requests), 1, "It is not stale yet.")
        for _question in range(5):
            past = fields.Datetime.now() - timedelta(hours=2)
            subscription.write({"request_date": past, "status_date": past})
            self.upkeep()
        self.assertEqual(self.fake.requests[-1][0], "/registry/sync/txn/status")
        self.assertEqual((len(self.fake.requests), subscription.state), (6, "requested"))
        subscription.status_date = past
        self.upkeep()
        self.assertEqual(subscription.state, "rejected")
        self.assertEqual(len(subscription.activity_ids), 1)

    def test_renewed_before_it_ends(self):
        codes = iter(["S-1", "S-2"])
        self.answer(
            lambda request: decided(
                request, code="" if "timestamp" in request["message"] else next(codes)
            )
        )
        self.service().subscribe_events(["DEATH"])
        old = self.subscriptions()
        self.upkeep()
        self.assertEqual(len(self.fake.requests), 1, "It ends in a year.")
        old.end_date = fields.Datetime.now() + timedelta(days=3)
        self.upkeep()
        self.assertEqual((old.state, old.to_renew), ("cancelled", False))
        new = self.subscriptions() - old
        self.assertEqual((new.state, new.code), ("active", "S-2"))
        self.assertGreater(new.end_date, fields.Datetime.now() + timedelta(days=300))
        # What was returned for the old one leads to the new one.
        self.service().unsubscribe_events(["S-1"])
        self.assertEqual(self.fake.last["message"]["subscription_codes"], ["S-2"])
        self.assertEqual(new.state, "cancelled")

    def test_a_renewal_that_fails_half_way_is_continued(self):
        self.answer(lambda request: decided(request, code="S-1"))
        self.service().subscribe_events(["DEATH"])
        old = self.subscriptions()
        old.end_date = fields.Datetime.now() + timedelta(days=3)
        self.answer(
            lambda request: (400, {})
            if "subscribe_request" in request["message"]
            else decided(request)
        )
        with self.assertLogs(LOGGER, "WARNING"):
            self.upkeep()
        self.assertEqual((old.state, old.to_renew), ("cancelled", True))
        self.answer(lambda request: decided(request, code="S-2"))
        self.upkeep()
        self.assertFalse(old.to_renew)
        live = self.subscriptions().filtered(lambda entry: entry.state == "active")
        self.assertEqual(live.code, "S-2")

    def test_silence_is_reported_once(self):
        self.answer(lambda request: decided(request, code="S-1"))
        self.service().subscribe_events(["DEATH"])
        subscription = self.subscriptions()
        self.upkeep()
        self.assertFalse(subscription.activity_ids)
        subscription.active_date = fields.Datetime.now() - timedelta(days=31)
        for _run in range(2):
            self.upkeep()
            self.assertEqual(len(subscription.activity_ids), 1)
        subscription.activity_ids.unlink()
        self.upkeep()
        self.assertFalse(subscription.activity_ids)


@tagged("post_install", "-at_install")
class TestSubscriptionAccess(SubscriptionCase):
    def test_who_may_do_what(self):
        self.answer(lambda request: decided(request, code="S-1"))
        self.service().subscribe_events(["DEATH"])
        subscription = self.subscriptions()
        users = {
            name: new_test_user(self.env, f"subscription-{name}", groups=group)
            for name, group in (
                ("nobody", "base.group_user"),
                ("viewer", "spp_dci_client_crvs.group_crvs_viewer"),
                ("officer", "spp_dci_client_crvs.group_crvs_officer"),
                ("manager", "spp_dci_client_crvs.group_crvs_manager"),
            )
        }
        for name, user in users.items():
            with self.subTest(name):
                own = subscription.with_user(user)
                with self.assertRaises(AccessError):
                    own.write({"state": "cancelled"})
                with self.assertRaises(AccessError):
                    own.create({"data_source_id": self.source.id, "event_type": "birth"})
                with self.assertRaises(AccessError):
                    own.unlink()
                if name != "manager":
                    with self.assertRaises(AccessError):
                        own.action_unsubscribe()
                    with self.assertRaises(AccessError):
                        own.action_ask_status()
        wizard = self.env["spp.dci.crvs.subscribe.wizard"].with_user(users["manager"])
        action = wizard.create({"data_source_id": self.source.id, "death": False})
        self.answer(lambda request: decided(request, code="S-2"))
        action.action_subscribe()
        self.assertEqual(self.subscriptions().mapped("code"), ["S-1", "S-2"])
        self.answer(decided)
        subscription.with_user(users["manager"]).action_unsubscribe()
        self.assertEqual(subscription.state, "cancelled")
        with self.assertRaises(AccessError):
            self.env["spp.dci.crvs.subscribe.wizard"].with_user(users["officer"]).create({})


@tagged("post_install", "-at_install")
class TestSubscriptionSandbox(SandboxCase):
    def test_the_whole_life(self):
        self.standard_source()
        self.sandbox.admin("config", {"synchronous": True})
        self.addCleanup(self.sandbox.admin, "config", {"synchronous": False})
        service = self.service()
        codes = service.subscribe_events()
        live = self.sandbox.admin("subscriptions")["subscriptions"]
        self.assertEqual([item["code"] for item in live if item["active"]], codes)
        self.assertEqual(service.subscribe_events(), codes)
        answer = service.unsubscribe_events(codes)
        self.assertEqual(answer["message"]["status"], "succ")
        live = self.sandbox.admin("subscriptions")["subscriptions"]
        self.assertFalse([item for item in live if item["active"]])

    def test_the_status_completes_what_no_callback_did(self):
        self.standard_source()
        self.sandbox.admin("config", {"silent": True})
        self.addCleanup(self.sandbox.admin, "config", {"silent": False})
        service = self.service()
        service.subscribe_events(["DEATH"])
        subscription = self.env["spp.dci.crvs.subscription"].search([], limit=1)
        self.assertEqual(subscription.state, "requested")
        subscription.action_ask_status()
        self.assertEqual(subscription.state, "active")
        live = self.sandbox.admin("subscriptions")["subscriptions"]
        self.assertEqual(subscription.code, live[-1]["code"])
