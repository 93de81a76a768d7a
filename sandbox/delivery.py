"""Sending messages to clients, again and again until they are accepted, within bounds."""

import threading
import time
from urllib.parse import urlsplit, urlunsplit

import requests

# Paths of the standard's callbacks; a client that names one of them means all of them.
CALLBACK_PATHS = {
    "on-search": "/registry/on-search",
    "on-subscribe": "/registry/on-subscribe",
    "on-unsubscribe": "/registry/on-unsubscribe",
    "notify": "/registry/notify",
    "txn-on-status": "/registry/txn/on-status",
}
ACCEPTED = 202


def callback_url(sender_uri, action):
    """Find where a message goes.

    :param sender_uri: where the client wants to be called.
    :param action: of the message to send.
    :return: that URL, or the sibling of the standard's path that it ends in.
    """
    parts = urlsplit(sender_uri)
    for path in CALLBACK_PATHS.values():
        if parts.path.endswith(path):
            base = parts.path[: -len(path)]
            return urlunsplit(parts._replace(path=base + CALLBACK_PATHS[action]))
    return sender_uri


class Courier:
    """Posts messages, at once or in the background.

    :param config: the registry's Config: attempts, backoff, timeout.
    """

    def __init__(self, config):
        self._config = config
        self._few = threading.Semaphore(8)

    def later(self, delay, work):
        """Run a function in the background.

        :param delay: seconds to wait first.
        """

        def run():
            with self._few:
                work()

        timer = threading.Timer(delay, run)
        timer.daemon = True  # what is still under way must not keep the program from ending
        timer.start()

    def post(self, url, body, content_type="application/json", attempts=None):
        """Deliver a message; repeat until it is accepted with 202 or the attempts are used up.

        :param body: bytes.
        :param attempts: other than the configured number.
        :return: dict with ``url``, ``accepted`` and ``attempts``, one ``{status, answer}`` or
            ``{error}`` for each try.
        """
        tries = []
        for number in range(attempts or self._config.attempts):
            if number:
                time.sleep(self._config.backoff * 2 ** (number - 1))
            tries.append(self._try(url, body, content_type))
            if tries[-1].get("status") == ACCEPTED:
                break
        return {"url": url, "accepted": tries[-1].get("status") == ACCEPTED, "attempts": tries}

    def _try(self, url, body, content_type):
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(
                    url,
                    data=body,
                    headers={"Content-Type": content_type},
                    timeout=self._config.timeout,
                    allow_redirects=False,
                )
        except requests.RequestException as error:
            return {"error": type(error).__name__}
        try:
            content = answer.json()
        except ValueError:
            content = answer.text[:500]
        return {"status": answer.status_code, "answer": content}
