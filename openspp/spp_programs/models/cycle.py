from odoo import fields, models


class Cycle(models.Model):
    """One round of a program: who takes part, and what each of them is entitled to."""

    _name = "spp.cycle"
    _description = "Cycle"
    _order = "program_id, id desc"

    name = fields.Char(required=True)
    program_id = fields.Many2one("spp.program", required=True, index=True, ondelete="cascade")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("to_approve", "To Approve"),
            ("approved", "Approved"),
            ("distributed", "Distributed"),
            ("cancelled", "Cancelled"),
            ("ended", "Ended"),
        ],
        default="draft",
        required=True,
        index=True,
    )
    cycle_membership_ids = fields.One2many("spp.cycle.membership", "cycle_id", "Participants")
    entitlement_ids = fields.One2many("spp.entitlement", "cycle_id", "Entitlements")


class CycleMembership(models.Model):
    _name = "spp.cycle.membership"
    _description = "Cycle Membership"
    _order = "cycle_id, partner_id, id"
    _rec_name = "cycle_id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Registrant",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('is_registrant', '=', True)]",
    )
    cycle_id = fields.Many2one("spp.cycle", required=True, index=True, ondelete="cascade")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("enrolled", "Enrolled"),
            ("paused", "Paused"),
            ("exited", "Exited"),
            ("not_eligible", "Not Eligible"),
            ("non_compliant", "Non-Compliant"),
        ],
        default="draft",
        required=True,
        index=True,
    )

    _one_per_cycle = models.Constraint(
        "UNIQUE (partner_id, cycle_id)", "This registrant takes part in the cycle already."
    )
