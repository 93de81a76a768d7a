"""Death checks against registries that leave some of many questions out of their answer."""

from unittest.mock import patch

import requests

from odoo.tests import tagged

from odoo.addons.spp_dci_client_crvs.const import ID_TYPE_NAMESPACE
from odoo.addons.spp_dci_client_crvs.services.asking import omitted

from ...models.asking.check_run import _Run
from ..helpers.fake_registry import found
from ..helpers.registry import FakeRegistryCase
from .test_death_checks import EXPECTED, by_number


def values_of(request):
    """The identifier values that a message asks about."""
    questions = request["message"]["search_request"]
    return [item["search_criteria"]["query"]["value"] for item in questions]


def without(request, is_left_out):
    """Answer by number, except the questions for which ``is_left_out(value, position)``."""
    answer = by_number(request)
    items = answer["message"]["search_response"]
    answer["message"]["search_response"] = [
        item
        for position, (item, value) in enumerate(zip(items, values_of(request), strict=True))
        if not is_left_out(value, position)
    ]
    return answer


def not_found(value, _position=0):
    """Whether :func:`by_number` knows nobody of this number."""
    return int(value) % 4 == 2


def leaving_out(request):
    """Answer by number, leaving out what is not found."""
    return without(request, not_found)


class LeftOutCase(FakeRegistryCase):
    def statuses(self, *values):
        """Ask about identifiers of these values."""
        results = self.service().check_deaths(("UIN", str(value)) for value in values)
        for result in results:
            self.assertEqual(bool(result.reason), result.status == "failed")
        return [result.status for result in results]

    def asked(self):
        """The values that each message asked about."""
        return [values_of(request) for _path, request in self.fake.requests]

    def sizes(self):
        return [len(values) for values in self.asked()]


@tagged("post_install", "-at_install")
class TestLeftOut(LeftOutCase):
    def test_what_is_not_found_is_asked_together_then_one_by_one(self):
        self.answer(leaving_out)
        self.assertEqual(self.statuses(*range(8)), list(EXPECTED * 2))
        self.assertEqual(self.asked()[1:], [["2", "6"], ["2"], ["6"]])

    def test_a_single_one_is_asked_alone_at_once(self):
        self.answer(leaving_out)
        self.assertEqual(self.statuses(*range(4)), list(EXPECTED))
        self.assertEqual(self.asked()[1:], [["2"]])

    def test_a_registry_that_answers_only_so_many(self):
        self.answer(lambda request: without(request, lambda _value, position: position >= 3))
        self.assertEqual(self.statuses(*range(11)), list(EXPECTED * 3)[:11])
        self.assertEqual(self.sizes(), [11, 8, 5, 2])

    def test_one_that_answers_only_so_many_and_leaves_out_what_it_does_not_find(self):
        self.answer(
            lambda request: without(
                request, lambda value, position: position >= 3 or not_found(value)
            )
        )
        self.assertEqual(self.statuses(*range(8)), list(EXPECTED * 2))
        # Answered are 0 and 1; 3 and 4; 5; 7; then nothing more.
        self.assertEqual(self.sizes(), [8, 6, 4, 3, 2, 1, 1])

    def test_a_register_of_deaths(self):
        self.answer(leaving_out)
        dialect = type(self.service().registry.dialect)
        with patch.object(dialect, "knows_the_living", False):
            self.assertEqual(self.statuses(0, 2), ["dead", "not_dead"])

    def test_one_left_out_even_when_asked_alone(self):
        def answer(request):
            values = values_of(request)
            if len(values) == 1 and int(values[0]) % 4 == 1:
                answer = found(request)
                answer["message"]["search_response"][0]["reference_id"] = "of somebody else"
                return answer
            return without(request, lambda value, _position: int(value) % 4 in (1, 2))

        self.answer(answer)
        # The registry is there, so that the others are asked about all the same.
        self.assertEqual(self.statuses(0, 1, 5, 9, 10), ["dead", *["failed"] * 3, "unknown"])
        self.assertEqual(self.sizes(), [5, 4, 1, 1, 1, 1])
        self.fake.requests.clear()
        self.assertEqual(self.statuses(0, 1), ["dead", "failed"])
        self.assertEqual(self.sizes(), [2, 1])

    def test_what_is_answered_is_not_left_out(self):
        """Neither what is pending, at first or later, nor what is rejected is asked again."""

        def answer(request):
            values = values_of(request)
            answer = without(
                request, lambda value, _: value == "2" or (value == "6" and "5" in values)
            )
            questions = request["message"]["search_request"]
            numbers = {
                question["reference_id"]: value
                for question, value in zip(questions, values, strict=True)
            }
            for item in answer["message"]["search_response"]:
                if numbers[item["reference_id"]] in ("5", "6"):
                    item["status"] = "pdng"
            return answer

        self.answer(answer)
        self.assertEqual(self.statuses(2, 3, 5, 6), ["unknown", "failed", "failed", "failed"])
        self.assertEqual(self.asked(), [["2", "3", "5", "6"], ["2", "6"], ["2"]])

    def test_an_answer_that_does_not_tell_what_was_left_out(self):
        def strange(request):
            answer = leaving_out(request)
            answer["message"]["search_response"][1]["reference_id"] = "of somebody else"
            return answer

        self.answer(strange)
        self.assertEqual(self.statuses(0, 1, 2), ["dead", "failed", "failed"])
        self.assertEqual(self.sizes(), [3])

    def test_an_empty_answer_is_no_answer_to_any_of_many(self):
        self.answer(lambda request: without(request, lambda *_: len(values_of(request)) > 1))
        self.assertEqual(self.statuses(*range(4)), list(EXPECTED))
        self.assertEqual(self.sizes(), [4, 1, 1, 1, 1])

    def test_an_empty_answer_of_another_transaction_says_nothing(self):
        def answer(request):
            answer = without(request, lambda *_: True)
            answer["message"]["transaction_id"] = "other"
            return answer

        self.answer(answer)
        self.assertEqual(self.statuses(1, 2), ["failed"] * 2)

    def test_the_time_for_single_questions_is_limited(self):
        self.answer(leaving_out)
        with patch.object(omitted, "BUDGET_S", -1):
            self.assertEqual(self.statuses(0, 2, 6), ["dead", "failed", "failed"])
        self.assertEqual(self.asked()[1:], [["2", "6"]])

    def test_a_dialect_that_says_not_found_that_way_is_not_asked_again(self):
        self.source.write(
            {"dialect": "opencrvs", "signing_key_id": self.make_signing_key("rs256").id}
        )
        self.answer(leaving_out)
        results = self.service().check_deaths([("BRN", "1"), ("BRN", "2")])
        self.assertEqual(results[1].status, "not_dead")
        self.assertEqual(self.sizes(), [2])

    def test_every_message_of_many(self):
        self.answer(leaving_out)
        self.source.check_batch_size = 8
        self.assertEqual(self.statuses(*range(24)), list(EXPECTED * 6))
        self.assertEqual(sorted(self.sizes()), sorted([8, 2, 1, 1] * 3))

    def test_a_message_that_had_to_be_repeated(self):
        failures = iter([True])
        self.answer(lambda request: (400, {}) if next(failures, False) else leaving_out(request))
        self.assertEqual(self.statuses(*range(4)), list(EXPECTED))
        self.assertEqual(self.sizes(), [4, 4, 1])

    def test_a_check_run(self):
        code = self.env["spp.vocabulary.code"].search(
            [("namespace_uri", "=", ID_TYPE_NAMESPACE), ("code", "=", "UIN")]
        )
        partners = self.env["res.partner"].create(
            [
                {
                    "name": f"Registrant {number}",
                    "is_registrant": True,
                    "reg_ids": [(0, 0, {"id_type_id": code.id, "value": str(number)})],
                }
                for number in range(4)
            ]
        )
        wizard = (
            self.env["spp.dci.crvs.check.wizard"]
            .with_context(active_model="res.partner", active_ids=partners.ids)
            .create({"effect": "report", "data_source_id": self.source.id})
        )
        check = self.env["spp.dci.crvs.check"].browse(wizard.action_start()["res_id"])
        self.answer(leaving_out)
        self.assertEqual(check._process_batch(_Run()), 4)
        self.assertEqual(check.line_ids.mapped("result"), list(EXPECTED))


@tagged("post_install", "-at_install")
class TestLeftOutOfReach(LeftOutCase):
    """The registry goes away while it is asked again."""

    def ask(self, values, is_lost):
        """Ask while the connection is lost for the requests of which ``is_lost(number)``.

        :return: the results and the number of requests tried
        """
        self.answer(leaving_out)
        service = self.service()
        send, numbers = service.registry.client._make_request, []

        def make_request(*arguments):
            numbers.append(len(numbers))
            if is_lost(numbers[-1]):
                raise requests.ConnectionError
            return send(*arguments)

        with patch.object(service.registry.client, "_make_request", make_request):
            results = service.check_deaths(("UIN", str(value)) for value in values)
        return results, len(numbers)

    def test_it_is_left_alone(self):
        # All together is one request, the message before and the first single one are others.
        results, tried = self.ask([0, *range(2, 42, 4)], lambda number: number > 2)
        statuses = [result.status for result in results]
        self.assertEqual(statuses, ["dead", "unknown", *["failed"] * 9])
        self.assertEqual(tried, 3 + 2)
        for result in results[2:]:
            self.assertIn("could not be reached", result.reason)

    def test_it_is_left_alone_when_it_is_out_of_order(self):
        numbers = iter(range(100))
        self.answer(lambda request: (503, {}) if next(numbers) > 2 else leaving_out(request))
        statuses = self.statuses(0, *range(2, 42, 4))
        self.assertEqual(statuses, ["dead", "unknown", *["failed"] * 9])
        self.assertEqual(len(self.fake.requests), 3 + 2)

    def test_one_failure_at_a_time_does_not_stop_it(self):
        results, tried = self.ask([0, 2, 6, 10, 14, 18], lambda number: number in (2, 4, 6))
        self.assertEqual(
            [result.status for result in results],
            ["dead", "failed", "unknown", "failed", "unknown", "failed"],
        )
        self.assertEqual(tried, 2 + 5)

    def test_one_by_one_is_tried_where_all_together_failed(self):
        results, tried = self.ask([0, 2, 6], lambda number: number == 1)
        self.assertEqual([result.status for result in results], ["dead", "unknown", "unknown"])
        self.assertEqual(tried, 4)
