from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..models.mixins import check_group


class CRVSCheckWizard(models.TransientModel):
    """Choosing whose deaths a registry is asked about."""

    _name = "spp.dci.crvs.check.wizard"
    _description = "Check Deaths in Bulk"

    data_source_id = fields.Many2one(
        "spp.dci.data.source",
        "Registry",
        required=True,
        domain=[("is_civil_registry", "=", True)],
        default=lambda self: self.env["spp.dci.data.source"]._crvs_default(),
    )
    scope = fields.Selection(
        selection="_scopes", string="Whom", required=True, default=lambda self: self._scope()
    )
    program = fields.Selection(selection="_programs", string="Programme")
    filter_id = fields.Many2one(
        "ir.filters",
        "Saved Filter",
        domain="[('model_id', '=', 'res.partner'), ('user_ids', 'in', (False, uid))]",
    )
    effect = fields.Selection(
        [
            ("events", "Record the deaths as vital events"),
            ("report", "Report only"),
        ],
        string="What Happens to the Dead",
        required=True,
        default="events",
    )
    count = fields.Integer("Individuals", compute="_compute_count")

    @api.model
    def _scopes(self):
        scopes = [
            ("selected", self.env._("Selected Registrants")),
            ("filter", self.env._("A Saved Filter")),
        ]
        if "spp.program" in self.env:
            scopes.insert(1, ("program", self.env._("A Programme")))
        return scopes

    @api.model
    def _scope(self):
        chosen = self.env.context.get("active_model") == "res.partner"
        return "selected" if chosen else self._scopes()[1][0]

    @api.model
    def _programs(self):
        """List the programmes; a selection, since they need not be installed."""
        if "spp.program" not in self.env or not self.env["spp.program"].has_access("read"):
            return []
        return [(str(program.id), program.name) for program in self.env["spp.program"].search([])]

    @api.depends("scope", "program", "filter_id")
    def _compute_count(self):
        for wizard in self:
            domain = wizard._domain()
            wizard.count = self.env["res.partner"].search_count(domain) if domain else 0

    def _domain(self):
        """Return the domain of the individuals chosen, None while nobody is.

        :raise UserError: when the saved filter cannot be used
        """
        self.ensure_one()
        individuals = Domain("is_registrant", "=", True) & Domain("is_group", "=", False)
        if self.scope == "selected":
            if self.env.context.get("active_model") != "res.partner":
                return None
            return individuals & Domain("id", "in", self.env.context.get("active_ids") or [])
        if self.scope == "program" and self.program:
            members = self.env["spp.program.membership"].search_fetch(
                [
                    ("program_id", "=", int(self.program)),
                    ("state", "in", ("enrolled", "paused")),
                ],
                ["partner_id"],
            )
            return individuals & Domain("id", "in", members.partner_id.ids)
        if self.scope == "filter" and self.filter_id:
            if self.filter_id.model_id != "res.partner":
                raise UserError(self.env._("Choose a filter that was saved on registrants."))
            try:
                return individuals & Domain(self.filter_id._get_eval_domain())
            except (ValueError, SyntaxError):
                raise UserError(
                    self.env._(
                        "This filter depends on who uses it, or when. Save one with fixed values."
                    )
                ) from None
        return None

    def action_start(self):
        """Start the run and show it.

        The registrants are those that the user may see.

        :return: the action that shows the run
        :raise AccessError: for everybody but CRVS officers
        :raise UserError: when nobody is chosen
        """
        self.ensure_one()
        check_group(self.env, "officer")
        if not self.data_source_id.is_civil_registry:
            raise UserError(self.env._("Choose the data source of a civil registry."))
        domain = self._domain()
        partners = self.env["res.partner"]._search(domain, order="id") if domain else ()
        check = self.env["spp.dci.crvs.check"]._start(
            self.data_source_id, list(partners), self.effect, self._describe()
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "spp.dci.crvs.check",
            "res_id": check.id,
            "view_mode": "form",
        }

    def _describe(self):
        if self.scope == "program":
            return dict(self._programs()).get(self.program)
        if self.scope == "filter":
            return self.filter_id.name
        return self.env._("Selected registrants")
