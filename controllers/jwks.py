"""Our public keys, for those who verify what we send."""

import hashlib
import json
import logging
from collections import defaultdict

from odoo import http
from odoo.http import request

from ..models.trust.sender_key import parse_pem
from ..services import dialects, signature

_logger = logging.getLogger(__name__)

MAX_AGE_S = 300


class JWKSController(http.Controller):
    """Publishes our public signing keys, so that registries can verify what we send."""

    _url = "/.well-known/jwks.json"

    @http.route(
        _url, type="http", auth="public", methods=["GET"], readonly=True, save_session=False
    )
    def jwks(self):
        """Return the active signing keys as a JWKS document (RFC 7517), public parts only.

        Each key is there under its DCI id and under its RFC 7638 thumbprint, since OpenCRVS looks
        for the latter.

        :rtype: odoo.http.Response
        """
        body = json.dumps({"keys": self._entries()}, separators=(",", ":")).encode()
        response = request.make_response(
            body,
            headers=[
                ("Content-Type", "application/json"),
                ("Cache-Control", f"public, max-age={MAX_AGE_S}"),
            ],
        )
        response.set_etag(hashlib.sha256(body).hexdigest())
        response.make_conditional(request.httprequest)
        response.headers.remove("Date")  # the server says it, and would say it twice
        return response

    def _entries(self):
        """Return the keys of the document, one for each id under which a registry may look.

        :rtype: list[dict]
        """
        env = request.env(su=True)
        names = defaultdict(list)
        public_url = env["ir.config_parameter"].get_param("web.base.url") or ""
        for source in env["spp.dci.data.source"].search([("signing_key_id", "!=", False)]):
            dialect = dialects.get(source.dialect)
            name = dialect.sender_id(source.our_sender_id or "", public_url.rstrip("/"))
            names[source.signing_key_id].append(name)
        entries = []
        for record in env["spp.dci.signing.key"].search([("state", "=", "active")]):
            try:
                key = parse_pem(record.public_key or "")
            except ValueError:
                # Nothing of the key itself in the log.
                _logger.warning("Signing key %s has no usable public key", record.id)
                continue
            dci_ids = [f"{name}|{record.key_id}|{key.algorithm}" for name in names[record]]
            for kid in dict.fromkeys((*dci_ids, key.fingerprint)):
                entries.append(
                    signature.public_jwk(key.public_key, kid=kid, algorithm=key.algorithm)
                )
        return entries
