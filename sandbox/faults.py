"""Misbehaviour on demand: what a registry does on a bad day, as often as a test asks for."""

import random
from dataclasses import asdict, dataclass

from .wire import Refused

KINDS = {
    "slow": "wait before answering",
    "error": "answer with a status of 4xx or 5xx",
    "rate_limit": "answer 429 with Retry-After",
    "disconnect": "close the connection without an answer",
    "truncated": "send half of the answer",
    "garbage": "answer 200 with something that is no message",
    "wrong_signature": "sign the answer wrongly",
    "expired_token": "treat the token as expired, and all others with it",
    "shifting_pages": "move records between the pages of one search",
}


@dataclass
class Fault:
    """One misbehaviour.

    :param kind: one of :data:`KINDS`.
    :param path: what the URL's path starts with; by default every registry endpoint.
    :param after: requests to leave alone first.
    :param count: how many requests to hit at most; None for no end.
    :param share: of the requests, the part to hit; which ones depends on ``seed`` alone.
    :param seconds: for ``slow``.
    :param status: for ``error``.
    :param retry_after: for ``rate_limit``, in seconds.
    :param flaw: for ``wrong_signature``, see :class:`sandbox.signing.Style`.
    :param rotate: for ``shifting_pages``: how many records move to the front with each page.
    """

    kind: str
    path: str = ""
    after: int = 0
    count: int | None = None
    share: float = 1.0
    seed: int = 0
    seconds: float = 1.0
    status: int = 500
    retry_after: int = 1
    flaw: str = "other_key"
    rotate: int = 1
    seen: int = 0
    hits: int = 0

    def __post_init__(self):
        self._source = random.Random(self.seed)

    def strikes(self, path):
        """Count a request and decide whether it is hit."""
        if not path.startswith(self.path) or (not self.path and "/registry/" not in path):
            return False
        self.seen += 1
        if self.seen <= self.after or (self.count is not None and self.hits >= self.count):
            return False
        # One draw for each request, hit or not, so that the choice depends on the seed alone.
        if self._source.random() >= self.share:
            return False
        self.hits += 1
        return True

    def describe(self):
        """:return: dict for the admin URL."""
        return asdict(self)


_TYPES = {
    **dict.fromkeys(("kind", "path", "flaw"), str),
    **dict.fromkeys(("after", "seed", "status", "retry_after", "rotate"), int),
    **dict.fromkeys(("share", "seconds"), (int, float)),
    "count": (int, type(None)),
}


class Faults:
    """The misbehaviours set at the moment. Not safe for threads: the registry holds its lock."""

    def __init__(self):
        self.active = []

    def add(self, values):
        """Order a misbehaviour.

        :param values: dict of the fields of :class:`Fault`.
        :return: the Fault.
        :raise Refused: 400 for an unknown kind or field.
        """
        if not isinstance(values, dict) or values.get("kind") not in KINDS:
            kinds = ", ".join(KINDS)
            raise Refused(400, "err.request.bad", f"A fault needs a kind, one of {kinds}.")
        for name, value in values.items():
            if name not in _TYPES or isinstance(value, bool) or not isinstance(value, _TYPES[name]):
                raise Refused(400, "err.request.bad", f"Not a setting of a fault: {name}.")
        fault = Fault(**values)
        self.active.append(fault)
        return fault

    def clear(self):
        """Behave again."""
        self.active = []

    def draw(self, path):
        """:return: dict of the faults that hit this request, by kind."""
        return {fault.kind: fault for fault in self.active if fault.strikes(path)}
