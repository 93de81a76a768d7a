"""A registry that pushes messages to a server, whatever happens to that server meanwhile."""

import contextlib
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from odoo.addons.spp_dci_client_crvs.services import signature

from .callback import CALLBACK, SENDER, header, notification
from .server import wait_until

# How long a message is repeated before the test gives up.
_PATIENCE_S = 180


def signed(vitals, key):
    """Return the body of one signed message with these events."""
    head, message = header(), notification(*(vital.item() for vital in vitals))
    text = signature.sign_http(
        head,
        message,
        sender_id=SENDER,
        key_id="k1",
        algorithm="ed25519",
        private_key=key,
        now=time.time(),
        lifetime=3600,
    )
    return json.dumps({"signature": text, "header": head, "message": message}).encode()


class Pusher:
    """Pushes each message until it is acknowledged.

    :param OdooServer server: where to
    :param list[bytes] bodies: the messages
    """

    def __init__(self, server, bodies):
        self.server = server
        self.bodies = bodies
        self.acknowledged = {}
        self.repeats = 0
        self._over = threading.Event()

    def push(self, number):
        """Push one message; return once it is acknowledged."""
        deadline = time.monotonic() + _PATIENCE_S
        while not self._over.is_set():
            answer = None
            with contextlib.suppress(requests.RequestException):
                answer = requests.post(
                    self.server.url + CALLBACK,
                    data=self.bodies[number],
                    headers={"Content-Type": "application/json"},
                    timeout=30,
                )
            if answer is not None and answer.status_code == 202:
                self.acknowledged[number] = answer.json()["message"]["correlation_id"]
                return
            # Without its database, Odoo itself answers, by an HTML page.
            if answer is not None and answer.status_code < 500 and "json" in _type(answer):
                raise AssertionError(f"refused: {answer.status_code} {answer.text}")
            if time.monotonic() > deadline:
                raise AssertionError("no acknowledgement in time")
            self.repeats += 1
            time.sleep(0.1)

    @contextlib.contextmanager
    def pushing(self, threads=3):
        """Push all messages in the background; wait for the last acknowledgement at the end."""
        with ThreadPoolExecutor(threads) as pool:
            futures = [pool.submit(self.push, number) for number in range(len(self.bodies))]
            try:
                yield self
                for future in futures:
                    future.result()
            finally:
                self._over.set()

    def wait_for(self, count):
        """Wait until so many messages are acknowledged, and not all of them."""
        wait_until(lambda: len(self.acknowledged) >= count)
        if len(self.acknowledged) == len(self.bodies):
            raise AssertionError("everything was pushed already")


def _type(answer):
    return answer.headers.get("Content-Type", "")
