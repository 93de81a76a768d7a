"""What the tests that ask registries share: data sources, keys and the sandbox registry."""

import importlib.util
from pathlib import Path

from odoo.tests import TransactionCase

from odoo.addons.spp_dci_client_crvs.services import signature
from odoo.addons.spp_dci_client_crvs.services.crvs_service import CRVSService

from . import key_server
from .fake_registry import FakeRegistry

ROOT = Path(__file__).resolve().parents[2]


def sandbox_process(**options):
    """Return the sandbox registry as a context manager; it runs as a process of its own."""
    spec = importlib.util.spec_from_file_location(
        "crvs_sandbox_testing", ROOT / "sandbox" / "testing.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SandboxProcess(**options)


class RegistryCase(TransactionCase):
    """Has data sources and the service made for it."""

    def make_source(self, base_url, code="crvs_main", **values):
        """Create the data source of a civil registry."""
        sources = self.env["spp.dci.data.source"].with_context(active_test=False)
        sources.search([("code", "=", code)]).write({"code": f"{code}_other"})
        return sources.create(
            {
                "name": "Test Registry",
                "code": code,
                "registry_type": "CRVS",
                "base_url": base_url,
                "auth_type": "none",
                "our_sender_id": "spp.example.org",
                "our_callback_uri": "https://spp.example.org/dci/crvs/callback",
                **values,
            }
        )

    def make_signing_key(self, algorithm="ed25519"):
        """Create an active key of ours."""
        key = self.env["spp.dci.signing.key"].create({"name": "Ours", "algorithm": algorithm})
        key.action_generate_key()
        key.action_activate()
        return key

    def make_sender(self, sender_id, public_key, algorithm="ed25519"):
        """Create a trusted registry with a pasted key."""
        return self.env["spp.dci.crvs.sender"].create(
            {
                "name": sender_id,
                "sender_id": sender_id,
                "algorithm": algorithm,
                "public_key": public_key,
            }
        )

    def complete(self, source):
        """Let the guide have nothing more to ask about a data source."""
        if not source.crvs_sender_id:
            key = key_server.pem(key_server.ed25519_key())
            source.crvs_sender_id = self.make_sender(f"{source.code}.example.org", key)
        source.crvs_sender_id.compared_fingerprint = source.crvs_sender_id.key_fingerprint
        source.write({"state": "active", "last_test_date": "2026-01-01"})

    def service(self, code="crvs_main"):
        """Return the service for a data source."""
        return CRVSService(self.env, code)


class FakeRegistryCase(RegistryCase):
    """Asks a registry in which the test decides every answer."""

    def setUp(self):
        super().setUp()
        self.fake = FakeRegistry()
        self.addCleanup(self.fake.stop)
        self.source = self.make_source(self.fake.url)

    def answer(self, answer):
        """Let the registry answer by a function of the request, or with an object."""
        self.fake.answer = answer if callable(answer) else lambda _envelope: answer


class SandboxCase(RegistryCase):
    """Asks the sandbox registry, in both dialects."""

    sandbox_options = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = sandbox_process(**cls.sandbox_options).start()
        cls.addClassCleanup(cls.sandbox.stop)

    def setUp(self):
        super().setUp()
        self.sandbox.admin("reset", {})
        self.addCleanup(self.sandbox.admin, "faults", method="DELETE")

    def credentials(self, token_path):
        """Return the fields of a data source that let us in."""
        return {
            "auth_type": "oauth2",
            "oauth2_token_url": self.sandbox.url + token_path,
            "oauth2_client_id": self.sandbox.client_id,
            "oauth2_client_secret": self.sandbox.client_secret,
        }

    def standard_source(self, **values):
        """Create the data source of the standard dialect, with the keys that verify it."""
        keys = self.sandbox.admin("keys")["standard"]
        key = next(key for key in keys if key["algorithm"] == "ed25519")
        sender = self.make_sender(self.sandbox.sender_id, key["public_key"])
        return self.make_source(
            self.sandbox.url,
            **{
                "receiver_id": self.sandbox.sender_id,
                "crvs_sender_id": sender.id,
                **self.credentials("/oauth2/token"),
                **values,
            },
        )

    def opencrvs_source(self, **values):
        """Create the data source of the OpenCRVS dialect, and publish our keys."""
        keys = self.sandbox.admin("keys")["opencrvs"]
        sender = self.make_sender(self.sandbox.opencrvs_url, keys[-1]["public_key"], "rs256")
        ours = FakeRegistry()
        self.addCleanup(ours.stop)
        signing_key = self.make_signing_key("rs256")
        public = signature.TrustedKey.from_pem(signing_key.public_key)
        ours.documents["/.well-known/jwks.json"] = {
            "keys": [
                signature.public_jwk(
                    public.public_key, kid=public.fingerprint, algorithm=public.algorithm
                )
            ]
        }
        return self.make_source(
            self.sandbox.opencrvs_url,
            **{
                "dialect": "opencrvs",
                "our_sender_id": ours.url,
                "receiver_id": self.sandbox.opencrvs_url,
                "signing_key_id": signing_key.id,
                "crvs_sender_id": sender.id,
                **self.credentials("/opencrvs/oauth2/client/token"),
                "oauth2_credential_location": "query",
                **values,
            },
        )
