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
            disabling, dating = self._disabling(case, batch), self._dating(case)
            done = [
                disabling and self.env._("disabled"),
                dating and self.env._("death date set"),
            ]
            case.write(case.person, {**disabling, **dating}, done=", ".join(filter(None, done)))
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
    def _disabling(self, case, batch):
        """Return what disables the registrant.

        One who is disabled already keeps date and reason of that.

        :rtype: dict
        """
        if case.person.disabled:
            return {}
        return {
            "disabled": batch.now,
            "disabled_reason": self.env._(
                "Death registered by the civil registry (%s).", case.event.name
            ),
            "disabled_by": self.env.user,
        }

    @api.model
    def _dating(self, case):
        """Return the death date if there is none; flag what a person has to judge.

        :rtype: dict
        """
        day, ours = case.event.event_date, case.person.death_date
        if day and not ours:
            return {"death_date": day}
        if day and day != ours:
            case.flags.append(
                self.env._("The registrant has another death date already; it was not changed.")
            )
        elif not day and not ours:
            case.flags.append(
                self.env._(
                    "The registry gives no death date. The registrant is disabled without one."
                )
            )
        return {}

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
