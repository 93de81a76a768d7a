"""The standard dialect: DCI CRVS 1.0.0, whose answer to a search is the person."""

from typing import ClassVar

from . import queries
from .delivery import callback_url
from .dialect import Dialect
from .records import standard_record
from .registry import Transaction
from .subscriptions import Rejected, check_item
from .validation import shape_problem
from .wire import acknowledgement, new_id, timestamp

REGISTRY_TYPE = "ns:org:RegistryType:Civil"
RECORD_TYPE = "spdci-extensions-dci:Person"


class Standard(Dialect):
    """Search, subscriptions and transaction status as the standard describes them.

    Each public method answers one URL: it takes an Exchange and returns ``(HTTP status, bytes or
    dict)``.
    """

    message_schemas: ClassVar = {
        "search": "search",
        "subscribe": "subscribe",
        "unsubscribe": "unsubscribe",
        "txn-status": "txn-status",
    }
    item_schemas: ClassVar = {
        "search": ("search_request", "search_item", ["reference_id", "search_criteria"])
    }

    def ids(self):
        """Return the sender id and the URL."""
        return {self.registry.sender_id, self.registry.url}

    def ring(self):
        """Return the keys published for this dialect."""
        return self.registry.ring

    def style(self):
        """Return how answers are signed."""
        return self.registry.config.style

    def header(self, action, receiver_id, count, status="succ"):
        """:return: the header of a message to a client."""
        return {
            "version": "1.0.0",
            "message_id": new_id(),
            "message_ts": timestamp(),
            "action": action,
            "status": status,
            "total_count": count,
            "completed_count": count,
            "sender_id": self.registry.sender_id,
            "receiver_id": receiver_id,
            "is_msg_encrypted": False,
            "meta": {},
        }

    def sync_search(self, exchange):
        """Answer a search at once."""
        message = self._search(exchange, new_id())
        return 200, self._answer(exchange, "on-search", message)

    def search(self, exchange):
        """Answer a search by callback."""
        return self._later(exchange, "search", "on-search", self._search(exchange, new_id()))

    def subscribe(self, exchange):
        """Enter subscriptions; their codes come by callback, or at once when so set."""
        message = self._subscribe(exchange, new_id())
        self.registry.save()
        return self._perhaps_later(exchange, "subscribe", "on-subscribe", message)

    def unsubscribe(self, exchange):
        """End subscriptions; confirmed likewise."""
        message = self._unsubscribe(exchange, new_id())
        self.registry.save()
        return self._perhaps_later(exchange, "unsubscribe", "on-unsubscribe", message)

    def sync_status(self, exchange):
        """Tell at once what became of a request."""
        return 200, self._answer(exchange, "txn-on-status", self._status(exchange, new_id()))

    def status(self, exchange):
        """Tell by callback what became of a request."""
        return self._later(exchange, None, "txn-on-status", self._status(exchange, new_id()))

    # How an answer travels

    def _answer(self, exchange, action, message):
        items = message.get("search_response") or message.get("subscribe_response") or [message]
        header = self.header(action, exchange.sender_id, len(items))
        return self.seal(header, message, exchange.faults)

    def _perhaps_later(self, exchange, kind, action, message):
        if not self.registry.config.synchronous:
            return self._later(exchange, kind, action, message)
        self._remember(exchange, kind, message)
        return 200, self._answer(exchange, action, message)

    def _later(self, exchange, kind, action, message):
        url = callback_url(exchange.callback_uri(), action)
        if kind:
            self._remember(exchange, kind, message)
        if not self.registry.config.silent:

            def call_back():
                with self.registry.lock:
                    body = self._answer(exchange, action, message)
                self.registry.courier.post(url, body)

            self.registry.courier.later(self.registry.config.callback_delay, call_back)
        return 202, acknowledgement(message["correlation_id"])

    def _remember(self, exchange, kind, message):
        asked = exchange.message
        items = asked.get("search_request") or asked.get("subscribe_request") or []
        codes = asked.get("subscription_codes") or [
            entry["code"]
            for item in message.get("subscribe_response", ())
            for entry in item.get("subscriptions", ())
        ]
        self.registry.transactions.append(
            Transaction(
                kind,
                exchange.sender_id,
                asked["transaction_id"],
                message["correlation_id"],
                [item["reference_id"] for item in items],
                codes,
                message,
            )
        )

    # What an answer says

    def _search(self, exchange, correlation_id):
        seen, now = set(), timestamp()
        return {
            "transaction_id": exchange.message["transaction_id"],
            "correlation_id": correlation_id,
            "search_response": [
                self._found(item, seen, now, exchange.faults)
                for item in exchange.message["search_request"]
            ],
        }

    def _found(self, item, seen, now, faults):
        answer = {"reference_id": item["reference_id"], "timestamp": now, "status": "succ"}
        try:
            check_item(item, seen)
            persons, pagination = self._select(item["search_criteria"], faults)
        except Rejected as error:
            answer.update(_rejection(error))
        else:
            population = self.registry.population
            answer["data"] = {
                "version": "1.0.0",
                "reg_type": REGISTRY_TYPE,
                "reg_record_type": RECORD_TYPE,
                "reg_records": [standard_record(person, population) for person in persons],
            }
            answer["pagination"] = pagination
        if "locale" in item:
            answer["locale"] = item["locale"]
        return answer

    def _select(self, criteria, faults):
        text = shape_problem("search_criteria", criteria, ["query"], "search_criteria")
        if text:
            raise Rejected("rjct.search_criteria.invalid", text)
        pagination = criteria.get("pagination")
        text = pagination is not None and shape_problem("pagination", pagination, [], "pagination")
        if text:
            raise Rejected("rjct.pagination.invalid", text)
        population = self.registry.population
        kind, query = criteria["query_type"], criteria["query"]
        try:
            if kind == "idtype-value":
                found = queries.find(population, kind, query)
            else:
                found = self.registry.results.get(
                    population.version, [kind, query], lambda: queries.find(population, kind, query)
                )
        except queries.BadQuery as error:
            raise Rejected("rjct.search_criteria.invalid", f"{error}.") from error
        try:
            found = queries.sort(found, criteria.get("sort", []))
        except queries.BadQuery as error:
            raise Rejected("rjct.sort.invalid", f"{error}.") from error
        return self.page(found, pagination, faults)

    def _subscribe(self, exchange, correlation_id):
        uri, seen, answers = exchange.callback_uri(), set(), []
        for item in exchange.message["subscribe_request"]:
            answer = {
                "reference_id": item["reference_id"],
                "timestamp": timestamp(),
                "status": "succ",
            }
            try:
                check_item(item, seen)
                new = self.registry.subscriptions.subscribe(exchange.sender_id, uri, item)
                answer["subscriptions"] = [new.wire()]
            except Rejected as error:
                answer.update(_rejection(error))
            answers.append(answer)
        return {
            "transaction_id": exchange.message["transaction_id"],
            "correlation_id": correlation_id,
            "subscribe_response": answers,
        }

    def _unsubscribe(self, exchange, correlation_id):
        answer = {
            "transaction_id": exchange.message["transaction_id"],
            "correlation_id": correlation_id,
            "timestamp": timestamp(),
            "status": "succ",
        }
        codes = exchange.message["subscription_codes"]
        ended, error = self.registry.subscriptions.unsubscribe(exchange.sender_id, codes)
        if error:
            answer.update(_rejection(error))
        answer["subscription_status"] = [
            {"code": item.code, "status": "unsubscribe"} for item in ended
        ]
        return answer

    def _status(self, exchange, correlation_id):
        asked = exchange.message["txnstatus_request"]
        value = asked["attribute_value"]
        wanted = set(value) if isinstance(value, list) else {value}
        known = {
            "transaction_id": lambda item: [item.transaction_id],
            "correlation_id": lambda item: [item.correlation_id],
            "reference_id_list": lambda item: item.reference_ids,
            "subscription_code_list": lambda item: item.codes,
        }[asked["attribute_type"]]
        found = None
        for item in self.registry.transactions:
            own = (item.kind, item.sender_id) == (asked["txn_type"], exchange.sender_id)
            if own and wanted.intersection(known(item)):
                found = item.message
        return {
            "transaction_id": exchange.message["transaction_id"],
            "correlation_id": correlation_id,
            "txnstatus_response": {
                "txn_type": asked["txn_type"],
                "txn_status": found or _unknown(asked, correlation_id),
            },
        }


def _rejection(error):
    return {
        "status": "rjct",
        "status_reason_code": error.code,
        "status_reason_message": error.message,
    }


def _unknown(asked, correlation_id):
    """:return: the answer about a transaction that this registry does not know."""
    reason = Rejected("rjct.reference_id.invalid", "This registry knows of no such request.")
    item = {"timestamp": timestamp(), **_rejection(reason)}
    status = {"transaction_id": "", "correlation_id": correlation_id}
    if asked["attribute_type"] == "transaction_id":
        status["transaction_id"] = asked["attribute_value"]
    if asked["txn_type"] == "unsubscribe":
        return {**status, **item}
    item["reference_id"] = asked["reference_id"]
    return {**status, f"{asked['txn_type']}_response": [item]}
