import io

import psycopg2

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import convert, mute_logger

from .common import RegistryCase

SHIPPED = {
    "urn:openspp:vocab:id-type": {"national_id", "passport", "tax_id", "birth_certificate"},
    "urn:un:unsd:pop-census:marital-status": {"S", "M", "W", "D", "L", "C"},
    "urn:iso:std:iso:5218": {"0", "1", "2", "9"},
    "urn:openspp:vocab:group-membership-type": {"head"},
}


@tagged("post_install", "-at_install")
class TestVocabulary(RegistryCase):
    def test_shipped_codes(self):
        for namespace, expected in SHIPPED.items():
            codes = self.env["spp.vocabulary.code"].search(
                [("namespace_uri", "=", namespace), ("is_local", "=", False)]
            )
            self.assertEqual(expected, set(codes.mapped("code")), namespace)
            self.assertTrue(codes.vocabulary_id.is_system)

    def new_code(self, **vals):
        return self.env["spp.vocabulary.code"].create(
            {"vocabulary_id": self.national_id.vocabulary_id.id, **vals}
        )

    def test_system_vocabulary_takes_local_codes_only(self):
        with self.assertRaises(UserError):
            self.new_code(code="X", display="X")
        local = self.new_code(code="X", display="X", is_local=True)
        local.display = "Y"
        local.unlink()

    def test_system_codes_stay_as_they_are(self):
        code = self.passport.with_user(self.system)
        for change in (
            lambda: code.write({"display": "Another Passport"}),
            lambda: code.write({"active": False}),
            lambda: code.write({"is_local": True}),
            code.unlink,
        ):
            with self.assertRaises(UserError):
                change()

    def test_data_file_of_a_module_brings_system_codes(self):
        data = f"""<odoo><record id="code_of_a_module" model="spp.vocabulary.code">
            <field name="vocabulary_id" eval="{self.passport.vocabulary_id.id}"/>
            <field name="code">of_a_module</field><field name="display">%s</field>
        </record></odoo>"""
        for display in ("First", "Second"):
            file = io.BytesIO((data % display).encode())
            file.name = "codes.xml"
            convert.convert_xml_import(self.env, "spp_registry", file)
            code = self.env.ref("spp_registry.code_of_a_module")
            self.assertEqual((code.display, code.is_local), (display, False))

    def test_other_vocabularies_are_free(self):
        vocabulary = self.env["spp.vocabulary"].create(
            {"name": "Test", "namespace_uri": "urn:test:one"}
        )
        code = self.env["spp.vocabulary.code"].create(
            {"vocabulary_id": vocabulary.id, "code": "x", "display": "X"}
        )
        vocabulary.namespace_uri = "urn:test:two"
        self.assertEqual(code.namespace_uri, "urn:test:two")
        code.display = "Y"

    def test_get_code(self):
        codes = self.env["spp.vocabulary.code"].with_user(self.plain_user)
        self.assertEqual(codes.get_code("urn:openspp:vocab:id-type", "passport"), self.passport)
        self.assertFalse(codes.get_code("urn:openspp:vocab:id-type", "no_such_type"))
        self.assertFalse(codes.get_code("urn:openspp:vocab:other", "passport"))

    def test_pattern_is_a_regular_expression(self):
        with self.assertRaises(ValidationError):
            self.new_code(code="X", display="X", is_local=True, id_validation="(")

    @mute_logger("odoo.sql_db")
    def test_uniqueness(self):
        for record, vals in (
            (self.passport.vocabulary_id, {}),
            (self.passport, {"is_local": True}),
        ):
            with self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
                record.copy(vals)

    def test_everybody_reads_only_managers_change(self):
        local = self.new_code(code="X", display="X", is_local=True)
        self.assertEqual(local.with_user(self.plain_user).code, "X")
        for user in (self.plain_user, self.officer):
            self.assertFalse(local.with_user(user).has_access("write"))
        for user in (self.manager, self.system):
            local.with_user(user).display = user.login

    def test_found_by_code_and_by_name(self):
        codes = self.env["spp.vocabulary.code"]
        for text in ("national_id", "National ID"):
            self.assertIn(self.national_id, codes.browse(i for i, _n in codes.name_search(text)))
