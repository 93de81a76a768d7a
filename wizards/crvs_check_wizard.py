from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..models.mixins import check_group

_INDIVIDUALS = Domain("is_registrant", "=", True) & Domain("is_group", "=", False)
# States of memberships that a payment can still be made by.
_COUNTED = ("enrolled", "paused")
_SCOPES_BY_TARGET = {"spp.program": "program", "spp.cycle": "cycle"}
_SELECTABLE = (
    "res.partner",
    "spp.program",
    "spp.program.membership",
    "spp.cycle",
    "spp.cycle.membership",
)


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
    program = fields.Selection(
        selection="_programs",
        string="Programme",
        default=lambda self: self._chosen_for("spp.program"),
    )
    cycle = fields.Selection(
        selection="_cycles", string="Cycle", default=lambda self: self._chosen_for("spp.cycle")
    )
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
    count = fields.Integer("People to Ask About", compute="_compute_count")
    household_count = fields.Integer(
        "Of These, as Members of Households",
        compute="_compute_count",
        help="Living members of households that are chosen, and not chosen themselves.",
    )
    no_number_count = fields.Integer(compute="_compute_count")
    not_counted = fields.Integer(
        "Memberships That Do Not Count",
        compute="_compute_count",
        help="Drafts, and those who left or are not eligible.",
    )
    last_check_id = fields.Many2one(
        "spp.dci.crvs.check", "Last Check", compute="_compute_last_check_id"
    )

    @api.model
    def _scopes(self):
        scopes = [
            ("selected", self.env._("Those Selected")),
            ("filter", self.env._("A Saved Filter")),
        ]
        if "spp.cycle" in self.env:
            scopes.insert(1, ("cycle", self.env._("A Cycle")))
        if "spp.program" in self.env:
            scopes.insert(1, ("program", self.env._("A Programme")))
        return scopes

    @api.model
    def _scope(self):
        name, ids = self._selected()
        if len(ids) == 1 and name in _SCOPES_BY_TARGET:
            return _SCOPES_BY_TARGET[name]
        return "selected" if name else self._scopes()[1][0]

    @api.model
    def _selected(self):
        """Return the model and the ids of what was selected where the wizard was opened.

        More can be selected in a list than the web client sends ids of; it then sends the list's
        domain as well. Where nothing is selected, all that the list shows is meant.
        """
        context = self.env.context
        name, ids = context.get("active_model"), context.get("active_ids") or []
        if name not in _SELECTABLE or name not in self.env:
            return None, []
        limit = int(
            self.env["ir.config_parameter"].sudo().get_param("web.active_ids_limit") or 20000
        )
        if not 0 < len(ids) < limit and isinstance(context.get("active_domain"), list):
            ids = self.env[name].search(context["active_domain"]).ids
        return name, ids

    @api.model
    def _chosen_for(self, name):
        """Return the id, as text, of the one programme or cycle the wizard was opened on."""
        selected, ids = self._selected()
        return str(ids[0]) if selected == name and len(ids) == 1 else False

    @api.model
    def _names_in(self, name):
        """List programmes or cycles; a selection, since they need not be installed."""
        if name not in self.env or not self.env[name].has_access("read"):
            return self.env["res.partner"].browse()
        return self.env[name].search([])

    @api.model
    def _programs(self):
        return [(str(program.id), program.name) for program in self._names_in("spp.program")]

    @api.model
    def _cycles(self):
        return [
            (str(cycle.id), f"{cycle.program_id.display_name}: {cycle.name}")
            for cycle in self._names_in("spp.cycle")
        ]

    @api.depends("data_source_id", "scope", "program", "cycle", "filter_id")
    def _compute_count(self):
        partners = self.env["res.partner"]
        for wizard in self:
            wizard.count = wizard.household_count = 0
            wizard.no_number_count = wizard.not_counted = 0
            chosen = wizard._chosen()
            if chosen is None:
                continue
            people = partners._search(wizard._people(chosen))
            wizard.count = len(people)
            wizard.household_count = wizard.count - partners.search_count(_INDIVIDUALS & chosen)
            if wizard.data_source_id and wizard.count:
                wizard.no_number_count = self.env["spp.dci.crvs.check"]._count_without_number(
                    wizard.data_source_id, people
                )
            for memberships in wizard._memberships():
                wizard.not_counted += memberships.search_count(
                    wizard._targets(memberships) & Domain("state", "not in", _COUNTED)
                )

    @api.depends("scope", "program", "cycle")
    def _compute_last_check_id(self):
        checks = self.env["spp.dci.crvs.check"]
        for wizard in self:
            target = wizard._target()
            wizard.last_check_id = target and checks.search(
                [("target_model", "=", target._name), ("target_id", "=", target.id)], limit=1
            )

    def _domain(self):
        """Return the domain of the individuals to ask about, None while nobody is chosen.

        :raise UserError: when the saved filter cannot be used
        """
        chosen = self._chosen()
        return None if chosen is None else self._people(chosen)

    def _people(self, chosen):
        """Return the domain of individuals who are chosen, or live in a household that is."""
        partners = self.env["res.partner"]
        households = partners._search(
            Domain("is_registrant", "=", True) & Domain("is_group", "=", True) & chosen
        )
        members = self.env["spp.group.membership"]._search(
            Domain("group", "in", households)
            & Domain("active", "=", True)
            & (Domain("ended_date", "=", False) | Domain("ended_date", ">", fields.Datetime.now()))
        )
        # Who is dead is no news; nothing is told by leaving them out.
        dead = partners.sudo()._search([("death_date", "!=", False)])
        return _INDIVIDUALS & (
            chosen
            | (
                Domain("id", "in", members.subselect("spp_group_membership.individual"))
                & Domain("id", "not in", dead)
            )
        )

    def _chosen(self):
        """Return the domain of the registrants chosen, households among them, None for nobody.

        :raise UserError: when the saved filter cannot be used
        """
        self.ensure_one()
        if self.scope == "filter" and self.filter_id:
            return self._filtered()
        if self.scope == "selected":
            name, ids = self._selected()
            if name == "res.partner":
                return Domain("id", "in", ids)
        memberships = self._memberships()
        return Domain.OR(self._members_of(some) for some in memberships) if memberships else None

    def _filtered(self):
        if self.filter_id.model_id != "res.partner":
            raise UserError(self.env._("Choose a filter that was saved on registrants."))
        try:
            return Domain(self.filter_id._get_eval_domain())
        except (ValueError, SyntaxError):
            raise UserError(
                self.env._(
                    "This filter depends on who uses it, or when. Save one with fixed values."
                )
            ) from None

    def _memberships(self):
        """Return the models whose rows say who is chosen."""
        name, _ids = self._targeted()
        if name in ("spp.program", "spp.program.membership"):
            return [self.env["spp.program.membership"]]
        if name in ("spp.cycle", "spp.cycle.membership"):
            return [self.env["spp.cycle.membership"]]
        return []

    def _targeted(self):
        """Return the model and ids of the programmes, cycles or memberships that are chosen."""
        if self.scope == "program" and self.program:
            return "spp.program", [int(self.program)]
        if self.scope == "cycle" and self.cycle:
            return "spp.cycle", [int(self.cycle)]
        return self._selected() if self.scope == "selected" else (None, [])

    def _targets(self, memberships):
        """Return the domain of the memberships of the programmes or cycles chosen."""
        name, ids = self._targeted()
        field = {"spp.program": "program_id", "spp.cycle": "cycle_id"}.get(name, "id")
        return Domain(field, "in", ids)

    def _members_of(self, memberships):
        """Return the domain of the registrants whose membership counts."""
        counted = self._targets(memberships) & Domain("state", "in", _COUNTED)
        found = memberships._search(counted)
        return Domain("id", "in", found.subselect(f"{memberships._table}.partner_id"))

    def _target(self):
        """Return the one programme or cycle it is about, None where there is not one."""
        name, ids = self._targeted()
        if name is None or not ids:
            return None
        target = self.env[name].browse(ids)
        if name == "spp.program.membership":
            target = target.program_id
        elif name == "spp.cycle.membership":
            target = target.cycle_id
        return target if len(target) == 1 and target._name in _SCOPES_BY_TARGET else None

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
            self.data_source_id, list(partners), self.effect, self._describe(), self._target()
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "spp.dci.crvs.check",
            "res_id": check.id,
            "view_mode": "form",
        }

    def _describe(self):
        """Say in words, without personal data, who was chosen."""
        if self.scope == "program":
            return dict(self._programs()).get(self.program)
        if self.scope == "cycle":
            return dict(self._cycles()).get(self.cycle)
        if self.scope == "filter":
            return self.filter_id.name
        name, ids = self._selected()
        if name == "res.partner":
            return self.env._("Selected registrants")
        if name in _SCOPES_BY_TARGET:
            return ", ".join(self.env[name].browse(ids).mapped("display_name"))
        target = self._target()
        if target:
            return self.env._(
                "%(name)s: selected members (%(count)s)",
                name=target.display_name,
                count=len(ids),
            )
        return self.env._("Selected members")
