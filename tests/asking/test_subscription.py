"""Subscriptions: requested once, completed by whatever answers, looked after until they end."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ..helpers.registry import SandboxCase
from ..helpers.subscription import ACK, SubscriptionCase, decided

LOGGER = "odoo.addons.spp_dci_client_crvs.models.asking.subscription_upkeep"


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
        with self.assertRaisesRegex(UserError, "could not be reached"):
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
        self.assertTrue(self.subscriptions().ending_id)

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
        self.assertEqual(subscription.state, "active", "acknowledged is not ended")
        self.call_back_ending(self.fake.last["message"]["transaction_id"], "rjct")
        self.assertEqual(subscription.state, "active")
        self.assertFalse(subscription.ending_id)
        self.assertEqual(len(subscription.activity_ids), 1)

    def end_two(self):
        """Have the end of two subscriptions acknowledged."""
        codes = iter(["S-1", "S-2"])
        self.answer(lambda request: decided(request, code=next(codes)))
        self.service().subscribe_events(["BIRTH", "DEATH"])
        self.answer(ACK)
        self.service().unsubscribe_events(["S-1", "S-2"])
        one, two = self.subscriptions()
        self.assertEqual((one.state, two.state), ("active", "active"))
        self.assertTrue(one.ending_id and one.ending_id == two.ending_id)
        return one, two

    def says(self, **statuses):
        return [
            {"code": code.replace("_", "-"), "status": status} for code, status in statuses.items()
        ]

    def test_finished_when_the_registry_says_so(self):
        one, two = self.end_two()
        transaction = self.fake.last["message"]["transaction_id"]
        self.assertEqual(self.call_back_ending(transaction, "pdng"), "answered")
        self.assertEqual((one.state, two.state), ("active", "active"))
        ended = self.says(S_1="unsubscribe", S_2="unsubscribe")
        self.call_back_ending(transaction, subscription_status=ended)
        self.assertEqual((one.state, two.state), ("cancelled", "cancelled"))

    def test_a_code_that_stays_subscribed_is_ended_again(self):
        one, two = self.end_two()
        self.call_back_ending(
            self.fake.last["message"]["transaction_id"],
            subscription_status=self.says(S_1="unsubscribe", S_2="subscribe"),
        )
        self.assertEqual((one.state, two.state), ("cancelled", "active"))
        self.assertEqual((two.to_end, two.ending_id.ids), (True, []))

        def still(request):
            return decided(request, subscription_status=self.says(S_2="subscribe"))

        self.answer(still)
        for _run in range(7):
            self.upkeep()
        self.assertEqual(self.fake.last["message"]["subscription_codes"], ["S-2"])
        self.assertEqual((two.state, two.to_end), ("active", False))
        self.assertEqual(len(two.activity_ids), 1)
        sent = len(self.fake.requests)
        self.upkeep()
        self.assertEqual(len(self.fake.requests), sent, "it is a person's turn")
        self.answer(
            lambda request: decided(request, subscription_status=self.says(S_2="unsubscribe"))
        )
        self.service().unsubscribe_events(["S-2"])
        self.assertEqual((two.state, two.end_count), ("cancelled", 0))


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

    def ending(self):
        """Return a subscription that ends in three days."""
        self.answer(lambda request: decided(request, code="S-1"))
        self.service().subscribe_events(["DEATH"])
        old = self.subscriptions()
        old.end_date = fields.Datetime.now() + timedelta(days=3)
        return old

    def asked(self):
        """Return what the registry was asked to do, in order."""
        return [
            "subscribe" if "subscribe_request" in body["message"] else "unsubscribe"
            for _path, body in self.fake.requests
        ]

    def test_the_old_one_ends_when_the_new_one_stands(self):
        self.ending()
        self.answer(lambda request: decided(request, code="S-2"))
        self.upkeep()
        self.assertEqual(self.asked(), ["subscribe", "subscribe", "unsubscribe"])
        self.assertEqual(self.fake.last["message"]["subscription_codes"], ["S-1"])

    def test_a_renewal_that_is_refused_leaves_the_old_one(self):
        refusals = {
            "by HTTP": lambda request: (400, {}),
            "in the answer": lambda request: decided(
                request, status="rjct", status_reason_code="rjct.filter.invalid"
            ),
        }
        old = self.ending()
        for name, refuse in refusals.items():
            self.answer(refuse)
            for times in range(3):
                with self.subTest(name, times=times), self.assertLogs(LOGGER, "WARNING"):
                    old.renewal_date = False
                    self.upkeep()
                self.assertEqual((old.state, old.to_renew), ("active", True))
                refused = self.subscriptions() - old
                self.assertEqual((len(refused), refused.state), (1, "rejected"))
                self.assertEqual(len(old.activity_ids | refused.activity_ids), 1)
            self.assertNotIn("unsubscribe", self.asked())
        self.assertEqual((old.renewal_count, refused.request_count), (6, 6))
        with self.subTest("and is not tried each hour"):
            self.assertGreater(old.renewal_date, fields.Datetime.now() + timedelta(hours=12))
            sent = len(self.fake.requests)
            self.upkeep()
            self.assertEqual(len(self.fake.requests), sent)
        with self.subTest("until it works"):
            old.renewal_date = False
            self.answer(lambda request: decided(request, code="S-2"))
            self.upkeep()
            self.assertEqual((old.state, old.to_renew), ("cancelled", False))
            live = self.subscriptions().filtered(lambda entry: entry.state == "active")
            self.assertEqual(live.code, "S-2")
            self.assertFalse((old | live).activity_ids)

    def test_where_two_cannot_be_the_old_one_makes_room_in_its_last_day(self):
        def one_at_a_time(request):
            if "subscribe_request" in request["message"] and self.standing:
                code = "rjct.event.already_subscribed"
                return decided(request, status="rjct", status_reason_code=code)
            self.standing = "subscribe_request" in request["message"]
            return decided(request, code=f"S-{len(self.fake.requests)}")

        old = self.ending()
        self.standing = True
        self.answer(one_at_a_time)
        with self.assertLogs(LOGGER, "WARNING"):
            self.upkeep()
        self.assertEqual((old.state, old.to_renew), ("active", True))
        self.assertFalse(old.activity_ids, "nobody can do anything about it")
        self.assertEqual(old.renewal_date, old.end_date - timedelta(days=1))
        old.write({"end_date": fields.Datetime.now() + timedelta(hours=23), "renewal_date": False})
        self.upkeep()
        self.assertEqual((old.state, old.to_renew), ("cancelled", False))
        live = self.subscriptions().filtered(lambda entry: entry.state == "active")
        self.assertEqual(old.successor_id, live)
        self.assertTrue(live)

    def test_one_whose_period_has_ended_is_replaced(self):
        old = self.ending()
        self.answer(lambda request: (400, {}))
        with self.assertLogs(LOGGER, "WARNING"):
            self.upkeep()
        old.write({"end_date": fields.Datetime.now(), "renewal_date": False})
        self.answer(lambda request: decided(request, code="S-2"))
        self.upkeep()
        self.assertEqual((old.state, old.to_renew), ("cancelled", False))
        self.assertEqual(old.successor_id.code, "S-2")

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
        self.complete(self.source)
        self.source.answer_verification = "ignore"
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
