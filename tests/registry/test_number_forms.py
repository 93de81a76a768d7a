"""Numbers are stored in the forms in which they are compared, by Python and by PostgreSQL alike."""

import random
import unicodedata

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from ... import const
from ...models.registry.registry_id import _sql_normal_form, _sql_rough_form
from ...services.records import numbers

_WRITTEN = [
    *("7700000043", " 770 000\t0043 ", "７７０００００043", "٧٧٠٠", "७७००", "A-12/34.5", "a12345"),
    *("00120", "0-0", "\u200e7700\u200f", "77\u00a000", "Ⅻ-5", "ﬁ-1", "x\u0301", "\u00ad7", "é-9"),
    *("B\u30002026\u20091", "---", "", "0", "ß1", "ı1", "ſ2", "\ufeff12", "1\u20602"),
]


@tagged("post_install", "-at_install")
class TestNumberForms(TransactionCase):
    def forms(self, values):
        """Return both forms of each value as PostgreSQL computes them."""
        self.env.cr.execute(
            SQL(
                """
                WITH given AS (
                    SELECT value, position
                      FROM unnest(%s::text[]) WITH ORDINALITY AS item (value, position)
                ), form AS (SELECT position, %s AS key FROM given)
                SELECT key, %s FROM form ORDER BY position
                """,
                values,
                _sql_normal_form(SQL("value")),
                _sql_rough_form(SQL("key")),
            )
        )
        return self.env.cr.fetchall()

    def assertSameForms(self, values):
        for value, forms in zip(values, self.forms(values), strict=True):
            key = numbers.normal_form(value)
            self.assertEqual(forms, (key, numbers.rough_form(key)), ascii(value))

    def test_database_and_python_agree_on_numbers_as_written(self):
        self.assertSameForms(_WRITTEN)

    def test_database_and_python_agree_on_every_assigned_character(self):
        # PostgreSQL may know a newer Unicode than Python: what is unassigned here is left out.
        characters = [
            chr(point)
            for point in (*range(1, 0x3400), *range(0xF900, 0x10000), *range(0x1D000, 0x1F000))
            if unicodedata.category(chr(point)) not in ("Cn", "Cs", "Co")
        ]
        self.assertSameForms([f"A{character}01" for character in characters])

    def test_database_and_python_agree_on_random_texts(self):
        rnd = random.Random(26)
        alphabet = "0129aAzZ -/.\u00a0\u200b\u200e٣७７Ⅷéß\u0301ﬁ"
        self.assertSameForms(
            ["".join(rnd.choices(alphabet, k=rnd.randrange(12))) for _number in range(2000)]
        )

    def test_every_write_keeps_the_forms_right(self):
        person = self.env["res.partner"].create({"name": "Ana", "is_registrant": True})
        uin = self.env["spp.vocabulary.code"].search(
            [("namespace_uri", "=", const.ID_TYPE_NAMESPACE), ("code", "=", "UIN")]
        )
        number = self.env["spp.registry.id"].create(
            {"partner_id": person.id, "id_type_id": uin.id, "value": " ７７-0 "}
        )
        self.assertEqual((number.crvs_key, number.crvs_rough_key), ("77-0", "770"))
        number.value = "B\u00a01"
        self.assertEqual((number.crvs_key, number.crvs_rough_key), ("B 1", "B1"))
        number.value = False
        self.assertFalse(number.crvs_key)

    def test_rows_that_others_wrote_are_mended(self):
        person = self.env["res.partner"].create({"name": "Ana", "is_registrant": True})
        uin = self.env["spp.vocabulary.code"].search(
            [("namespace_uri", "=", const.ID_TYPE_NAMESPACE), ("code", "=", "UIN")]
        )
        number = self.env["spp.registry.id"].create(
            {"partner_id": person.id, "id_type_id": uin.id, "value": "1"}
        )
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE spp_registry_id SET value = '٤٢', crvs_key = NULL WHERE id = %s", number.id)
        )
        number.invalidate_recordset()
        self.assertEqual(self.env["spp.registry.id"]._mend_missing_keys(), (1, False))
        self.assertEqual(number.crvs_key, "42")
        self.env.cr.execute(SQL("UPDATE spp_registry_id SET value = '43' WHERE id = %s", number.id))
        self.env["spp.registry.id"]._crvs_fill_keys()
        self.assertEqual(number.crvs_key, "43")
