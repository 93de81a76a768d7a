from collections import defaultdict

from odoo import api, models

from ... import const


class CRVSProcessorDeath(models.AbstractModel):
    """A death: the registrant is disabled and leaves every programme."""

    _name = "spp.dci.crvs.processor.death"
    _inherit = "spp.dci.crvs.processor"
    _description = "CRVS Death Processor"

    _event_type = "death"

    @api.model
    def _prefetch_for_type(self, cases, batch):
        self._prefetch_civil_status(cases, batch)

    @api.model
    def _apply(self, cases, batch):
        memberships = self._live_memberships([case.person.id for case in cases])
        for case in cases:
            self._disable(case, batch)
            self._apply_death_date(case)
            self._add_number(case, case.person, batch)
            if case.event.event_date:
                self._take_back_later_status(case, batch)
            if case.person.id in memberships:
                case.write(
                    memberships[case.person.id],
                    {"state": "exited", "exit_date": batch.today},
                    done=self.env._("taken out of all programmes"),
                )
            batch.dead.add(case.person.id)

    @api.model
    def _disable(self, case, batch):
        """Disable the registrant; one who is disabled already keeps date and reason of that."""
        if case.person.disabled:
            return
        case.write(
            case.person,
            {
                "disabled": batch.now,
                "disabled_reason": self.env._(
                    "Death registered by the civil registry (%s).", case.event.name
                ),
                "disabled_by": self.env.user,
            },
            done=self.env._("disabled"),
        )

    @api.model
    def _apply_death_date(self, case):
        """Set the death date once; a second, different one is for a person to judge."""
        day, ours = case.event.event_date, case.person.death_date
        if day and not ours:
            case.write(case.person, {"death_date": day}, done=self.env._("death date set"))
        elif day and day != ours:
            case.flags.append(
                self.env._("The registrant has another death date already; it was not changed.")
            )
        elif not day and not ours:
            case.flags.append(
                self.env._("The registry gives no death date. The registrant is disabled without one.")
            )

    @api.model
    def _live_memberships(self, partner_ids):
        """Return memberships that are not over, by registrant.

        :rtype: dict[int, spp.program.membership]
        """
        by_partner = defaultdict(lambda: self.env["spp.program.membership"])
        if "spp.program.membership" not in self.env:
            return {}
        for membership in self.env["spp.program.membership"].search(
            [("partner_id", "in", partner_ids), ("state", "in", const.LIVE_MEMBERSHIPS)]
        ):
            by_partner[membership.partner_id.id] |= membership
        return by_partner
