from odoo import api, fields, models

# What only registry officers may change; everything else follows the access rights of contacts.
OFFICER_FIELDS = frozenset(
    {
        "is_registrant",
        "is_group",
        "disabled",
        "disabled_reason",
        "disabled_by",
        "family_name",
        "given_name",
        "addl_name",
        "birthdate",
        "birthdate_not_exact",
        "birth_place",
        "gender_id",
        "civil_status_id",
        "registration_date",
        "reg_ids",
    }
)


class ResPartner(models.Model):
    _inherit = "res.partner"

    is_registrant = fields.Boolean("Registrant")
    is_group = fields.Boolean("Group")
    disabled = fields.Datetime(
        "Disabled On", copy=False, help="Since when this registrant is out of the registry."
    )
    disabled_reason = fields.Text(copy=False)
    disabled_by = fields.Many2one("res.users", copy=False)
    family_name = fields.Char()
    given_name = fields.Char()
    addl_name = fields.Char("Additional Name")
    birthdate = fields.Date("Date of Birth")
    birthdate_not_exact = fields.Boolean("Approximate Birth Date")
    birth_place = fields.Char("Place of Birth")
    gender_id = fields.Many2one(
        "spp.vocabulary.code",
        ondelete="restrict",
        domain="[('namespace_uri', '=', 'urn:iso:std:iso:5218')]",
    )
    civil_status_id = fields.Many2one(
        "spp.vocabulary.code",
        ondelete="restrict",
        domain="[('namespace_uri', '=', 'urn:un:unsd:pop-census:marital-status')]",
    )
    registration_date = fields.Date(
        compute="_compute_registration_date", store=True, readonly=False, precompute=True
    )
    reg_ids = fields.One2many(
        "spp.registry.id",
        "partner_id",
        string="IDs",
        groups="spp_registry.group_registry_viewer",
    )

    @api.depends("is_registrant")
    def _compute_registration_date(self):
        for partner in self:
            today = partner.is_registrant and fields.Date.context_today(partner)
            partner.registration_date = partner.registration_date or today

    @api.model_create_multi
    def create(self, vals_list):
        """Name registrants after their name's parts where no name is given."""
        for vals in vals_list:
            if vals.get("is_registrant") and not vals.get("name"):
                vals["name"] = self._join_names(
                    vals.get("given_name"), vals.get("addl_name"), vals.get("family_name")
                )
        return super().create(vals_list)

    @api.onchange("family_name", "given_name", "addl_name")
    def _onchange_names(self):
        if self.is_registrant and not self.is_group:
            self.name = (
                self._join_names(self.given_name, self.addl_name, self.family_name) or self.name
            )

    @api.model
    def _join_names(self, *names):
        """:return: the given names in that order, those that are empty left out."""
        return " ".join(name.strip() for name in names if name and name.strip())

    @api.model
    def _has_field_access(self, field, operation):
        if not super()._has_field_access(field, operation):
            return False
        return (
            operation == "read"
            or self.env.su
            or field.name not in OFFICER_FIELDS
            or self.env.user.has_group("spp_registry.group_registry_officer")
        )

    def enable_registrant(self):
        """Take disabled registrants back into the registry and note it in their history.

        :return: True
        :raise AccessError: when the user may not change these registrants.
        """
        self.check_access("write")
        disabled = self.filtered("disabled")
        disabled.write({"disabled": False, "disabled_reason": False, "disabled_by": False})
        note = self.env._("The registrant was enabled again.")
        disabled._message_log_batch(bodies=dict.fromkeys(disabled.ids, note))
        return True
