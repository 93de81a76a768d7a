from odoo import http
from odoo.http import request

from .. import const
from ..models.mixins import number
from . import dispatcher  # noqa: F401  registers the "dci" route type

ROUTE = {
    "type": "dci",
    "auth": "none",
    "csrf": False,
    "save_session": False,
    "readonly": False,
}


class CRVSCallback(http.Controller):
    """Where civil registries push their messages."""

    _callback_url = "/dci/crvs/callback"
    _paths = {
        "/dci/crvs/registry/notify": "notify",
        "/dci/crvs/registry/on-search": "on-search",
        "/dci/crvs/registry/on-subscribe": "on-subscribe",
        "/dci/crvs/registry/on-unsubscribe": "on-unsubscribe",
        "/dci/crvs/registry/txn/on-status": "txn-on-status",
    }

    @http.route([_callback_url, *_paths], **ROUTE)
    def crvs_callback(self, body):
        """Receive one signed DCI message.

        :param bytes body: the message as it came
        :return: the acknowledgement
        :rtype: dict
        :raise DCIError: when the message is refused; nothing of it is kept
        """
        http_request = request.httprequest
        return request.env["spp.dci.crvs.message"]._receive(
            body,
            path_kind=self._paths.get(http_request.path.rstrip("/")),
            remote_addr=http_request.remote_addr,
        )

    def _max_body_size(self):
        """Return how many bytes a message may have."""
        megabytes = number(request.env, const.PARAM_MAX_BODY_MB)
        return int(megabytes * 1024 * 1024)
