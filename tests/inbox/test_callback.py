import json
import logging

from odoo.tests import tagged

from ..helpers.callback import CALLBACK, CallbackCase, header, item, notification

PATHS = {
    "notify": "/dci/crvs/registry/notify",
    "on-search": "/dci/crvs/registry/on-search",
    "on-subscribe": "/dci/crvs/registry/on-subscribe",
    "on-unsubscribe": "/dci/crvs/registry/on-unsubscribe",
    "txn-on-status": "/dci/crvs/registry/txn/on-status",
}
ANSWERS = {
    "on-search": {"search_response": []},
    "on-subscribe": {"subscribe_response": []},
    "on-unsubscribe": {"status": "succ", "timestamp": "2026-11-20T10:00:00Z"},
    "txn-on-status": {"txnstatus_response": {"txn_type": "search", "txn_status": {}}},
}


@tagged("post_install", "-at_install")
class TestCallback(CallbackCase):
    def _messages(self):
        return self.env["spp.dci.crvs.message"].search([("sender_id", "=", self.sender.id)])

    def test_notification_is_stored_with_its_evidence(self):
        envelope = self.sign(notification())
        body = json.dumps(envelope).encode()
        correlation_id = self.assertAccepted(self.post(body))
        message = self._messages()
        self.assertEqual(message.correlation_id, correlation_id)
        self.assertEqual(message.outcome, "stored")
        self.assertEqual(message.kind, "notify")
        self.assertEqual(message.body_text.encode(), body)
        # The web client reads forms with this, and gets sizes in place of binary contents.
        in_browser = message.with_context(bin_size=True)
        in_browser.invalidate_recordset()
        self.assertEqual(in_browser.body_text.encode(), body)
        self.assertEqual(message.signature, envelope["signature"])
        self.assertEqual(message.profile, "http-signature")
        self.assertTrue(message.key_fingerprint and message.form and message.remote_addr)
        self.assertEqual(message.event_ids.mapped("state"), ["received"])
        self.assertEqual(message.event_ids.event_type, "death")
        self.assertEqual(message.event_ids.sender_id, self.sender)

    def test_one_event_per_item(self):
        items = [
            item(identifiers=[("UIN", f"99900{n}")], death_date="2026-11-01") for n in range(5)
        ]
        self.assertAccepted(self.post(self.sign(notification(*items))))
        self.assertEqual(len(self._messages().event_ids), 5)

    def test_content_type_and_session_do_not_matter(self):
        for content_type in (
            "text/plain;charset=UTF-8",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
        ):
            envelope = self.sign(notification(item(death_date="2026-11-01", note=content_type)))
            answer = self.post(envelope, **{"Content-Type": content_type})
            self.assertAccepted(answer)
            self.assertNotIn("Set-Cookie", answer.headers)

    def test_every_path_takes_its_action_only(self):
        for kind, path in PATHS.items():
            for action in PATHS:
                message = ANSWERS.get(action) or notification()
                envelope = self.sign(
                    {"transaction_id": "unknown", "correlation_id": "c", **message}, header(action)
                )
                with self.subTest(path=path, action=action):
                    answer = self.post(envelope, path)
                    if action == kind:
                        self.assertAccepted(answer)
                    else:
                        self.assertRefused(answer, 400, "err.request.bad")

    def test_search_answer_may_call_itself_search(self):
        message = {"transaction_id": "unknown", "correlation_id": "c", "search_response": []}
        for path in (CALLBACK, PATHS["on-search"]):
            self.assertAccepted(self.post(self.sign(message, header("search")), path))
        self.assertEqual(set(self._messages().mapped("kind")), {"on-search"})

    def test_duplicate_has_no_second_effect(self):
        envelope = self.sign(notification())
        first = self.post(envelope)
        counts = self.row_counts()
        for _again in range(3):
            again = self.post(envelope)
            self.assertEqual(again.text, first.text)
        self.assertEqual(self.row_counts(), counts)
        self.assertEqual(self._messages().duplicate_count, 3)

    def test_duplicate_signed_anew_is_a_duplicate(self):
        head, message = header(), notification()
        first = self.assertAccepted(self.post(self.sign(message, head)))
        later = {**head, "message_ts": "2026-11-22T10:00:00+00:00"}
        again = self.assertAccepted(self.post(self.sign(message, later, lifetime=200)))
        self.assertEqual(first, again)
        self.assertEqual(len(self._messages()), 1)

    def test_expired_duplicate_is_acknowledged_expired_news_is_not(self):
        head, message = header(), notification()
        self.assertAccepted(self.post(self.sign(message, head)))
        old = {"now": 1_700_000_000}
        self.assertAccepted(self.post(self.sign(message, head, **old)))
        self.assertRefused(
            self.post(self.sign(notification(), **old)), 401, "err.signature.invalid"
        )

    def test_duplicate_with_a_wrong_signature_is_refused(self):
        head, message = header(), notification()
        self.assertAccepted(self.post(self.sign(message, head)))
        forged = self.sign(message, head)
        forged["signature"] = self.sign(notification(), head)["signature"]
        self.assertRefused(self.post(forged), 401, "err.signature.invalid")
        self.assertFalse(self._messages().duplicate_count)

    def test_same_id_with_other_content_is_a_new_message_and_marked(self):
        head = header()
        first = self.assertAccepted(self.post(self.sign(notification(), head)))
        other = notification(item(identifiers=[("UIN", "other")], death_date="2026-11-02"))
        second = self.assertAccepted(self.post(self.sign(other, head)))
        self.assertNotEqual(first, second)
        self.assertEqual(self._messages().mapped("id_reused"), [True, False])
        self.assertEqual(len(self._messages().event_ids), 2)

    def test_refused_message_does_not_use_up_its_id(self):
        envelope = self.sign(notification())
        broken = {**envelope, "signature": self.sign(notification())["signature"]}
        self.assertRefused(self.post(broken), 401, "err.signature.invalid")
        self.assertAccepted(self.post(envelope))

    def test_integer_message_id(self):
        self.assertAccepted(self.post(self.sign(notification(), header(message_id=42))))
        self.assertEqual(self._messages().message_id, "42")

    def test_same_event_in_another_message_is_counted_not_stored(self):
        first = item(death_date="2026-11-01")
        second = {**item(death_date="2026-11-01"), "reference_id": "another"}
        self.assertAccepted(self.post(self.sign(notification(first))))
        self.assertAccepted(self.post(self.sign(notification(second))))
        events = self.env["spp.dci.crvs.event"].search([("sender_id", "=", self.sender.id)])
        self.assertEqual(len(events), 1)
        self.assertEqual(events.duplicate_count, 1)

    def test_items_of_other_types_are_named_the_rest_is_kept(self):
        foreign = {**item("fetal_death"), "reference_id": "foreign-1"}
        answer = self.post(self.sign(notification(item(death_date="2026-11-01"), foreign)))
        self.assertAccepted(answer)
        refused = answer.json()["message"]["refused_items"]
        self.assertEqual([entry["reference_id"] for entry in refused], ["foreign-1"])
        self.assertEqual(len(self._messages().event_ids), 1)

    def test_an_item_without_a_record_does_not_keep_the_others_out(self):
        empty = item()
        empty["data"]["reg_records"] = ""
        both = notification(item(death_date="2026-11-01"), empty)
        self.assertAccepted(self.post(self.sign(both)))
        self.assertEqual(self._messages().event_ids.mapped("event_type"), ["death", "death"])
        unusable = self._messages().event_ids.filtered(lambda event: not event.identifier_value)
        self.assertIs(unusable.process_event(), False)
        self.assertEqual(unusable.error_kind, "invalid")

    def test_message_with_nothing_of_ours_is_acknowledged_as_ignored(self):
        self.assertAccepted(self.post(self.sign(notification(item("adoption")))))
        self.assertEqual(self._messages().outcome, "ignored")
        self.assertFalse(self._messages().event_ids)

    def test_answer_to_an_unknown_transaction_is_kept_as_unmatched(self):
        message = {"transaction_id": "0" * 32, "correlation_id": "c", "search_response": []}
        self.assertAccepted(self.post(self.sign(message, header("on-search"))))
        self.assertEqual(self._messages().outcome, "unmatched")

    def test_receiver(self):
        cases = (("", True), (None, True), ("anybody", True))
        for receiver, taken in cases:
            with self.subTest(receiver=receiver, configured=False):
                self._post_to(receiver, taken)
        self.env["ir.config_parameter"].set_param("dci.receiver_ids", "spp.one, https://two/")
        cases = (
            ("", True),
            (None, True),
            ("spp.one", True),
            ("https://two", True),
            ("https://two/", True),
            ("spp.one.evil", False),
            (7, False),
            (["spp.one"], False),
        )
        for receiver, taken in cases:
            with self.subTest(receiver=receiver, configured=True):
                self._post_to(receiver, taken)

    def _post_to(self, receiver, taken):
        answer = self.post(self.sign(notification(), header(receiver_id=receiver)))
        if taken:
            self.assertAccepted(answer)
        else:
            self.assertRefused(answer, 400, "err.receiver_id.invalid")

    def test_receiver_is_not_asked_of_answers(self):
        self.env["ir.config_parameter"].set_param("dci.receiver_ids", "spp.one")
        message = {"transaction_id": "x", "correlation_id": "c", "search_response": []}
        self.assertAccepted(
            self.post(self.sign(message, header("on-search", receiver_id="registry")))
        )

    def test_unsigned_only_in_laboratories(self):
        unsigned = {"header": header(), "message": notification()}
        self.assertRefused(self.post(unsigned), 401, "err.signature.missing")
        self.env["ir.config_parameter"].set_param("dci.allow_unsigned_requests", "True")
        receive = "odoo.addons.spp_dci_client_crvs.models.inbox.message"
        for value in (None, "", "not a signature"):
            with self.subTest(signature=value), self.assertLogs(receive, logging.WARNING) as logs:
                message = notification(item(death_date="2026-11-01", note=value))
                body = {"header": header(), "message": message, "signature": value}
                self.assertAccepted(self.post(body))
            self.assertIn(self.sender.sender_id, logs.output[0])
        wrong = {**self.sign(notification()), "message": notification()}
        self.assertRefused(self.post(wrong), 401, "err.signature.invalid")
        stranger = {"header": header(sender_id="stranger"), "message": notification()}
        self.assertRefused(self.post(stranger), 401, "err.sender_id.invalid")

    def test_database_error_is_a_503_and_nothing_is_kept(self):
        self.env.cr.execute("""
            ALTER TABLE spp_dci_crvs_event
            ADD CONSTRAINT refuse CHECK (raw_data NOT LIKE '%PLANTED-77%') NOT VALID
        """)
        counts = self.row_counts()
        planted = notification(item(identifiers=[("UIN", "PLANTED-77")], death_date="2026-11-01"))
        with self.assertLogs("odoo", logging.DEBUG) as logs:
            answer = self.post(self.sign(planted))
        self.assertRefused(answer, 503, "err.service.unavailable")
        self.assertNotIn("PLANTED-77", answer.text)
        self.assertNotIn("PLANTED-77", "\n".join(logs.output))
        self.assertTrue(any("could not be stored" in line for line in logs.output))
        self.assertEqual(self.row_counts(), counts)

    def test_refused_message_leaves_one_line(self):
        dispatcher = "odoo.addons.spp_dci_client_crvs.controllers.dispatcher"
        claimed = "é\n\x1b" + "x" * 70
        with self.assertLogs(dispatcher, logging.INFO) as logs:
            answer = self.post(self.sign(notification(), header(sender_id=claimed)))
        self.assertRefused(answer, 401, "err.sender_id.invalid")
        self.assertEqual(len(logs.output), 1)
        self.assertIn(f"'???{'x' * 61}'", logs.output[0])
        self.assertIn("err.sender_id.invalid", logs.output[0])
        self.assertIn("127.0.0.1", logs.output[0])
