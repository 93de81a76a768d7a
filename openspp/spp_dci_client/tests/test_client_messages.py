from datetime import date, datetime

import jsonschema

from odoo.tests import tagged

from . import schemas
from .common import ClientCase

UIN = "4018273645"


@tagged("post_install", "-at_install")
class TestClientMessages(ClientCase):
    def received(self, schema, path):
        """:return: the one envelope that arrived, checked for its place and its shape."""
        [request] = self.server.requests
        self.assertEqual((request.method, request.path), ("POST", path))
        self.assertEqual(request.headers["Content-Type"], "application/json")
        jsonschema.validate(request.json, schemas.envelope(schema))
        return request.json

    def searched(self, path="/api/registry/sync/search"):
        """:return: the criteria of the one search request that arrived."""
        envelope = self.received(schemas.SEARCH, path)
        self.assertEqual(envelope["header"]["action"], "search")
        [request] = envelope["message"]["search_request"]
        return request["search_criteria"]

    def test_header(self):
        self.client.search_by_id("UIN", UIN)
        header = self.received(schemas.SEARCH, "/api/registry/sync/search")["header"]
        self.assertTrue(datetime.fromisoformat(header["message_ts"]).tzinfo)
        self.assertEqual(
            {
                name: header[name]
                for name in ("version", "sender_id", "receiver_id", "sender_uri", "total_count")
            },
            {
                "version": "1.0.0",
                "sender_id": "https://spp.example.org",
                "receiver_id": "crvs.example.org",
                "sender_uri": "https://spp.example.org/dci/crvs/callback",
                "total_count": 1,
            },
        )

    def test_header_is_sent_whole(self):
        self.source.write({"receiver_id": False, "our_callback_uri": False})
        self.client.search_by_id("UIN", UIN)
        [request] = self.server.requests
        header = request.json["header"]
        self.assertEqual((header["receiver_id"], header["sender_uri"]), ("", ""))
        self.assertEqual(header["meta"], {})

    def test_header_counts_the_requests(self):
        message = {"transaction_id": "t", "search_request": [{}, {}, {}]}
        envelope = self.client._build_envelope("search", message)
        self.assertEqual(envelope["header"]["total_count"], 3)
        self.assertEqual(envelope["message"], message)

    def test_ids_are_random_and_long(self):
        envelopes = [
            self.client._search_envelope("idtype-value", {}, "PERSON", 1, 10, None, None)
            for _ in range(2)
        ]
        ids = [
            value
            for envelope in envelopes
            for value in (
                envelope["header"]["message_id"],
                envelope["message"]["transaction_id"],
                envelope["message"]["search_request"][0]["reference_id"],
            )
        ]
        self.assertEqual(len(set(ids)), 6)
        self.assertTrue(all(len(bytes.fromhex(value)) == 16 for value in ids))

    def test_search_by_id(self):
        self.client.search_by_id("UIN", UIN, page=3, page_size=25)
        self.assertEqual(
            self.searched(),
            {
                "version": "1.0.0",
                "reg_type": "ns:org:RegistryType:Civil",
                "reg_record_type": "spdci-extensions-dci:Person",
                "query_type": "idtype-value",
                "query": {"type": "UIN", "value": UIN},
                "pagination": {"page_size": 25, "page_number": 3},
            },
        )

    def test_search_elsewhere(self):
        self.source.registry_type = "SOCIAL_REGISTRY"
        self.source.search_endpoint = "v2/find"
        self.client.search_by_id(
            "UIN", UIN, record_type="spdci-extensions-dci:Member", registry_event_type="death"
        )
        criteria = self.searched("/api/v2/find")
        self.assertEqual(criteria["reg_type"], "ns:org:RegistryType:Social")
        self.assertEqual(criteria["reg_record_type"], "spdci-extensions-dci:Member")
        self.assertEqual(criteria["reg_event_type"], "death")

    def test_search_in_another_registry_type(self):
        self.client.search_by_id("UIN", UIN, registry_type="ocrvs:registry_type:death")
        self.assertEqual(self.searched()["reg_type"], "ocrvs:registry_type:death")

    def test_search_by_expression(self):
        self.client.search_by_expression("age > 60")
        criteria = self.searched()
        self.assertEqual(criteria["query_type"], "expression")
        self.assertEqual(criteria["query"]["value"], {"expression": "age > 60"})

    def test_search_by_predicate(self):
        comparison = {"attribute_name": "sex", "operator": "eq", "attribute_value": "female"}
        self.client.search_by_predicate({"expression1": comparison})
        criteria = self.searched()
        self.assertEqual(criteria["query_type"], "predicate")
        self.assertEqual(criteria["query"], [{"expression1": comparison}])

    def test_search_by_date_range(self):
        self.client.search_by_date_range(
            date(2024, 1, 1), "2024-01-31", attribute_name="death_date", event_type="death"
        )
        criteria = self.searched()
        [condition] = criteria["query"]
        self.assertEqual(criteria["reg_event_type"], "death")
        self.assertEqual(condition["condition"], "and")
        self.assertEqual(
            [tuple(sorted(condition[name].items())) for name in ("expression1", "expression2")],
            [
                (
                    ("attribute_name", "death_date"),
                    ("attribute_value", "2024-01-01"),
                    ("operator", "ge"),
                ),
                (
                    ("attribute_name", "death_date"),
                    ("attribute_value", "2024-01-31"),
                    ("operator", "le"),
                ),
            ],
        )

    def test_search_async(self):
        query = {"type": "UIN", "value": UIN}
        self.client.search_async(
            "idtype-value", query, callback_url="https://spp.example.org/elsewhere"
        )
        envelope = self.received(schemas.SEARCH, "/api/registry/search")
        self.assertEqual(envelope["header"]["sender_uri"], "https://spp.example.org/elsewhere")

    def test_subscribe(self):
        self.client.subscribe("spdci-common:RegistryEventType:LiveBirth")
        envelope = self.received(schemas.SUBSCRIBE, "/api/registry/subscribe")
        [request] = envelope["message"]["subscribe_request"]
        self.assertEqual(
            request["subscribe_criteria"],
            {
                "version": "1.0.0",
                "reg_type": "ns:org:RegistryType:Civil",
                "reg_event_type": "spdci-common:RegistryEventType:LiveBirth",
                "filter": {},
                "notify_record_type": "Person",
            },
        )

    def test_subscribe_with_a_filter(self):
        for query, query_type in (
            ({"type": "UIN", "value": UIN}, "idtype-value"),
            (
                [
                    {
                        "expression1": {
                            "attribute_name": "birth_place",
                            "operator": "eq",
                            "attribute_value": "Galle",
                        }
                    }
                ],
                "predicate",
            ),
        ):
            self.server.requests.clear()
            self.client.subscribe("death", filter_query=query, notify_record_type="Member")
            envelope = self.received(schemas.SUBSCRIBE, "/api/registry/subscribe")
            [request] = envelope["message"]["subscribe_request"]
            criteria = request["subscribe_criteria"]
            self.assertEqual(criteria["filter"], query)
            self.assertEqual(criteria["filter_type"], query_type)
            self.assertEqual(criteria["notify_record_type"], "Member")

    def test_unsubscribe(self):
        self.source.subscribe_endpoint = "/v1/registry/subscribe"
        for codes in (["one", "two"], "one"):
            self.server.requests.clear()
            self.client.unsubscribe(codes)
            envelope = self.received(schemas.UNSUBSCRIBE, "/api/v1/registry/unsubscribe")
            expected = [codes] if isinstance(codes, str) else codes
            self.assertEqual(envelope["message"]["subscription_codes"], expected)
            self.assertEqual(envelope["header"]["total_count"], len(expected))

    def test_transaction_status(self):
        for arguments, options in (
            (("t-1",), {}),
            ((["r-1", "r-2"], "reference_id_list"), {"txn_type": "subscribe"}),
        ):
            self.server.requests.clear()
            self.client.txn_status(*arguments, **options)
            envelope = self.received(schemas.TRANSACTION_STATUS, "/api/registry/sync/txn/status")
            self.assertEqual(envelope["header"]["action"], "txn-status")
            request = envelope["message"]["txnstatus_request"]
            self.assertEqual(request["attribute_value"], arguments[0])
            self.assertEqual(request["txn_type"], options.get("txn_type", "search"))

    def test_search_in_a_register_of_opencrvs(self):
        self.client.search_by_id_opencrvs("BRN", "B-1", event_type="death")
        criteria = self.searched()
        self.assertEqual(criteria["reg_type"], "ocrvs:registry_type:death")
        self.assertEqual(criteria["query"], {"type": "BRN", "value": "B-1"})
