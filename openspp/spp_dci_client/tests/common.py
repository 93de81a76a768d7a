import logging
from contextlib import contextmanager
from unittest.mock import patch

import requests

from odoo.tests import TransactionCase

from ..services import DCIClient, transport
from .registry_server import TOKEN_PATH, RegistryServer

_send = requests.Session.send


class _Lines(logging.Handler):
    def __init__(self):
        super().__init__(logging.DEBUG)
        self.lines = []

    def emit(self, record):
        self.lines.append(f"{record.name}: {self.format(record)}")


@contextmanager
def everything_logged():
    """Collect what the whole process would log at DEBUG level, as a list of lines.

    `assertLogs` would want at least one line, and sees only loggers without a level of their own.
    """
    handler = _Lines()
    # Odoo's own log of SQL statements is another matter: it is for development alone.
    names = ("", "odoo", "odoo.addons.spp_dci_client", "urllib3", "requests")
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    loggers[0].addHandler(handler)
    handler.addFilter(lambda record: record.name != "odoo.sql_db")
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    try:
        yield handler.lines
    finally:
        loggers[0].removeHandler(handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


class ClientCase(TransactionCase):
    """A registry on this machine, a data source that points to it, and no waiting."""

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        # Odoo's own would raise short timeouts to ten seconds, for which these tests cannot wait.
        if request.url.startswith("http://127.0.0.1:"):
            return _send(session, request, **options)
        return super()._request_handler(session, request, **options)

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(RegistryServer())
        self.source = self.env["spp.dci.data.source"].create(
            {
                "name": "Test Registry",
                "code": "test_registry",
                "base_url": f"{self.server.url}/api/",
                "our_sender_id": "https://spp.example.org",
                "our_callback_uri": "https://spp.example.org/dci/crvs/callback",
                "receiver_id": "crvs.example.org",
                "timeout": 5,
            }
        )
        self.client = DCIClient(self.source, self.env)
        self.pauses = []
        self.enterContext(patch.object(transport, "sleep", self.pauses.append))

    def use_oauth2(self, **vals):
        self.source.write(
            {
                "auth_type": "oauth2",
                "oauth2_token_url": f"{self.server.url}{TOKEN_PATH}",
                "oauth2_client_id": "our client",
                # A secret of each test's own: tokens outlive the test in this process's memory.
                "oauth2_client_secret": f"s3cret&{self.id()}",
                "oauth2_scope": "read",
                **vals,
            }
        )

    def remove_token_afterwards(self):
        """For tests outside Odoo's test mode, where the token is committed."""
        key = self.source._get_token_store()._key

        def remove():
            with self.registry.cursor() as cr:
                cr.execute("DELETE FROM spp_dci_access_token WHERE cache_key = %s", (key,))

        self.addCleanup(remove)
