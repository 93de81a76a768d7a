"""The messages of the DCI standard (CRVS API 1.0.0). Nothing of Odoo in here."""

import secrets
from datetime import datetime, timezone

VERSION = "1.0.0"
LOCALE = "eng"  # ISO 639-3, as the standard wants it
REGISTRY_TYPES = {
    "CRVS": "ns:org:RegistryType:Civil",
    "SOCIAL_REGISTRY": "ns:org:RegistryType:Social",
    "IBR": "ns:org:RegistryType:IBR",
    "DR": "ns:org:RegistryType:DR",
    "FR": "ns:org:RegistryType:FR",
}
RECORD_TYPES = {"PERSON": "spdci-extensions-dci:Person"}


def random_id():
    """:return: 128 random bits in hexadecimal digits."""
    return secrets.token_hex(16)


def timestamp():
    """:return: now, in ISO 8601 with its offset."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def search(*, query_type, query, registry_type, record_type, event_type, page, page_size):
    """:return: the message of a search with one request (schema SearchRequest)."""
    criteria = {
        "version": VERSION,
        "reg_type": REGISTRY_TYPES.get(registry_type, registry_type),
        "reg_record_type": RECORD_TYPES.get(record_type, record_type),
        "query_type": query_type,
        "query": query,
        "pagination": {"page_size": page_size, "page_number": page},
    }
    if event_type:
        criteria["reg_event_type"] = event_type
    return {
        "transaction_id": random_id(),
        "search_request": [_request("search_criteria", criteria)],
    }


def subscribe(*, event_type, registry_type, query, record_type):
    """:return: the message that subscribes to one kind of event (schema SubscribeRequest)."""
    criteria = {
        "version": VERSION,
        "reg_type": REGISTRY_TYPES.get(registry_type, registry_type),
        "reg_event_type": event_type,
        "filter": query or {},
        "notify_record_type": record_type,
    }
    if query:
        criteria["filter_type"] = "predicate" if isinstance(query, list) else "idtype-value"
    return {
        "transaction_id": random_id(),
        "subscribe_request": [_request("subscribe_criteria", criteria)],
    }


def unsubscribe(*, codes):
    """:return: the message that ends subscriptions (schema UnSubscribeRequest)."""
    return {
        "transaction_id": random_id(),
        "timestamp": timestamp(),
        "subscription_codes": codes,
    }


def transaction_status(*, transaction_type, attribute_type, attribute_value):
    """:return: the message that asks what became of a transaction (schema TxnStatusRequest)."""
    return {
        "transaction_id": random_id(),
        "txnstatus_request": {
            "reference_id": random_id(),
            "txn_type": transaction_type,
            "attribute_type": attribute_type,
            "attribute_value": attribute_value,
            "locale": LOCALE,
        },
    }


def date_range(attribute_name, start, end):
    """:return: the predicate query for a date from `start` to `end`, both included."""
    return [
        {
            "seq_num": 1,
            "expression1": _comparison(attribute_name, "ge", start),
            "condition": "and",
            "expression2": _comparison(attribute_name, "le", end),
        }
    ]


def count_requests(message):
    """:return: how many requests a message holds, the header's `total_count`."""
    for name in ("search_request", "subscribe_request", "subscription_codes"):
        if isinstance(message.get(name), list):
            return len(message[name])
    return 1


def _request(name, criteria):
    return {
        "reference_id": random_id(),
        "timestamp": timestamp(),
        name: criteria,
        "locale": LOCALE,
    }


def _comparison(attribute_name, operator, value):
    value = value if isinstance(value, str) else value.isoformat()
    return {
        "attribute_name": attribute_name,
        "operator": operator,
        "attribute_value": value,
    }
