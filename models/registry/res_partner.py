from collections import Counter

from odoo import api, fields, models

#: What only those may read who may see the IDs of registrants.
CONFIDENTIAL = frozenset({"death_date", "crvs_last_update"})


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "spp.dci.crvs.alert.mixin"]

    death_date = fields.Date("Date of Death", readonly=True, copy=False)
    crvs_event_ids = fields.One2many(
        "spp.dci.crvs.event",
        "person_id",
        string="Vital Events",
        readonly=True,
        groups="spp_dci_client_crvs.group_crvs_viewer",
    )
    crvs_event_count = fields.Integer(
        compute="_compute_crvs_event_count", groups="spp_dci_client_crvs.group_crvs_viewer"
    )
    crvs_last_update = fields.Datetime(
        "Last News from the Civil Registry",
        readonly=True,
        copy=False,
        help="Written by every vital event, so that two workers never decide on the same "
        "registrant without seeing each other.",
    )

    crvs_shows_deceased = fields.Boolean(compute="_compute_crvs_shows_deceased")

    def _has_field_access(self, field, operation):
        """Say who may know of a death, and who may write what effects rest on.

        Whoever may see the IDs of registrants may know when one died. Odoo keeps nobody from
        writing a field that is read-only on the screens.
        """
        if not self.env.su:
            if operation == "write" and field.name.startswith("crvs_"):
                return False
            if field.name in CONFIDENTIAL and not self.env["spp.registry.id"].has_access("read"):
                return False
            if operation == "write" and field.name == "death_date":
                return self.env.user.has_group("spp_dci_client_crvs.group_crvs_officer")
        return super()._has_field_access(field, operation)

    @api.depends("death_date")
    @api.depends_context("uid")
    def _compute_crvs_shows_deceased(self):
        """Tell the form whether to say so: it is opened also by people who may not know."""
        may_know = self.env["spp.registry.id"].sudo(False).has_access("read")
        for partner in self:
            partner.crvs_shows_deceased = may_know and bool(partner.sudo().death_date)

    def _compute_crvs_event_count(self):
        counts = Counter()
        for field in ("person_id", "spouse_id"):
            groups = self.env["spp.dci.crvs.event"]._read_group(
                [(field, "in", self.ids)], [field], ["__count"]
            )
            counts.update({partner.id: count for partner, count in groups})
        for partner in self:
            partner.crvs_event_count = counts[partner._origin.id]

    def _note_crvs_update(self, now):
        """Note when an event of these registrants was last processed or undone.

        In any case a new version of the row, also twice in one second: by that another worker,
        whose snapshot is older, sees that what it read of the registrant no longer holds.

        :param datetime now: naive UTC
        """
        # A value in the cache that is the same already would not be written.
        self.invalidate_recordset(["crvs_last_update"], flush=False)
        self.write({"crvs_last_update": now})
