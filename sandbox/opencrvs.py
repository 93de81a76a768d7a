"""The OpenCRVS dialect (dci-crvs-api 1.x): a search finds the entries of one register."""

from typing import ClassVar

from . import queries
from .dialect import Dialect
from .records import REGISTERS, national_number, opencrvs_record
from .signing import Style
from .wire import Refused, acknowledgement, new_id, timestamp

STYLE = Style(profile="jws", key="rs256")


class OpenCRVS(Dialect):
    """Search alone, synchronous and asynchronous; there are no subscriptions.

    Each public method answers one URL: it takes an Exchange and returns ``(HTTP status, bytes or
    dict)``.
    """

    header_schema = "opencrvs_header"
    message_schemas: ClassVar = {"search": "opencrvs_search"}
    clients_publish = True

    def ids(self):
        """Return the URL, which is the sender id too."""
        return {self.ring().owner}

    def ring(self):
        """Return the keys published for this dialect."""
        return self.registry.opencrvs_ring

    def style(self):
        """Return how answers are signed."""
        return STYLE

    def sync_search(self, exchange):
        """Answer a search at once."""
        return 200, self._answer(exchange, new_id())

    def search(self, exchange):
        """Answer a search by callback."""
        url, correlation_id = exchange.callback_uri(), new_id()
        body = self._answer(exchange, correlation_id)
        if not self.registry.config.silent:
            self.registry.courier.later(
                self.registry.config.callback_delay,
                lambda: self.registry.courier.post(url, body),
            )
        return 202, acknowledgement(correlation_id)

    def _answer(self, exchange, correlation_id):
        items = []
        for item in exchange.message["search_request"]:
            found = self._found(item, exchange.faults)
            if found:
                items.append(found)
        # The header repeats the client's own: its sender id, its message id, the action it asked.
        header = {
            "version": "1.0.0",
            "message_id": exchange.header["message_id"],
            "message_ts": timestamp(),
            "action": "search",
            "status": "succ",
            "total_count": len(items),
            "completed_count": len(items),
            "sender_id": exchange.sender_id,
            "receiver_id": self.ring().owner,
            "is_msg_encrypted": False,
            "meta": "",
        }
        message = {
            "transaction_id": exchange.message["transaction_id"],
            "correlation_id": correlation_id,
            "search_response": items,
        }
        return self.seal(header, message, exchange.faults)

    def _found(self, item, faults):
        """:return: the answer to one search, or None when nothing was found."""
        criteria = item["search_criteria"]
        register = criteria["reg_type"].rpartition(":")[2]
        population = self.registry.population
        persons = [item for item in self._persons(criteria) if _is_in(register, item)]
        persons, pagination = self.page(persons, criteria.get("pagination"), faults)
        if not persons:
            return None
        return {
            "reference_id": item["reference_id"],
            "timestamp": timestamp(),
            "status": "succ",
            "data": {
                "version": "1.0.0",
                "reg_type": criteria["reg_type"],
                "reg_records": [
                    opencrvs_record(person, population, register) for person in persons
                ],
            },
            "pagination": pagination,
            "locale": item["locale"],
        }

    def _persons(self, criteria):
        population, query = self.registry.population, criteria["query"]
        if criteria["query_type"] == "predicate" and not query:
            return list(population.persons.values())
        if criteria["query_type"] == "predicate":
            try:
                test = queries.read_predicates(query)
            except queries.BadQuery as error:
                raise Refused(400, "err.request.bad", f"The query is wrong: {error}.") from error
            return self.registry.results.get(
                population.version,
                query,
                lambda: [person for person in population.persons.values() if test(person)],
            )
        kind, value = query["type"], query["value"]
        if kind == "OPENCRVS_RECORD_ID":
            person = population.get(value.removeprefix("record-"))
            return [person] if person and value.startswith("record-") else []
        if kind == "NID":
            either = population.find("UIN", value) or population.find("NID", value)
            return [person for person in either if national_number(person) == value]
        return population.find(kind, value)


def _is_in(register, person):
    """:return: whether the register has an entry of this person."""
    return any(kind == REGISTERS[register] for kind, _value in person.numbers())
