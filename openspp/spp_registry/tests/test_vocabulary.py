import psycopg2

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import RegistryCase

SHIPPED = {
    "urn:openspp:vocab:id-type": {"UIN", "BRN", "DRN", "MRN", "NID", "national_id", "passport"},
    "urn:un:unsd:pop-census:marital-status": {"S", "M", "W", "D", "L", "C"},
    "urn:iso:std:iso:5218": {"0", "1", "2", "9"},
}


@tagged("post_install", "-at_install")
class TestVocabulary(RegistryCase):
    def test_shipped_codes(self):
        for namespace, expected in SHIPPED.items():
            codes = self.env["spp.vocabulary.code"].search([("namespace_uri", "=", namespace)])
            self.assertLessEqual(expected, set(codes.mapped("code")), namespace)

    def test_code_follows_the_namespace_of_its_vocabulary(self):
        vocabulary = self.env["spp.vocabulary"].create(
            {"name": "Test", "namespace_uri": "urn:test:one"}
        )
        code = self.env["spp.vocabulary.code"].create(
            {"vocabulary_id": vocabulary.id, "code": "x", "display": "X"}
        )
        vocabulary.namespace_uri = "urn:test:two"
        self.assertEqual(code.namespace_uri, "urn:test:two")

    @mute_logger("odoo.sql_db")
    def test_uniqueness(self):
        for record in (self.uin.vocabulary_id, self.uin):
            with self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
                record.copy()

    def test_everybody_reads_only_administrators_change(self):
        uin = self.uin.with_user(self.plain_user)
        self.assertEqual(uin.code, "UIN")
        for user in (self.plain_user, self.officer):
            self.assertFalse(self.uin.with_user(user).has_access("write"))
        self.assertTrue(self.uin.with_user(self.system).has_access("write"))

    def test_found_by_code_and_by_name(self):
        codes = self.env["spp.vocabulary.code"]
        for text in ("UIN", "Unique Identity"):
            self.assertIn(self.uin, codes.browse(i for i, _n in codes.name_search(text)))
