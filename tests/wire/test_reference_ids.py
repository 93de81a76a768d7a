import json
import unittest

from ...services.wire import envelope


def reference_ids(message):
    return envelope.parse(json.dumps({"header": {}, "message": message}).encode()).reference_ids


class TestReferenceIds(unittest.TestCase):
    def test_search_and_subscription_answers(self):
        for name in ("search_response", "subscribe_response"):
            message = {name: [{"reference_id": "a"}, {"reference_id": "b"}]}
            self.assertEqual(reference_ids(message), ["a", "b"])

    def test_one_object_instead_of_a_list(self):
        self.assertEqual(reference_ids({"search_response": {"reference_id": "a"}}), ["a"])

    def test_status_answer_speaks_of_the_inner_request(self):
        inner = {"search_response": [{"reference_id": "a"}]}
        message = {"txnstatus_response": {"txn_type": "search", "txn_status": inner}}
        self.assertEqual(reference_ids(message), ["a"])

    def test_nothing_is_named(self):
        for message in (
            {},
            {"search_response": []},
            {"search_response": [1, {"reference_id": 2}]},
            {"txnstatus_response": {"txn_status": "rcvd"}},
        ):
            self.assertEqual(reference_ids(message), [])
