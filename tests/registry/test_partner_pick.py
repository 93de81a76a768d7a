"""Choosing a registrant among namesakes, and who sees what of it."""

from odoo.tests import Form, new_test_user, tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestPartnerPick(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(cls.env, "pick_clerk", "base.group_user")
        cls.keeper = new_test_user(cls.env, "pick_keeper", "spp_registry.group_registry_viewer")

    def setUp(self):
        super().setUp()
        self.ana = self.registrant(
            "Ana Pick", ids={"UIN": "９７00000043", "passport": "P-1"}, birthdate="1990-03-02"
        )
        self.twin = self.registrant("Ana Pick", ids={"UIN": "9700000044", "BRN": "B-2026-77"})
        house = self.registrant("House of Pick", is_group=True)
        self.env["spp.group.membership"].create({"group": house.id, "individual": self.ana.id})
        left = self.registrant("House Left", is_group=True)
        self.env["spp.group.membership"].create(
            {
                "group": left.id,
                "individual": self.ana.id,
                "start_date": "2020-01-01",
                "ended_date": "2021-01-01",
            }
        )

    def partners(self, user, **context):
        return self.env["res.partner"].with_user(user).with_context(crvs_pick=True, **context)

    def test_what_stands_beside_the_name(self):
        names = dict(self.partners(self.keeper).name_search("Ana Pick"))
        self.assertEqual(
            names,
            {
                self.ana.id: "Ana Pick (03/02/1990 · House of Pick · …0043)",
                self.twin.id: "Ana Pick (…0044, …6-77)",
            },
        )
        formatted = self.partners(self.keeper, formatted_display_name=True).browse(self.twin.id)
        self.assertEqual(formatted.display_name, "Ana Pick \t --…0044, …6-77--")

    def test_only_where_it_is_asked_for(self):
        plain = self.ana.with_user(self.keeper)
        self.assertEqual(plain.display_name, "Ana Pick")
        self.assertFalse(plain.name_search("9700000043"))

    def test_who_may_not_see_numbers_sees_and_finds_none(self):
        names = dict(self.partners(self.clerk).name_search("Ana Pick"))
        self.assertEqual(names, {self.ana.id: "Ana Pick (03/02/1990)", self.twin.id: "Ana Pick"})
        self.assertFalse(self.partners(self.clerk).name_search("9700000043"))

    def test_names_are_not_shared_by_those_who_may_see_more(self):
        self.assertIn("0043", self.ana.with_context(crvs_pick=True).display_name)
        self.assertNotIn("0043", self.partners(self.clerk).browse(self.ana.id).display_name)

    def test_a_number_finds_its_holder_however_it_is_written(self):
        for typed in ("9700000043", " 9700000043 ", "９７００００００４３"):
            with self.subTest(typed):
                found = self.partners(self.keeper).name_search(typed)
                self.assertEqual([row[0] for row in found], self.ana.ids)
        self.assertFalse(self.partners(self.keeper).name_search("970000004"))
        self.ana.reg_ids.status = "invalid"
        self.assertFalse(self.partners(self.keeper).name_search("9700000043"))

    def test_a_short_number_is_not_shown_whole(self):
        self.ana.reg_ids.unlink()
        self.ana.reg_ids = [(0, 0, {"id_type_id": self.code("UIN").id, "value": "1234"})]
        self.assertNotIn("1234", self.partners(self.keeper).browse(self.ana.id).display_name)

    def test_rules_about_identifiers_hold(self):
        self.env["ir.rule"].create(
            {
                "name": "no passports",
                "model_id": self.env["ir.model"]._get_id("spp.registry.id"),
                "domain_force": "[('id_type_id.code', '=', 'passport')]",
            }
        )
        partner = self.partners(self.keeper).browse(self.ana.id)
        self.assertNotIn("0043", partner.display_name)
        self.assertFalse(self.partners(self.keeper).name_search("9700000043"))

    def test_a_list_of_registrants_takes_the_same_number_of_queries(self):
        def queries(partners):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            partners.mapped("display_name")
            return self.env.cr.sql_log_count - before

        few = self.partners(self.keeper).browse((self.ana | self.twin).ids)
        many = few | self.partners(self.keeper).browse(
            self.registrant(f"N {n}", ids={"UIN": f"97{n:08}"}).id for n in range(20)
        )
        queries(few)
        self.assertLessEqual(queries(many), queries(few) + 1)

    def test_reassigning_shows_and_finds(self):
        event = self.process("death", {"UIN": "nobody"})
        action = event.with_user(self.manager).action_reassign()
        wizard = self.env[action["res_model"]].with_user(self.manager)
        form = Form(wizard.with_context(**action["context"]))
        arch = form._view["tree"]
        (field,) = arch.xpath("//field[@name='person_id']")
        self.assertIn("crvs_pick", field.get("context"))
