from odoo import models

from .res_partner import CONFIDENTIAL


class ResPartner(models.Model):
    _inherit = "res.partner"

    def fields_get(self, allfields=None, attributes=None):
        """Leave out of a merge what is ours: it is carried over by our code, see below."""
        description = super().fields_get(allfields, attributes)
        if self.env.context.get("crvs_merge"):
            for name in CONFIDENTIAL:
                description.pop(name, None)
        return description


class MergePartnerAutomatic(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_values(self, src_partners, dst_partner):
        """Keep a death date, whoever merges: it is neither read nor written with their rights."""
        left = dst_partner.sudo()
        death_date = left.death_date or src_partners.sudo().filtered("death_date")[:1].death_date
        super()._update_values(src_partners, dst_partner.with_context(crvs_merge=True))
        if death_date and not left.death_date:
            left.death_date = death_date

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Keep the vital events of merged registrants, and a death's effect on who is left."""
        partners = self.env["res.partner"].browse(partner_ids).exists()
        result = super()._merge(partner_ids, dst_partner, extra_checks)
        if len(left := partners.exists()) == 1:
            gone = set(partners.ids) - set(left.ids)
            self.env["spp.dci.crvs.event"]._follow_merge(gone, left)
        return result
