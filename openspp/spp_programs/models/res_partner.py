from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    program_membership_ids = fields.One2many(
        "spp.program.membership",
        "partner_id",
        string="Program Memberships",
        groups="spp_registry.group_registry_viewer",
    )
