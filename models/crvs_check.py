from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class CRVSCheck(models.Model):
    """A run that asks a registry about the deaths of many registrants."""

    _name = "spp.dci.crvs.check"
    _description = "Bulk Death Check"
    _inherit = ["spp.dci.crvs.scheduled.mixin"]
    _order = "id desc"
    _scheduler = "spp_dci_client_crvs.ir_cron_checks"

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
    state = fields.Selection(
        [("running", "Running"), ("paused", "Paused"), ("done", "Done")],
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
    progress = fields.Float(compute="_compute_counts", help="Percentage of the registrants.")

    def _compute_counts(self):
        groups = self.env["spp.dci.crvs.check.line"]._read_group(
            [("check_id", "in", self.ids)], ["check_id", "result"], ["__count"]
        )
        counts = {(check.id, result): count for check, result, count in groups}
        for check in self:
            by_result = {
                result: counts.get((check.id, result), 0)
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

    # === STARTING === #

    @api.model
    def _start(self, data_source, partner_ids, effect, selection):
        """Enter a run and have the scheduler work on it.

        :param data_source: registry to ask
        :param list[int] partner_ids: registrants, chosen with the rights of the user
        :param str effect: ``events`` or ``report``
        :param str selection: how they were chosen, in words without personal data
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
        if not self.env.user.has_group("spp_dci_client_crvs.group_crvs_officer"):
            raise AccessError(self.env._("Only CRVS officers may check deaths in bulk."))
        self.check_access("read")

    def action_pause(self):
        """Stop after the message that is under way.

        :return: True
        :raise AccessError: see :meth:`_check_officer`
        """
        self._check_officer()
        self.sudo().filtered(lambda check: check.state == "running").state = "paused"
        return True

    def action_resume(self):
        """Go on where the run stopped.

        :return: True
        :raise AccessError: see :meth:`_check_officer`
        """
        self._check_officer()
        self.sudo().filtered(lambda check: check.state == "paused")._run()
        return True

    def action_rerun_failed(self):
        """Ask again about those who could not be asked about.

        :return: True
        :raise AccessError: see :meth:`_check_officer`
        """
        self._check_officer()
        for check in self.sudo():
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE spp_dci_crvs_check_line
                       SET result = 'waiting', reason = NULL, checked_date = NULL
                     WHERE check_id = %s AND result = 'failed'
                    """,
                    check.id,
                )
            )
            if self.env.cr.rowcount:
                check._run()
        self.env["spp.dci.crvs.check.line"].invalidate_model()
        return True

    def action_view_results(self):
        """Show the results, from where they can be exported.

        :return: the action that shows them
        :raise AccessError: see :meth:`_check_officer`
        """
        self.ensure_one()
        self._check_officer()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "spp_dci_client_crvs.action_crvs_check_line"
        )
        return {**action, "domain": [("check_id", "=", self.id)]}

    def _run(self):
        self.write(
            {"state": "running", "pause_reason": False, "failed_batches": 0, "end_date": False}
        )
        self._wake_scheduler()

    def _wake_scheduler(self):
        self.env.ref("spp_dci_client_crvs.ir_cron_checks").sudo()._trigger()
