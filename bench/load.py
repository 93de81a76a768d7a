"""A light load generator: posts prepared bodies over a few connections, one process, one thread.

Usage: python -m bench.load PORT FILE CONNECTIONS. FILE holds one body a line (JSON without line
breaks). Reads `{"path", "first", "count"}` a line, posts so many bodies from the first one on to
the path, and says how long that took. Every request has a connection of its own, since Odoo's
worker processes close it after each answer.
"""

from __future__ import annotations

import selectors
import socket
import sys
import time
from collections import Counter

from bench.figures import percentile
from bench.inside.talk import questions, say

_HEAD = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    "Connection: close\r\nContent-Length: {length}\r\n\r\n"
)
_TIMEOUT_S = 120


class _Exchange:
    """One request on its way."""

    __slots__ = ("answer", "begun", "left", "socket")

    def __init__(self, port: int, request: bytes):
        self.begun = time.perf_counter()
        self.left = memoryview(request)
        self.answer = b""
        self.socket = socket.socket()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)

    def send(self) -> bool:
        """Send what fits; return whether all is sent."""
        self.left = self.left[self.socket.send(self.left) :]
        return not self.left

    def receive(self) -> bool:
        """Receive what is there; return whether the answer is complete."""
        part = self.socket.recv(65536)
        self.answer += part
        return not part


def fire(port: int, requests: list[bytes], connections: int) -> tuple[float, list[float], Counter]:
    """Post all requests, so many at a time.

    :return: seconds in all, seconds of each, how often each HTTP status came
    """
    waiting = iter(requests)
    latencies: list[float] = []
    statuses: Counter = Counter()
    with selectors.DefaultSelector() as selector:

        def begin() -> int:
            request = next(waiting, None)
            if request is None:
                return 0
            exchange = _Exchange(port, request)
            done = exchange.send()
            wanted = selectors.EVENT_READ if done else selectors.EVENT_WRITE
            selector.register(exchange.socket, wanted, exchange)
            return 1

        start = time.perf_counter()
        under_way = sum(begin() for _connection in range(connections))
        while under_way:
            ready = selector.select(_TIMEOUT_S)
            if not ready:
                raise TimeoutError("the server does not answer")
            for key, events in ready:
                exchange = key.data
                if events & selectors.EVENT_WRITE:
                    if exchange.send():
                        selector.modify(exchange.socket, selectors.EVENT_READ, exchange)
                elif exchange.receive():
                    latencies.append(time.perf_counter() - exchange.begun)
                    statuses[exchange.answer[9:12].decode() or "none"] += 1
                    selector.unregister(exchange.socket)
                    exchange.socket.close()
                    under_way += begin() - 1
        return time.perf_counter() - start, latencies, statuses


def main(port: str, path: str, connections: str) -> None:
    """Post what is asked for, until there are no more questions."""
    with open(path, "rb") as stream:
        bodies = stream.read().splitlines()
    say(bodies=len(bodies))
    for question in questions():
        first = question["first"]
        requests = [
            _HEAD.format(path=question["path"], port=port, length=len(body)).encode() + body
            for body in bodies[first : first + question["count"]]
        ]
        seconds, latencies, statuses = fire(int(port), requests, int(connections))
        say(
            seconds=seconds,
            rate=len(requests) / seconds,
            median_ms=percentile(latencies, 50) * 1000,
            p99_ms=percentile(latencies, 99) * 1000,
            statuses=statuses,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
