from odoo import api, models

from .. import const


class RegistryID(models.Model):
    _inherit = "spp.registry.id"

    @api.model_create_multi
    def create(self, vals_list):
        numbers = super().create(vals_list)
        numbers._tell_waiting_events()
        return numbers

    def write(self, vals):
        result = super().write(vals)
        if {"value", "status", "id_type_id", "partner_id"} & vals.keys():
            self._tell_waiting_events()
        return result

    def _tell_waiting_events(self):
        """Let vital events that wait for one of these identifiers look again."""
        self.env["spp.dci.crvs.event.wait"].sudo()._identifiers_added(
            {
                (number.id_type_id.code.upper(), number.value)
                for number in self.sudo()
                if number.status == "valid"
                and number.id_type_id.namespace_uri == const.ID_TYPE_NAMESPACE
            }
        )
