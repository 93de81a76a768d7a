"""The dialect of the standard: DCI CRVS API 1.0.0."""

from __future__ import annotations

from datetime import date
from typing import Any

from .base import Dialect, day

_REGISTER = "ns:org:RegistryType:Civil"
_RECORD = "spdci-extensions-dci:Person"

# Codes of VitalEventTypeEnum, in the long form that the standard's examples use.
_EVENT_NAMES = {
    "birth": "spdci-common:RegistryEventType:LiveBirth",
    "death": "spdci-common:RegistryEventType:Death",
    "marriage": "spdci-common:RegistryEventType:Marriage",
    "divorce": "spdci-common:RegistryEventType:Divorce",
}


class StandardDialect(Dialect):
    """One register of persons: the answer is the person, whatever happened to them."""

    code = "standard"

    def birth_criteria(self, id_type: str, value: str) -> dict[str, Any]:
        return self._lookup(id_type, value)

    def death_criteria(self, id_type: str, value: str) -> dict[str, Any]:
        return self._lookup(id_type, value)

    def _lookup(self, id_type: str, value: str) -> dict[str, Any]:
        return {
            "version": "1.0.0",
            "reg_type": _REGISTER,
            "reg_record_type": _RECORD,
            "query_type": "idtype-value",
            "query": {"type": self.identifier_type(id_type), "value": value},
            "pagination": {"page_size": 10, "page_number": 1},
        }

    def event_criteria(
        self,
        event_type: str,
        first: date | None,
        last: date | None,
        page: int,
        page_size: int,
        attribute: str | None = None,
    ) -> dict[str, Any]:
        attribute = attribute or f"{event_type}_date"
        return {
            "version": "1.0.0",
            "reg_type": _REGISTER,
            "reg_event_type": _EVENT_NAMES[event_type],
            "reg_record_type": _RECORD,
            "query_type": "predicate",
            "query": [
                {
                    "seq_num": 1,
                    "expression1": {
                        "attribute_name": attribute,
                        "operator": "ge",
                        "attribute_value": day(first),
                    },
                    "condition": "and",
                    "expression2": {
                        "attribute_name": attribute,
                        "operator": "le",
                        "attribute_value": day(last),
                    },
                }
            ],
            "sort": [{"attribute_name": attribute, "sort_order": "asc"}],
            "pagination": {"page_size": page_size, "page_number": page},
        }

    def scan_start(self, event_type: str, since: date, today: date) -> tuple[date, int]:
        return since, 1

    def subscribe_criteria(self, event_type: str, start: str, end: str) -> dict[str, Any]:
        return {
            "version": "1.0.0",
            "reg_type": _REGISTER,
            "reg_event_type": _EVENT_NAMES[event_type],
            "frequency": {
                "start_time": start,
                "end_time": end,
                # Quartz: every minute, as near to "at once" as the standard's field gets.
                "frequency": "0 * * * * ? *",
            },
            "filter": {},
            "notify_record_type": _RECORD,
        }
