from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..mixins import check_group, notify

PROGRAM_MEMBERSHIP, CYCLE_MEMBERSHIP = "spp.program.membership", "spp.cycle.membership"
# Cycles in which nothing is paid any more.
_CLOSED_CYCLES = ("distributed", "cancelled", "ended")


class CRVSCheck(models.Model):
    """What an officer does with the results before a payment."""

    _inherit = "spp.dci.crvs.check"

    left_out_count = fields.Integer(
        "To Leave Out",
        compute="_compute_left_out_count",
        help="The dead, and those whom an officer wants the next payment to leave out.",
    )
    can_pause = fields.Boolean(compute="_compute_can_pause")
    can_check_again = fields.Boolean(compute="_compute_can_check_again")

    def _compute_left_out_count(self):
        counts = dict(
            self.env["spp.dci.crvs.check.line"]._read_group(
                [
                    ("check_id", "in", self.ids),
                    "|",
                    ("result", "=", "dead"),
                    ("left_out", "=", True),
                ],
                ["check_id"],
                ["__count"],
            )
        )
        for check in self:
            check.left_out_count = counts.get(check, 0)

    @api.depends_context("uid")
    def _compute_can_pause(self):
        self.can_pause = PROGRAM_MEMBERSHIP in self.env and self._may_pause()

    @api.model
    def _may_pause(self):
        user = self.env.user
        return user.has_group("spp_dci_client_crvs.group_crvs_manager") or (
            user.has_group("spp_dci_client_crvs.group_crvs_officer")
            and self.env[PROGRAM_MEMBERSHIP].has_access("write")
        )

    @api.depends_context("uid")
    def _compute_can_check_again(self):
        officer = self.env.user.has_group("spp_dci_client_crvs.group_crvs_officer")
        for check in self:
            check.can_check_again = officer and bool(check._target())

    def _target(self):
        """Return the programme or cycle whose members were checked, None where there is none."""
        if not self.target_id or self.target_model not in self.env:
            return None
        return self.env[self.target_model].browse(self.target_id).exists()

    def action_check_again(self):
        """Offer to check the same programme or cycle again, as it is now.

        :return: the action that opens the wizard
        :raise AccessError: for users who are not CRVS officers, or may not see this run
        :raise UserError: when the programme or cycle is gone
        """
        self.ensure_one()
        check_group(self.env, "officer")
        self.check_access("read")
        target = self._target()
        if not target:
            raise UserError(self.env._("This check was not for a programme or cycle that exists."))
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "spp_dci_client_crvs.action_spp_dci_crvs_check_wizard"
        )
        return {
            **action,
            "context": {
                "active_model": target._name,
                "active_id": target.id,
                "active_ids": target.ids,
                "default_data_source_id": self.data_source_id.id,
                "default_effect": self.effect,
            },
        }

    def action_pause_unknown(self):
        """Ask whether the memberships of all whom the registry does not know are to be paused.

        :return: the action that opens the question
        :raise AccessError: see :meth:`_check_officer`
        """
        self.ensure_one()
        self._check_officer()
        return self._ask_to_pause()

    def _ask_to_pause(self, lines=None):
        """Open the question; without lines it is about all whom the registry does not know."""
        wizard = self.env["spp.dci.crvs.check.pause"].create(
            {"check_id": self.id, "line_ids": lines and lines.ids}
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Pause Memberships"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }


class CRVSCheckLine(models.Model):
    """Leaving people out of a payment, and taking that back."""

    _inherit = "spp.dci.crvs.check.line"

    is_paused = fields.Boolean("Paused", compute="_compute_is_paused", search="_search_is_paused")

    @api.depends("paused")
    def _compute_is_paused(self):
        for line in self:
            line.is_paused = bool(line.paused)

    def _search_is_paused(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("paused", "!=" if True in value else "=", False)]

    def _check_officer(self):
        self.check_access("read")
        self.check_id._check_officer()

    def action_leave_out(self):
        """Put registrants on the list of those whom the next payment leaves out.

        :return: an action that says how many
        :raise AccessError: for everybody but officers, about their own runs, and managers
        """
        self._check_officer()
        lines = self.filtered(
            lambda line: line.result in ("unknown", "failed") and not line.left_out
        )
        if not lines:
            return notify(
                self.env,
                self.env._("Nobody was added: the dead are on the list, the living stay off it."),
                "warning",
            )
        lines.sudo().left_out = True
        return notify(self.env, self.env._("%s added to the exclusion list.", len(lines)))

    def action_take_back(self):
        """Take registrants off the exclusion list; who was paused from here is enrolled again.

        :return: an action that says how many
        :raise AccessError: for everybody but officers, about their own runs, and managers; for
            those who may not change memberships that were paused
        """
        self._check_officer()
        lines = self.filtered("left_out")
        resumed = lines._resume()
        lines.sudo().left_out = False
        if not lines:
            return notify(
                self.env,
                self.env._("Nobody was taken off: the dead stay on the list."),
                "warning",
            )
        return notify(
            self.env,
            self.env._(
                "%(people)s taken off the exclusion list, %(memberships)s memberships enrolled "
                "again.",
                people=len(lines),
                memberships=resumed,
            ),
        )

    def action_pause(self):
        """Ask whether the memberships of these registrants are to be paused.

        :return: the action that opens the question
        :raise AccessError: for everybody but officers, about their own runs, and managers
        :raise UserError: when there is nobody among them whose death is in question
        """
        self._check_officer()
        lines = self.filtered(lambda line: line.result in ("unknown", "failed"))
        if not lines:
            raise UserError(
                self.env._("Choose some whom the registry does not know, or who failed.")
            )
        if len(lines.check_id) > 1:
            raise UserError(self.env._("Choose results of one death check."))
        return lines.check_id._ask_to_pause(lines)

    @api.model
    def _memberships(self, name):
        """Return the model of memberships with the rights to pause them.

        Managers answer for what a death check does; officers need the right on memberships.

        :raise AccessError: when the user may not
        """
        model = self.env[name]
        if self.env.user.has_group("spp_dci_client_crvs.group_crvs_manager"):
            return model.sudo()
        if not model.has_access("write"):
            raise AccessError(
                self.env._(
                    "You may not change memberships. Ask a CRVS manager, or somebody who looks "
                    "after the programmes."
                )
            )
        return model

    def _to_pause(self):
        """Return the enrolled memberships that the payment in question is made by.

        For a run over a programme or cycle they are its own; for any other run, all of the
        registrants'. Households of which they are members are left as they are.

        :rtype: list[models.Model]
        """
        found = []
        if PROGRAM_MEMBERSHIP not in self.env or not self:
            return found
        mine = [("partner_id", "in", self.partner_id.ids), ("state", "=", "enrolled")]
        target = self.check_id._target()
        programs, cycles = [], [("cycle_id.state", "not in", _CLOSED_CYCLES)]
        if self.check_id.target_id:
            if not target:
                return found
            program = target.sudo().program_id if target._name == "spp.cycle" else target
            programs = [("program_id", "=", program.id)]
            cycles = (
                [("cycle_id", "=", target.id)]
                if target._name == "spp.cycle"
                else [*cycles, ("cycle_id.program_id", "=", target.id)]
            )
        found.append(self._memberships(PROGRAM_MEMBERSHIP).search(mine + programs))
        if CYCLE_MEMBERSHIP in self.env:
            found.append(self._memberships(CYCLE_MEMBERSHIP).search(mine + cycles))
        return found

    def _pause(self):
        """Pause the memberships, and leave a trace with each registrant.

        :return: how many memberships
        :rtype: int
        """
        by_partner = {}
        count = 0
        for memberships in self._to_pause():
            memberships.write({"state": "paused"})
            count += len(memberships)
            for membership in memberships:
                by_partner.setdefault(membership.partner_id.id, []).append(membership)
        notes = {}
        lines = self.sudo()
        for line in lines:
            if paused := by_partner.get(line.partner_id.id):
                line.paused = (line.paused or []) + [[some._name, some.id] for some in paused]
                notes[line.partner_id.id] = self.env._(
                    "Paused after death check %(check)s: %(memberships)s.",
                    check=line.check_id.name,
                    memberships=self._names_of(paused),
                )
        lines.left_out = True
        self._trace(notes)
        return count

    def _resume(self):
        """Enrol again whom :meth:`_pause` paused, unless somebody changed it since.

        :return: how many memberships
        :rtype: int
        """
        lines = self.sudo().filtered("paused")
        ids = {}
        for line in lines:
            for name, membership_id in line.paused:
                ids.setdefault(name, []).append(membership_id)
        by_partner = {}
        for name in ids.keys() & set(self.env.registry):
            memberships = self._memberships(name).search(
                [("id", "in", ids[name]), ("state", "=", "paused")]
            )
            memberships.write({"state": "enrolled"})
            for membership in memberships:
                by_partner.setdefault(membership.partner_id.id, []).append(membership)
        self._trace(
            {
                line.partner_id.id: self.env._(
                    "Enrolled again, as death check %(check)s was reviewed: %(memberships)s.",
                    check=line.check_id.name,
                    memberships=self._names_of(by_partner[line.partner_id.id]),
                )
                for line in lines
                if line.partner_id.id in by_partner
            }
        )
        lines.paused = False
        return sum(map(len, by_partner.values()))

    @api.model
    def _names_of(self, memberships):
        """Return the names of the programmes and cycles of memberships."""
        return ", ".join(
            some.sudo()[
                "program_id" if some._name == PROGRAM_MEMBERSHIP else "cycle_id"
            ].display_name
            for some in memberships
        )

    @api.model
    def _trace(self, notes):
        """Leave notes in the histories of registrants, by whoever is acting.

        :param dict[int, str] notes: by id of the registrant
        """
        if notes:
            self.env["res.partner"].sudo().browse(notes)._message_log_batch(
                bodies=notes, author_id=self.env.user.partner_id.id
            )
