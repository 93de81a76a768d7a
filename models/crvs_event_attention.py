from collections import Counter

from odoo import api, models


class CRVSEvent(models.Model):
    """Calling a person: activities on events that no retry will solve."""

    _inherit = "spp.dci.crvs.event"

    def _set_error(self, kind, message):
        super()._set_error(kind, message)
        self.filtered(lambda event: not event.next_attempt)._ask_for_attention()

    def _attention_type(self):
        return self.env.ref("spp_dci_client_crvs.activity_type_attention")

    def _attention_activities(self):
        """Return the open activities on these events by which somebody was called."""
        return self.env["mail.activity"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("activity_type_id", "=", self._attention_type().id),
            ]
        )

    def _ask_for_attention(self):
        """Give each of these events to a CRVS officer, unless one has it already."""
        called = set(self._attention_activities().mapped("res_id"))
        events = self.filtered(lambda event: event.id not in called)
        officers = self._officers()
        if not events or not officers:
            return
        load = Counter(dict.fromkeys(officers, 0))
        load.update(
            dict(
                self.env["mail.activity"]._read_group(
                    [
                        ("user_id", "in", officers.ids),
                        ("activity_type_id", "=", self._attention_type().id),
                    ],
                    ["user_id"],
                    ["__count"],
                )
            )
        )
        shares = {}
        for event in events:
            officer = min(officers, key=lambda user: (load[user], user.id))
            load[officer] += 1
            shares[officer] = shares.get(officer, self.browse()) | event
        for officer, share in shares.items():
            share.activity_schedule(
                "spp_dci_client_crvs.activity_type_attention",
                summary=self.env._("Vital event needs attention"),
                user_id=officer.id,
            )

    @api.model
    def _officers(self):
        """Return those who look after events: officers who are not managers, else managers."""
        everybody = self.env.ref("spp_dci_client_crvs.group_crvs_officer").all_user_ids
        everybody = everybody.filtered("active")
        return everybody - self._managers() or everybody

    @api.model
    def _managers(self):
        group = self.env.ref("spp_dci_client_crvs.group_crvs_manager")
        return group.all_user_ids.filtered("active")

    def _close_attention(self):
        """Close the activities of those events that need nobody any more."""
        if solved := self.filtered(lambda event: event.state != "error"):
            solved._attention_activities().unlink()

    def _tell_managers_of_brake(self):
        """Call the managers once for each sender whose deaths are held."""
        for sender in self.sender_id:
            summary = self.env._("Deaths held: more than %s in an hour", sender.max_deaths_per_hour)
            called = sender.activity_ids.filtered_domain([("summary", "=", summary)]).user_id
            for manager in self._managers() - called:
                sender.activity_schedule(
                    "mail.mail_activity_data_warning", summary=summary, user_id=manager.id
                )
