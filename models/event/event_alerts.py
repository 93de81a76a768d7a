from datetime import timedelta

from odoo import api, fields, models


class CRVSEvent(models.Model):
    """Whom events call, and for what."""

    _inherit = "spp.dci.crvs.event"

    def _call_officer(self):
        """Give each of these events to a CRVS officer: no retry will solve it."""
        if self:
            self._alert("attention", self._crvs_officers())

    def _tell_managers_of_held(self):
        """Call the managers, once for each sender whose deaths are held, else for each event."""
        braked = self.filtered(lambda event: event.hold_reason == "brake")
        for sender in braked.sender_id:
            sender._alert(
                "deaths_held",
                self._crvs_managers(),
                self.env._("Deaths held: more than %s in an hour", sender.max_deaths_per_hour),
                everybody=True,
            )
        if others := self - braked.filtered("sender_id"):
            others._alert("held", self._crvs_managers())

    def _tell_other_managers(self, asked_by):
        """Tell every other manager that these events were undone.

        :param asked_by: the manager who did it, a ``res.users`` record
        """
        self._alert("undone", self._crvs_managers() - asked_by, everybody=True)

    @api.autovacuum
    def _watch_scheduler(self):
        """Call the managers when nobody processes events any more."""
        limit = fields.Datetime.now() - timedelta(hours=1)
        late = [origin for origin, soonest in self._waiting_origins() if soonest < limit]
        overdue = self.search(
            [("origin", "in", late[:1]), ("next_attempt", "<", limit)],
            order="next_attempt",
            limit=1,
        )
        if self._crons() and not overdue:
            return
        known = self.env["mail.activity"].search(
            [
                ("res_model", "=", self._name),
                (
                    "activity_type_id",
                    "=",
                    self.env.ref("spp_dci_client_crvs.activity_type_scheduler_off").id,
                ),
            ],
            limit=1,
        )
        event = self.browse(known.res_id) or overdue or self.search([], limit=1)
        event._alert("scheduler_off", self._crvs_managers(), everybody=True)
