from odoo import api, fields, models
from odoo.exceptions import ValidationError


class Entitlement(models.Model):
    """What a registrant, individual or group, gets in a cycle."""

    _name = "spp.entitlement"
    _description = "Entitlement"
    _inherit = ["mail.thread"]
    _order = "cycle_id desc, partner_id, id"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Beneficiary",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('is_registrant', '=', True)]",
    )
    cycle_id = fields.Many2one("spp.cycle", required=True, index=True, ondelete="restrict")
    program_id = fields.Many2one(related="cycle_id.program_id", store=True, index=True)
    initial_amount = fields.Float(required=True, digits=(16, 2))
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("pending_validation", "Pending Validation"),
            ("approved", "Approved"),
            ("trans2FSP", "Transferred to the Payment Provider"),
            ("rdpd2ben", "Paid to the Beneficiary"),
            ("rejected1", "Rejected: Beneficiary Not Found"),
            ("rejected2", "Rejected: Account Not Found"),
            ("rejected3", "Rejected: Other Reason"),
            ("cancelled", "Cancelled"),
            ("expired", "Expired"),
        ],
        default="draft",
        required=True,
        index=True,
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(entitlement.state != "draft" for entitlement in self):
            raise ValidationError(self.env._("Only draft entitlements can be deleted."))
