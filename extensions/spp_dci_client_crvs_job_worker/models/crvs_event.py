from odoo import models

from odoo.addons.job_worker.exception import RetryableJobError
from odoo.addons.spp_dci_client_crvs.models.event.job_hand_over import JobHandOver


class CRVSEvent(JobHandOver, models.Model):
    _inherit = "spp.dci.crvs.event"

    _job_retry_error = RetryableJobError
