"""The registry as a whole: its settings, people, keys, clients, and what it remembers."""

import json
import os
import threading
from collections import Counter, deque
from dataclasses import dataclass, field, fields, replace

from cryptography.hazmat.primitives.asymmetric import rsa

from . import queries
from .clients import Clients
from .delivery import Courier
from .faults import Faults
from .keys import ED25519, RS256, KeyRing
from .signing import Style
from .subscriptions import Subscriptions
from .tokens import Tokens
from .wire import Refused

REMEMBERED_REQUESTS = 200
REMEMBERED_TRANSACTIONS = 1_000


@dataclass
class Config:
    """What can be set while the registry runs.

    :param synchronous: subscribing and unsubscribing are answered at once instead of by callback.
    :param silent: no callbacks at all, as of a registry that has forgotten.
    :param callback_delay: seconds between an acknowledgement and the callback.
    :param attempts: deliveries of one message at most.
    :param backoff: seconds before the second delivery, doubled with each further one.
    :param timeout: of one delivery, in seconds.
    :param style: how the standard dialect's messages are signed.
    """

    synchronous: bool = False
    silent: bool = False
    callback_delay: float = 0.05
    attempts: int = 4
    backoff: float = 0.25
    timeout: float = 15.0
    style: Style = field(default_factory=Style)

    def change(self, values):
        """Set fields in place.

        :raise Refused: 400 for a field or value that does not exist; nothing is set then.
        """
        new = {}
        for name, value in values.items():
            known = next((item for item in fields(self) if item.name == name), None)
            if known is not None and known.type is Style:
                new[name] = self.style.but(value)
                continue
            if known is not None and known.type is float and type(value) is int:
                value = float(value)
            if known is None or type(value) is not known.type:
                raise Refused(400, "err.request.bad", f"Not a setting: {name}.")
            new[name] = value
        self.__dict__.update(replace(self, **new).__dict__)


@dataclass
class Transaction:
    """An asynchronous request and its answer, for those who ask what became of it."""

    kind: str
    sender_id: str
    transaction_id: str
    correlation_id: str
    reference_ids: list
    codes: list
    message: dict


class Registry:
    """Everything the URLs share. Whoever touches it holds :attr:`lock`.

    :param population: Population.
    :param sender_id: of the standard dialect.
    :param tokens: Tokens.
    :param require_signature: refuse clients whose keys are not registered.
    :param state_file: path where keys, clients, subscriptions and changes of the population are
        kept over restarts, or None.
    """

    def __init__(
        self, population, sender_id, tokens=None, require_signature=False, state_file=None
    ):
        self.lock = threading.RLock()
        self.population = population
        self.sender_id = sender_id
        self.tokens = tokens or Tokens("spp", "spp-secret")
        self.config = Config()
        self.clients = Clients(require_signature)
        self.subscriptions = Subscriptions()
        self.transactions = deque(maxlen=REMEMBERED_TRANSACTIONS)
        self.faults = Faults()
        self.results = queries.Cache()
        self.page_shift = 0
        self.counters = Counter()
        self.requests = deque(maxlen=REMEMBERED_REQUESTS)
        self.courier = Courier(self.config)
        self._state_file = state_file
        encryption = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ring = KeyRing(sender_id, "dci", encryption)
        # OpenCRVS makes new keys whenever it starts, so this ring is not kept.
        self.opencrvs_ring = KeyRing("opencrvs", "thumbprint", encryption)
        self.opencrvs_ring.add(RS256)
        if state_file and os.path.exists(state_file):
            self._load()
        else:
            self.ring.add(ED25519)
            self.ring.add(RS256)
        self.url = None

    def serve_at(self, url):
        """:param url: the registry's base URL, without final slash."""
        self.url = url
        self.opencrvs_ring.owner = f"{url}/opencrvs"

    def reset(self):
        """Forget events, clients, subscriptions, faults and settings, not keys and tokens."""
        self.population.reset()
        self.config.__dict__.update(Config().__dict__)
        for part in (self.clients, self.subscriptions, self.transactions, self.faults):
            part.clear()
        self.page_shift = 0
        self.counters.clear()
        self.requests.clear()
        self.save()

    def save(self):
        """Write the state file, in one step."""
        if not self._state_file:
            return
        state = {
            "keys": self.ring.dump(),
            "clients": self.clients.dump(),
            "subscriptions": self.subscriptions.dump(),
            "population": self.population.changes(),
        }
        temporary = f"{self._state_file}.new"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(state, file)
        os.replace(temporary, self._state_file)

    def _load(self):
        with open(self._state_file, encoding="utf-8") as file:
            state = json.load(file)
        self.ring.load(state["keys"])
        for sender_id, values in state["clients"].items():
            self.clients.register(sender_id, **values)
        self.subscriptions.load(state["subscriptions"])
        self.population.restore(state["population"])
