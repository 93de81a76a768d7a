"""The dialect of OpenCRVS 2: the DCI server of OpenCRVS 1.9 and later."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timezone
from typing import Any

from ..records import Person, SearchItem
from .base import Dialect, UnsupportedIdentifier, day, register_named

_REGISTER = "ns:org:RegistryType:Civil"
_RECORD = "spdci-extensions-dci:Person"
_EXPRESSION = "ns:org:QueryType:expression"
# One national number under several names: this server calls it UIN.
_NATIONAL = frozenset({"UIN", "NID", "NIN", "NATIONAL_ID"})
# The number that each register gives itself; that of another register finds nothing in it.
_OWN_NUMBER = {"birth": "BRN", "death": "DRN"}
_SUBJECT = {"birth": "child", "death": "deceased"}
# OpenCRVS's own names of what can be searched.
_REGISTRATION_NUMBER = "legalStatuses.REGISTERED.registrationNumber"
_CHANGED = "updatedAt"
_HAPPENED = "dateOfEvent"


class OpenCRVS2Dialect(Dialect):
    """A register per event, named by ``reg_event_type``; searched by OpenCRVS's own fields.

    Events are pulled by when they were registered or last changed, so that late registrations and
    records without a date of birth are found. Never two conditions on one field, of which this
    server keeps the last.
    """

    code = "opencrvs2"
    can_subscribe = False
    knows_the_living = False
    pulls_by_change = True
    # Its search index neither counts nor shows more.
    most_counted = 10_000
    daily_searches = 2000

    def identifier_type(self, id_type: str) -> str:
        name = id_type.upper()
        name = "UIN" if name in _NATIONAL else name
        if name not in ("UIN", *_OWN_NUMBER.values()):
            raise UnsupportedIdentifier(id_type)
        return name

    def birth_criteria(self, id_type: str, value: str) -> dict[str, Any]:
        return self._lookup("birth", id_type, value)

    def death_criteria(self, id_type: str, value: str) -> dict[str, Any]:
        return self._lookup("death", id_type, value)

    def _lookup(self, register: str, id_type: str, value: str) -> dict[str, Any]:
        name = self.identifier_type(id_type)
        if name not in ("UIN", _OWN_NUMBER[register]):
            raise UnsupportedIdentifier(id_type)
        query = {"type": name, "value": value}
        return self._criteria(register, "idtype-value", query, 1, 10)

    def _criteria(
        self, register: str, query_type: str, query: dict[str, Any], page: int, page_size: int
    ) -> dict[str, Any]:
        return {
            "version": "1.0.0",
            "reg_type": _REGISTER,
            "reg_event_type": register,
            "reg_record_type": _RECORD,
            "query_type": query_type,
            "query": query,
            "sort": [{"attribute_name": "createdAt", "sort_order": "asc"}],
            "pagination": {"page_size": page_size, "page_number": page},
        }

    def as_expression(self, criteria: dict[str, Any]) -> dict[str, Any] | None:
        if criteria["query_type"] != "idtype-value":
            return None
        exact = {"type": "exact", "term": criteria["query"]["value"]}
        if criteria["query"]["type"] == "UIN":
            fields = {"data": {f"{_SUBJECT[criteria['reg_event_type']]}.nid": exact}}
        else:
            fields = {_REGISTRATION_NUMBER: exact}
        return {**criteria, "query_type": "expression", "query": _expression(fields)}

    def question_members(self, public_url: str) -> dict[str, Any]:
        # Older servers want it, newer ones ignore it.
        consent = {
            "id": str(uuid.uuid4()),
            "ts": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            "purpose": {
                "text": "Social protection: whether a birth is registered or a beneficiary lives",
                "code": "social-protection",
                "refUri": public_url or "urn:openspp",
            },
        }
        return {"consent": consent}

    def event_criteria(
        self,
        event_type: str,
        first: date | None,
        last: date | None,
        page: int,
        page_size: int,
        attribute: str | None = None,
    ) -> dict[str, Any]:
        attribute = attribute or _CHANGED
        if attribute == _HAPPENED:
            window = {"type": "range", "gte": day(first), "lte": day(last)}
        else:  # instants
            window = {
                "type": "range",
                "gte": f"{day(first)}T00:00:00.000Z",
                "lte": f"{day(last)}T23:59:59.999Z",
            }
        query = _expression({attribute: window})
        return self._criteria(event_type, "expression", query, page, page_size)

    def pull_attribute(self, is_import: bool) -> str | None:
        return _HAPPENED if is_import else _CHANGED

    def scan_start(self, event_type: str, since: date, today: date) -> tuple[date, int]:
        return since, 1

    def tells_birth(self, item: SearchItem, person: Person, raw: dict[str, Any]) -> bool:
        named = register_named(item, raw)
        return bool(person.birth.text) if named is None else named == "birth"

    def is_event(
        self, event_type: str, item: SearchItem, person: Person, raw: dict[str, Any]
    ) -> bool:
        named = register_named(item, raw)
        if named is not None:
            # Found in the register that was searched, unless the answer names another one.
            return named == event_type
        return super().is_event(event_type, item, person, raw)


def _expression(fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": _EXPRESSION, "value": {"expression": {"query": fields}}}
