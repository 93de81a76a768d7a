"""Admin URLs: what a test, or somebody who tries things out, tells the registry to do."""

import json
from dataclasses import asdict

from . import events
from .keys import ED25519, RS256
from .records import own_identifiers
from .subscriptions import EVENT_TYPES
from .wire import Refused


class Admin:
    """The methods that answer the admin URLs.

    Each takes the JSON body and the query, and returns what is sent as JSON.

    :param registry: Registry.
    :param notifier: Notifier.
    """

    def __init__(self, registry, notifier):
        self.registry = registry
        self.notifier = notifier

    def urls(self):
        """:return: list of ``(HTTP method, path under /admin/, function)``."""
        return [
            ("GET", "status", self._locked(self.status)),
            ("POST", "reset", self._locked(self.reset)),
            ("GET", "config", self._locked(self.config)),
            ("POST", "config", self._locked(self.configure)),
            ("POST", "events", self.register),
            ("POST", "push", self.push),
            ("GET", "persons", self._locked(self.person)),
            ("POST", "persons", self._locked(self.enter_person)),
            ("GET", "subscriptions", self._locked(self.subscriptions)),
            ("POST", "subscriptions", self._locked(self.subscribe)),
            ("POST", "clients", self._locked(self.register_client)),
            ("GET", "keys", self._locked(self.keys)),
            ("POST", "keys/rotate", self._locked(self.rotate)),
            ("POST", "tokens", self._locked(self.tokens)),
            ("GET", "faults", self._locked(self.faults)),
            ("POST", "faults", self._locked(self.add_fault)),
            ("DELETE", "faults", self._locked(self.clear_faults)),
            ("GET", "requests", self._locked(self.requests)),
            ("DELETE", "requests", self._locked(self.clear_requests)),
        ]

    def _locked(self, function):
        def locked(body, query):
            with self.registry.lock:
                return function(body, query)

        return locked

    def status(self, _body, _query):
        """Where things are and how much of them there is."""
        registry = self.registry
        return {
            "url": registry.url,
            "sender_id": registry.sender_id,
            "jwks_url": f"{registry.url}/.well-known/jwks.json",
            "token_url": f"{registry.url}/oauth2/token",
            "opencrvs": {
                "url": f"{registry.url}/opencrvs",
                "sender_id": registry.opencrvs_ring.owner,
                "jwks_url": f"{registry.url}/opencrvs/.well-known/jwks.json",
                "token_url": f"{registry.url}/opencrvs/oauth2/client/token",
            },
            "people": len(registry.population),
            "subscriptions": sum(item.live() for item in registry.subscriptions),
        }

    def reset(self, _body, _query):
        """Back to the start; the keys stay, and tokens too."""
        self.registry.reset()
        return {}

    def config(self, _body, _query):
        """List the settings."""
        return asdict(self.registry.config)

    def configure(self, body, _query):
        """Set some of the settings of :class:`sandbox.registry.Config`."""
        self.registry.config.change(body)
        return asdict(self.registry.config)

    def register(self, body, _query):
        """Register vital events (see :func:`sandbox.events.register`) and tell the subscribers.

        ``"push": false`` tells nobody. The delivery reports come back with the events.
        """
        with self.registry.lock:
            registered = [
                events.register(self.registry.population, spec) for spec in events.read_specs(body)
            ]
            self.registry.save()
        return {
            "events": [
                {"event_type": item.kind, "date": item.day, "records": item.records}
                for item in registered
            ],
            "deliveries": self.notifier.notify(registered, body) if body.get("push", True) else [],
        }

    def push(self, body, _query):
        """Push any message, see :meth:`sandbox.notifications.Notifier.push`."""
        return {"deliveries": self.notifier.push(body)}

    def person(self, _body, query):
        """Return the person with the identifier ``?type=…&value=…``."""
        return self._described(events.lookup(self.registry.population, query))

    def enter_person(self, body, _query):
        """Enter a person, or replace the one of this id."""
        person = events.enter_person(self.registry.population, body)
        self.registry.save()
        return self._described(person)

    @staticmethod
    def _described(person):
        return {**asdict(person), "own_identifiers": own_identifiers(person)}

    def subscriptions(self, _body, _query):
        """List all subscriptions, ended ones too."""
        return {"subscriptions": self.registry.subscriptions.dump()}

    def subscribe(self, body, _query):
        """Subscribe a client without its asking: ``sender_id``, ``sender_uri``, ``event_types``."""
        sender_id, uri = body.get("sender_id"), body.get("sender_uri")
        kinds = body.get("event_types", list(EVENT_TYPES))
        if not isinstance(sender_id, str) or not isinstance(uri, str):
            raise Refused(400, "err.request.bad", "sender_id and sender_uri are needed.")
        codes = []
        for kind in kinds:
            item = {
                "subscribe_criteria": {
                    "reg_event_type": kind,
                    "filter": {},
                    "notify_record_type": "Person",
                }
            }
            codes.append(self.registry.subscriptions.subscribe(sender_id, uri, item).code)
        self.registry.save()
        return {"codes": codes}

    def register_client(self, body, _query):
        """Register a client's ``public_key`` (PEM) or ``jwks_url`` under its ``sender_id``.

        ``{"required": true}`` makes the registry refuse clients that are not registered.
        """
        if "required" in body:
            self.registry.clients.required = bool(body["required"])
        if "sender_id" in body:
            self.registry.clients.register(
                body["sender_id"], body.get("public_key"), body.get("jwks_url")
            )
            self.registry.save()
        return {"required": self.registry.clients.required, "clients": self.registry.clients.dump()}

    def keys(self, _body, _query):
        """List the public keys of both rings, the newest of each algorithm last."""
        rings = {"standard": self.registry.ring, "opencrvs": self.registry.opencrvs_ring}
        return {
            name: [
                {"kid": key.kid, "algorithm": key.algorithm, "public_key": key.public_pem()}
                for key in ring.keys
            ]
            for name, ring in rings.items()
        }

    def rotate(self, body, _query):
        """Make a new key: ``ring`` (``standard`` or ``opencrvs``), ``algorithm``, ``keep_old``."""
        ring = {"standard": self.registry.ring, "opencrvs": self.registry.opencrvs_ring}.get(
            body.get("ring", "standard")
        )
        algorithm = body.get("algorithm", ED25519 if ring is self.registry.ring else RS256)
        if ring is None or algorithm not in (ED25519, RS256):
            raise Refused(400, "err.request.bad", "No such ring or algorithm.")
        key = ring.rotate(algorithm, body.get("keep_old", True))
        self.registry.save()
        return {"kid": key.kid, "algorithm": algorithm, "public_key": key.public_pem()}

    def tokens(self, body, _query):
        """Set the ``lifetime`` of the tokens to come, in seconds; ``expire`` those there are."""
        tokens = self.registry.tokens
        lifetime = body.get("lifetime", tokens.lifetime)
        if type(lifetime) is not int or lifetime < 1:
            raise Refused(400, "err.request.bad", "lifetime is a number of seconds.")
        tokens.lifetime = lifetime
        if body.get("expire"):
            tokens.expire_all()
        return {"lifetime": lifetime}

    def faults(self, _body, _query):
        """List the misbehaviours ordered, with how often each has struck."""
        return {"faults": [fault.describe() for fault in self.registry.faults.active]}

    def add_fault(self, body, _query):
        """Misbehave, see :class:`sandbox.faults.Fault`."""
        return self.registry.faults.add(body).describe()

    def clear_faults(self, _body, _query):
        """Behave again."""
        self.registry.faults.clear()
        self.registry.page_shift = 0
        return {}

    def requests(self, _body, _query):
        """How often each URL answered with which status, and the last requests with bodies."""
        return {
            "counters": [
                {"path": path, "status": status, "count": count}
                for (path, status), count in sorted(self.registry.counters.items())
            ],
            "last": [{**item, "body": _parsed(item["body"])} for item in self.registry.requests],
        }

    def clear_requests(self, _body, _query):
        """Forget what was counted and remembered."""
        self.registry.counters.clear()
        self.registry.requests.clear()
        return {}


def _parsed(body):
    """:return: the JSON value of a body, or its text when it is no JSON."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
