from odoo import fields, models
from odoo.exceptions import UserError

from ..models.mixins import check_group


class CRVSSubscribeWizard(models.TransientModel):
    """Choosing what a registry shall notify us of."""

    _name = "spp.dci.crvs.subscribe.wizard"
    _description = "Subscribe to Vital Events"

    data_source_id = fields.Many2one(
        "spp.dci.data.source",
        "Registry",
        required=True,
        domain=[("is_civil_registry", "=", True)],
    )
    birth = fields.Boolean("Births", default=True)
    death = fields.Boolean("Deaths", default=True)
    marriage = fields.Boolean("Marriages")
    divorce = fields.Boolean("Divorces")

    def action_subscribe(self):
        """Subscribe to the chosen kinds of events and show the registry's subscriptions.

        :return: the action that shows them
        :raise AccessError: for everybody but CRVS managers and the system group
        :raise UserError: when nothing is chosen, the connection lacks something, or the registry
            could not be asked or refuses
        """
        self.ensure_one()
        check_group(self.env, "manager", or_system=True)
        chosen = [name for name in ("birth", "death", "marriage", "divorce") if self[name]]
        if not chosen:
            raise UserError(self.env._("Choose at least one kind of event."))
        if not self.data_source_id.is_civil_registry:
            raise UserError(self.env._("Choose the data source of a civil registry."))
        self.data_source_id._crvs_check_complete()
        subscriptions = self.env["spp.dci.crvs.subscription"].sudo()
        for event_type in chosen:
            subscriptions._registry_subscribe(self.data_source_id, event_type)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "spp_dci_client_crvs.action_spp_dci_crvs_subscription"
        )
        return {**action, "domain": [("data_source_id", "=", self.data_source_id.id)]}
