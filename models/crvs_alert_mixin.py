from odoo import models


class CRVSAlertMixin(models.AbstractModel):
    """Telling a CRVS manager that something needs attention, once until it is done."""

    _name = "spp.dci.crvs.alert.mixin"
    _description = "Alerts for CRVS Managers"
    _inherit = ["mail.thread", "mail.activity.mixin"]

    def _alert_managers(self, activity_type, note):
        """Raise an activity for a CRVS manager, or renew the one that is open.

        :param str activity_type: XML id
        :param str note: what to do, without personal data
        """
        group = self.env.ref("spp_dci_client_crvs.group_crvs_manager").sudo()
        managers = group.all_user_ids.filtered(lambda user: user.active and not user.share)
        for record in self.sudo().with_context(mail_activity_quick_update=True):
            activity = record.activity_search([activity_type])
            if activity:
                activity.note = note
            elif managers:
                record.activity_schedule(
                    activity_type, note=note, user_id=managers.sorted("id")[0].id
                )
