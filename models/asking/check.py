from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ... import const
from ..mixins import check_group, notify, number

#: What a registry's answer about a death comes to.
RESULTS = [
    ("dead", "Dead"),
    ("not_dead", "Not Dead"),
    ("unknown", "Unknown to the Registry"),
    ("failed", "Failed"),
]


class CRVSCheck(models.Model):
    """A run that asks a registry about the deaths of many registrants."""

    _name = "spp.dci.crvs.check"
    _description = "Bulk Death Check"
    _inherit = ["spp.dci.crvs.scheduled.mixin"]
    _order = "id desc"
    _scheduler = "ir_cron_checks"

    name = fields.Char(required=True, readonly=True)
    data_source_id = fields.Many2one(
        "spp.dci.data.source", "Registry", required=True, readonly=True, ondelete="restrict"
    )
    user_id = fields.Many2one(
        "res.users", "Started By", required=True, readonly=True, ondelete="restrict", index=True
    )
    effect = fields.Selection(
        [
            ("events", "Record the deaths as vital events"),
            ("report", "Report only"),
        ],
        required=True,
        readonly=True,
    )
    selection = fields.Char("Whom", readonly=True, help="How the registrants were chosen.")
    # Not a Reference: the module of the programme or cycle may be gone one day.
    target_model = fields.Char(readonly=True)
    target_id = fields.Many2oneReference(
        "Programme or Cycle", model_field="target_model", readonly=True, index="btree_not_null"
    )
    state = fields.Selection(
        [
            ("running", "Running"),
            ("paused", "Paused"),
            ("confirm", "Deaths to Be Confirmed"),
            ("done", "Done"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    pause_reason = fields.Char(readonly=True, help="Why it stopped by itself.")
    failed_batches = fields.Integer(readonly=True, help="Messages in a row without any answer.")
    start_date = fields.Datetime("Started On", readonly=True)
    end_date = fields.Datetime("Finished On", readonly=True)
    line_ids = fields.One2many("spp.dci.crvs.check.line", "check_id", "Results", readonly=True)

    total_count = fields.Integer("Registrants", compute="_compute_counts")
    checked_count = fields.Integer("Checked", compute="_compute_counts")
    dead_count = fields.Integer("Dead", compute="_compute_counts")
    not_dead_count = fields.Integer("Not Dead", compute="_compute_counts")
    unknown_count = fields.Integer("Unknown to the Registry", compute="_compute_counts")
    failed_count = fields.Integer("Failed", compute="_compute_counts")
    kept_counts = fields.Json(
        readonly=True, help="How many had which result, once the results are deleted."
    )
    held_count = fields.Integer(
        "Deaths to Apply",
        compute="_compute_held_count",
        help="Deaths that it found and that are applied when it has ended and nobody objects.",
    )
    progress = fields.Float(compute="_compute_counts", help="Percentage of the registrants.")

    def _compute_counts(self):
        counts = self._counts_by_result()
        for check in self:
            by_result = {
                result: counts[check.id].get(result, 0)
                for result in ("waiting", "dead", "not_dead", "unknown", "failed")
            }
            check.total_count = sum(by_result.values())
            check.checked_count = check.total_count - by_result["waiting"]
            check.dead_count = by_result["dead"]
            check.not_dead_count = by_result["not_dead"]
            check.unknown_count = by_result["unknown"]
            check.failed_count = by_result["failed"]
            check.progress = (
                100 * check.checked_count / check.total_count if check.total_count else 100
            )

    @api.autovacuum
    def _gc_lines(self):
        """Delete the results of runs past their retention; how many there were of each stays."""
        days = number(self.env, const.PARAM_CHECK_RETENTION_D)
        if not days:
            return 0, False
        limit = fields.Datetime.now() - timedelta(days=days)
        old = self.search(
            [
                ("kept_counts", "=", False),
                ("state", "!=", "running"),
                "|",
                ("end_date", "<", limit),
                "&",
                ("end_date", "=", False),
                ("start_date", "<", limit),
            ],
            limit=10,
        )
        for check in old:
            # Not empty, which would be looked for again.
            check.kept_counts = {"waiting": 0, **check._counts_by_result()[check.id]}
            check.line_ids.unlink()
        return len(old), len(old) == 10

    def _counts_by_result(self):
        """Return how many registrants have which result, by id of the run.

        :rtype: dict[int, dict[str, int]]
        """
        counts = {check.id: dict(check.kept_counts or {}) for check in self}
        groups = self.env["spp.dci.crvs.check.line"]._read_group(
            [("check_id", "in", self.ids)], ["check_id", "result"], ["__count"]
        )
        for check, result, count in groups:
            counts[check.id][result] = count
        return counts

    def _compute_held_count(self):
        for check in self:
            check.held_count = len(check._lines_held().event_id)

    def _lines_held(self):
        """Return the lines of deaths that this run found and that wait for its end."""
        lines = self.env["spp.dci.crvs.check.line"].sudo()
        return lines.search([("check_id", "in", self.ids), ("event_id.hold_reason", "=", "check")])

    # === STARTING === #

    @api.model
    def _start(self, data_source, partner_ids, effect, selection, target=None):
        """Enter a run and have the scheduler work on it.

        :param data_source: registry to ask
        :param list[int] partner_ids: registrants, chosen with the rights of the user
        :param str effect: ``events`` or ``report``
        :param str selection: how they were chosen, in words without personal data
        :param target: the programme or cycle whose members they are
        :return: the run
        :raise UserError: when there is nobody to ask about
        """
        if not partner_ids:
            raise UserError(
                self.env._("There is no individual among them. Choose other registrants.")
            )
        check = self.sudo().create(
            {
                "name": self.env["ir.sequence"].sudo().next_by_code(self._name),
                "data_source_id": data_source.id,
                "user_id": self.env.uid,
                "effect": effect,
                "selection": selection,
                "target_model": target and target._name,
                "target_id": target and target.id,
                "state": "running",
                "start_date": fields.Datetime.now(),
            }
        )
        # One statement for any number of registrants.
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO spp_dci_crvs_check_line (
                    check_id, partner_id, result, create_uid, create_date, write_uid, write_date)
                SELECT %(check)s, partner.id, 'waiting', %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM unnest(%(partners)s::integer[]) WITH ORDINALITY AS partner (id, position)
                 ORDER BY partner.position
                """,
                check=check.id,
                partners=partner_ids,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        check.invalidate_recordset()
        check._wake_scheduler()
        return check.with_env(self.env)

    # === BUTTONS === #

    def _check_officer(self):
        """Let officers act on their own runs, and managers on all.

        :raise AccessError: for everybody else
        """
        check_group(self.env, "officer")
        self.check_access("read")
        # An officer who is an auditor too reads all of them, and acts on no more.
        if self.sudo().user_id - self.env.user:
            check_group(self.env, "manager")

    def action_pause(self):
        """Stop after the message that is under way.

        :return: an action that says so
        :rtype: dict
        :raise AccessError: see :meth:`_check_officer`
        """
        self._check_officer()
        running = self.sudo().filtered(lambda check: check.state == "running")
        running.state = "paused"
        if not running:
            return notify(self.env, self.env._("This check is not running."), "warning")
        return notify(
            self.env,
            self.env._(
                "Paused: it stops after the message that is under way. Resume has it go on."
            ),
        )

    def action_resume(self):
        """Go on where the run stopped.

        :return: an action that says so
        :rtype: dict
        :raise AccessError: see :meth:`_check_officer`
        """
        self._check_officer()
        paused = self.sudo().filtered(lambda check: check.state == "paused")
        if not paused:
            return notify(self.env, self.env._("This check is not paused."), "warning")
        paused._run()
        left = sum(check.total_count - check.checked_count for check in paused)
        return notify(self.env, self.env._("It goes on in the background: %s are left.", left))

    def action_apply(self):
        """Have the deaths applied that a run found beyond what is applied unasked.

        :return: an action that says how many
        :rtype: dict
        :raise AccessError: for users who are not CRVS managers
        """
        check_group(self.env, "manager")
        checks = self.sudo().filtered(lambda check: check.state == "confirm")
        count = sum(checks.mapped("held_count"))
        checks._apply_deaths()
        if not count:
            return notify(self.env, self.env._("No death was left to apply."), "warning")
        return notify(self.env, self.env._("%s deaths are applied within a few minutes.", count))

    def action_rerun_failed(self):
        """Ask again about those who could not be asked about.

        :return: an action that says how many
        :rtype: dict
        :raise AccessError: see :meth:`_check_officer`
        """
        return self._ask_again("failed")

    def action_rerun_unknown(self):
        """Ask again about those whom the registry did not know.

        :return: an action that says how many
        :rtype: dict
        :raise AccessError: see :meth:`_check_officer`
        """
        return self._ask_again("unknown")

    def _ask_again(self, result):
        self._check_officer()
        self.env["spp.dci.crvs.check.line"].flush_model(["result", "left_out", "paused"])
        count = 0
        for check in self.sudo():
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE spp_dci_crvs_check_line
                       SET result = 'waiting', reason = NULL, checked_date = NULL,
                           left_out = paused IS NOT NULL
                     WHERE check_id = %s AND result = %s
                    """,
                    check.id,
                    result,
                )
            )
            count += self.env.cr.rowcount
            if self.env.cr.rowcount:
                check._run()
        self.env["spp.dci.crvs.check.line"].invalidate_model()
        if not count:
            return notify(self.env, self.env._("There is nobody to ask about again."), "warning")
        return notify(self.env, self.env._("The registry is asked again about %s.", count))

    def action_view_results(self):
        """Show the results, from where they can be exported.

        :return: the action that shows them
        :raise AccessError: for users who may not see this run
        """
        self.ensure_one()
        check_group(self.env, "viewer")
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "spp_dci_client_crvs.action_spp_dci_crvs_check_line"
        )
        return {
            **action,
            "domain": [("check_id", "=", self.id)],
            "context": {"crvs_can_pause": self.can_pause},
        }

    def _finish(self):
        """End a run; its deaths are applied unless there are more than the limit."""
        alive = self._lines_held().partner_id.filtered(
            lambda person: not (person.disabled and person.death_date)
        )
        limit = self.env["spp.dci.crvs.processor"]._death_limit(self.data_source_id.crvs_sender_id)
        if len(alive) > limit:
            self.write({"state": "confirm", "end_date": fields.Datetime.now()})
            return
        self._apply_deaths()

    def _apply_deaths(self):
        if held := self._lines_held().event_id:
            held._as_processor()._release()
            held._wake_scheduler()
        self.write({"state": "done", "end_date": fields.Datetime.now()})

    def _run(self):
        self.write(
            {"state": "running", "pause_reason": False, "failed_batches": 0, "end_date": False}
        )
        self._wake_scheduler()
