from odoo.tests import TransactionCase

from ..services import DCIClient
from .registry_server import TOKEN_PATH, RegistryServer


class ClientCase(TransactionCase):
    """A registry on this machine, and a data source that points to it."""

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(RegistryServer())
        self.source = self.env["spp.dci.data.source"].create(
            {
                "name": "Test Registry",
                "code": "test_registry",
                "base_url": f"{self.server.url}/api/",
                "auth_type": "none",
                "our_sender_id": "https://spp.example.org",
                "our_callback_uri": "https://spp.example.org/dci/crvs/callback",
                "receiver_id": "crvs.example.org",
                "timeout": 5,
            }
        )
        self.client = DCIClient(self.source, self.env)

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

    def use_key(self, algorithm="ed25519"):
        key = self.env["spp.dci.signing.key"].create({"name": "Test", "algorithm": algorithm})
        key.action_generate_key()
        key.action_activate()
        self.source.signing_key_id = key
        return key
