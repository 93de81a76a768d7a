import psycopg2

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import RegistryCase


@tagged("post_install", "-at_install")
class TestRegistryID(RegistryCase):
    def test_no_status_is_alive(self):
        record = self.add_id(self.ana, self.national_id, "1000000001")
        self.assertFalse(record.status)
        with self.assertRaises(ValidationError):
            self.add_id(self.ana, self.national_id, "1000000002")
        with self.assertRaises(ValidationError):
            self.add_id(self.ana, self.national_id, "1000000002", status="valid")
        # Other types, other people and invalid ones are no matter.
        self.add_id(self.ana, self.passport, "P-1")
        self.add_id(self.ben, self.national_id, "1000000003")
        self.add_id(self.ana, self.national_id, "1000000004", status="invalid")
        self.add_id(self.ana, self.national_id, "1000000005", status="invalid")

    def test_one_live_id_of_a_type_within_one_batch(self):
        vals = {"partner_id": self.ana.id, "id_type_id": self.national_id.id}
        with self.assertRaises(ValidationError):
            self.env["spp.registry.id"].create(
                [{**vals, "value": "1"}, {**vals, "value": "2", "status": "valid"}]
            )

    def test_one_live_id_of_a_type_on_write(self):
        self.add_id(self.ana, self.national_id, "1000000001")
        old = self.add_id(self.ana, self.national_id, "1000000002", status="invalid")
        for status in ("valid", False):
            with self.assertRaises(ValidationError):
                old.status = status
        others = self.add_id(self.ben, self.national_id, "1000000003")
        with self.assertRaises(ValidationError):
            others.partner_id = self.ana

    def test_two_records_cannot_come_alive_together(self):
        first = self.add_id(self.ana, self.national_id, "1000000001", status="invalid")
        second = self.add_id(self.ana, self.national_id, "1000000002", status="invalid")
        with self.assertRaises(ValidationError):
            (first | second).status = False

    def test_refusal_quotes_no_value_in_the_log(self):
        self.add_id(self.ana, self.national_id, "1000000001")
        with self.assertNoLogs("odoo.sql_db", "ERROR"), self.assertRaises(ValidationError):
            self.add_id(self.ana, self.national_id, "1000000002")

    def test_successor_in_the_same_transaction(self):
        old = self.add_id(self.ana, self.national_id, "1000000001")
        old.status = "invalid"
        self.add_id(self.ana, self.national_id, "1000000002")

    @mute_logger("odoo.sql_db")
    def test_the_database_holds_it_too(self):
        self.add_id(self.ana, self.national_id, "1000000001")
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            self.cr.execute(
                "INSERT INTO spp_registry_id (partner_id, id_type_id, value)"
                " VALUES (%s, %s, '1000000002')",
                (self.ana.id, self.national_id.id),
            )

    def test_value_holds_a_hundred_characters(self):
        record = self.add_id(self.ana, self.national_id, "1" * 101)
        self.env.flush_all()
        record.invalidate_recordset()
        self.assertEqual(record.value, "1" * 100)

    def test_pattern_of_the_type(self):
        local = self.env["spp.vocabulary.code"].create(
            {
                "vocabulary_id": self.national_id.vocabulary_id.id,
                "code": "ten_digits",
                "display": "Ten Digits",
                "is_local": True,
                "id_validation": r"\d{10}",
            }
        )
        record = self.add_id(self.ana, local, "1000000001")
        for value in ("1000", "10000000012", " 1000000001", False):
            with self.assertRaises(ValidationError) as refusal:
                record.value = value
            self.assertNotIn("1000", str(refusal.exception))

    def test_verified(self):
        record = self.add_id(self.ana, self.national_id, "1")
        self.assertFalse(record.is_verified)
        record.write({"verification_method": "dci_api", "verification_date": "2026-01-01 00:00:00"})
        self.assertTrue(record.is_verified)
        record.verification_method = "self_declared"
        self.assertFalse(record.is_verified)

    def test_lookup_of_many_values_has_an_index(self):
        self.cr.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'spp_registry_id'")
        definitions = [definition for [definition] in self.cr.fetchall()]
        self.assertTrue(any("btree (value" in definition for definition in definitions))

    def test_batch_costs_no_query_per_record(self):
        partners = self.env["res.partner"].create(
            [{"name": f"Batch {number}", "is_registrant": True} for number in range(300)]
        )
        self.env.flush_all()
        before = self.cr.sql_log_count
        self.env["spp.registry.id"].create(
            [
                {
                    "partner_id": partner.id,
                    "id_type_id": self.national_id.id,
                    "value": f"B{partner.id}",
                }
                for partner in partners
            ]
        )
        self.env.flush_all()
        self.assertLess(self.cr.sql_log_count - before, 30)

    def test_plain_users_see_and_change_nothing(self):
        record = self.add_id(self.ana, self.national_id, "1000000001")
        model = self.env["spp.registry.id"].with_user(self.plain_user)
        vals = {"partner_id": self.ana.id, "id_type_id": self.passport.id, "value": "P-2"}
        for operation in (
            lambda: model.browse(record.id).read(["value"]),
            lambda: model.search([("value", "=", "1000000001")]),
            lambda: model.search_count([]),
            lambda: model.create(vals),
            lambda: model.browse(record.id).write({"value": "2"}),
            lambda: model.browse(record.id).unlink(),
        ):
            with self.assertRaises(AccessError):
                operation()

    def test_viewers_read_officers_and_administrators_change(self):
        record = self.add_id(self.ana, self.national_id, "1000000001")
        self.assertEqual(record.with_user(self.viewer).value, "1000000001")
        with self.assertRaises(AccessError):
            record.with_user(self.viewer).write({"value": "2"})
        for number, user in enumerate((self.officer, self.system)):
            record.with_user(user).write({"value": f"changed-{number}"})
            self.assertEqual(record.value, f"changed-{number}")
