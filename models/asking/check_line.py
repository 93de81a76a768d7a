from odoo import api, fields, models

from ...services import wording
from .check import RESULTS


class CRVSCheckLine(models.Model):
    """What a registry said about one registrant. There are many of these, so it stays plain."""

    _name = "spp.dci.crvs.check.line"
    _description = "Result of a Death Check"
    _order = "id"
    _rec_name = "partner_id"

    check_id = fields.Many2one(
        "spp.dci.crvs.check", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner", "Registrant", required=True, readonly=True, ondelete="cascade", index=True
    )
    result = fields.Selection(
        [("waiting", "Waiting"), *RESULTS],
        required=True,
        readonly=True,
    )
    identifier_type = fields.Char(readonly=True, help="By which of the registrant's IDs.")
    death_date = fields.Date("Date of Death", readonly=True, help="As the registry wrote it.")
    reason = fields.Char(
        "Reason as Written", readonly=True, help="In the language of whoever started the check."
    )
    reason_text = fields.Char("Why", compute="_compute_reason_text")
    event_id = fields.Many2one(
        "spp.dci.crvs.event", readonly=True, ondelete="set null", index="btree_not_null"
    )
    checked_date = fields.Datetime("Checked On", readonly=True)
    selection = fields.Char(related="check_id.selection", string="Checked For")
    left_out = fields.Boolean(
        "Left Out", readonly=True, help="An officer wants the next payment to leave this one out."
    )
    paused = fields.Json(
        "Paused Memberships", readonly=True, help="Which memberships were paused from here."
    )

    household = fields.Char(compute="_compute_household", help="Where they live, or lived last.")

    _check_result_idx = models.Index("(check_id, result, id)")

    def _compute_household(self):
        """As far as the user may see who lives where; of those who left all, the last one."""
        memberships = self.env["spp.group.membership"].with_context(active_test=False)
        found = memberships.browse()
        if memberships.has_access("read"):
            found = memberships.search(
                [("individual", "in", self.partner_id.ids)], order="ended_date desc, id desc"
            )
        by_person = found.grouped("individual")
        for line in self:
            mine = by_person.get(line.partner_id, found.browse())
            current = mine.filtered(lambda entry: entry.active and not entry.is_ended)
            households = (current or mine[:1]).group._filtered_access("read")
            line.household = ", ".join(households.mapped("name"))

    @api.depends("reason")
    @api.depends_context("lang")
    def _compute_reason_text(self):
        for line in self:
            line.reason_text = wording.retold(self.env, line.reason)

    def action_open_registrant(self):
        """Show whom this result is about.

        :return: the action that shows the registrant
        :rtype: dict
        :raise AccessError: for users who may not see results of death checks
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "view_mode": "form",
        }
