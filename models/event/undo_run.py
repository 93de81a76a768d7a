import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...services import log_guard, wording
from ...services.own_cursor import own_attempts
from ..mixins import Job, check_group
from .event_undo import WITHDRAWN

_logger = logging.getLogger(__name__)

BATCH = 100


class CRVSUndo(models.Model):
    """One run that undoes all events of a sender since a time, and its report."""

    _name = "spp.dci.crvs.undo"
    _description = "CRVS Undo Run"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "spp.dci.crvs.alert.mixin",
        "spp.dci.crvs.scheduled.mixin",
    ]
    _order = "id desc"
    _rec_name = "sender_id"
    _scheduler = "ir_cron_undo_runs"

    sender_id = fields.Many2one(
        "spp.dci.crvs.sender", required=True, readonly=True, ondelete="restrict"
    )
    key_ids = fields.Many2many(
        "spp.dci.crvs.sender.key",
        string="Signed with",
        readonly=True,
        help="Only what these keys signed is undone; everything of the registry when empty.",
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
    failed_count = fields.Integer("Not Undone", compute="_compute_counts")
    remaining_count = fields.Integer("To Do", compute="_compute_counts")
    restored_count = fields.Integer("Put Back", compute="_compute_counts")
    partly_count = fields.Integer("Put Back in Part", compute="_compute_counts")
    held_count = fields.Integer("Stay Held", compute="_compute_held_count")
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
            undo.failed_count = counts.get((undo._origin, "failed"), 0)
            undo.remaining_count = (
                self.env["spp.dci.crvs.event"].search_count(undo._left_to_undo())
                if undo.state == "running"
                else 0
            )

    def _compute_held_count(self):
        for undo in self:
            undo.held_count = self.env["spp.dci.crvs.event"].search_count(undo._held_domain())

    def _held_domain(self):
        """Return the domain of what waits for a manager since the registry is not trusted."""
        return [
            ("sender_id", "=", self.sender_id.id),
            ("outcome", "=", "held"),
            ("hold_reason", "=", "distrusted"),
        ]

    def action_view_held(self):
        """Return the action that lists what stays held of this registry.

        :rtype: dict
        :raise AccessError: for users who are not CRVS managers
        """
        check_group(self.env, "manager")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Stay Held"),
            "res_model": "spp.dci.crvs.event",
            "view_mode": "list,form",
            "domain": self._held_domain(),
        }

    @api.model
    def _events_domain(self, sender, since, fingerprints=None):
        """Return the domain of what is left to undo.

        :param fingerprints: only what these keys signed; everything when None
        """
        signed = []
        if fingerprints is not None:
            signed = [("message_id.key_fingerprint", "in", fingerprints)]
        return [
            ("sender_id", "=", sender.id),
            ("received_date", ">=", since),
            *signed,
            "|",
            ("outcome", "=", False),
            ("outcome", "not in", WITHDRAWN),
        ]

    def _left_to_undo(self):
        """Return the domain of what this run has not tried yet."""
        failed = self.line_ids.filtered(lambda line: line.result == "failed")
        return [
            *self._events_domain(
                self.sender_id, self.since, self.key_ids.mapped("fingerprint") or None
            ),
            ("id", "not in", failed.event_id.ids),
        ]

    @api.model
    def _stop_and_undo(self, sender, since, reason, keys=None):
        """End the trust in a registry or its keys, and then start a run.

        The end of the trust is committed by itself before anything else: whatever breaks down
        afterwards, nothing more comes in.

        :param keys: which to revoke; the registry is archived when None
        :return: the run
        :raise UserError: when a key that is meant still counts
        """
        for attempt in own_attempts(sender):
            with attempt as own:
                own = own.with_user(self.env.uid)
                if keys is None:
                    own.active = False
                else:
                    keys.with_env(own.env).action_revoke()
        for attempt in own_attempts(sender):
            with attempt as own:
                own = own.with_user(self.env.uid)
                runs = self.with_env(own.env)
                same = keys is not None and keys.with_env(own.env)
                run = runs._start(own, since, reason, same or None)
        return self.browse(run.id)

    @api.model
    def _start(self, sender, since, reason, keys=None):
        """Start a run. Events that are not applied yet are stopped with its first batches.

        :param keys: undo only what these signed; everything of the sender when None
        :return: the run; the one that runs already when the same is asked for twice
        :raise UserError: when a key that is meant still counts: forgeries would go on coming in
        """
        trusted = {key.fingerprint for key in sender._trusted_keys()} if sender.active else set()
        if trusted & set(keys.mapped("fingerprint")) if keys else trusted:
            raise UserError(
                self.env._(
                    "A key of this registry still counts, so new messages would come in while "
                    "the old ones are undone. Revoke the key or archive the registry first."
                )
            )
        running = self.sudo().search(
            [("sender_id", "=", sender.id), ("since", "=", since), ("state", "=", "running")]
        )
        for run in running:
            if run.key_ids == (keys or run.key_ids.browse()):
                return self.browse(run.id)
        run = self.sudo().create(
            {
                "sender_id": sender.id,
                "key_ids": keys and keys.ids,
                "since": since,
                "reason": reason,
                "started_by": self.env.uid,
            }
        )
        self._wake_scheduler()
        return self.browse(run.id)

    @api.model
    def _cron_run(self):
        """Go on with the runs, batch by batch, each committed (the scheduled action's method)."""
        self._work_off(self._batches())

    @api.model
    def _batches(self):
        for run in self.search([("state", "=", "running")], order="id"):
            while run.state == "running":
                before = run.remaining_count
                yield Job(run._undo_some, run._note_failure)
                run.invalidate_recordset()
                if run.state == "running" and run.remaining_count == before:
                    # Everything left is locked by somebody: look again in a minute.
                    self._wake_scheduler_at(fields.Datetime.now() + timedelta(minutes=1))
                    break

    def _note_failure(self, error):
        _logger.warning(
            "CRVS undo run %s: a batch broke down: %s", self.id, log_guard.describe(error)
        )

    def _undo_some(self):
        """Undo a batch, what is not applied yet first, then the last applied first.

        :return: number of events undone
        """
        self.ensure_one()
        events = self.env["spp.dci.crvs.event"]._as_processor(asked_by=self.started_by.id)
        domain = self._left_to_undo()
        found = events.search(
            [*domain, ("state", "!=", "processed")], limit=BATCH
        ) or events.search(domain, order="processed_date desc, id desc", limit=BATCH)
        if not found:
            self._end()
            return 0
        locked = found._try_lock_for_undo()
        lines = [self._undo_event(event) for event in locked]
        self.env["spp.dci.crvs.undo.line"].sudo().create(lines)
        self.env.flush_all()
        locked._reconsider_others()
        return len(locked)

    def _undo_event(self, event):
        """Undo one locked event, whatever becomes of the others.

        :return: values of the line that reports it
        :rtype: dict
        """
        line = {"undo_id": self.id, "event_id": event.id}
        applied = event.state == "processed" or event.changes
        restorer = event._undo_isolated(self.reason, self.started_by)
        if restorer is None:
            remark = self.env._(
                "It could not be undone. Undo it by hand; if that fails too, ask your "
                "administrator to look at the server log."
            )
            return {**line, "result": "failed", "remark": remark}
        result = "partly" if restorer.left else "restored"
        return {**line, "result": result if applied else "stopped", "remark": event.error_message}

    def _end(self):
        self.write({"state": "done", "end_date": fields.Datetime.now()})
        self._alert("undone", self._crvs_managers(), everybody=True)


class CRVSUndoLine(models.Model):
    """What became of one event in a run that undoes a sender's events."""

    _name = "spp.dci.crvs.undo.line"
    _description = "CRVS Undo Line"
    _order = "id"

    undo_id = fields.Many2one(
        "spp.dci.crvs.undo",
        "Undo Run",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    event_id = fields.Many2one(
        "spp.dci.crvs.event", required=True, readonly=True, index=True, ondelete="cascade"
    )
    event_type = fields.Selection(related="event_id.event_type")
    person_id = fields.Many2one(related="event_id.person_id")
    result = fields.Selection(
        [
            ("restored", "Put Back"),
            ("partly", "Put Back in Part"),
            ("stopped", "Stopped Before Any Effect"),
            ("failed", "Not Undone"),
        ],
        required=True,
        readonly=True,
    )
    remark = fields.Text("Remark as Written", readonly=True)
    remark_text = fields.Text("Remark", compute="_compute_remark_text")

    @api.depends("remark")
    @api.depends_context("lang")
    def _compute_remark_text(self):
        for line in self:
            line.remark_text = wording.retold(self.env, line.remark)
