import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_date

from ..models.mixins import check_group

# What is shown of the days behind us.
_DAYS = 14


class CRVSOverview(models.TransientModel):
    """One look at everything: what needs somebody, what came, and how the registries are linked.

    Everything is computed when it is looked at.
    """

    _name = "spp.dci.crvs.overview"
    _description = "Overview of Civil Registries"

    no_match = fields.Integer("Nobody Found", compute="_compute_needs")
    ambiguous = fields.Integer("Not Clear Who", compute="_compute_needs")
    invalid = fields.Integer("Not Usable", compute="_compute_needs")
    technical = fields.Integer("Broke Down", compute="_compute_needs")
    flagged = fields.Integer("To Be Looked At", compute="_compute_needs")
    held = fields.Integer("Held", compute="_compute_needs")
    is_done = fields.Boolean(compute="_compute_needs")
    waiting = fields.Integer(compute="_compute_needs")
    checks = fields.Integer("Death Checks Running", compute="_compute_needs")
    refused = fields.Integer("Refused in the Last Day", compute="_compute_needs")
    events_graph = fields.Text("Events by Day", compute="_compute_events_graph")
    sender_ids = fields.Many2many(
        "spp.dci.crvs.sender", string="Registries", compute="_compute_registries"
    )
    without_keys = fields.Char(
        "Asked without Keys",
        compute="_compute_registries",
        help="Data sources whose answers are not verified by the keys of a trusted registry.",
    )

    @api.depends_context("lang")
    def _compute_display_name(self):
        self.display_name = self.env._("Overview")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_needs(self):
        events = self.env["spp.dci.crvs.event"]
        reasons = [name for name, field in self._fields.items() if name in events._to_decide()]
        # Two questions, since each has an index of its own, of few rows.
        counts = dict(events._read_group([("standing", "in", reasons)], ["standing"], ["__count"]))
        waiting = events.search_count(
            [("next_attempt", "!=", False), ("standing", "in", ("waiting", "handed_over"))]
        )
        # Only how many: whose they are, is for those who may see them.
        running = self.env["spp.dci.crvs.check"].sudo().search_count([("state", "=", "running")])
        refused = self.env["spp.dci.crvs.refusal"].sudo()._count_last_day()
        for overview in self:
            for reason in reasons:
                overview[reason] = counts.get(reason, 0)
            overview.is_done = not any(map(counts.get, reasons))
            overview.waiting = waiting
            overview.checks = running
            overview.refused = refused

    @api.depends_context("uid", "tz", "lang", "allowed_company_ids")
    def _compute_events_graph(self):
        today = fields.Date.context_today(self)
        days = [today - timedelta(days=ago) for ago in range(_DAYS - 1, -1, -1)]
        groups = self.env["spp.dci.crvs.event"]._read_group(
            [("received_date", ">=", days[0])], ["received_date:day"], ["__count"]
        )
        counts = {moment.date(): count for moment, count in groups}
        values = [
            {
                "label": format_date(self.env, day, date_format="d MMM"),
                "value": counts.get(day, 0),
                "type": "future" if day == today else "past",
            }
            for day in days
        ]
        key = self.env._("Events received")
        self.events_graph = json.dumps([{"key": key, "title": "", "values": values}])

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_registries(self):
        sources = self.env["spp.dci.data.source"].sudo()
        sources = sources.search([("is_civil_registry", "=", True), ("crvs_sender_id", "=", False)])
        self.sender_ids = self.env["spp.dci.crvs.sender"].search([])
        self.without_keys = ", ".join(sources.mapped("name"))

    @api.model
    def action_open(self):
        """Open the overview (the menu's action).

        :return: an action
        :rtype: dict
        :raise AccessError: for everybody but CRVS viewers
        """
        check_group(self.env, "viewer")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Civil Registry"),
            "res_model": self._name,
            "res_id": self.create({}).id,
            "view_mode": "form",
            "target": "current",
        }
