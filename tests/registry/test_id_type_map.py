"""Registries' names of ID types: what they mean, and by which a registry is asked."""

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestIdTypeMap(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.types = cls.env["spp.dci.crvs.id.type"]

    def own(self, name, *codes):
        return self.types.create(
            {
                "name": name,
                "data_source_id": self.source.id,
                "id_type_ids": [(6, 0, [self.code(code).id for code in codes])],
            }
        )

    def test_national_numbers_mean_what_openspp_ships_and_ours(self):
        national = {self.code("national_id").id, self.code("UIN").id}
        known = self.types._types_by_name(self.source)
        for name in ("UIN", "NID", "NIN", "NATIONAL_ID", "NATIONALID"):
            self.assertEqual(set(known[name]), national, name)
        self.assertEqual(
            set(known["BRN"]), {self.code("birth_certificate").id, self.code("BRN").id}
        )
        self.assertEqual(known["PASSPORT_NUMBER"], (self.code("passport").id,))

    def test_number_on_screen_is_found_by_the_registrys_name(self):
        ana = self.registrant(ids={"national_id": "7700"})
        self.assertOutcome(self.process("death", {"NID": "7700"}), "applied")
        self.assertTrue(ana.disabled)

    def test_registrys_own_entry_replaces_the_default(self):
        self.own("uin", "passport")
        ana = self.registrant(ids={"UIN": "1"})
        ben = self.registrant("Ben", ids={"passport": "1"})
        self.assertOutcome(self.process("death", {"UIN": "1"}), "applied")
        self.assertEqual((bool(ana.disabled), bool(ben.disabled)), (False, True))

    def test_name_without_entry_means_the_code_of_that_name(self):
        self.env["spp.vocabulary.code"].create(
            {
                "vocabulary_id": self.code("UIN").vocabulary_id.id,
                "code": "Voter_Id",
                "display": "Voter",
                "is_local": True,
            }
        )
        ana = self.registrant(ids={"Voter_Id": "V-1"})
        self.assertOutcome(self.process("death", {"VOTER_ID": "V-1"}), "applied")
        self.assertTrue(ana.disabled)

    def test_registry_is_asked_by_its_own_name(self):
        self.assertEqual(self.types._name_for(self.source, "national_id"), "UIN")
        self.assertEqual(self.types._name_for(self.source, "birth_certificate"), "BRN")
        self.assertEqual(self.types._name_for(self.source, "NID"), "NID")
        self.own("CITIZEN_NO", "national_id")
        self.assertEqual(self.types._name_for(self.source, "national_id"), "CITIZEN_NO")
        self.assertEqual(self.types._name_for(self.source, "something"), "SOMETHING")

    def test_people_hear_once_of_a_name_that_means_nothing(self):
        self.store(*(self.vital("death", {"TRIBE_NO": f"T-{i}"}) for i in range(3)))
        self.run_due()
        entry = self.types.search([("name", "=", "TRIBE_NO")])
        self.assertEqual((len(entry), entry.data_source_id), (1, self.source))
        self.assertEqual(len(entry._open_alerts("id_type_unknown")), 1)
        self.process("death", {"TRIBE_NO": "T-9"})
        self.assertEqual(len(entry._open_alerts("id_type_unknown")), 1)
        entry.id_type_ids = self.code("passport")
        self.assertFalse(entry._open_alerts("id_type_unknown"))

    def test_strangers_do_not_make_it_grow(self):
        before = self.types.search_count([])
        self.types._note_unknown({f"X{i}" for i in range(1000)}, self.source)
        self.types._note_unknown({f"Y{i}" for i in range(1000)}, self.source)
        self.assertLessEqual(self.types.search_count([]) - before, 200)

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_only_managers_say_what_a_name_means(self):
        entry = self.own("X", "passport")
        with self.assertRaises(AccessError):
            entry.with_user(self.officer).id_type_ids = self.code("UIN")
        entry.with_user(self.manager).id_type_ids = self.code("UIN")
