from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from ... import const
from ...services.crvs_service import CRVSService
from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestRegistryType(EventCase):
    """Servers spell the type of a civil registry in two ways; both are one everywhere."""

    def test_domains(self):
        sources = self.env["spp.dci.data.source"]
        for spelling in const.CIVIL_REGISTRY_TYPES:
            self.source.registry_type = spelling
            self.assertIn(self.source, sources.search([("is_civil_registry", "=", True)]))
            self.assertNotIn(self.source, sources.search([("is_civil_registry", "=", False)]))
            self.assertEqual(self.sender._notifying_data_source(), self.source)
        self.source.registry_type = "FR"
        self.assertNotIn(self.source, sources.search([("is_civil_registry", "=", True)]))
        self.assertIn(self.source, sources.search([("is_civil_registry", "!=", True)]))
        self.assertFalse(self.sender._notifying_data_source())

    def test_service_pulls_and_subscriptions(self):
        for spelling in const.CIVIL_REGISTRY_TYPES:
            self.source.registry_type = spelling
            CRVSService(self.env, self.source.code)
            self.assertTrue(self.source.can_subscribe)
            values = {"data_source_id": self.source.id, "event_type": "death", "kind": "import"}
            self.env["spp.dci.crvs.pull"].create(values)
        self.source.registry_type = "FR"
        self.assertFalse(self.source.can_subscribe)
        with self.assertRaises(ValidationError):
            CRVSService(self.env, self.source.code)

    def test_wizards_find_it(self):
        self.env["spp.dci.data.source"].search([("id", "!=", self.source.id)]).active = False
        self.source.registry_type = const.CIVIL_REGISTRY_TYPES[1]
        for name in ("check", "import"):
            wizard = self.env[f"spp.dci.crvs.{name}.wizard"].create(
                {"date_from": "2024-01-01"} if name == "import" else {}
            )
            self.assertEqual(wizard.data_source_id, self.source)

    def test_page_of_the_data_source(self):
        for spelling, seen in ((const.CIVIL_REGISTRY_TYPES[1], True), ("FR", False)):
            self.source.registry_type = spelling
            form = Form(self.source, "spp_dci_client.view_spp_dci_data_source_form")
            self.assertEqual(form._get_modifier("dialect", "invisible"), not seen)
