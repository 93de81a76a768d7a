from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

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

    def _compute_crvs_event_count(self):
        counts = dict(
            self.env["spp.dci.crvs.event"]._read_group(
                [("person_id", "in", self.ids)], ["person_id"], ["__count"]
            )
        )
        for partner in self:
            partner.crvs_event_count = counts.get(partner._origin, 0)
