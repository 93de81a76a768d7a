"""The dialect of OpenCRVS 2: the standard's messages, a register per event, fields of its own."""

from typing import ClassVar

from .records import REGISTERS, standard_record
from .standard import RECORD_TYPE, REGISTRY_TYPE, Standard
from .subscriptions import Rejected, check_item
from .wire import Refused

PREFIX = "/opencrvs2"
EXPRESSION = "ns:org:QueryType:expression"
_TYPES = ("UIN", "BRN", "DRN")
_SUBJECTS = {"birth": "child.nid", "death": "deceased.nid"}
_REGISTRATION_NUMBER = "legalStatuses.REGISTERED.registrationNumber"
_INSTANTS = ("legalStatuses.REGISTERED.acceptedAt", "updatedAt", "createdAt")


class OpenCRVS2(Standard):
    """Search alone, synchronous and asynchronous; there are no subscriptions."""

    message_schemas: ClassVar = {"search": "search"}
    item_schemas: ClassVar = {}

    def ids(self):
        """Return the standard's names, and the URL of this dialect."""
        return {*super().ids(), f"{self.registry.url}{PREFIX}"}

    def _found(self, item, seen, now, faults):
        criteria = item.get("search_criteria")
        register = criteria.get("reg_event_type") if isinstance(criteria, dict) else None
        if register not in (*REGISTERS, "divorce"):
            raise Refused(400, "err.request.bad", "reg_event_type must name a register.")
        answer = {"reference_id": item["reference_id"], "timestamp": now, "status": "succ"}
        try:
            check_item(item, seen)
            persons = [
                person
                for person in self.registry.population.persons.values()
                if _number(person, register) and self._matches(person, register, criteria)
            ]
        except Rejected as error:
            return {
                **answer,
                "status": "rjct",
                "status_reason_code": error.code,
                "status_reason_message": str(error),
            }
        persons.sort(key=self.registry.population.updated)
        persons, answer["pagination"] = self.page(persons, criteria.get("pagination"), faults)
        answer["data"] = {
            "version": "1.0.0",
            "reg_type": REGISTRY_TYPE,
            "reg_event_type": register,
            "reg_record_type": RECORD_TYPE,
            "reg_records": [
                standard_record(person, self.registry.population, "standard") for person in persons
            ],
        }
        return answer

    def _matches(self, person, register, criteria):
        kind, query = criteria.get("query_type"), criteria.get("query")
        if not isinstance(query, dict):
            raise Rejected("rjct.search_criteria.invalid", "query must be an object.")
        if kind == "idtype-value":
            if query.get("type") not in _TYPES:
                raise Rejected(
                    "rjct.search_criteria.invalid", "query.type must be UIN, BRN or DRN."
                )
            if query["type"] == "UIN":
                return person.identifiers.get("UIN") == query.get("value")
            return _number(person, register) == query.get("value")
        if kind != "expression" or query.get("type") != EXPRESSION:
            raise Rejected("rjct.search_criteria.invalid", "expected expression")
        try:
            fields = query["value"]["expression"]["query"]
            return all(self._holds(person, register, name, fields[name]) for name in fields)
        except (KeyError, TypeError) as error:
            raise Rejected(
                "rjct.search_criteria.invalid", f"expected expression: {error}"
            ) from error

    def _holds(self, person, register, name, condition):
        if name == "data":
            ((field, inner),) = condition.items()
            if field != _SUBJECTS.get(register):
                return False
            return _is(person.identifiers.get("UIN", ""), inner)
        if name == _REGISTRATION_NUMBER:
            return _is(_number(person, register), condition)
        if name in _INSTANTS:
            return _is(self.registry.population.updated(person), condition)
        if name == "dateOfEvent":
            return _is(_date(person, register), condition)
        raise Rejected("rjct.search_criteria.invalid", f"{name} cannot be searched.")


def _number(person, register):
    """:return: the number of the person's entry in a register, empty when there is none."""
    if register == "divorce":
        return next((item.number for item in person.marriages if item.divorce_date), "")
    kind = REGISTERS[register]
    return next((value for name, value in person.numbers() if name == kind), "")


def _date(person, register):
    if register in ("birth", "death"):
        return getattr(person, f"{register}_date")
    dates = [item.divorce_date if register == "divorce" else item.date for item in person.marriages]
    return max(filter(None, dates), default="")


def _is(value, condition):
    if condition["type"] == "exact":
        return value == condition["term"]
    if condition["type"] == "range":
        return bool(value) and condition["gte"] <= value <= condition["lte"]
    return value in condition["terms"]
