"""Answers to what we asked: they belong to a pending request and to the registry it went to."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..helpers.callback import CallbackCase, header, item, new_key, notification, pem_of


@tagged("post_install", "-at_install")
class TestAnswers(CallbackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_key = new_key()
        cls.other_sender = cls.env["spp.dci.crvs.sender"].create(
            {
                "name": "Another Trusted Registry",
                "sender_id": "other.example.org",
                "algorithm": "ed25519",
                "public_key": pem_of(cls.other_key),
            }
        )
        cls.source = cls.env["spp.dci.data.source"].create(
            {
                "name": "Registry",
                "code": "crvs_answers",
                "registry_type": "CRVS",
                "base_url": "https://registry.example.org",
                "auth_type": "none",
                "crvs_sender_id": cls.sender.id,
            }
        )

    def setUp(self):
        super().setUp()
        self.taken = []

        def take(request, message, verified, references):
            self.taken.append(sorted(references))

        requests = type(self.env["spp.dci.crvs.request"])
        self.startPatcher(patch.object(requests, "_on_answer_death", take, create=True))

    def _request(self, references=("ref-1",), **values):
        request = self.env["spp.dci.crvs.request"].create(
            {
                "transaction_id": self.env["spp.dci.crvs.request"]._new_id(),
                "references": {ref: {"type": "UIN", "value": ref} for ref in references},
                "data_source_id": self.source.id,
                "purpose": "death",
                "expires_date": fields.Datetime.now() + timedelta(hours=1),
                **values,
            }
        )
        return request

    def _answer(self, request, *references, action="on-search", **options):
        message = {
            "transaction_id": request.transaction_id,
            "correlation_id": "c-1",
            "search_response": [
                {"reference_id": ref, "timestamp": "2026-11-20T10:00:00Z", "status": "succ"}
                for ref in references
            ],
        }
        # OpenCRVS puts our own id where the sender's belongs.
        head = header(action, sender_id="spp.ours", receiver_id="whoever")
        return self.post(self.sign(message, head, **options))

    def _last_outcome(self):
        return self.env["spp.dci.crvs.message"].search([], limit=1).outcome

    def test_answer_counts_by_its_transaction_not_by_its_header(self):
        request = self._request()
        self.assertAccepted(self._answer(request, "ref-1"))
        self.assertEqual(self.taken, [["ref-1"]])
        self.assertEqual(request.state, "done")
        self.assertTrue(request.answered_date)
        self.assertEqual(self._last_outcome(), "answered")
        message = self.env["spp.dci.crvs.message"].search([], limit=1)
        self.assertEqual((message.sender_id, message.request_id), (self.sender, request))

    def test_answer_must_be_signed_by_the_registry_that_was_asked(self):
        request = self._request()
        for options in (
            {"key": self.other_key, "sender_id": "other.example.org"},
            {"key": self.other_key},
            {"key": new_key()},
        ):
            answer = self._answer(request, "ref-1", **options)
            self.assertRefused(answer, 401, "err.signature.invalid")
        message = {"transaction_id": request.transaction_id, "search_response": []}
        head = header("on-search", sender_id="other.example.org")
        envelope = self.sign(message, head, key=self.other_key, sender_id="other.example.org")
        self.assertRefused(self.post(envelope), 401, "err.signature.invalid")
        self.assertEqual((request.state, self.taken), ("pending", []))

    def test_nobody_can_answer_for_a_registry_without_keys(self):
        self.source.crvs_sender_id = False
        answer = self._answer(self._request(), "ref-1")
        self.assertRefused(answer, 401, "err.sender_id.invalid")

    def test_second_answer_has_no_effect(self):
        request = self._request()
        self.assertAccepted(self._answer(request, "ref-1"))
        self.assertAccepted(self._answer(request, "ref-1"))
        self.assertEqual(len(self.taken), 1)
        self.assertEqual(self._last_outcome(), "unmatched")

    def test_each_reference_is_answered_once(self):
        request = self._request(("a", "b", "c"))
        self.assertAccepted(self._answer(request, "a", "foreign"))
        self.assertEqual(request.state, "pending")
        self.assertAccepted(self._answer(request, "a", "b"))
        self.assertAccepted(self._answer(request, "foreign"))
        self.assertEqual(self._last_outcome(), "unmatched")
        self.assertAccepted(self._answer(request, "c"))
        self.assertEqual(self.taken, [["a"], ["b"], ["c"]])
        self.assertEqual(request.state, "done")

    def test_empty_search_answer_speaks_of_everything_asked(self):
        request = self._request(("a", "b"))
        self.assertAccepted(self._answer(request, action="search"))
        self.assertEqual(self.taken, [["a", "b"]])
        self.assertEqual(request.state, "done")

    def test_late_answer_has_no_effect(self):
        past = fields.Datetime.now() - timedelta(seconds=1)
        for values in ({"expires_date": past}, {"state": "failed"}, {"state": "expired"}):
            request = self._request(**values)
            self.assertAccepted(self._answer(request, "ref-1"))
            self.assertEqual(self._last_outcome(), "unmatched")
        self.assertFalse(self.taken)

    def test_notification_never_answers(self):
        request = self._request()
        message = notification(transaction_id=request.transaction_id)
        self.assertAccepted(self.post(self.sign(message)))
        self.assertEqual((request.state, self.taken), ("pending", []))

    def test_unanswered_requests_expire(self):
        past = fields.Datetime.now() - timedelta(seconds=1)
        late, open_ = self._request(expires_date=past), self._request()
        self.env["spp.dci.crvs.request"]._gc_requests()
        self.assertEqual((late.state, open_.state), ("expired", "pending"))
        self.assertTrue(late.reason)

    def test_ids_are_random_and_the_row_is_there_before_the_request_leaves(self):
        with self.enter_registry_test_mode():
            requests = self.env["spp.dci.crvs.request"]
            first, second = (requests._open(self.source, "death", {"r": {}}) for _n in range(2))
        self.assertRegex(first.transaction_id, r"^[0-9a-f]{32}$")
        self.assertNotEqual(first.transaction_id, second.transaction_id)
        self.assertEqual(first.state, "pending")

    def test_answer_of_a_kind_that_does_not_fit_has_no_effect(self):
        for purpose, action in (
            ("death", "on-subscribe"),
            ("birth", "on-unsubscribe"),
            ("death", "txn-on-status"),
            ("subscribe", "on-unsubscribe"),
            ("unsubscribe", "on-subscribe"),
            ("status", "on-unsubscribe"),
        ):
            request = self._request(purpose=purpose)
            message = {
                "transaction_id": request.transaction_id,
                "search_response": [],
                "subscribe_response": [],
                "txnstatus_response": {},
            }
            if action == "on-subscribe":
                message.pop("search_response")
            with self.subTest(purpose=purpose, action=action):
                envelope = self.sign(message, header(action, sender_id="spp.ours"))
                self.post(envelope)
                self.assertEqual(request.state, "pending")
                self.assertFalse(request.answered_references)

    def test_notification_with_the_content_of_an_answer_is_no_duplicate(self):
        request = self._request()
        event = notification(item(identifiers=[("UIN", "4711")], death_date="2026-11-01"))
        content = {**event, "transaction_id": request.transaction_id, "search_response": []}
        answer = header("on-search", message_id="same")
        self.assertAccepted(self.post(self.sign(content, answer)))
        self.assertAccepted(self.post(self.sign(content, header("notify", message_id="same"))))
        events = self.env["spp.dci.crvs.event"].search([("identifier_value", "=", "4711")])
        self.assertEqual(events.state, "received")
