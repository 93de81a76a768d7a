import time
from datetime import timedelta

from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models

from ..services import log_guard
from .crvs_event_schedule import MAX_CONFLICTS
from .crvs_event_undo import WITHDRAWN

BATCH = 100


class CRVSUndo(models.Model):
    """One run that undoes all events of a sender since a time, and its report."""

    _name = "spp.dci.crvs.undo"
    _description = "CRVS Undo Run"
    _inherit = ["mail.thread", "mail.activity.mixin", "spp.dci.crvs.scheduled.mixin"]
    _order = "id desc"
    _rec_name = "sender_id"
    _scheduler = "spp_dci_client_crvs.ir_cron_undo_runs"

    sender_id = fields.Many2one(
        "spp.dci.crvs.sender", required=True, readonly=True, ondelete="restrict"
    )
    since = fields.Datetime("Received Since", required=True, readonly=True)
    reason = fields.Text(required=True, readonly=True)
    started_by = fields.Many2one("res.users", required=True, readonly=True)
    state = fields.Selection(
        [("running", "Running"), ("done", "Done")],
        default="running",
        required=True,
        readonly=True,
    )
    end_date = fields.Datetime("Ended", readonly=True)
    line_ids = fields.One2many("spp.dci.crvs.undo.line", "undo_id", readonly=True)
    remaining_count = fields.Integer("To Do", compute="_compute_counts")
    restored_count = fields.Integer("Put Back", compute="_compute_counts")
    partly_count = fields.Integer("Put Back in Part", compute="_compute_counts")
    stopped_count = fields.Integer("Stopped Before Any Effect", compute="_compute_counts")

    @api.depends("line_ids.result", "state")
    def _compute_counts(self):
        counts = {
            (undo, result): count
            for undo, result, count in self.env["spp.dci.crvs.undo.line"]._read_group(
                [("undo_id", "in", self.ids)], ["undo_id", "result"], ["__count"]
            )
        }
        for undo in self:
            undo.restored_count = counts.get((undo._origin, "restored"), 0)
            undo.partly_count = counts.get((undo._origin, "partly"), 0)
            undo.stopped_count = counts.get((undo._origin, "stopped"), 0)
            undo.remaining_count = (
                self.env["spp.dci.crvs.event"].search_count(
                    self._events_domain(undo.sender_id, undo.since)
                )
                if undo.state == "running"
                else 0
            )

    @api.model
    def _events_domain(self, sender, since):
        """Return the domain of what is left to undo."""
        return [
            ("sender_id", "=", sender.id),
            ("received_date", ">=", since),
            "|",
            ("outcome", "=", False),
            ("outcome", "not in", WITHDRAWN),
        ]

    @api.model
    def _start(self, sender, since, reason):
        """Start a run. Events that are not applied yet are stopped with its first batches.

        :return: the run
        """
        run = self.sudo().create(
            {
                "sender_id": sender.id,
                "since": since,
                "reason": reason,
                "started_by": self.env.uid,
            }
        )
        self._wake()
        return self.browse(run.id)

    @api.model
    def _wake(self, at=None):
        self.env.ref("spp_dci_client_crvs.ir_cron_undo_runs").sudo()._trigger(at=at)

    @api.model
    def _cron_run(self):
        """Go on with the runs, batch by batch, each committed (the scheduled action's method)."""
        cron, conflicts = self.env["ir.cron"], 0
        while run := self.search([("state", "=", "running")], order="id", limit=1):
            try:
                done = run._undo_some()
                time_left = cron._commit_progress(done, remaining=run.remaining_count)
            except TransactionRollbackError:
                self.env.cr.rollback()
                conflicts += 1
                time.sleep(0.1)
                done, time_left = 0, conflicts <= MAX_CONFLICTS
            if not done and run.state == "running":
                # Everything left is locked by somebody: look again in a minute.
                self._wake(at=fields.Datetime.now() + timedelta(minutes=1))
                cron._commit_progress(remaining=0)
                return
            if not time_left:
                return
        cron._commit_progress(remaining=0)

    def _undo_some(self):
        """Undo a batch, what is not applied yet first, then the last applied first.

        :return: number of events undone
        """
        self.ensure_one()
        events = self.env["spp.dci.crvs.event"]._as_processor(asked_by=self.started_by.id)
        domain = self._events_domain(self.sender_id, self.since)
        found = events.search(
            [*domain, ("state", "!=", "processed")], limit=BATCH
        ) or events.search(domain, order="processed_date desc, id desc", limit=BATCH)
        if not found:
            self._end()
            return 0
        locked = found._try_lock_for_undo()
        lines = []
        with log_guard.statements_hidden():
            for event in locked:
                applied = event.state == "processed" or event.changes
                restorer = event._undo_one("reversed", self.reason, self.started_by)
                result = "partly" if restorer.left else "restored"
                lines.append(
                    {
                        "undo_id": self.id,
                        "event_id": event.id,
                        "result": result if applied else "stopped",
                        "remark": event.error_message,
                    }
                )
            self.env["spp.dci.crvs.undo.line"].sudo().create(lines)
            self.env.flush_all()
        locked._reconsider_civil_status()
        return len(locked)

    def _end(self):
        self.write({"state": "done", "end_date": fields.Datetime.now()})
        for manager in self.env["spp.dci.crvs.event"]._managers():
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.env._("All events of a sender were undone: read the report"),
                user_id=manager.id,
            )
