from odoo.tests import TransactionCase, new_test_user


class RegistryCase(TransactionCase):
    """Two registrants, the shipped codes, and a user of each kind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.national_id = cls.env.ref("spp_registry.code_id_type_national_id")
        cls.passport = cls.env.ref("spp_registry.code_id_type_passport")
        cls.ana, cls.ben = cls.env["res.partner"].create(
            [
                {"name": "Ana Test", "is_registrant": True},
                {"name": "Ben Test", "is_registrant": True},
            ]
        )
        cls.plain_user = new_test_user(cls.env, "registry_plain", "base.group_user")
        cls.viewer = new_test_user(cls.env, "registry_viewer", "spp_registry.group_registry_viewer")
        cls.officer = new_test_user(
            cls.env, "registry_officer", "spp_registry.group_registry_officer"
        )
        cls.manager = new_test_user(
            cls.env, "registry_manager", "spp_registry.group_registry_manager"
        )
        cls.system = new_test_user(cls.env, "registry_system", "base.group_system")

    @classmethod
    def add_id(cls, partner, id_type, value, **vals):
        return cls.env["spp.registry.id"].create(
            {"partner_id": partner.id, "id_type_id": id_type.id, "value": value, **vals}
        )
