from odoo import api, fields, models


class CRVSScheduledMixin(models.AbstractModel):
    """Work that a scheduled action does, and saying so when that is switched off.

    Odoo switches a scheduled action off that keeps failing, and then it cannot be woken either:
    whoever waits for its work must see why nothing happens.
    """

    _name = "spp.dci.crvs.scheduled.mixin"
    _description = "Work of a CRVS Scheduler"

    # XML id of the scheduled action.
    _scheduler = None

    scheduler_off = fields.Boolean(compute="_compute_scheduler_off")

    def _compute_scheduler_off(self):
        self.scheduler_off = not self._crons()

    @api.model
    def _crons(self):
        """Return the scheduled actions that do this work, as far as they are switched on."""
        cron = self.env.ref(self._scheduler, raise_if_not_found=False)
        return (cron or self.env["ir.cron"]).sudo().filtered("active")

    @api.model
    def scheduler_is_off(self):
        """Tell the lists of this model whether to warn.

        :return: whether nobody does the work
        :rtype: bool
        :raise AccessError: for users who may not see these records
        """
        self.browse().check_access("read")
        return not self._crons()
