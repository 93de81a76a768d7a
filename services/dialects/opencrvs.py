"""The dialect of OpenCRVS (dci-crvs-api 1.x)."""

from __future__ import annotations

from datetime import date
from typing import Any

from ..records import Person, SearchItem
from ..records.types import foetal_name
from .base import Dialect, UnsupportedIdentifier, day, register_named

# Its records never carry OPENCRVS_RECORD_ID, so that no answer to a question by it can be believed.
_SEARCHABLE = frozenset({"BRN", "DRN", "MRN", "NID"})
# One national number under several names: OpenCRVS calls it NID.
_NATIONAL = frozenset({"UIN", "NID", "NIN", "NATIONAL_ID"})
_REGISTERS = {
    "birth": "ocrvs:registry_type:birth",
    "death": "ocrvs:registry_type:death",
    "marriage": "ocrvs:registry_type:marriage",
}
# No register has anybody older, not even under a date that stands for "unknown".
_EARLIEST_BIRTH = date(1800, 1, 1)


class OpenCRVSDialect(Dialect):
    """A register per kind of event: a person found in the register of deaths is dead."""

    code = "opencrvs"
    signature_profile = "jws"
    can_subscribe = False
    knows_the_living = False
    leaves_out_what_is_not_found = True
    # Its search index neither counts nor shows more.
    most_counted = 10_000
    daily_searches = 2000
    has_whole_register = True

    def identifier_type(self, id_type: str) -> str:
        name = id_type.upper()
        name = "NID" if name in _NATIONAL else name
        if name not in _SEARCHABLE:
            raise UnsupportedIdentifier(id_type)
        return name

    def sender_id(self, configured: str, public_url: str) -> str:
        # It fetches our keys from <sender_id>/.well-known/jwks.json.
        is_url = configured.lower().startswith(("http://", "https://"))
        return (configured if is_url else public_url).rstrip("/")

    def birth_criteria(self, id_type: str, value: str) -> dict[str, Any]:
        return self._lookup("birth", id_type, value)

    def death_criteria(self, id_type: str, value: str) -> dict[str, Any]:
        return self._lookup("death", id_type, value)

    def _lookup(self, register: str, id_type: str, value: str) -> dict[str, Any]:
        return {
            "version": "1.0.0",
            "reg_type": _REGISTERS[register],
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
        # ``birthdate`` is the only date that can be searched, and of marriages not even that:
        # without a predicate the whole register is found.
        if first is None or last is None or event_type == "marriage":
            query = []
        else:
            query = [
                {
                    "seq_num": 1,
                    "expression1": {
                        "attribute_name": "birthdate",
                        "operator": "ge",
                        "attribute_value": day(first),
                    },
                    "condition": "and",
                    "expression2": {
                        "attribute_name": "birthdate",
                        "operator": "le",
                        "attribute_value": day(last),
                    },
                }
            ]
        return {
            "version": "1.0.0",
            "reg_type": _REGISTERS[event_type],
            "query_type": "predicate",
            "query": query,
            "pagination": {"page_size": page_size, "page_number": page},
        }

    def can_pull(self, event_type: str) -> bool:
        return event_type in _REGISTERS

    def scan_start(self, event_type: str, since: date, today: date) -> tuple[date, int]:
        if event_type == "birth":
            return since, 1
        if event_type == "marriage":
            return today, 1  # one window: every one finds the whole register
        # Who died since a day can be of any age, and late registrations older than anybody alive:
        # all birth dates are searched. Windows that are too full are halved.
        return _EARLIEST_BIRTH, 120

    def names_death(self, item: SearchItem, raw: dict[str, Any]) -> bool:
        return bool(self._is_of("death", item, raw))

    def tells_birth(self, item: SearchItem, person: Person, raw: dict[str, Any]) -> bool:
        is_of = self._is_of("birth", item, raw)
        return bool(person.birth.text) if is_of is None else is_of

    def is_event(
        self, event_type: str, item: SearchItem, person: Person, raw: dict[str, Any]
    ) -> bool:
        if self._is_of(event_type, item, raw) is False:
            return False
        return super().is_event(event_type, item, person, raw) or bool(
            self._is_of(event_type, item, raw) and not foetal_name(raw)
        )

    def _is_of(self, event_type: str, item: SearchItem, raw: dict[str, Any]) -> bool | None:
        """Whether a record is of a register; None when the registry answers about persons.

        Found in the register that was searched, unless the answer names another one. A registry
        without registers answers about persons, whatever happened to them.
        """
        named = register_named(item, raw)
        if named or not item.reg_type:
            return named in (event_type, None)
        return None
