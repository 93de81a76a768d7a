from odoo import api, models

from ... import const
from .batch import plain


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
        self._tell_of_widowed(cases, batch)
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
            batch.dead.add(case.person.id)
        self._leave_programs(cases, batch)

    @api.model
    def _leave_programs(self, cases, batch):
        """End the live programme memberships of the dead."""
        memberships = self._by_partner(
            "spp.program.membership",
            [
                ("partner_id", "in", [case.person.id for case in cases]),
                ("state", "in", const.LIVE_MEMBERSHIPS),
            ],
        )

        def leave(cases):
            for case in cases:
                values = {"state": "exited", "exit_date": batch.today}
                if "exit_reason" in memberships[case.person.id]._fields:
                    values["exit_reason"] = self._reason(case)
                case.write(
                    memberships[case.person.id],
                    values,
                    done=self.env._("taken out of all programmes"),
                )

        self._attempt_each(
            [case for case in cases if case.person.id in memberships],
            leave,
            self.env._(
                "The programme module refused to end the registrant's programme memberships. End "
                "them by hand before the next payment."
            ),
        )

    @api.model
    def _reason(self, case):
        return self.env._("Death registered by the civil registry (%s).", case.event.name)

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
            "disabled_reason": self._reason(case),
            "disabled_by": self.env.user,
        }

    @api.model
    def _dating(self, case):
        """Return the death date if there is none; flag what a person has to judge.

        :rtype: dict
        """
        day, ours = case.event.event_date, case.person.death_date
        if day and (not ours or self._is_ours_to_correct(case)):
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
            case.flag_codes = [code for code in case.flag_codes if code != "no_date"]
        return {}

    @api.model
    def _tell_of_widowed(self, cases, batch):
        """Propose to an officer that a spouse who is a registrant is widowed now."""
        spouses = self.env["res.partner"].union(
            *(self._married_to(case.person, batch) for case in cases)
        )
        spouses = spouses.filtered(lambda spouse: not spouse.disabled)
        if spouses:
            spouses._alert(
                "widowed",
                self.env["spp.dci.crvs.event"]._crvs_officers(),
                self.env._(
                    "The spouse's death was registered. If this registrant is widowed, change the "
                    "civil status."
                ),
            )

    @api.model
    def _is_ours_to_correct(self, case):
        """Whether the death date is the one that an older version of this death has set."""
        ours = plain(case.person.death_date)
        return any(
            change.get("field") == "death_date" and change["new"] == ours
            for change in self._replaced_changes(case)
        )
