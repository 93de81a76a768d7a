from odoo.tests import tagged

from ... import const
from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestIDTypes(EventCase):
    def add(self):
        self.env["spp.vocabulary.code"]._crvs_add_id_types()

    def test_installing_adds_them_as_local_codes(self):
        for code in const.ID_TYPES:
            id_type = self.code(code)
            self.assertTrue(id_type.is_local, code)
            self.assertEqual(
                id_type, self.env.ref(f"spp_dci_client_crvs.code_id_type_{code}".lower())
            )

    def test_again_changes_nothing(self):
        self.code("BRN").display = "Acte de naissance"
        count = self.env["spp.vocabulary.code"].search_count([])
        self.add()
        self.assertEqual(self.env["spp.vocabulary.code"].search_count([]), count)
        self.assertEqual(self.code("BRN").display, "Acte de naissance")

    def test_what_a_country_has_already_is_its_own(self):
        for code, values in (
            ("UIN", {"code": "uin", "display": "Ours"}),
            ("BRN", {"active": False, "display": "Ours"}),
        ):
            with self.subTest(code):
                mine = self.code(code)
                name = f"code_id_type_{code.lower()}"
                self.env["ir.model.data"].search(
                    [("module", "=", "spp_dci_client_crvs"), ("name", "=", name)]
                ).unlink()
                mine.write(values)
                self.add()
                self.assertFalse(
                    self.env.ref(f"spp_dci_client_crvs.{name}", raise_if_not_found=False)
                )
                self.assertEqual(mine.display, "Ours")

    def test_missing_ones_come_back(self):
        self.code("DRN").unlink()
        self.add()
        self.assertTrue(self.env.ref("spp_dci_client_crvs.code_id_type_drn").is_local)
