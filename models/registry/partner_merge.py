from odoo import models


class MergePartnerAutomatic(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Keep the vital events of merged registrants, and a death's effect on who is left."""
        partners = self.env["res.partner"].browse(partner_ids).exists()
        result = super()._merge(partner_ids, dst_partner, extra_checks)
        if len(left := partners.exists()) == 1:
            gone = set(partners.ids) - set(left.ids)
            self.env["spp.dci.crvs.event"]._follow_merge(gone, left)
        return result
