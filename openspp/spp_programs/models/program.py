from odoo import api, fields, models


class Program(models.Model):
    _name = "spp.program"
    _description = "Program"
    _inherit = ["mail.thread"]
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    target_type = fields.Selection(
        [("individual", "Individuals"), ("group", "Groups")], required=True, default="individual"
    )
    cycle_ids = fields.One2many("spp.cycle", "program_id", string="Cycles")
    membership_ids = fields.One2many("spp.program.membership", "program_id", string="Memberships")
    enrolled_count = fields.Integer("Enrolled", compute="_compute_enrolled_count")

    @api.depends("membership_ids.state")
    def _compute_enrolled_count(self):
        counts = dict(
            self.env["spp.program.membership"]._read_group(
                [("program_id", "in", self.ids), ("state", "=", "enrolled")],
                ["program_id"],
                ["__count"],
            )
        )
        for program in self:
            program.enrolled_count = counts.get(program._origin, 0)

    def action_open_memberships(self):
        """:return: the action that lists the memberships of this program."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Memberships"),
            "res_model": "spp.program.membership",
            "view_mode": "list,form",
            "domain": [("program_id", "=", self.id)],
            "context": {"default_program_id": self.id},
        }
