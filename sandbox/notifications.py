"""Telling the subscribers: the standard's notification, the flat one, and anything else."""

import time

from . import signing
from .delivery import callback_url
from .records import own_identifiers
from .standard import RECORD_TYPE, REGISTRY_TYPE
from .wire import Refused, new_id, timestamp

EVENT_NAMES = {
    "birth": "spdci-common:RegistryEventType:LiveBirth",
    "death": "spdci-common:RegistryEventType:Death",
    "marriage": "spdci-common:RegistryEventType:Marriage",
    "divorce": "spdci-common:RegistryEventType:Divorce",
}


class Notifier:
    """Builds, signs and delivers messages to subscribers.

    :param registry: Registry.
    :param standard: the Standard dialect, for its headers.
    """

    def __init__(self, registry, standard):
        self.registry = registry
        self.standard = standard

    def notify(self, events, options):
        """Push events to all who subscribed to them; returns when every delivery has ended.

        :param events: list of VitalEvent.
        :param options: dict: ``shape`` (``standard``, one message for all of a subscriber's events,
            or ``flat``, one for each), ``event_name`` (another spelling of the type), and those of
            :meth:`push`.
        :return: list with one delivery report for each message.
        """
        shape = options.get("shape", "standard")
        if shape not in ("standard", "flat"):
            raise Refused(400, "err.request.bad", "shape is standard or flat.")
        name = options.get("event_name")
        with self.registry.lock:
            messages = []
            for target, wanted in self._subscribers(events).items():
                if shape == "flat":
                    messages += [(target, _flat(event, name)) for event in wanted]
                else:
                    messages.append((target, _standard(wanted, name)))
        return [
            report
            for target, message in messages
            for report in self.push({**options, "message": message}, [target])
        ]

    def _subscribers(self, events):
        """:return: dict of the wanted events by ``(sender_id, url)``."""
        places = {}
        for subscription in self.registry.subscriptions:
            for place, event in enumerate(events):
                if subscription.wants(event.kind, event.person):
                    places.setdefault(_target(subscription), set()).add(place)
        return {
            target: [events[place] for place in sorted(wanted)] for target, wanted in places.items()
        }

    def push(self, options, targets=None):
        """Send one message to each target.

        :param options: dict with ``message`` (dict, or JSON text that travels untouched), and
            optionally ``header`` (members that replace the usual ones), ``without`` (members of
            the header left out), ``style`` (see :class:`sandbox.signing.Style`), ``ring``
            (``standard`` or ``opencrvs``), ``content_type``, ``attempts``; or ``body``, text sent
            as it stands; ``url`` and ``receiver_id`` instead of the subscribers.
        :param targets: list of ``(sender_id, url)``; by default ``url`` or all subscribers.
        :return: list of delivery reports.
        """
        with self.registry.lock:
            if targets is None:
                targets = self._targets(options)
            bodies = [(url, receiver, self._body(options, receiver)) for receiver, url in targets]
        content_type = options.get("content_type", "application/json")
        reports = []
        for url, receiver, (message_id, body) in bodies:
            report = self.registry.courier.post(url, body, content_type, options.get("attempts"))
            reports.append({"subscriber": receiver, "message_id": message_id, **report})
        return reports

    def _targets(self, options):
        if "url" in options:
            return [(options.get("receiver_id", ""), options["url"])]
        live = [item for item in self.registry.subscriptions if item.live()]
        return list(dict.fromkeys(map(_target, live)))

    def _body(self, options, receiver):
        if "body" in options:
            return None, options["body"].encode()
        message = options.get("message")
        if not isinstance(message, dict | str):
            raise Refused(400, "err.request.bad", "A message is an object, or its text.")
        count = 1
        if isinstance(message, dict):
            count = len(message.get("notify_event", [1]))
        header = self.standard.header("notify", receiver, count)
        header.update(options.get("header", {}))
        for name in options.get("without", ()):
            header.pop(name, None)
        ring = {"standard": self.registry.ring, "opencrvs": self.registry.opencrvs_ring}.get(
            options.get("ring", "standard")
        )
        if ring is None:
            raise Refused(400, "err.request.bad", "ring is standard or opencrvs.")
        style = self.registry.config.style.but(options.get("style"))
        try:
            body = signing.seal(header, message, ring, style, time.time())
        except KeyError as error:
            raise Refused(400, "err.request.bad", "The ring has no such key.") from error
        return header.get("message_id"), body


def _target(subscription):
    return subscription.sender_id, callback_url(subscription.sender_uri, "notify")


def _standard(events, name):
    return {
        "transaction_id": new_id(),
        "notify_event": [
            {
                "reference_id": new_id(),
                "timestamp": timestamp(),
                "data": {
                    "version": "1.0.0",
                    "reg_type": REGISTRY_TYPE,
                    "reg_event_type": name or EVENT_NAMES[event.kind],
                    "reg_record_type": RECORD_TYPE,
                    "reg_records": event.records,
                },
            }
            for event in events
        ],
    }


def _flat(event, name):
    person = event.person
    return {
        "transaction_id": new_id(),
        "event_type": name or event.kind.upper(),
        "event_date": event.day,
        "identifiers": [{"type": kind, "value": value} for kind, value in own_identifiers(person)],
        "person": {
            "name": f"{person.given_name} {person.family_name}",
            "birth_date": person.birth_date,
        },
    }
