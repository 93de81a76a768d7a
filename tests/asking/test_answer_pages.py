"""Answers in pages that come in several messages: collected until they are complete."""

import json
from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.spp_dci_client_crvs.services import signature
from odoo.addons.spp_dci_client_crvs.services.asking import async_search
from odoo.addons.spp_dci_client_crvs.services.records import search_answers
from odoo.addons.spp_dci_client_crvs.services.wire import envelope as envelopes

from ..helpers.callback import CallbackCase, header
from ..helpers.committed import CommittedCase
from ..helpers.fake_registry import person

VALUE = "847951632"
ALIVE = person(VALUE)
DEAD = person(VALUE, death_date="2024-12-01")


def other(number):
    """A record that the registry found, of somebody else."""
    return person(f"99{number}", birth_date=f"1980-01-{number + 10}")


def page(number, total, *records, reference="ref-1", **members):
    """One page of an answer; without a number or a total those are left out."""
    pagination = {"page_number": number, "page_size": 2, "total_count": total}
    return {
        "reference_id": reference,
        "timestamp": "2026-11-20T10:00:00+00:00",
        "status": "succ",
        "data": {"version": "1.0.0", "reg_records": list(records)},
        "pagination": {name: value for name, value in pagination.items() if value is not None},
        **members,
    }


def request_values(env, source, references=("ref-1",), **values):
    """Return the values of a request that asked about one person under each reference."""
    return {
        "transaction_id": env["spp.dci.crvs.request"]._new_id(),
        "references": {
            reference: {"type": "UIN", "value": VALUE, "position": position}
            for position, reference in enumerate(references)
        },
        "data_source_id": source.id,
        "purpose": "death",
        "expires_date": fields.Datetime.now() + timedelta(hours=1),
        **values,
    }


SOURCE = {
    "name": "Registry",
    "code": "crvs_pages",
    "registry_type": "CRVS",
    "base_url": "https://registry.example.org",
    "auth_type": "none",
}


@tagged("post_install", "-at_install")
class TestAnswerPages(CallbackCase):
    def setUp(self):
        super().setUp()
        self.source = self.env["spp.dci.data.source"].create(
            {**SOURCE, "crvs_sender_id": self.sender.id}
        )

    def open(self, *references, **values):
        return self.env["spp.dci.crvs.request"].create(
            request_values(self.env, self.source, references or ("ref-1",), **values)
        )

    def push(self, request, *items):
        """Push one message, and return what became of it."""
        message = {
            "transaction_id": request.transaction_id,
            "correlation_id": "c-1",
            "search_response": list(items),
        }
        self.assertAccepted(self.post(self.sign(message, header("on-search"))))
        self.env.invalidate_all()
        return self.env["spp.dci.crvs.message"].search([], limit=1).outcome

    def deaths(self, request):
        """Return what is known of each person asked about."""
        return [one.status for one in async_search.read_deaths(self.env, request)]

    def test_complete_in_any_order(self):
        pages = [page(1, 5, other(1), other(2)), page(2, 5, other(3), ALIVE), page(3, 5, other(4))]
        for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
            request = self.open()
            for number in order:
                self.assertEqual((request.state, self.deaths(request)), ("pending", ["failed"]))
                self.assertEqual(self.push(request, pages[number]), "answered")
            with self.subTest(order):
                self.assertEqual((request.state, self.deaths(request)), ("done", ["not_dead"]))
                self.assertFalse(request.pages, "Persons are not kept for longer than needed.")

    def test_not_found_only_when_all_pages_say_so(self):
        request = self.open()
        self.push(request, page(1, 3, other(1), other(2)))
        result = async_search.read_deaths(self.env, request)[0]
        self.assertEqual(result.status, "failed")
        self.assertIn("Only a part", result.reason)
        self.push(request, page(2, 3, other(3)))
        result = async_search.read_deaths(self.env, request)[0]
        self.assertEqual(result.status, "failed")
        self.assertIn("do not bear", result.reason)

    def test_pages_without_end_are_a_failure(self):
        request = self.open()
        limit = search_answers.MAX_PAGES
        self.push(request, *(page(n + 1, 5000, other(n % 9)) for n in range(limit)))
        self.assertEqual(request.state, "pending")
        # The same again is nothing new.
        self.push(request, *(page(n + 1, 5000, other(n % 9)) for n in range(limit)))
        self.assertEqual((request.state, len(request.pages["ref-1"])), ("pending", limit))
        self.push(request, page(limit + 1, 5000, other(1)))
        self.assertEqual((request.state, request.pages), ("done", False))
        self.assertEqual(self.deaths(request), ["failed"])

    def test_a_death_on_any_page(self):
        pages = [page(1, 3, ALIVE), page(2, 3, DEAD), page(3, 3, other(1))]
        for order in ((0, 1, 2), (1, 0, 2), (2, 0, 1)):
            request = self.open()
            for number in order:
                self.push(request, pages[number])
            with self.subTest(order):
                self.assertEqual((request.state, self.deaths(request)), ("done", ["dead"]))

    def test_a_death_whatever_is_wrong_with_another_page(self):
        unreadable = page(2, 2, person(VALUE, birth_date="never", death_date="never"))
        refused = page(None, None, status="rjct", status_reason_code="rjct.pagination.invalid")
        dead = page(1, 2, DEAD)
        for pages in ((dead, unreadable), (unreadable, dead), (dead, refused)):
            request = self.open()
            for one in pages:
                self.push(request, one)
            with self.subTest(pages):
                self.assertEqual((request.state, self.deaths(request)), ("done", ["dead"]))

    def test_a_refusal_is_final(self):
        request = self.open()
        self.push(request, page(1, 3, ALIVE))
        self.push(request, page(None, None, status="rjct", status_reason_code="rjct.sort.invalid"))
        result = async_search.read_deaths(self.env, request)[0]
        self.assertEqual((request.state, result.status), ("done", "failed"))

    def test_records_of_different_persons_on_different_pages(self):
        request = self.open()
        self.push(request, page(1, 2, person(VALUE, birth_date="1950-01-01")))
        self.push(request, page(2, 2, DEAD))
        self.assertEqual(self.deaths(request), ["failed"])

    def test_the_same_page_counts_once(self):
        request = self.open()
        self.push(request, page(1, 4, other(1), other(2)))
        self.push(request, page(1, 4, other(1), other(2), timestamp="2026-11-20T11:00:00Z"))
        self.push(request, page(1, 4, other(3), ALIVE))
        self.assertEqual((request.state, self.deaths(request)), ("pending", ["failed"]))
        self.assertEqual(len(request.pages["ref-1"]), 2)
        self.push(request, page(2, 4, other(3), ALIVE))
        self.assertEqual((request.state, self.deaths(request)), ("done", ["not_dead"]))

    def test_a_page_after_the_last_has_no_effect(self):
        request = self.open()
        self.push(request, page(1, 2, ALIVE))
        self.push(request, page(2, 2, other(1)))
        for late in (page(2, 2, other(1)), page(2, 2, DEAD), page(3, 3, DEAD)):
            self.assertEqual(self.push(request, late), "unmatched")
        self.assertEqual((request.state, self.deaths(request)), ("done", ["not_dead"]))

    def test_pages_that_do_not_all_come(self):
        request = self.open()
        self.push(request, page(1, 3, other(1), other(2)))
        request.expires_date = fields.Datetime.now() - timedelta(seconds=1)
        self.assertEqual(self.push(request, page(2, 3, ALIVE)), "unmatched")
        self.env["spp.dci.crvs.request"]._gc_requests()
        self.assertEqual((request.state, self.deaths(request)), ("expired", ["failed"]))
        self.assertTrue(request.reason)
        self.assertFalse(request.pages)

    def test_several_pages_in_one_message(self):
        request = self.open()
        self.push(request, page(1, 4, other(1)), page(1, 4, other(1)), page(2, 4, other(2)))
        self.assertEqual(request.state, "pending")
        self.push(request, page(3, 4, other(3)), page(4, 4, ALIVE))
        self.assertEqual((request.state, self.deaths(request)), ("done", ["not_dead"]))

    def test_one_question_does_not_wait_for_the_pages_of_another(self):
        request = self.open("ref-1", "ref-2")
        self.push(request, page(1, 2, ALIVE), page(1, 1, DEAD, reference="ref-2"))
        self.assertEqual((request.state, self.deaths(request)), ("pending", ["failed", "dead"]))
        self.push(request, page(2, 2, other(1)))
        self.assertEqual((request.state, self.deaths(request)), ("done", ["not_dead", "dead"]))

    def test_without_a_total_no_page_may_be_missing(self):
        request = self.open()
        self.push(request, page(3, None, other(3)))
        self.push(request, page(2, None, ALIVE))
        self.assertEqual((request.state, self.deaths(request)), ("pending", ["failed"]))
        self.push(request, page(1, None, other(1), other(2)))
        self.assertEqual((request.state, self.deaths(request)), ("done", ["not_dead"]))

    def test_without_numbers_the_total_counts(self):
        request = self.open()
        self.push(request, page(None, 2, other(1)))
        self.push(request, page(None, 2, other(1)))
        self.assertEqual(request.state, "pending")
        self.push(request, page(None, 2, ALIVE))
        self.assertEqual((request.state, self.deaths(request)), ("done", ["not_dead"]))

    def test_what_a_page_leaves_out_is_not_yet_unknown(self):
        self.source.dialect = "opencrvs"
        request = self.open("ref-1", "ref-2")
        record = {"registrationType": "death"}
        self.push(request, page(1, 2, other(1), **record))
        self.assertEqual((request.state, self.deaths(request)), ("pending", ["failed", "failed"]))
        self.push(request, page(2, 2, other(2), **record))
        self.assertEqual(self.deaths(request)[1], "failed")
        self.assertEqual(request.state, "pending")

    def test_an_empty_answer_does_not_follow_a_page(self):
        request = self.open()
        self.push(request, page(1, 2, other(1)))
        self.push(request)
        self.assertEqual((request.state, self.deaths(request)), ("pending", ["failed"]))

    def test_a_birth(self):
        request = self.open(purpose="birth")
        self.push(request, page(1, 2, other(1)))
        with self.assertRaisesRegex(UserError, "Only a part"):
            async_search.read_birth(self.env, request)
        self.push(request, page(2, 2, ALIVE))
        found = async_search.read_birth(self.env, request)
        self.assertEqual((found["birth_date"], request.state), ("1995-09-21", "done"))


@tagged("post_install", "-at_install")
class TestTwoPagesAtOnce(CommittedCase):
    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            source = env["spp.dci.data.source"].create(SOURCE)
            request = env["spp.dci.crvs.request"].create(request_values(env, source))
            self.source_id, self.request_id = source.id, request.id
        self.addCleanup(self._delete_source)

    def _delete_source(self):
        with self.transaction() as env:
            env["spp.dci.crvs.request"].browse(self.request_id).unlink()
            env["spp.dci.data.source"].browse(self.source_id).unlink()

    def take(self, env, item):
        """Take one page as the inbox does."""
        request = env["spp.dci.crvs.request"].browse(self.request_id)
        message = {"transaction_id": request.transaction_id, "search_response": [item]}
        body = envelopes.parse(
            json.dumps({"header": {"action": "on-search"}, "message": message}).encode()
        )
        request._take_answer(
            env["spp.dci.crvs.message"], signature.unsigned(body, "crvs.example.org")
        )
        env.flush_all()
        return request.state

    def test_both_are_kept(self):
        with self.transaction(commit=False) as two:
            two.cr.execute("SELECT 1")
            with self.transaction() as one:
                self.take(one, page(1, 2, other(1)))
            # Odoo then begins this request of the registry's again.
            with self.assertRaises(SerializationFailure):
                self.take(two, page(2, 2, ALIVE))
        with self.transaction() as again:
            self.assertEqual(self.take(again, page(2, 2, ALIVE)), "done")
            request = again["spp.dci.crvs.request"].browse(self.request_id)
            self.assertEqual(async_search.read_deaths(again, request)[0].status, "not_dead")
