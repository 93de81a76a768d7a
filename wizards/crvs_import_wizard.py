from odoo import fields, models
from odoo.exceptions import UserError

from ..models.mixins import check_group
from ..services import dialects


class CRVSImportWizard(models.TransientModel):
    """Choosing which events of past years are fetched from a registry."""

    _name = "spp.dci.crvs.import.wizard"
    _description = "Import Vital Events"

    data_source_id = fields.Many2one(
        "spp.dci.data.source",
        "Registry",
        required=True,
        domain=[("is_civil_registry", "=", True)],
        default=lambda self: self.env["spp.dci.data.source"].search(
            [("is_civil_registry", "=", True)], limit=1
        ),
    )
    date_from = fields.Date("From", required=True, help="First day of the events.")
    date_to = fields.Date("To", required=True, default=lambda self: fields.Date.context_today(self))
    birth = fields.Boolean("Births")
    death = fields.Boolean("Deaths", default=True)
    marriage = fields.Boolean("Marriages")
    divorce = fields.Boolean("Divorces")

    def action_import(self):
        """Have the scheduler fetch the chosen events and show how far it is.

        :return: the action that shows the imports
        :raise AccessError: for everybody but CRVS managers
        :raise UserError: when nothing is chosen, or the registry cannot be searched for it
        """
        self.ensure_one()
        check_group(self.env, "manager")
        chosen = [name for name in ("birth", "death", "marriage", "divorce") if self[name]]
        if not chosen:
            raise UserError(self.env._("Choose at least one kind of event."))
        if self.date_from > self.date_to:
            raise UserError(self.env._("The first day must not be after the last one."))
        source = self.data_source_id
        if not all(dialects.get(source.dialect).can_pull(name) for name in chosen):
            raise UserError(
                self.env._("%s has no register of some of these events to search.", source.name)
            )
        self.env["spp.dci.crvs.pull"].create(
            [
                {
                    "data_source_id": source.id,
                    "event_type": name,
                    "kind": "import",
                    "watermark": False,
                    "date_from": self.date_from,
                    "date_to": self.date_to,
                }
                for name in chosen
            ]
        )
        return self.env["ir.actions.act_window"]._for_xml_id(
            "spp_dci_client_crvs.action_spp_dci_crvs_pull"
        )
