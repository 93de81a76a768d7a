import psycopg2

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import RegistryCase


@tagged("post_install", "-at_install")
class TestRegistryID(RegistryCase):
    def test_one_valid_id_of_a_type(self):
        self.add_id(self.ana, self.uin, "1000000001")
        with self.assertRaises(ValidationError):
            self.add_id(self.ana, self.uin, "1000000002")
        # Other types, other people and invalid ones are no matter.
        self.add_id(self.ana, self.brn, "B-1")
        self.add_id(self.ben, self.uin, "1000000003")
        self.add_id(self.ana, self.uin, "1000000004", status="invalid")

    def test_one_valid_id_of_a_type_within_one_batch(self):
        vals = {"partner_id": self.ana.id, "id_type_id": self.uin.id}
        with self.assertRaises(ValidationError):
            self.env["spp.registry.id"].create([{**vals, "value": "1"}, {**vals, "value": "2"}])

    def test_one_valid_id_of_a_type_on_write(self):
        self.add_id(self.ana, self.uin, "1000000001")
        old = self.add_id(self.ana, self.uin, "1000000002", status="invalid")
        with self.assertRaises(ValidationError):
            old.status = "valid"
        others = self.add_id(self.ben, self.uin, "1000000003")
        with self.assertRaises(ValidationError):
            others.partner_id = self.ana

    def test_two_records_cannot_become_valid_together(self):
        first = self.add_id(self.ana, self.uin, "1000000001", status="invalid")
        second = self.add_id(self.ana, self.uin, "1000000002", status="invalid")
        with self.assertRaises(ValidationError):
            (first | second).status = "valid"

    def test_refusal_quotes_no_value_in_the_log(self):
        self.add_id(self.ana, self.uin, "1000000001")
        with self.assertNoLogs("odoo.sql_db", "ERROR"), self.assertRaises(ValidationError):
            self.add_id(self.ana, self.uin, "1000000002")

    def test_successor_in_the_same_transaction(self):
        old = self.add_id(self.ana, self.uin, "1000000001")
        old.status = "invalid"
        self.add_id(self.ana, self.uin, "1000000002")

    @mute_logger("odoo.sql_db")
    def test_the_database_holds_it_too(self):
        self.add_id(self.ana, self.uin, "1000000001")
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            self.cr.execute(
                "INSERT INTO spp_registry_id (partner_id, id_type_id, value, status)"
                " VALUES (%s, %s, '1000000002', 'valid')",
                (self.ana.id, self.uin.id),
            )

    def test_value_loses_its_blanks(self):
        record = self.add_id(self.ana, self.uin, "  1000000001\n")
        self.assertEqual(record.value, "1000000001")
        record.value = " 1000000002"
        self.assertEqual(record.value, "1000000002")
        with self.assertRaises(ValidationError):
            self.add_id(self.ana, self.brn, " \t")

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
                {"partner_id": partner.id, "id_type_id": self.uin.id, "value": f"B{partner.id}"}
                for partner in partners
            ]
        )
        self.env.flush_all()
        self.assertLess(self.cr.sql_log_count - before, 30)

    def test_plain_users_see_and_change_nothing(self):
        record = self.add_id(self.ana, self.uin, "1000000001")
        model = self.env["spp.registry.id"].with_user(self.plain_user)
        vals = {"partner_id": self.ana.id, "id_type_id": self.brn.id, "value": "B-2"}
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
        record = self.add_id(self.ana, self.uin, "1000000001")
        self.assertEqual(record.with_user(self.viewer).value, "1000000001")
        with self.assertRaises(AccessError):
            record.with_user(self.viewer).write({"value": "2"})
        for number, user in enumerate((self.officer, self.system)):
            record.with_user(user).write({"value": f"changed-{number}"})
            self.assertEqual(record.value, f"changed-{number}")
