"""Who may know that a registrant died: whoever may see the registrants' IDs."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..helpers.events import EventCase

FIELDS = ("death_date", "crvs_last_update")
MERGER = "base.group_partner_manager,spp_registry.group_registry_officer"


@tagged("post_install", "-at_install")
class TestDeathDate(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        export = "base.group_user,base.group_allow_export,base.group_partner_manager"
        cls.clerk = new_test_user(cls.env, "death_clerk", export)
        cls.keeper = new_test_user(
            cls.env, "death_keeper", f"{export},spp_registry.group_registry_viewer"
        )
        cls.viewer.group_ids += cls.clerk.group_ids
        cls.merger = new_test_user(cls.env, "death_merger", MERGER)

    def setUp(self):
        super().setUp()
        self.ana = self.registrant("Ana Dead", ids={"UIN": "U-1"})
        self.death = self.process("death", {"UIN": "U-1"})
        self.env.invalidate_all()

    def ways(self, user, name):
        """Every way to learn the value of a field, by RPC."""
        ana = self.ana.with_user(user)
        partners = ana.browse()
        return {
            "read": lambda: ana.read([name]),
            "web_read": lambda: ana.web_read({name: {}}),
            "export": lambda: ana.export_data([name]),
            "search": lambda: partners.search([(name, "!=", False)]),
            "order": lambda: partners.search([], order=name),
            "group": lambda: partners.formatted_read_group([], [f"{name}:month"], ["__count"]),
            "aggregate": lambda: partners.formatted_read_group([], [], [f"{name}:max"]),
            "attribute": lambda: ana[name],
            "relation": lambda: ana.user_ids.search([(f"partner_id.{name}", "!=", False)]),
        }

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model")
    def test_who_may_not_see_ids_does_not_learn_it(self):
        for user in (self.clerk, self.viewer):
            for name in FIELDS:
                self.assertNotIn(name, self.ana.with_user(user).fields_get())
                for way, function in self.ways(user, name).items():
                    case = self.subTest(user=user.login, field=name, way=way)
                    with case, self.assertRaises(AccessError):
                        function()

    def test_who_may_see_ids_may_know_it(self):
        for name in FIELDS:
            for way, function in self.ways(self.keeper, name).items():
                with self.subTest(field=name, way=way):
                    function()

    def test_they_read_and_write_and_copy_contacts_as_before(self):
        ana = self.ana.with_user(self.clerk)
        self.assertTrue(ana.read(["name", "comment"]))
        ana.comment = "Moved"
        self.assertTrue(self.ana.with_user(self.merger).copy({"reg_ids": False}))
        self.assertFalse(ana.crvs_shows_deceased)
        self.assertTrue(self.ana.with_user(self.keeper).crvs_shows_deceased)

    def test_other_addons_read_what_happened_from_events(self):
        events = self.events.with_user(self.clerk)
        found = events.search([("person_id", "=", self.ana.id), ("state", "=", "processed")])
        self.assertEqual(found.mapped("event_type"), ["death"])

    def merge(self, user, gone, left):
        wizards = self.env["base.partner.merge.automatic.wizard"].with_user(user)
        wizards.create({})._merge((gone | left).ids, left.with_user(user))
        self.env.invalidate_all()
        self.assertFalse(gone.exists())

    def test_merging_keeps_the_death_date(self):
        day = self.ana.death_date
        left = self.registrant("Ana Double")
        self.merge(self.merger, self.ana, left)
        self.assertEqual(left.death_date, day)

    def test_merging_keeps_the_death_date_of_who_is_left(self):
        day, gone = self.ana.death_date, self.registrant("Ana Double")
        gone.sudo().death_date = "2001-01-01"
        self.merge(self.merger, gone, self.ana)
        self.assertEqual(self.ana.death_date, day)
