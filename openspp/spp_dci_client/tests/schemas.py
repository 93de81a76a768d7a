"""What the CRVS API 1.0.0 of the DCI standard requires of requests, as JSON Schemas.

Mirrors its OpenAPI description as far as a client is concerned; unknown members are refused on
top of that, since a registry may refuse them.
"""

TEXT = {"type": "string", "minLength": 1}
ID = {"type": "string", "minLength": 1, "maxLength": 99}
MOMENT = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
}
LOCALE = {"type": "string", "pattern": "^[a-z]{3}$"}


def _object(required, **optional):
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


HEADER = _object(
    {
        "message_id": TEXT,
        "message_ts": MOMENT,
        "action": {"enum": ["search", "subscribe", "unsubscribe", "txn-status"]},
        "sender_id": TEXT,
        "total_count": {"type": "integer", "minimum": 1},
    },
    version={"const": "1.0.0"},
    sender_uri={"type": "string"},
    receiver_id={"type": "string"},
    is_msg_encrypted={"const": False},
    meta={"type": "object"},
)

_EXPRESSION = _object(
    {
        "attribute_name": TEXT,
        "operator": {"enum": ["gt", "lt", "eq", "ge", "le", "in"]},
        "attribute_value": {"type": ["string", "number", "boolean", "object"]},
    }
)
_PREDICATE = {
    "type": "array",
    "items": _object(
        {"expression1": _EXPRESSION},
        seq_num={"type": "number"},
        condition={"enum": ["and", "or", "not"]},
        expression2=_EXPRESSION,
    ),
}
_TYPED = _object({}, type=TEXT, value={"type": ["string", "number", "boolean", "object"]})
_QUERY = {"anyOf": [_TYPED, _PREDICATE]}
_QUERY_TYPE = {"enum": ["idtype-value", "expression", "predicate", "graphql"]}


def _batch(name, criteria):
    request = {"reference_id": TEXT, "timestamp": MOMENT, name: criteria}
    return {"type": "array", "minItems": 1, "items": _object(request, locale=LOCALE)}


SEARCH = _object(
    {
        "transaction_id": ID,
        "search_request": _batch(
            "search_criteria",
            _object(
                {"query_type": _QUERY_TYPE, "query": _QUERY},
                version=TEXT,
                reg_type=TEXT,
                reg_record_type=TEXT,
                reg_event_type=TEXT,
                pagination=_object(
                    {"page_size": {"type": "integer"}}, page_number={"type": "integer"}
                ),
            ),
        ),
    }
)
SUBSCRIBE = _object(
    {
        "transaction_id": ID,
        "subscribe_request": _batch(
            "subscribe_criteria",
            _object(
                {"reg_event_type": TEXT, "filter": _QUERY, "notify_record_type": TEXT},
                version=TEXT,
                reg_type=TEXT,
                filter_type=_QUERY_TYPE,
            ),
        ),
    }
)
UNSUBSCRIBE = _object(
    {
        "transaction_id": ID,
        "timestamp": MOMENT,
        "subscription_codes": {"type": "array", "items": {"type": "string", "maxLength": 99}},
    }
)
TRANSACTION_STATUS = _object(
    {
        "transaction_id": ID,
        "txnstatus_request": _object(
            {
                "reference_id": TEXT,
                "txn_type": {"enum": ["search", "subscribe", "unsubscribe"]},
                "attribute_type": {
                    "enum": [
                        "transaction_id",
                        "reference_id_list",
                        "correlation_id",
                        "subscription_code_list",
                    ]
                },
                "attribute_value": {"anyOf": [ID, {"type": "array", "items": ID}]},
            },
            locale=LOCALE,
        ),
    }
)


def envelope(message):
    """:return: the schema of an envelope around a message of that schema."""
    return _object({"header": HEADER, "message": message}, signature={"type": "string"})
