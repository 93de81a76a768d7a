"""Posting signed messages to a real server, many at the same instant."""

import json
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import requests

from odoo.addons.spp_dci_client_crvs.services import signature

from .callback import CALLBACK, SENDER, header


class PostingCase(unittest.TestCase):
    """Tests that have ``server`` (an ``OdooServer``) and ``key``, the private key of the sender."""

    sender_id = SENDER

    def _sign(self, message, head=None, *, key=None, key_id="k1"):
        head = head or header(sender_id=self.sender_id)
        text = signature.sign_http(
            head,
            message,
            sender_id=self.sender_id,
            key_id=key_id,
            algorithm="ed25519",
            private_key=key or self.key,
            now=time.time(),
        )
        return json.dumps({"signature": text, "header": head, "message": message})

    def _post(self, body, content_type="application/json"):
        url = self.server.url + CALLBACK
        deadline = time.monotonic() + 60
        while True:
            try:
                return requests.post(
                    url, data=body, headers={"Content-Type": content_type}, timeout=60
                )
            except requests.ConnectionError:
                # Two workers have a short queue; a registry knocks again.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _post_at_once(self, bodies, *content_type):
        """Post all bodies at the same instant, each by a thread of its own."""
        barrier = threading.Barrier(len(bodies))

        def post(body):
            barrier.wait()
            return self._post(body, *content_type)

        with ThreadPoolExecutor(len(bodies)) as threads:
            return list(threads.map(post, bodies))

    def _count(self, table):
        return self.server.query(f"SELECT count(*) FROM {table}")[0][0]
