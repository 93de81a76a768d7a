"""The base client, reading an answer once and as strictly as its signature needs it."""

import json

from odoo.addons.spp_dci_client.services import DCIClient

from . import envelope, strict_json
from .errors import InvalidJSON


class StrictClient(DCIClient):
    """Keeps what the latest answer was parsed to, so that nobody has to parse it again.

    A base client that decodes by itself never calls :meth:`_decode`; then :meth:`envelope_of`
    parses.
    """

    _latest = (None, None)

    def _decode(self, body):
        try:
            parsed = strict_json.parse(body)
        except InvalidJSON:
            # What is wrong is told by :meth:`envelope_of`, to who wants to believe it.
            return json.loads(body)
        self._latest = body, parsed
        return parsed[0]

    def envelope_of(self, body):
        """Read the body of an answer.

        :param bytes body: as received
        :rtype: Envelope
        :raise DCIError: see :func:`envelope.parse`
        """
        latest, parsed = self._latest
        return envelope.build(body, *parsed) if latest is body else envelope.parse(body)
