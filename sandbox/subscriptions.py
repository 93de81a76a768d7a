"""Subscriptions: who wants to hear of which events, and where."""

import time
from dataclasses import asdict, dataclass, field

from . import queries
from .validation import problem
from .wire import new_id, parse_timestamp, timestamp

EVENT_TYPES = ("birth", "death", "marriage", "divorce")


def event_type(name):
    """Recognise an event type.

    :param name: an event's name in any spelling seen, such as ``LiveBirth``.
    :return: one of :data:`EVENT_TYPES`, or None.
    """
    if not isinstance(name, str):
        return None
    word = name.rpartition(":")[2].lower().replace("_", "").removesuffix("registered")
    word = word.removeprefix("live")
    return word if word in EVENT_TYPES else None


class Rejected(Exception):
    """An item of a request that is rejected.

    :param code: one of the standard's reason codes, such as ``rjct.timestamp.invalid``.
    :param message: sentence for the client.
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


def check_item(item, seen):
    """Check what every item of a batch has.

    :param item: dict with ``reference_id`` and ``timestamp``.
    :param seen: set of the reference ids before it; this one is added.
    :raise Rejected: the reference id is empty or repeated, or the time stamp is none.
    """
    reference = item["reference_id"]
    if not reference:
        raise Rejected("rjct.reference_id.invalid", "The reference_id is empty.")
    if reference in seen:
        raise Rejected("rjct.reference_id.duplicate", "The reference_id was used before.")
    seen.add(reference)
    try:
        parse_timestamp(item["timestamp"])
    except ValueError:
        text = "The timestamp is not an ISO 8601 date-time with an offset."
        raise Rejected("rjct.timestamp.invalid", text) from None


@dataclass
class Subscription:
    """One subscription of one client to one event type."""

    sender_id: str
    sender_uri: str
    event_type: str
    criteria: dict
    locale: str = ""
    code: str = field(default_factory=new_id)
    timestamp: str = field(default_factory=timestamp)
    active: bool = True

    def live(self):
        """:return: whether it is active and its period has not ended."""
        frequency = self.criteria.get("frequency")
        ends = parse_timestamp(frequency["end_time"]).timestamp() if frequency else None
        return self.active and (ends is None or ends > time.time())

    def wire(self):
        """:return: the standard's description of it."""
        names = ("reg_type", "reg_event_type", "frequency", "filter_type", "filter")
        criteria = {
            name: self.criteria[name]
            for name in (*names, "notify_record_type")
            if name in self.criteria
        }
        described = {
            "version": "1.0.0",
            "code": self.code,
            "status": "subscribe" if self.active else "unsubscribe",
            "timestamp": self.timestamp,
            **criteria,
        }
        return described | ({"locale": self.locale} if self.locale else {})

    def wants(self, kind, person):
        """:return: whether an event of this type that happened to this person is for it."""
        return self.live() and self.event_type == kind and _reads_filter(self.criteria)(person)


def _reads_filter(criteria):
    """Read the filter of a subscription.

    :return: function of a Person.
    :raise queries.BadQuery: the filter cannot be understood.
    """
    query = criteria["filter"]
    if not query or (isinstance(query, dict) and not any(query.values())):
        return lambda person: True
    kind = criteria.get("filter_type")
    if kind == "predicate" or isinstance(query, list):
        return queries.read_predicates(query)
    if kind == "expression" or (isinstance(query, dict) and "expression" in query):
        return queries.read_expression(query)
    wanted = queries.identifier(query)
    return lambda person: wanted in person.numbers()


class Subscriptions:
    """All subscriptions by code. Not safe for threads: the registry holds its lock."""

    def __init__(self):
        self._items = {}

    def __iter__(self):
        return iter(self._items.values())

    def subscribe(self, sender_id, sender_uri, item):
        """Enter a subscription.

        :param item: one item of a ``subscribe_request``.
        :return: the Subscription.
        :raise Rejected: the criteria are malformed, or it exists already.
        """
        criteria = item["subscribe_criteria"]
        kind = event_type(criteria.get("reg_event_type"))
        if kind is None:
            text = "subscribe_criteria.reg_event_type is none that this registry notifies."
            raise Rejected("rjct.notify_types.invalid", text)
        text = problem("subscribe_criteria", criteria, "subscribe_criteria")
        if text:
            raise Rejected("rjct.notify_details.invalid", text)
        try:
            _reads_filter(criteria)
        except queries.BadQuery as error:
            text = f"The filter cannot be understood: {error}."
            raise Rejected("rjct.notify_details.invalid", text) from error
        new = Subscription(sender_id, sender_uri, kind, criteria, item.get("locale", ""))
        if not new.live():
            raise Rejected("rjct.timestamp.invalid", "The period has ended already.")
        for other in self:
            same = (other.sender_id, other.event_type) == (sender_id, kind)
            if same and other.live() and other.criteria["filter"] == criteria["filter"]:
                text = "This client is subscribed to these events already."
                raise Rejected("rjct.event.already_subscribed", text)
        self._items[new.code] = new
        return new

    def unsubscribe(self, sender_id, codes):
        """End subscriptions of a client; those that can be ended are, whatever the others are.

        :return: ``(list of the Subscriptions ended, a Rejected or None for the codes that were
            wrong)``.
        """
        ended, wrong = [], None
        for code in codes:
            item = self._items.get(code)
            if item is None or item.sender_id != sender_id:
                wrong = Rejected("rjct.subscription_code.invalid", "A code is unknown.")
            elif not item.active:
                text = "A subscription had ended before."
                wrong = wrong or Rejected("rjct.event.already_unsubscribed", text)
            else:
                item.active = False
                ended.append(item)
        return ended, wrong

    def clear(self):
        """Forget all subscriptions."""
        self._items = {}

    def dump(self):
        """:return: list of dicts for the state file and the admin URL."""
        return [asdict(item) for item in self]

    def load(self, dumped):
        """Enter what :meth:`dump` returned."""
        for values in dumped:
            item = Subscription(**values)
            self._items[item.code] = item
