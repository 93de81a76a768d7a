from odoo import models


class CRVSProcessorDivorce(models.AbstractModel):
    """A divorce: civil status of both, as far as they are registrants."""

    _name = "spp.dci.crvs.processor.divorce"
    _inherit = "spp.dci.crvs.processor.civil_status"
    _description = "CRVS Divorce Processor"

    _event_type = "divorce"
    _civil_status = "D"
