import logging
import traceback

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from .. import const
from ..services import log_guard

_logger = logging.getLogger(__name__)

# A failed transaction cannot be continued after these, whatever savepoint it is in.
TRANSACTION_LOST = (psycopg2.OperationalError, psycopg2.InterfaceError)


class CRVSEvent(models.Model):
    """The log of vital events and their life cycle.

    ``received`` → ``processed`` | ``error`` in one transaction that claims the row, applies the
    effects and writes the final state: a crash at any point leaves the row as it was.
    ``processing`` is only ever committed when a batch is handed over to somebody else.

    ``next_attempt`` alone says what is due: every row whose time has come, in whatever state.
    A row without it waits for a person, or is done.
    """

    _name = "spp.dci.crvs.event"
    _description = "CRVS Event"
    _inherit = ["mail.thread", "mail.activity.mixin", "spp.dci.crvs.scheduled.mixin"]
    _order = "id desc"
    # Nobody has write access; officers comment and close activities all the same.
    _mail_post_access = "read"

    name = fields.Char("Reference", required=True, readonly=True, copy=False, index="btree")
    event_type = fields.Selection(
        const.EVENT_TYPES,
        required=True,
        readonly=True,
    )
    identifier_type = fields.Char(
        readonly=True, help="Type of the identifier that matched, else of the first one."
    )
    identifier_value = fields.Char(readonly=True, index="btree_not_null")
    event_date = fields.Date(readonly=True, help="When it happened, as the registry wrote it.")
    state = fields.Selection(
        [
            ("received", "Received"),
            ("processing", "Processing"),
            ("processed", "Processed"),
            ("error", "Error"),
        ],
        default="received",
        required=True,
        readonly=True,
    )
    outcome = fields.Selection(
        [
            ("applied", "Applied"),
            ("no_effect", "Nothing to Change"),
            ("superseded", "Superseded by Later News"),
            ("flagged", "Applied, to Be Looked At"),
            ("scheduled", "Waits for Its Day"),
            ("held", "Held for a Manager"),
            ("reversed", "Reversed"),
            ("reassigned", "Given to Another Registrant"),
        ],
        readonly=True,
    )
    error_kind = fields.Selection(
        [
            ("no_match", "Nobody Found"),
            ("ambiguous", "Not Clear Who"),
            ("invalid", "Not Usable"),
            ("technical", "Technical"),
        ],
        readonly=True,
    )
    error_message = fields.Text("Remark", readonly=True, help="What failed or needs attention.")
    person_id = fields.Many2one(
        "res.partner", "Registrant", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    spouse_id = fields.Many2one(
        "res.partner", "Spouse", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    forced_person_id = fields.Many2one(
        "res.partner",
        "Meant by a Manager",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="Who is meant, by decision of a manager; the identifiers are then not asked.",
    )
    raw_data = fields.Text(
        "Original Data", readonly=True, groups="spp_dci_client_crvs.group_crvs_manager"
    )
    changes = fields.Json(
        readonly=True,
        groups="spp_dci_client_crvs.group_crvs_manager",
        help="What the event changed, old and new value of each field.",
    )
    received_date = fields.Datetime("Received", readonly=True, index=True)
    processed_date = fields.Datetime("Processed", readonly=True)
    processed_by = fields.Many2one("res.users", readonly=True)

    sender_id = fields.Many2one(
        "spp.dci.crvs.sender", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    data_source_id = fields.Many2one(
        "spp.dci.data.source",
        "Registry",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    message_id = fields.Many2one(
        "spp.dci.crvs.message", readonly=True, index="btree_not_null", ondelete="set null"
    )
    source = fields.Selection(
        [("notification", "Notification"), ("search", "Search"), ("pull", "Pull")],
        default="notification",
        required=True,
        readonly=True,
    )
    reference = fields.Char("Registry's Reference", readonly=True)
    origin = fields.Char(
        required=True, readonly=True, help="Among whose events the same content is recognised."
    )
    digest = fields.Char(
        required=True, readonly=True, groups="spp_dci_client_crvs.group_crvs_manager"
    )
    duplicate_count = fields.Integer("Repeated", readonly=True)

    attempts = fields.Integer(readonly=True)
    next_attempt = fields.Datetime(readonly=True)
    processing_since = fields.Datetime(readonly=True)
    hold_reason = fields.Selection(
        [
            ("brake", "Too Many Deaths at Once"),
            ("repeated", "Was Reversed Before"),
        ],
        readonly=True,
    )
    released = fields.Boolean(readonly=True, help="A manager let this event pass.")
    # Whether this event's civil status was in force when it was processed: later ones are
    # compared to its date.
    person_status_set = fields.Boolean(readonly=True)
    spouse_status_set = fields.Boolean(readonly=True)

    _due = models.Index("(next_attempt, id) WHERE next_attempt IS NOT NULL")
    _content_uniq = models.UniqueIndex(
        "(origin, digest) WHERE outcome IS NULL OR outcome NOT IN ('reversed', 'reassigned')"
    )
    _content_reversed = models.Index("(origin, digest) WHERE outcome = 'reversed'")
    _deaths_applied = models.Index(
        "(sender_id, processed_date) WHERE event_type = 'death' AND state = 'processed'"
    )

    def _as_processor(self, asked_by=False):
        """Return `self` as the technical user, with nothing tracked and nobody notified.

        :param int asked_by: id of the user who wanted this, if it was not the scheduler
        """
        return (
            self.with_user(self.env.ref("spp_dci_client_crvs.user_crvs_processor"))
            .sudo()
            .with_context(
                active_test=False,
                crvs_asked_by=asked_by,
                mail_activity_quick_update=True,
                mail_notrack=True,
                tracking_disable=True,
            )
        )

    @api.model
    def _claim(self, limit):
        """Lock events that are due and that nobody else is working on.

        To be called first in a transaction: its snapshot is then as young as can be.

        :param int limit: at most so many
        :return: locked events, those that wait longest first
        """
        self.flush_model(["next_attempt"])
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM spp_dci_crvs_event
                 WHERE next_attempt <= %(now)s
                 ORDER BY next_attempt, id
                 LIMIT %(limit)s
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                now=fields.Datetime.now(),
                limit=limit,
            ),
            log_exceptions=False,
        )
        return self.browse([row[0] for row in self.env.cr.fetchall()])

    def _process_now(self):
        """Lock and process what can be processed of `self`, in the caller's transaction."""
        events = self._as_processor(asked_by=self.env.uid)
        events = events.filtered(lambda event: event._may_start())
        with log_guard.statements_hidden():
            events = events.try_lock_for_update(allow_referencing=True)
        events._process_batch()
        self.invalidate_recordset()

    def _may_start(self):
        """Whether processing may begin at all: not done, not held, not handed to somebody."""
        self.ensure_one()
        if self.state == "processing":
            return bool(self.next_attempt) and self.next_attempt <= fields.Datetime.now()
        return self.state in ("received", "error") and self.outcome != "held"

    def _process_batch(self):
        """Apply locked events, together when possible, else one by one.

        :return: number of events that got a step further
        :rtype: int
        """
        if not self:
            return 0
        with log_guard.statements_hidden():
            try:
                return self._apply_together()
            except TRANSACTION_LOST:
                raise
            except Exception as error:  # noqa: BLE001  whatever an extension may raise
                if len(self) == 1:
                    self._fail(error)
                    return 1
            return sum(event._process_batch() for event in self)

    def _apply_together(self):
        with self.env.cr.savepoint():
            return self.env["spp.dci.crvs.processor"]._process(self)

    def _fail(self, error):
        """Record that processing broke down.

        Neither the event nor the log gets the error's text: it may quote values.
        """
        self.ensure_one()
        place = traceback.extract_tb(error.__traceback__)[-1]
        _logger.warning(
            "CRVS event %s could not be processed: %s in %s, line %s",
            self.name,
            log_guard.describe(error),
            place.name,
            place.lineno,
        )
        self._set_error(
            "technical",
            self.env._(
                "Processing broke down (%s). It is tried again by itself; if it keeps failing, "
                "ask your administrator to look at the server log.",
                type(error).__name__,
            ),
        )

    def _set_error(self, kind, message):
        """Put events into `error` and decide when they are tried again.

        :param str kind: one of the values of ``error_kind``
        :param str message: what an officer can do, without personal data
        """
        now = fields.Datetime.now()
        for event in self:
            attempts = event.attempts + 1 if event.error_kind in (False, kind) else 1
            delay = event._retry_delay(kind, attempts)
            event.write(
                {
                    "state": "error",
                    "outcome": False,
                    "error_kind": kind,
                    "error_message": message,
                    "attempts": attempts,
                    "next_attempt": now + delay if delay else False,
                    "processing_since": False,
                }
            )
