from odoo import fields, models
from odoo.exceptions import UserError

from ..models.mixins import check_group


class CRVSDialectWizard(models.TransientModel):
    """Shows in which dialect a registry answered, and proposes one."""

    _name = "spp.dci.crvs.dialect.wizard"
    _description = "How a Registry Speaks"

    data_source_id = fields.Many2one(
        "spp.dci.data.source", "Registry", required=True, readonly=True
    )
    report = fields.Text("What Was Tried", readonly=True)
    dialect = fields.Selection(
        lambda self: self.env["spp.dci.data.source"]._fields["dialect"].selection,
        "How It Speaks",
        help="Empty: the registry answered in none of them.",
    )

    def action_use(self):
        """Set the chosen dialect on the data source.

        :return: an action that closes the window
        :raise AccessError: for users who may not say how registries speak
        :raise UserError: when none is chosen
        """
        self.ensure_one()
        check_group(self.env, "manager", or_system=True)
        if not self.dialect:
            raise UserError(self.env._("Choose how the registry speaks, or ask its operators."))
        self.data_source_id.dialect = self.dialect
        return {"type": "ir.actions.act_window_close"}
