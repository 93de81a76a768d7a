"""An OpenCRVS 2 that forgives nothing, on a port of its own.

Written from the description of its interface alone, like its older sister.
"""

import json
import time
from datetime import datetime, timezone

from jsonschema import Draft202012Validator

from odoo.addons.spp_dci_client_crvs.services import signature

from .callback import new_key, pem_of
from .fake_registry import FakeRegistry
from .strict_opencrvs_rules import FORMATS

SENDER = "opencrvs2.example.org"


def _object(required, **members):
    return {
        "type": "object",
        "properties": members,
        "required": required.split(),
        "additionalProperties": False,
    }


_TEXT = {"type": "string", "minLength": 1}
_MOMENT = {"type": "string", "format": "offset-date-time"}
_COUNT = {"type": "integer", "minimum": 1}
_EXACT = _object("type term", type={"const": "exact"}, term=_TEXT)
_RANGE = _object("type gte lte", type={"const": "range"}, gte=_TEXT, lte=_TEXT)
_ANY = _object("type terms", type={"const": "anyOf"}, terms={"type": "array", "items": _TEXT})
_CONDITION = {"oneOf": [_EXACT, _RANGE, _ANY]}
_FIELDS = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "properties": {
        "legalStatuses.REGISTERED.registrationNumber": _CONDITION,
        "legalStatuses.REGISTERED.acceptedAt": _CONDITION,
        "updatedAt": _CONDITION,
        "createdAt": _CONDITION,
        "dateOfEvent": _CONDITION,
        "data": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {"child.nid": _CONDITION, "deceased.nid": _CONDITION},
        },
    },
}
_EXPRESSION = _object(
    "type value",
    type={"const": "ns:org:QueryType:expression"},
    value=_object("expression", expression=_object("query", query=_FIELDS)),
)
_LOOKUP = _object("type value", type={"enum": ["UIN", "BRN", "DRN"]}, value=_TEXT)


def _criteria(query_type, query):
    return _object(
        "reg_type reg_event_type query_type query",
        version={"const": "1.0.0"},
        reg_type={"const": "ns:org:RegistryType:Civil"},
        reg_event_type={"enum": ["birth", "death", "marriage", "divorce"]},
        reg_record_type=_TEXT,
        query_type={"const": query_type},
        query=query,
        sort={
            "type": "array",
            "items": _object(
                "attribute_name sort_order",
                attribute_name={"const": "createdAt"},
                sort_order={"enum": ["asc", "desc"]},
            ),
        },
        pagination=_object("page_size page_number", page_size=_COUNT, page_number=_COUNT),
    )


_CONSENT = _object(
    "id ts purpose",
    id=_TEXT,
    ts=_MOMENT,
    purpose=_object("text code refUri", text=_TEXT, code=_TEXT, refUri=_TEXT),
)
_ITEM = _object(
    "reference_id timestamp search_criteria",
    reference_id=_TEXT,
    timestamp=_MOMENT,
    locale={"type": "string", "pattern": "^[a-z]{3}$"},
    consent=_CONSENT,
    search_criteria={
        "oneOf": [_criteria("idtype-value", _LOOKUP), _criteria("expression", _EXPRESSION)]
    },
)
_REQUEST = _object(
    "header message",
    signature={"type": "string"},
    header=_object(
        "version message_id message_ts action sender_id total_count",
        version={"const": "1.0.0"},
        message_id=_TEXT,
        message_ts=_MOMENT,
        action={"const": "search"},
        sender_id=_TEXT,
        sender_uri=_TEXT,
        receiver_id=_TEXT,
        total_count=_COUNT,
        is_msg_encrypted={"const": False},
        meta={"type": "object"},
    ),
    message=_object(
        "transaction_id search_request",
        transaction_id={"type": "string", "minLength": 1, "maxLength": 99},
        search_request={"type": "array", "minItems": 1, "items": _ITEM},
    ),
)
_VALIDATOR = Draft202012Validator(_REQUEST, format_checker=FORMATS)
_SUBJECT = {"birth": "child.nid", "death": "deceased.nid"}


class StrictOpenCRVS2:
    """A register per event, searched by OpenCRVS's own fields.

    :ivar list entries: what is registered: dicts of ``register``, ``number``, ``nid``, ``changed``
        (an instant in UTC), ``happened`` (a day or empty) and ``record``
    :ivar list refused: why requests were refused
    :ivar list searches: the requests that were taken
    :ivar bool only_expressions: whether it answers a plain question with 400
    :ivar bool wants_consent: whether each question needs a consent
    :ivar quota: searches that it still takes today
    :ivar list outbox: answers that are still to be sent to the client's address
    """

    def __init__(self):
        self.entries, self.refused, self.searches, self.outbox = [], [], [], []
        self.only_expressions = False
        self.wants_consent = False
        self.quota = 2000
        self.clock = 0  # seconds by which its clock is ahead
        self.key = new_key()
        self.public_key = pem_of(self.key)
        self._http = FakeRegistry()
        self._http.answer = self._take
        self.url = self._http.url
        self.stop = self._http.stop

    def register(self, register, number, nid, changed, happened="", **record):
        """Enter something, and what its record says."""
        identifiers = [
            ("UIN", nid),
            ({"birth": "BRN", "death": "DRN"}.get(register, "MRN"), number),
        ]
        self.entries.append(
            {
                "register": register,
                "number": number,
                "nid": nid,
                "changed": changed,
                "happened": happened,
                "record": {
                    "identifier": [
                        {"identifier_type": kind, "identifier_value": value}
                        for kind, value in identifiers
                        if value
                    ],
                    "name": {"given_name": "Amina", "second_name": "", "surname": "Diallo"},
                    **record,
                },
            }
        )

    def _take(self, envelope):
        wrong = sorted(
            _VALIDATOR.iter_errors(envelope), key=lambda error: list(error.absolute_path)
        )
        items = envelope.get("message", {}).get("search_request", [])
        path = self._http.requests[-1][0]
        if wrong:
            return self._refuse(400, f"{list(wrong[0].absolute_path)}: {wrong[0].message[:200]}")
        if envelope["header"]["total_count"] != len(items):
            return self._refuse(400, "total_count is not the number of searches")
        if self.wants_consent and not all("consent" in item for item in items):
            return self._refuse(400, "consent is missing")
        kinds = {item["search_criteria"]["query_type"] for item in items}
        if self.only_expressions and kinds != {"expression"}:
            answer = {"errors": [{"code": "err.request.bad", "message": "Expected expression"}]}
            self.refused.append("Expected expression")
            return 400, answer
        self.quota -= 1
        if self.quota < 0:
            return self._refuse(429, "the quota of today is used up")
        self.searches.append(envelope)
        if path == "/registry/sync/search":
            return self._answer(envelope)
        if path != "/registry/search":
            return self._refuse(404, path)
        if not envelope["header"].get("sender_uri"):
            return self._refuse(400, "sender_uri is missing")
        self.outbox.append(envelope)
        acknowledged = {"ack_status": "ACK", "timestamp": _now(), "correlation_id": "c-later"}
        return 202, {"message": acknowledged}

    def _refuse(self, status, why):
        self.refused.append(why)
        return status, {"errors": [{"code": "err.request.bad", "message": why}]}

    def _answer(self, envelope):
        items = [self._item(item) for item in envelope["message"]["search_request"]]
        header = {
            "version": "1.0.0",
            "message_id": "m-1",
            "message_ts": _now(),
            "action": "on-search",
            "status": "succ",
            "total_count": len(items),
            "sender_id": SENDER,
            "receiver_id": envelope["header"]["sender_id"],
            "is_msg_encrypted": False,
        }
        message = {
            "transaction_id": envelope["message"]["transaction_id"],
            "correlation_id": "c-1",
            "search_response": items,
        }
        text = signature.sign_http(
            header,
            message,
            sender_id=SENDER,
            key_id="k1",
            algorithm="ed25519",
            private_key=self.key,
            now=time.time() + self.clock,
        )
        return {"signature": text, "header": header, "message": message}

    def answers(self):
        """Return what is to be sent to the client's address, signed, as bytes."""
        waiting, self.outbox = self.outbox, []
        return [json.dumps(self._answer(envelope)).encode() for envelope in waiting]

    def _item(self, item):
        criteria = item["search_criteria"]
        register = criteria["reg_event_type"]
        found = [
            entry
            for entry in self.entries
            if entry["register"] == register and _fits(entry, register, criteria)
        ]
        found.sort(key=lambda entry: entry["changed"])
        size, page = criteria["pagination"]["page_size"], criteria["pagination"]["page_number"]
        return {
            "reference_id": item["reference_id"],
            "timestamp": _now(),
            "status": "succ",
            "data": {
                "version": "1.0.0",
                "reg_type": "ns:org:RegistryType:Civil",
                "reg_event_type": register,
                "reg_record_type": "spdci-extensions-dci:Person",
                "reg_records": [
                    entry["record"] for entry in found[(page - 1) * size : page * size]
                ],
            },
            "pagination": {"page_size": size, "page_number": page, "total_count": len(found)},
        }


def _fits(entry, register, criteria):
    query = criteria["query"]
    if criteria["query_type"] == "idtype-value":
        return query["value"] == entry["nid" if query["type"] == "UIN" else "number"]
    return all(
        _holds(entry, register, name, condition)
        for name, condition in query["value"]["expression"]["query"].items()
    )


def _holds(entry, register, name, condition):
    if name == "data":
        return all(
            field == _SUBJECT.get(register) and _is(entry["nid"], inner)
            for field, inner in condition.items()
        )
    values = {
        "legalStatuses.REGISTERED.registrationNumber": "number",
        "dateOfEvent": "happened",
    }
    return _is(entry[values.get(name, "changed")], condition)


def _is(value, condition):
    if condition["type"] == "exact":
        return value == condition["term"]
    if condition["type"] == "range":
        return bool(value) and condition["gte"] <= value <= condition["lte"]
    return value in condition["terms"]


def _now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
