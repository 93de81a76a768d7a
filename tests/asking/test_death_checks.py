"""Many death checks in few messages, and answers that come by the callback."""

import json

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.spp_dci_client_crvs.services import signature
from odoo.addons.spp_dci_client_crvs.services.wire import envelope as envelopes

from ..helpers.fake_registry import found, person
from ..helpers.registry import FakeRegistryCase, SandboxCase
from .test_subscription import ACK


def by_number(request):
    """Answer about each identifier by its number: 0 dead, 1 alive, 2 unknown, and so on."""
    answer = found(request)
    questions = request["message"]["search_request"]
    for item, question in zip(answer["message"]["search_response"], questions, strict=True):
        value = question["search_criteria"]["query"]["value"]
        kind = int(value) % 4
        records = [person(value, death_date="2024-12-01" if kind == 0 else "")]
        item["data"]["reg_records"] = [] if kind == 2 else records
        if kind == 3:
            item.update(status="rjct", status_reason_code="rjct.filter.invalid")
    return answer


EXPECTED = ("dead", "not_dead", "unknown", "failed")


def pairs_of(count):
    """Return a generator of pairs."""
    return (("UIN", str(number)) for number in range(count))


@tagged("post_install", "-at_install")
class TestCheckDeaths(FakeRegistryCase):
    def statuses(self, pairs):
        return [result.status for result in self.service().check_deaths(pairs)]

    def test_one_result_per_pair(self):
        self.answer(by_number)
        results = self.service().check_deaths(pairs_of(250))
        self.assertEqual([result.pair for result in results], list(pairs_of(250)))
        for number, result in enumerate(results):
            self.assertEqual(result.status, EXPECTED[number % 4])
        self.assertEqual(str(results[0].death_date), "2024-12-01")
        self.assertIn("rjct.filter.invalid", results[3].reason)
        sizes = [len(request["message"]["search_request"]) for _path, request in self.fake.requests]
        self.assertEqual(sizes, [100, 100, 50])

    def test_size_of_a_message(self):
        self.answer(by_number)
        self.source.check_batch_size = 7
        self.statuses(pairs_of(15))
        self.assertEqual(len(self.fake.requests), 3)

    def test_twins_are_asked_about_once(self):
        self.answer(by_number)
        self.assertEqual(self.statuses([("UIN", "0"), ("uin", " 0 ")] * 3), ["dead"] * 6)
        self.assertEqual(len(self.fake.last["message"]["search_request"]), 1)

    def test_nothing(self):
        self.assertEqual(self.service().check_deaths([]), [])
        self.assertEqual(self.fake.requests, [])

    def test_a_wrong_pair_harms_no_other(self):
        self.answer(by_number)
        pairs = [("UIN", "0"), ("UIN", None), ("SHOE_SIZE", "1"), None, ("UIN",), ["UIN", "1"]]
        results = self.service().check_deaths(pairs)
        statuses = [result.status for result in results]
        self.assertEqual(statuses, ["dead", "failed", "failed", "failed", "failed", "not_dead"])
        self.assertTrue(all(result.reason for result in results[1:5]))

    def test_results_come_as_they_are_there(self):
        self.answer(by_number)
        self.source.check_batch_size = 10

        def endless():
            number = 0
            while True:
                yield "UIN", str(number)
                number += 1

        results = self.service().iter_check_deaths(endless())
        for number in range(25):
            self.assertEqual(next(results).status, EXPECTED[number % 4])
        self.assertLessEqual(len(self.fake.requests), 4)

    def test_an_item_without_answer_failed(self):
        def answer(request):
            answer = by_number(request)
            del answer["message"]["search_response"][1]
            return answer

        self.answer(answer)
        self.assertEqual(self.statuses(pairs_of(3)), ["dead", "failed", "unknown"])

    def test_one_question_that_spoils_the_message(self):
        def answer(request):
            values = [
                item["search_criteria"]["query"]["value"]
                for item in request["message"]["search_request"]
            ]
            return (400, {}) if "13" in values else by_number(request)

        self.answer(answer)
        results = self.statuses(pairs_of(40))
        expected = [EXPECTED[number % 4] for number in range(40)]
        expected[13] = "failed"
        self.assertEqual(results, expected)

    def test_a_message_that_fails_once_is_repeated(self):
        failures = iter([True])
        self.answer(lambda request: (400, {}) if next(failures, False) else by_number(request))
        self.assertEqual(self.statuses(pairs_of(4)), list(EXPECTED))

    def test_a_registry_that_takes_few_questions_at_once(self):
        refusals = (
            (413, {}),
            {
                "header": {
                    "status": "rjct",
                    "status_reason_code": "rjct.total_count.limit_exceeded",
                },
                "message": {},
            },
        )
        for refusal in refusals:
            with self.subTest(refusal):
                self.fake.requests.clear()
                self.answer(
                    lambda request, refusal=refusal: refusal
                    if request["header"]["total_count"] > 30
                    else by_number(request)
                )
                statuses = self.statuses(pairs_of(250))
                self.assertEqual(statuses, [EXPECTED[number % 4] for number in range(250)])
                self.assertLess(len(self.fake.requests), 16)

    def test_a_registry_that_is_down_is_not_asked_for_ever(self):
        self.answer((400, {}))
        self.source.check_batch_size = 10
        results = self.service().check_deaths(pairs_of(100))
        self.assertEqual({result.status for result in results}, {"failed"})
        self.assertTrue(results[0].reason)
        self.assertLessEqual(len(self.fake.requests), 2 * 4 + 8)


class FaultCase(SandboxCase):
    """Two thousand pairs, asked while the registry fails a tenth of the requests."""

    sandbox_options = {"generate": 2000}
    # What the base client repeats, what is repeated above it, and what nobody may believe.
    faults = (
        {"kind": "error", "status": 500},
        {"kind": "disconnect"},
        {"kind": "truncated"},
        {"kind": "garbage"},
        {"kind": "error", "status": 400},
        {"kind": "wrong_signature"},
    )
    # Each of these strikes at least twice among the first hundred requests.
    seeds = (0, 6, 9, 10, 19, 20)

    def check(self):
        """Check that every pair ends with the right answer or an explicit failure."""
        for seed, fault in zip(self.seeds, self.faults, strict=True):
            share = 0.11 / len(self.faults)
            self.sandbox.admin("faults", {**fault, "share": share, "seed": seed})
        self.sandbox.admin("requests", method="DELETE")
        pairs = [("UIN", str(800000000 + number)) for number in range(2000)]
        expected = dict(zip(pairs, (["dead"] + ["not_dead"] * 19) * 100, strict=True))
        results = self.service().check_deaths(iter(pairs))
        self.assertEqual([result.pair for result in results], pairs)
        failed = [result for result in results if result.status == "failed"]
        self.assertTrue(all(result.reason for result in failed))
        for result in results:
            if result.status != "failed":
                self.assertEqual(result.status, expected[result.pair], result.pair)
                self.assertEqual(bool(result.record), result.status == "dead")
        # Nearly all were repeated with success.
        self.assertLess(len(failed), 100)
        struck = [fault["hits"] for fault in self.sandbox.admin("faults")["faults"]]
        self.assertTrue(all(struck), struck)
        counters = self.sandbox.admin("requests")["counters"]
        asked = sum(row["count"] for row in counters if row["path"].endswith("/sync/search"))
        self.assertGreaterEqual(sum(struck), 0.07 * asked, (struck, asked))
        self.sandbox.admin("faults", method="DELETE")
        again = self.service().check_deaths(result.pair for result in failed)
        self.assertEqual(
            [result.status for result in again], [expected[result.pair] for result in failed]
        )


@tagged("post_install", "-at_install")
class TestFaultsStandard(FaultCase):
    def test_two_thousand_pairs_while_a_tenth_fails(self):
        self.standard_source(check_batch_size=10, timeout=10)
        self.check()


@tagged("post_install", "-at_install")
class TestFaultsOpenCRVS(FaultCase):
    def test_two_thousand_pairs_while_a_tenth_fails(self):
        self.opencrvs_source(check_batch_size=20, timeout=10)
        self.check()


@tagged("post_install", "-at_install")
class TestAskingLater(FakeRegistryCase):
    def setUp(self):
        super().setUp()
        self.answer(ACK)

    def call_back(self, request, answer):
        """Let an answer come by the callback, as the inbox hands it over."""
        body = json.dumps(answer).encode()
        verified = signature.unsigned(envelopes.parse(body), "crvs.example.org")
        return request._take_answer(self.env["spp.dci.crvs.message"], verified)

    def test_deaths(self):
        service = self.service()
        request = service.request_deaths(pairs_of(4))
        self.assertEqual(request.state, "pending")
        self.assertEqual({one.status for one in service.read_deaths(request)}, {"failed"})
        self.assertEqual(self.call_back(request, by_number(self.fake.last)), "answered")
        results = service.read_deaths(request)
        self.assertEqual([result.status for result in results], list(EXPECTED))
        self.assertEqual([result.pair for result in results], list(pairs_of(4)))
        self.assertEqual(str(results[0].death_date), "2024-12-01")
        self.assertEqual(request.state, "done")

    def test_deaths_in_parts(self):
        service = self.service()
        request = service.request_deaths(pairs_of(3))
        whole = by_number(self.fake.last)
        items = whole["message"]["search_response"]
        for part in (items[:1], items[1:]):
            self.assertEqual(request.state, "pending")
            whole["message"]["search_response"] = part
            self.call_back(request, whole)
        self.assertEqual([one.status for one in service.read_deaths(request)], list(EXPECTED[:3]))
        self.assertEqual(request.state, "done")

    def test_several_messages(self):
        self.source.check_batch_size = 2
        self.assertEqual(len(self.service().request_deaths(pairs_of(5))), 3)

    def test_an_answer_that_is_not_ready_uses_nothing_up(self):
        service = self.service()
        request = service.request_deaths([("UIN", "0")])
        self.call_back(request, found(self.fake.last, status="pdng"))
        self.assertEqual(request.state, "pending")
        self.call_back(request, by_number(self.fake.last))
        self.assertEqual(service.read_deaths(request)[0].status, "dead")

    def test_a_record_of_somebody_else_is_no_death(self):
        service = self.service()
        request = service.request_deaths([("UIN", "0")])
        self.call_back(request, found(self.fake.last, person("1", death_date="2024-12-01")))
        result = service.read_deaths(request)[0]
        self.assertEqual(result.status, "failed")
        self.assertIn("do not bear this identifier", result.reason)

    def test_birth(self):
        service = self.service()
        request = service.request_birth("UIN", "847951632")
        with self.assertRaises(UserError):
            service.read_birth(request)
        self.call_back(request, found(self.fake.last, person()))
        self.assertEqual(service.read_birth(request)["birth_date"], "1995-09-21")
        nobody = service.request_birth("UIN", "847951632")
        self.call_back(nobody, found(self.fake.last))
        self.assertIsNone(service.read_birth(nobody))

    def test_answered_at_once(self):
        self.answer(by_number)
        service = self.service()
        request = service.request_deaths(pairs_of(4))
        self.assertEqual(request.state, "done")
        self.assertEqual([result.status for result in service.read_deaths(request)], list(EXPECTED))

    def test_opencrvs_leaves_out_what_it_does_not_find(self):
        self.source.write(
            {"dialect": "opencrvs", "signing_key_id": self.make_signing_key("rs256").id}
        )
        service = self.service()
        request = service.request_deaths(pairs_of(2))
        answer = found(self.fake.last, person("0", id_type="NID"))
        del answer["message"]["search_response"][1]
        self.call_back(request, answer)
        self.assertEqual(
            [result.status for result in service.read_deaths(request)], ["dead", "not_dead"]
        )

    def test_refused(self):
        self.answer((400, {}))
        with self.assertRaisesRegex(UserError, "registry"):
            self.service().request_deaths(pairs_of(1))
        request = self.env["spp.dci.crvs.request"].search([], limit=1, order="id desc")
        self.assertEqual(request.state, "failed")
