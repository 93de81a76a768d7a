"""A copy of the database, neutralised, does not speak to real registries."""

from odoo.exceptions import UserError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged

from ..helpers.fake_registry import found
from ..helpers.registry import FakeRegistryCase


@tagged("post_install", "-at_install")
class TestNeutralize(FakeRegistryCase):
    def test_nothing_leaves_the_copy(self):
        sender = self.make_sender("crvs.example.org", self.make_signing_key().public_key)
        sender.jwks_url = "https://crvs.example.org/.well-known/jwks.json"
        self.source.write(
            {
                "auth_type": "bearer",
                "bearer_token": "secret",
                "signing_key_id": self.make_signing_key().id,
                "crvs_sender_id": sender.id,
            }
        )
        self.answer(found)
        subscription, _new = self.env["spp.dci.crvs.subscription"]._claim(
            self.source, "death", False
        )
        subscription.write({"state": "active", "code": "S-1"})
        pull = self.env["spp.dci.crvs.pull"].create(
            {"data_source_id": self.source.id, "event_type": "death"}
        )
        request = self.env["spp.dci.crvs.request"]._open(self.source, "death", {"r": {}})
        self.env.flush_all()
        for query in get_neutralization_queries(["spp_dci_client_crvs"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertNotIn("127.0.0.1", self.source.base_url)
        self.assertFalse(self.source.bearer_token)
        self.assertFalse(self.source.signing_key_id.private_key)
        self.assertEqual(self.source.signing_key_id.state, "revoked")
        self.assertFalse(sender.jwks_url)
        self.assertEqual(subscription.state, "cancelled")
        self.assertFalse(pull.active)
        self.assertEqual(request.state, "expired")
        for name in ("refresh_sender_keys", "subscriptions", "checks", "pulls", "requests"):
            self.assertFalse(self.env.ref(f"spp_dci_client_crvs.ir_cron_{name}").active, name)
        with self.assertRaises(UserError):
            self.service().check_death("UIN", "1")
        self.assertEqual(self.fake.requests, [])
