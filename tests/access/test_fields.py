"""Who writes the fields that this addon adds to other models, and on which effects rest."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..helpers.events import EventCase


@tagged("post_install", "-at_install")
class TestFieldsOfOtherModels(EventCase):
    def setUp(self):
        super().setUp()
        self.clerk = new_test_user(self.env, "clerk", "base.group_user,base.group_partner_manager")
        self.ana = self.registrant(ids={"UIN": "U-1"})

    def assert_refused(self, records, user, values):
        for name, value in values.items():
            with self.subTest(name, user=user.login), self.assertRaises(AccessError):
                records.with_user(user).write({name: value})
            with self.subTest(f"new, {name}", user=user.login), self.assertRaises(AccessError):
                records.with_user(user).create({name: value})

    def test_registrants(self):
        self.ana.with_user(self.clerk).comment = "The clerk may write contacts."
        self.assert_refused(
            self.ana,
            self.clerk,
            {"death_date": "2020-01-01", "crvs_last_update": "2099-01-01 00:00:00"},
        )
        self.assert_refused(self.ana, self.manager, {"crvs_last_update": "2099-01-01 00:00:00"})
        officer = new_test_user(
            self.env,
            "crvs_clerk",
            "base.group_partner_manager,spp_dci_client_crvs.group_crvs_officer,"
            "spp_registry.group_registry_viewer",
        )
        self.ana.with_user(officer).death_date = "2020-01-01"
        self.ana.with_user(officer).death_date = False

    def test_clerk_cannot_keep_a_death_from_its_effect(self):
        with self.assertRaises(AccessError):
            self.ana.with_user(self.clerk).death_date = "2001-01-01"
        event = self.process("death", {"UIN": "U-1"})
        self.assertOutcome(event, "applied")
        self.assertEqual(self.ana.death_date, event.event_date)

    def test_identifiers(self):
        keeper = new_test_user(
            self.env, "keeper", "base.group_partner_manager,spp_registry.group_registry_manager"
        )
        number = self.ana.reg_ids
        number.with_user(keeper).value = "U-2"
        self.assertEqual(number.crvs_key, "U-2")
        self.assert_refused(number, keeper, {"crvs_key": "X", "crvs_rough_key": "X"})
        made = number.with_user(keeper).create(
            {"partner_id": self.ana.id, "id_type_id": self.code("passport").id, "value": " p 1 "}
        )
        self.assertEqual(made.sudo().crvs_key, "p 1")

    def test_data_sources(self):
        """Whoever else may change data sources does not change whom we believe."""
        self.env["ir.model.access"].create(
            {
                "name": "clerks",
                "model_id": self.env["ir.model"]._get_id("spp.dci.data.source"),
                "group_id": self.env.ref("base.group_partner_manager").id,
                **{f"perm_{right}": True for right in ("read", "write", "create")},
            }
        )
        self.source.with_user(self.clerk).name = "Another Name"
        values = {
            "crvs_sender_id": self.other_sender.id,
            "answer_verification": "ignore",
            "dialect": "opencrvs",
            "crvs_timezone": "Asia/Tokyo",
            "birth_date_policy": "flag",
            "check_batch_size": 7,
        }
        self.assert_refused(self.source, self.clerk, values)
        self.source.with_user(self.env.ref("base.user_admin")).write(values)
        made = self.source.with_user(self.clerk).create(
            {
                "name": "New",
                "code": "new_one",
                "registry_type": "CRVS",
                "base_url": "https://new.test",
                "auth_type": "none",
            }
        )
        self.assertEqual(made.sudo().dialect, "standard")
