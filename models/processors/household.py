from odoo import api, models

from ... import const


class CRVSProcessorDeath(models.AbstractModel):
    """What a death does to the household: the member leaves, and people are told."""

    _inherit = "spp.dci.crvs.processor.death"

    @api.model
    def _apply(self, cases, batch):
        super()._apply(cases, batch)
        memberships = self._by_partner(
            "spp.group.membership",
            [
                ("individual", "in", [case.person.id for case in cases]),
                ("active", "=", True),
                "|",
                ("ended_date", "=", False),
                ("ended_date", ">", batch.now),
            ],
            "individual",
        )
        left = self._attempt_each(
            [case for case in cases if case.person.id in memberships],
            lambda some: self._leave_groups(some, memberships, batch),
            self.env._(
                "The registry of persons refused to end the registrant's membership of a group. "
                "End it by hand, so that the household has its right size."
            ),
        )
        self._tell_households(left, memberships)

    @api.model
    def _leave_groups(self, cases, memberships, batch):
        """End memberships now, those that begin later when they begin."""
        ends = {}
        for case in cases:
            for membership in memberships[case.person.id]:
                end = max(batch.now, membership.start_date or batch.now)
                ends[end] = ends.get(end, membership) | case.announce(
                    membership, {"ended_date": end}, self.env._("taken out of all groups")
                )
        for end, ending in ends.items():
            ending.write({"ended_date": end})

    @api.model
    def _tell_households(self, cases, memberships):
        """Call an officer where the head died, and where a programme supports the household.

        Nothing of the household is ended: whether it stays in a programme is for people to decide.
        """
        left = [(case, membership) for case in cases for membership in memberships[case.person.id]]
        in_programs = self._programs_of([membership.group.id for _case, membership in left])
        calls, told = [], {}
        for case, membership in left:
            group = membership.group
            case.done[group.id].append(self.env._("a member of the group died"))
            sentences = []
            if self._is_head(membership):
                sentences.append(
                    self.env._("The head of this group died (%s). Name another.", case.event.name)
                )
            if group.id in in_programs:
                programs = in_programs[group.id]
                sentences.append(
                    self.env._(
                        "A member died (%(event)s), and the group is enrolled in %(programs)s. "
                        "Nothing was ended there: decide whether what it gets still fits.",
                        event=case.event.name,
                        programs=", ".join(programs.mapped("name")),
                    )
                )
                for program in programs:
                    told.setdefault(program, []).append(
                        self.env._(
                            "A member of %(group)s died (%(event)s). Its membership was left as "
                            "it is.",
                            group=group.display_name,
                            event=case.event.name,
                        )
                    )
            if sentences:
                calls.append((group, " ".join(sentences)))
        self.env["spp.dci.crvs.event"]._call_officers("household", calls)
        self._log(told)

    @api.model
    def _programs_of(self, group_ids):
        """Return the programmes that support groups, by the group's id."""
        memberships = self._by_partner(
            "spp.program.membership",
            [("partner_id", "in", group_ids), ("state", "in", const.LIVE_MEMBERSHIPS)],
        )
        return {group_id: some.program_id for group_id, some in memberships.items()}

    @api.model
    def _is_head(self, membership):
        return any(
            (role.code, role.namespace_uri) == ("head", const.GROUP_ROLE_NAMESPACE)
            for role in membership.membership_type_ids
        )

    @api.model
    def _undone(self, event, restorer, asked_by):
        super()._undone(event, restorer, asked_by)
        left = {(entry["model"], entry["id"]) for entry in restorer.left}
        memberships = {
            change["id"]
            for change in event.changes or []
            if change["model"] == "spp.group.membership"
            and (change["model"], change["id"]) not in left
        }
        if not memberships:
            return
        groups = self.env["spp.group.membership"].browse(memberships).group
        self.env["mail.activity"].search(
            [
                ("res_model", "=", groups._name),
                ("res_id", "in", groups.ids),
                (
                    "activity_type_id",
                    "=",
                    self.env.ref("spp_dci_client_crvs.activity_type_household").id,
                ),
                ("note", "ilike", f"({event.name})"),
            ]
        ).unlink()
        note = self.env._(
            "Civil registry, death %s was undone by a manager: the member is back.", event.name
        )
        self._log(dict.fromkeys(groups, (note,)))
        for group_id, programs in self._programs_of(groups.ids).items():
            name = groups.browse(group_id).display_name
            self._log(dict.fromkeys(programs, (f"{name}: {note}",)))
