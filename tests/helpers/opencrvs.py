"""What the tests against the strict OpenCRVS share."""

from cryptography.hazmat.primitives import serialization

from odoo.addons.spp_dci_client_crvs.services import signature

from .fake_registry import FakeRegistry
from .registry import RegistryCase
from .strict_opencrvs import StrictOpenCRVS


class OpenCRVSCase(RegistryCase):
    """Asks the strict OpenCRVS; by default it has nothing to complain about."""

    def setUp(self):
        super().setUp()
        self.opencrvs = StrictOpenCRVS()
        self.addCleanup(self.opencrvs.stop)
        self.ours = FakeRegistry()
        self.addCleanup(self.ours.stop)
        self.signing_key = self.make_signing_key("rs256")
        self.publish(self.signing_key)
        self.sender = self.make_sender(self.opencrvs.url, self.pem(), "rs256")
        self.source = self.make_source(
            self.opencrvs.url,
            dialect="opencrvs",
            our_sender_id=self.ours.url,
            receiver_id=self.opencrvs.url,
            signing_key_id=self.signing_key.id,
            crvs_sender_id=self.sender.id,
            auth_type="oauth2",
            oauth2_token_url=f"{self.opencrvs.url}/oauth2/client/token",
            oauth2_client_id=self.opencrvs.client["client_id"],
            oauth2_client_secret=self.opencrvs.client["client_secret"],
            oauth2_credential_location="query",
        )

    def publish(self, signing_key):
        """Publish a key of ours where OpenCRVS looks for it."""
        key = signature.TrustedKey.from_pem(signing_key.public_key)
        jwk = signature.public_jwk(key.public_key, kid=key.fingerprint, algorithm=key.algorithm)
        self.ours.documents["/.well-known/jwks.json"] = {"keys": [jwk]}

    def pem(self):
        """Return the registry's present public key."""
        return self.opencrvs.public_key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()

    def assertNothingRefused(self):
        """Check that the registry took everything."""
        self.assertEqual(self.opencrvs.refused, [])
        self.assertTrue(self.opencrvs.searches)
