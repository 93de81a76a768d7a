"""What refused messages leave behind: one counted row per sender and reason, and little else."""

import json
import threading
from collections import Counter, defaultdict
from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.tests import BaseCase, tagged

from ...models.inbox import refusal, refusal_counts
from ...services import errors
from ..helpers.callback import CALLBACK, SENDER, CallbackCase, header, new_key, notification


def reasons(cls):
    """Yield the reasons of an error and of all below it."""
    yield cls.reason
    for child in cls.__subclasses__():
        yield from reasons(child)


class RefusalCase(CallbackCase):
    def setUp(self):
        super().setUp()
        self.now = 1000.0
        counts = defaultdict(lambda: refusal_counts.RefusalCounts(lambda: self.now))
        self.patch(refusal, "_counts", counts)
        self.refusals = self.env["spp.dci.crvs.refusal"]
        self.refusals.search([]).unlink()
        self.env.flush_all()

    def rows(self):
        self.env.invalidate_all()
        return self.refusals.search([])

    def refuse(self, envelope, status=401, **headers):
        answer = self.post(envelope, **headers)
        self.assertEqual(answer.status_code, status, answer.text)

    def stranger(self, name="stranger.example"):
        return {"header": header(sender_id=name), "message": notification()}

    def later(self, seconds=61):
        """Let time go by, here and in the rows."""
        self.now += seconds
        self.env.cr.execute(
            "UPDATE spp_dci_crvs_refusal SET write_date = write_date - %s * interval '1 second'",
            [seconds],
        )


@tagged("post_install", "-at_install")
class TestRefusals(RefusalCase):
    def test_every_reason_has_a_name_and_an_advice(self):
        known = dict(self.refusals._fields["reason"].selection)
        self.assertEqual(set(reasons(errors.DCIError)), set(known))
        self.assertLessEqual(set(known), set(self.refusals._advice()))

    def test_each_kind_leaves_one_row_though_the_request_is_rolled_back(self):
        counts = self.row_counts()
        self.refuse(b"{", 400)
        self.refuse(self.stranger())
        self.refuse({"header": header(), "message": notification()})
        self.refuse(self.sign(notification(), key=new_key()))
        expected = {
            (refusal_counts.UNREADABLE, "json"): 1,
            ("stranger.example", "sender"): 1,
            (SENDER, "unsigned"): 1,
            (SENDER, "mismatch"): 1,
        }
        rows = self.rows()
        self.assertEqual({(r.claimed_sender, r.reason): r.count for r in rows}, expected)
        self.assertEqual(rows.filtered("registry_id").mapped("claimed_sender"), [SENDER] * 2)
        self.assertEqual(set(rows.mapped("last_address")), {"127.0.0.1"})
        self.assertTrue(all(rows.mapped("advice")))
        self.assertEqual(self.refusals._count_last_day(), 4)
        self.assertEqual(self.row_counts(), counts)

    def test_repeated_ones_are_counted_and_written_once_a_minute(self):
        for _n in range(3):
            self.refuse(self.stranger())
        self.assertEqual((self.rows().count, self.rows().times), (1, 3))
        self.later()
        self.refuse(self.stranger())
        self.assertEqual((self.rows().count, self.rows().times), (4, 4))

    def test_what_another_process_wrote_within_the_minute_waits(self):
        self.refuse(self.stranger())
        refusal._counts.clear()  # another process
        self.refuse(self.stranger())
        self.assertEqual(self.rows().count, 1)
        self.later()
        self.refuse(b"{", 400)  # whichever comes next
        row = self.rows().filtered(lambda r: r.reason == "sender")
        self.assertEqual(row.count, 2)

    def test_a_refused_message_leads_to_its_registry(self):
        self.refuse({"header": header(), "message": notification()})
        action = self.rows().action_open_registry()
        self.assertEqual(
            (action["res_model"], action["res_id"]), (self.sender._name, self.sender.id)
        )

    def test_messages_of_an_archived_registry_say_so(self):
        self.sender.active = False
        self.env.flush_all()
        self.refuse(self.sign(notification()))
        row = self.rows()
        self.assertEqual((row.reason, row.registry_id), ("sender", self.sender))
        self.assertIn("archived", row.advice)

    def test_nothing_of_the_content_and_no_odd_names(self):
        for name in ("Ana Planted", "é", "x" * 256, ["list"], "<b>", ""):
            self.assertIn(self.post(self.stranger(name)).status_code, (400, 401), name)
            self.later()
        self.refuse(self.sign(notification(transaction_id="PLANTED-1"), key=new_key()))
        rows = self.rows()
        self.assertEqual(
            Counter(rows.mapped("claimed_sender")), {refusal_counts.UNREADABLE: 2, SENDER: 1}
        )
        self.assertNotIn("lanted", json.dumps(rows.read(), default=str).lower())

    def test_a_flood_of_names_makes_few_rows_and_few_statements(self):
        written = []
        write = type(self.refusals)._write_counts
        self.patch(
            type(self.refusals),
            "_write_counts",
            lambda records, due: written.append(due) or write(records, due),
        )
        for number in range(60):
            self.refuse(self.stranger(f"flood-{number}"))
        names = self.rows().mapped("claimed_sender")
        self.assertEqual(len(names), refusal_counts.MAX_STRANGERS + 1)
        self.assertIn(refusal_counts.OTHERS, names)
        self.assertEqual(len(written), len(names))
        # A registry of ours has its row all the same.
        self.refuse({"header": header(), "message": notification()})
        self.assertIn(SENDER, self.rows().mapped("claimed_sender"))

    def test_accepted_messages_count_nothing(self):
        with patch.object(type(self.refusals), "_note") as note:
            self.assertAccepted(self.post(self.sign(notification())))
        note.assert_not_called()

    def test_answer_is_given_when_the_row_cannot_be_written(self):
        for failure in (psycopg2.OperationalError("Planted"), RuntimeError("Planted")):
            with (
                patch.object(type(self.refusals), "_write_counts", side_effect=failure),
                self.assertLogs(
                    "odoo.addons.spp_dci_client_crvs.controllers.dispatcher", "WARNING"
                ) as logs,
            ):
                self.assertRefused(self.post(self.stranger()), 401, "err.sender_id.invalid")
            self.assertEqual(len(logs.output), 1)
            self.assertIn(type(failure).__name__, logs.output[0])
            self.assertNotIn("Planted", logs.output[0])
            self.now += refusal_counts.PAUSE_S
        self.refuse(self.stranger())
        self.assertEqual(self.rows().count, 3)

    def test_the_table_is_bounded_and_strangers_make_room_first(self):
        self.patch(refusal, "MAX_ROWS", 3)
        self.refuse({"header": header(), "message": notification()})
        for number in range(4):
            self.refuse(self.stranger(f"name-{number}"))
        self.assertEqual(len(self.rows()), 3)
        self.assertIn(SENDER, self.rows().mapped("claimed_sender"))

    def test_old_rows_are_deleted(self):
        self.refuse(self.stranger())
        self.refuse(b"{", 400)
        old = self.rows()[0]
        old.last_date = fields.Datetime.now() - timedelta(days=refusal.RETENTION_D + 1)
        self.refusals._gc_refusals()
        self.assertEqual(len(self.rows()), 1)

    def test_the_form_of_a_registry_leads_to_its_rows(self):
        self.refuse({"header": header(), "message": notification()})
        self.refuse(self.stranger())
        self.env.invalidate_all()
        self.assertEqual(self.sender.refusal_count, 1)
        action = self.sender.action_view_refusals()
        self.assertEqual(self.refusals.search(action["domain"]).registry_id, self.sender)

    def test_other_methods_are_counted_too(self):
        answer = self.url_open(CALLBACK, method="GET")
        self.assertEqual(answer.status_code, 405)
        self.assertEqual(self.rows().reason, "method")


class TestCounts(BaseCase):
    def setUp(self):
        super().setUp()
        self.now = 0.0
        self.counts = refusal_counts.RefusalCounts(lambda: self.now)

    def test_memory_is_bounded(self):
        for number in range(3 * refusal_counts.MAX_ENTRIES):
            self.counts.add(f"known-{number}", "json", None, known=True)
            self.counts.add(f"unknown-{number}", "json", None)
        self.assertEqual(len(self.counts._entries), refusal_counts.MAX_ENTRIES)
        self.assertEqual(len(self.counts._strangers[1]), refusal_counts.MAX_STRANGERS)

    def test_one_thread_writes_and_nothing_is_counted_twice(self):
        self.counts.add("a", "json", 1)
        due = self.counts.due()
        self.assertEqual(self.counts.due(), {})
        self.counts.add("a", "json", 2)
        self.counts.written(due, set(due))
        self.now += refusal_counts.PERIOD_S
        self.assertEqual(list(self.counts.due().values()), [(1, 2)])

    def test_after_a_failure_there_is_a_pause(self):
        self.counts.add("a", "json", 1)
        self.assertTrue(self.counts.due())
        self.assertEqual(self.counts.due(), {})
        self.now += refusal_counts.PAUSE_S
        self.assertTrue(self.counts.due())

    def test_counting_from_many_threads_loses_none(self):
        def count():
            for _n in range(500):
                self.counts.add("a", "json", None)

        threads = [threading.Thread(target=count) for _n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        [(number, _last)] = self.counts.due().values()
        self.assertEqual(number, 2000)
