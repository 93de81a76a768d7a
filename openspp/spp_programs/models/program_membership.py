from odoo import fields, models


class ProgramMembership(models.Model):
    _name = "spp.program.membership"
    _description = "Program Membership"
    _order = "program_id, partner_id, id"
    _rec_name = "program_id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Registrant",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('is_registrant', '=', True)]",
    )
    program_id = fields.Many2one("spp.program", required=True, index=True, ondelete="cascade")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("enrolled", "Enrolled"),
            ("paused", "Paused"),
            ("exited", "Exited"),
            ("not_eligible", "Not Eligible"),
            ("duplicated", "Duplicated"),
        ],
        default="draft",
        required=True,
        index=True,
    )
    enrollment_date = fields.Date()
    exit_date = fields.Date()

    _one_per_program = models.Constraint(
        "UNIQUE (partner_id, program_id)", "This registrant is a member of the program already."
    )
