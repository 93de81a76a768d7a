from odoo import api, fields, models


class ProgramMembership(models.Model):
    """A registrant, individual or group, in a program.

    It shows the registrant's own fields as well; `state` is the membership's.
    """

    _name = "spp.program.membership"
    _description = "Program Membership"
    _inherits = {"res.partner": "partner_id"}
    _order = "program_id, partner_id, id"
    _rec_name = "program_id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Member",
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
        string="Status",
        default="draft",
        required=True,
        index=True,
    )
    enrollment_date = fields.Datetime(compute="_compute_enrollment_date", store=True)
    exit_date = fields.Date()
    exit_reason = fields.Char()

    _one_per_program = models.Constraint(
        "UNIQUE (partner_id, program_id)", "This registrant is a member of the program already."
    )

    @api.depends("state")
    def _compute_enrollment_date(self):
        for membership in self:
            if membership.state == "enrolled" and not membership.enrollment_date:
                membership.enrollment_date = fields.Datetime.now()
            else:
                membership.enrollment_date = membership.enrollment_date
