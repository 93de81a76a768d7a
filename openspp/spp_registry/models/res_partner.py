from odoo import api, fields, models
from odoo.exceptions import ValidationError

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
        "individual_membership_ids",
        "group_membership_ids",
    }
)
NAME_PARTS = ("family_name", "given_name", "addl_name")


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

    individual_membership_ids = fields.One2many(
        "spp.group.membership",
        "individual",
        string="Member Of",
        help="The groups that this individual belongs to.",
        groups="spp_registry.group_registry_viewer",
    )
    group_membership_ids = fields.One2many(
        "spp.group.membership",
        "group",
        string="Members",
        help="The individuals who belong to this group.",
        groups="spp_registry.group_registry_viewer",
    )
    company_id = fields.Many2one(required=True, default=lambda self: self.env.company)

    @api.depends("is_registrant")
    def _compute_registration_date(self):
        for partner in self:
            today = partner.is_registrant and fields.Date.context_today(partner)
            partner.registration_date = partner.registration_date or today

    @api.constrains("birthdate")
    def _check_birthdate(self):
        today = fields.Date.context_today(self)
        for partner in self:
            if partner.birthdate and partner.birthdate > today:
                raise ValidationError(self.env._("A birth date cannot be in the future."))

    @api.constrains("registration_date", "birthdate")
    def _check_registration_date(self):
        today = fields.Date.context_today(self)
        for partner in self:
            registered, born = partner.registration_date, partner.birthdate
            if registered and registered > today:
                raise ValidationError(self.env._("A registration date cannot be in the future."))
            if registered and born and registered < born:
                raise ValidationError(
                    self.env._("A registration date cannot be before the birth date.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        """Name individuals after their name's parts."""
        for vals in vals_list:
            if vals.get("is_registrant") and not vals.get("is_group"):
                name = self._full_name(*(vals.get(part) for part in NAME_PARTS))
                if name:
                    vals["name"] = name
        return super().create(vals_list)

    def write(self, vals):
        """Name individuals anew when a part of their name changes."""
        result = super().write(vals)
        for partner in self if vals.keys() & set(NAME_PARTS) else ():
            name = partner._individual_name()
            if name and name != partner.name:
                super(ResPartner, partner).write({"name": name})
        return result

    @api.onchange("family_name", "given_name", "addl_name")
    def _onchange_names(self):
        self.name = self._individual_name() or self.name

    def _individual_name(self):
        """:return: the name that follows from its parts, empty for groups and contacts."""
        if not self.is_registrant or self.is_group:
            return ""
        return self._full_name(*(self[part] for part in NAME_PARTS))

    @api.model
    def _full_name(self, *parts):
        """:return: FAMILY, GIVEN ADDL, as far as they are known."""
        family, given, addl = ((part or "").strip() for part in parts)
        given = " ".join(filter(None, [given, addl]))
        return ", ".join(filter(None, [family, given])).upper()

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
