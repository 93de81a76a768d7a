from odoo import api, models

from ... import const


class CRVSProcessorDeath(models.AbstractModel):
    """What a death does where programmes have cycles and entitlements."""

    _inherit = "spp.dci.crvs.processor.death"

    @api.model
    def _apply(self, cases, batch):
        super()._apply(cases, batch)
        self._leave_cycles(cases)
        self._stop_entitlements(cases)

    @api.model
    def _leave_cycles(self, cases):
        memberships = self._by_partner(
            "spp.cycle.membership",
            [
                ("partner_id", "in", [case.person.id for case in cases]),
                ("state", "in", const.LIVE_MEMBERSHIPS),
            ],
        )
        self._attempt_each(
            [case for case in cases if case.person.id in memberships],
            lambda some: self._write_together(
                some, memberships, {"state": "exited"}, self.env._("taken out of all cycles")
            ),
            self.env._(
                "The programme module refused to take the registrant out of a cycle. Do it by hand "
                "before the next payment."
            ),
        )

    @api.model
    def _stop_entitlements(self, cases):
        """Cancel what was not given yet; list for recovery what was given after the death."""
        found = self._by_partner(
            "spp.entitlement",
            [
                ("partner_id", "in", [case.person.id for case in cases]),
                ("state", "in", const.OPEN_ENTITLEMENTS + const.GIVEN_ENTITLEMENTS),
            ],
        )
        open_ones = {
            partner_id: still
            for partner_id, entitlements in found.items()
            if (still := entitlements.filtered(lambda e: e.state in const.OPEN_ENTITLEMENTS))
        }
        # Before anything is written: when one was last written tells whether it is later.
        given = {case: self._given_after(case, found.get(case.person.id, ())) for case in cases}
        stopped = self._attempt_each(
            [case for case in cases if case.person.id in open_ones],
            lambda some: self._write_together(
                some, open_ones, {"state": "cancelled"}, self.env._("open entitlements cancelled")
            ),
            self.env._(
                "The programme module refused to cancel the registrant's entitlements. Cancel them "
                "by hand before they are paid."
            ),
        )
        self._log(
            {
                entitlement: [self._reason(case)]
                for case in stopped
                for entitlement in open_ones[case.person.id]
            }
        )
        self._list_for_recovery({case: some for case, some in given.items() if some})

    @api.model
    def _given_after(self, case, entitlements):
        """Return the entitlements that were transferred or paid although the person was dead.

        What is on its way can perhaps be stopped, whenever it was sent. What was paid counts when
        it was written on the day of the death or later; without a date, always. A death that
        changes nothing was told before, and so was this.

        :rtype: list
        """
        if not case.changes:
            return []
        day = case.event.event_date
        since = day and self.env["spp.dci.crvs.event"]._start_of(day)
        return [
            entitlement
            for entitlement in entitlements
            if entitlement.state == "trans2FSP"
            or (entitlement.state == "rdpd2ben" and (not since or entitlement.write_date >= since))
        ]

    @api.model
    def _list_for_recovery(self, given):
        """List entitlements on their events, and call an officer.

        :param dict[Case, list] given: by case
        """
        calls = []
        for case, entitlements in given.items():
            lines = [
                self.env._(
                    "%(program)s, %(cycle)s: %(state)s (entitlement %(number)s)",
                    program=entitlement.program_id.display_name,
                    cycle=entitlement.cycle_id.display_name,
                    state=dict(entitlement._fields["state"]._description_selection(self.env)).get(
                        entitlement.state
                    ),
                    number=entitlement.id,
                )
                for entitlement in entitlements
            ]
            case.values["to_recover"] = "\n".join(lines)
            case.flags.append(
                self.env._(
                    "Money was sent or paid after the death: see what is to be recovered, and stop "
                    "or reclaim it."
                )
            )
            # The list itself is not for everybody who reads the event's history.
            calls.append((case.event, self.env._("What is to be recovered, the event lists.")))
        self.env["spp.dci.crvs.event"]._call_officers("recovery", calls)

    @api.model
    def _undone(self, event, restorer, asked_by):
        super()._undone(event, restorer, asked_by)
        if event.to_recover:
            event.to_recover = False
            event._open_alerts("recovery").unlink()
