from odoo import models


class CRVSProcessorMarriage(models.AbstractModel):
    """A marriage: civil status and MRN of both, as far as they are registrants."""

    _name = "spp.dci.crvs.processor.marriage"
    _inherit = "spp.dci.crvs.processor.civil_status"
    _description = "CRVS Marriage Processor"

    _event_type = "marriage"
    _civil_status = "M"
