import logging
import math
import traceback
import uuid
from datetime import timedelta

import psycopg2
from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL
from odoo.tools.constants import GC_UNLINK_LIMIT

from ... import const
from ...services import log_guard
from ..mixins import number

_logger = logging.getLogger(__name__)

# The whole transaction has to begin again after these, whatever savepoint it is in.
BEGIN_AGAIN = (TransactionRollbackError, psycopg2.InterfaceError)

#: Where an event can stand: its situation, by what tells it from the others.
SITUATIONS = {
    "waiting": {"state": "received", "outcome": False},
    "scheduled": {"state": "received", "outcome": "scheduled"},
    "held": {"state": "received", "outcome": "held"},
    "handed_over": {"state": "processing"},
    "failed": {"state": "error"},
    "done": {
        "state": "processed",
        "outcome": ("applied", "no_effect", "superseded", "flagged"),
    },
    "withdrawn": {"state": "processed", "outcome": ("reversed", "reassigned")},
}

#: Every way from one situation to another: from where, and to where. Nothing else writes
#: ``state``, ``outcome``, ``error_kind``, ``hold_reason`` or ``next_attempt``, but for the intake,
#: which inserts what waits, and the arrival of an identifier, which hastens in SQL.
TRANSITIONS = {
    # a worker says what came of it
    "finish": (("waiting", "scheduled", "failed", "handed_over"), "done"),
    "fail": (("waiting", "scheduled", "failed", "handed_over"), "failed"),
    "schedule": (("waiting", "scheduled", "failed", "handed_over"), "scheduled"),
    "hold": (("waiting", "scheduled", "failed", "handed_over"), "held"),
    "hand_over": (("waiting", "scheduled", "failed", "handed_over"), "handed_over"),
    # somebody locked its registrant: later
    "postpone": (("waiting", "scheduled", "failed", "handed_over"), None),
    # what it waited for has come, or a person wants it tried now
    "hasten": (("waiting", "scheduled", "failed", "handed_over"), None),
    # a manager lets it pass
    "release": (("held",), "waiting"),
    # an event of the same person was undone, or came late
    "reconsider": (("done",), "waiting"),
    "amend": (("done",), "done"),
    # nobody was found in all the time for which such data is kept
    "give_up": (("failed",), "done"),
    # a manager takes it back
    "withdraw": (
        ("waiting", "scheduled", "held", "failed", "handed_over", "done"),
        "withdrawn",
    ),
}


# What is deleted of an event that led to nobody.
_ABOUT_PERSONS = (
    *("identifier_value", "raw_data", "event_date", "date_text", "registration_number"),
    *("reference", "to_recover"),
)

# What eligibility rules and other addons read of an event, as any internal user.
_FOR_EVERYBODY = frozenset(
    {"id", "display_name", "event_type", "event_date", "state", "outcome", "person_id", "active"}
)


class CRVSEvent(models.Model):
    """The log of vital events and their life cycle.

    ``received`` → ``processed`` | ``error`` in one transaction that claims the row, applies the
    effects and writes the final state: a crash at any point leaves the row as it was.
    ``processing`` is only ever committed when a batch is handed over to somebody else.

    ``next_attempt`` alone says what is due: every row whose time has come, in whatever state.
    A row without it waits for a person, or is done. All that can happen to a row is in
    :data:`TRANSITIONS`.
    """

    _name = "spp.dci.crvs.event"
    _description = "CRVS Event"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "spp.dci.crvs.alert.mixin",
        "spp.dci.crvs.scheduled.mixin",
    ]
    _order = "id desc"
    _scheduler = "ir_cron_process_events"
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
    identifier_value = fields.Char(
        readonly=True, index="btree_not_null", groups=const.READS_PERSONS
    )
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
            ("reversed", "Undone"),
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
    error_message = fields.Text(
        "Remark as Written",
        readonly=True,
        help="What failed or needs attention, in the language of whoever had it processed.",
    )
    person_id = fields.Many2one(
        "res.partner", "Registrant", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    spouse_id = fields.Many2one(
        "res.partner", "Spouse", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    forced_person_id = fields.Many2one(
        "res.partner",
        "Chosen Registrant",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="Who is meant, by decision of a person; the identifiers are then not asked.",
    )
    raw_data = fields.Text("Original Data", readonly=True, groups=const.READS_EVIDENCE)
    to_recover = fields.Text(
        readonly=True,
        groups=const.READS_PERSONS,
        help="Entitlements of the dead that were sent or paid after the death.",
    )
    changes = fields.Json(
        readonly=True,
        groups=const.READS_EVIDENCE,
        help="What the event changed, old and new value of each field.",
    )
    received_date = fields.Datetime("Received", readonly=True)
    processed_date = fields.Datetime("Processed", readonly=True)
    processed_by = fields.Many2one("res.users", readonly=True)

    company_id = fields.Many2one(
        "res.company",
        readonly=True,
        ondelete="restrict",
        help="The registrant's, else the sender's. Empty: seen in every company.",
    )
    sender_id = fields.Many2one("spp.dci.crvs.sender", readonly=True, ondelete="restrict")
    data_source_id = fields.Many2one(
        "spp.dci.data.source", "Registry", readonly=True, ondelete="restrict"
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
    active = fields.Boolean(
        default=True, readonly=True, help="What was undone or given to somebody else is archived."
    )
    version_time = fields.Datetime(
        "Version Of",
        readonly=True,
        help="When the registry wrote this version of what happened; the latest one stands.",
    )
    registration_number = fields.Char(
        readonly=True,
        groups=const.READS_PERSONS,
        help="The number that the event itself gives, as it is compared.",
    )
    date_text = fields.Char(
        "Date as Written",
        readonly=True,
        groups=const.READS_PERSONS,
        help="What the registry wrote where a full date was expected.",
    )
    is_withdrawal = fields.Boolean(
        readonly=True, help="The registry takes back what it reported before."
    )
    withdraws_id = fields.Many2one(
        "spp.dci.crvs.event", "Takes Back", readonly=True, ondelete="set null"
    )
    candidate_ids = fields.One2many(
        "spp.dci.crvs.candidate",
        "event_id",
        "Who May Be Meant",
        readonly=True,
        groups=const.READS_PERSONS,
    )
    origin = fields.Char(
        required=True, readonly=True, help="Among whose events the same content is recognised."
    )
    digest = fields.Char(required=True, readonly=True, groups=const.READS_EVIDENCE)
    duplicate_count = fields.Integer("Repeated", readonly=True)

    attempts = fields.Integer(readonly=True)
    next_attempt = fields.Datetime(readonly=True)
    processing_since = fields.Datetime(readonly=True)
    hold_reason = fields.Selection(
        [
            ("brake", "Too Many Deaths at Once"),
            ("repeated", "Was Undone Before"),
            ("enabled_again", "Registrant Was Enabled Again"),
            ("withdrawn", "Taken Back by the Registry"),
            ("check", "Found by a Bulk Check"),
            ("distrusted", "Sender No Longer Trusted"),
            ("chosen", "Chosen by an Officer"),
        ],
        "Why Held",
        readonly=True,
    )
    released = fields.Boolean(readonly=True, help="A manager let this event pass.")
    # Whether this event's civil status was in force when it was processed: later ones are
    # compared to its date.
    person_status_set = fields.Boolean(readonly=True)
    spouse_status_set = fields.Boolean(readonly=True)

    # By origin, since those share the scheduler; there are few of them.
    _due = models.Index("(origin, next_attempt, id) WHERE next_attempt IS NOT NULL")
    # The only ones with the date of receipt: one of it alone would be read from end to end to find
    # that nothing of a kind has come.
    _news_of_sender = models.Index("(sender_id, event_type, source, received_date)")
    # What retention looks for every day.
    _with_raw_data = models.Index(
        "(processed_date) WHERE raw_data IS NOT NULL AND state = 'processed'"
    )
    _unmatched = models.Index("(received_date) WHERE state = 'error' AND person_id IS NULL")
    _content_uniq = models.UniqueIndex(
        "(origin, digest) WHERE outcome IS NULL OR outcome NOT IN ('reversed', 'reassigned')"
    )
    _deaths_applied = models.Index(
        "(origin, processed_date) WHERE event_type = 'death' AND state = 'processed'"
    )

    # === ACCESS === #

    def _has_field_access(self, field, operation):
        """Let every internal user read what happened to whom and whether it counts, no more."""
        return super()._has_field_access(field, operation) and (
            self.env.su
            or operation != "read"
            or field.name in _FOR_EVERYBODY
            or self.env.user.has_group("spp_dci_client_crvs.group_crvs_viewer")
        )

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """Let those read the chatter who see vital events, and those write who work on them."""
        group = "viewer" if message_operation == "read" else "officer"
        if self.env.su or self.env.user.has_group(f"spp_dci_client_crvs.group_crvs_{group}"):
            return super()._mail_get_operation_for_mail_message_operation(message_operation)
        return dict.fromkeys(self, "unlink")  # which nobody may

    @api.depends("name")
    def _compute_display_name(self):
        for event in self:
            event.display_name = event.sudo().name

    def _as_processor(self, asked_by=False):
        """Return `self` as the technical user, with nothing tracked and nobody notified.

        :param int asked_by: id of the user who wanted this, if it was not the scheduler
        """
        events = self.with_user(self.env.ref("spp_dci_client_crvs.user_crvs_processor")).sudo()
        # Neither the companies nor the day of who asks make a difference.
        events = events.with_context(
            {k: v for k, v in self.env.context.items() if k != "allowed_company_ids"}
        )
        return events.with_context(
            active_test=False,
            crvs_asked_by=asked_by,
            mail_activity_quick_update=True,
            mail_notrack=True,
            tracking_disable=True,
            # The base modules' rules about "today" are to mean the day that ours mean.
            tz=events._company_tz().zone,
        )

    @api.model
    def _claim(self, limit, without=()):
        """Lock events that are due and that nobody else is working on.

        To be called first in a transaction: its snapshot is then as young as can be. Origins share
        a batch, so that a flood from one registry delays nothing of another.

        :param int limit: about so many at most
        :param without: ids of events to pass over
        :return: locked events, those of each origin that wait longest first
        """
        self.flush_model(["next_attempt"])
        now = fields.Datetime.now()
        origins = [origin for origin, soonest in self._waiting_origins() if soonest <= now]
        self.env.cr.execute(
            SQL(
                """
                SELECT claimed.id
                  FROM unnest(%(origins)s::text[]) AS due (origin)
                 CROSS JOIN LATERAL (
                    SELECT id, next_attempt FROM spp_dci_crvs_event
                     WHERE origin = due.origin AND next_attempt <= %(now)s
                       AND id != ALL(%(without)s)
                     ORDER BY next_attempt, id
                     LIMIT %(share)s
                       FOR NO KEY UPDATE SKIP LOCKED) AS claimed
                 ORDER BY claimed.next_attempt, claimed.id
                """,
                now=now,
                origins=origins,
                share=math.ceil(limit / max(len(origins), 1)),
                without=list(without),
            ),
            log_exceptions=False,
        )
        return self.browse([row[0] for row in self.env.cr.fetchall()])

    @api.model
    def _waiting_origins(self):
        """Return of which origins events wait, each found by one step in the index.

        :return: pairs of the origin and when its next event is due
        :rtype: list[tuple[str, datetime]]
        """
        self.flush_model(["next_attempt"])
        self.env.cr.execute(
            """
            WITH RECURSIVE waiting AS (
                (SELECT origin, next_attempt FROM spp_dci_crvs_event
                  WHERE next_attempt IS NOT NULL
                  ORDER BY origin, next_attempt LIMIT 1)
                UNION ALL
                SELECT next.origin, next.next_attempt
                  FROM waiting
                 CROSS JOIN LATERAL (
                    SELECT origin, next_attempt FROM spp_dci_crvs_event
                     WHERE next_attempt IS NOT NULL AND origin > waiting.origin
                     ORDER BY origin, next_attempt LIMIT 1) AS next)
            SELECT origin, next_attempt FROM waiting
            """
        )
        return self.env.cr.fetchall()

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
        situation = self._situation()
        if situation == "handed_over":
            return bool(self.next_attempt) and self.next_attempt <= fields.Datetime.now()
        return situation in ("waiting", "scheduled", "failed")

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
            except BEGIN_AGAIN:
                raise
            except Exception as error:
                if self.env.cr.closed or self.env.cr._cnx.closed:
                    raise
                if len(self) == 1:
                    self._break_down(error)
                    return 1
            return sum(event._process_batch() for event in self)

    def _apply_together(self):
        with self.env.cr.savepoint():
            return self.env["spp.dci.crvs.processor"]._process(self)

    # === TRANSITIONS === #

    def _situation(self):
        """Return where this event stands: a key of :data:`SITUATIONS`."""
        self.ensure_one()
        for name, values in SITUATIONS.items():
            if all(
                self[field] in value if isinstance(value, tuple) else self[field] == value
                for field, value in values.items()
            ):
                return name
        raise ValueError(f"event {self.id} stands nowhere")

    def _move(self, transition, **values):
        """Make one of the transitions.

        :param str transition: key of :data:`TRANSITIONS`
        :param values: what else is written; ``outcome`` where the target leaves the choice
        :raise ValueError: when an event does not stand where that transition begins
        """
        begins, target = TRANSITIONS[transition]
        if wrong := {event._situation() for event in self} - {*begins}:
            raise ValueError(f"{transition} does not begin at {', '.join(sorted(wrong))}")
        if target:
            # What belongs to the situation before is over.
            values = {
                "outcome": False,
                "error_kind": False,
                "error_message": False,
                "hold_reason": False,
                "processing_since": False,
                "next_attempt": False,
                "reviewed_date": False,
                **{
                    field: value
                    for field, value in SITUATIONS[target].items()
                    if not isinstance(value, tuple)
                },
                **values,
            }
            if target == "handed_over":
                # Whoever takes it finds everything as it was.
                for field in (
                    *("outcome", "error_kind", "error_message", "hold_reason"),
                    "reviewed_date",
                ):
                    values.pop(field)
        self.write(values)

    def _finish(self, outcome, **values):
        """End as processed.

        :param str outcome: ``applied``, ``no_effect``, ``superseded`` or ``flagged``
        :param values: what else is written
        """
        self._move(
            "finish",
            outcome=outcome,
            attempts=self.attempts + 1,
            processed_by=self.env.context.get("crvs_asked_by") or self.env.uid,
            **values,
        )

    def _fail(self, kind, message):
        """Put events into `error` and decide when they are tried again.

        :param str kind: one of the values of ``error_kind``
        :param str message: what an officer can do, without personal data
        """
        now = fields.Datetime.now()
        for event in self:
            attempts = event.attempts + 1 if event.error_kind in (False, kind) else 1
            delay = event._retry_delay(kind, attempts)
            event._move(
                "fail",
                error_kind=kind,
                error_message=message,
                attempts=attempts,
                next_attempt=now + delay if delay else False,
                # What was reviewed stays so while the same keeps failing.
                reviewed_date=event.reviewed_date if event.error_kind == kind else False,
            )
        self.filtered(
            lambda event: not event.next_attempt and not event.reviewed_date
        )._call_officer()

    def _break_down(self, error):
        """Record that processing broke down.

        Neither the event nor the log gets the error's text: it may quote values.
        """
        self.ensure_one()
        place = traceback.extract_tb(error.__traceback__)[-1]
        if isinstance(error, ValidationError):
            # What the registry of persons does not allow, it will not allow in an hour either.
            _logger.info(
                "CRVS event %s was refused in %s, line %s", self.name, place.name, place.lineno
            )
            self._fail(
                "invalid",
                self.env._(
                    "A rule of the registry of persons does not allow what this event would "
                    "change on the registrant. Open the registrant, correct what contradicts the "
                    "event, and retry; or ask the registry to correct the event."
                ),
            )
            return
        _logger.warning(
            "CRVS event %s could not be processed: %s in %s, line %s",
            self.name,
            log_guard.describe(error),
            place.name,
            place.lineno,
        )
        self._fail(
            "technical",
            self.env._(
                "Processing broke down (%s). It is tried again by itself; if it keeps failing, "
                "ask your administrator to look at the server log.",
                type(error).__name__,
            ),
        )

    def _schedule(self, moment):
        """Wait for the day of the event.

        :param datetime moment: when it begins, naive UTC
        """
        self._move(
            "schedule",
            next_attempt=moment,
            error_message=self.env._(
                "The event lies in the future and is applied when its day comes. If the date is "
                "wrong, ask the registry to correct it."
            ),
        )

    def _hold(self, reason):
        """Wait for a manager.

        :param str reason: value of ``hold_reason``
        """
        self._move("hold", hold_reason=reason, error_message=self._held_message(reason))

    def _held_message(self, reason):
        if reason == "brake":
            return self.env._(
                "This registry reported more deaths in an hour than its sender allows. A CRVS "
                "manager has to look at them and release them."
            )
        if reason == "check":
            return self.env._(
                "A bulk death check found this death. It is applied when the check has ended, or, "
                "where it found more deaths than may be applied at once, when a CRVS manager "
                "applies them there."
            )
        if reason == "distrusted":
            return self.env._(
                "The sender was archived, or the key revoked that signed this event, before it was "
                "applied. A CRVS manager has to decide whether it is right, and release it then."
            )
        if reason == "chosen":
            return self.env._(
                "An officer chose the registrant. The record contradicts what is known of the "
                "registrant, or the death was long ago: a CRVS manager has to confirm the choice. "
                "Release it, or give the event to another registrant."
            )
        if reason == "enabled_again":
            return self.env._(
                "This registrant was reported dead before and somebody enabled them again. A CRVS "
                "manager has to decide whether this report is right, and release it then."
            )
        if reason == "withdrawn":
            return self.env._(
                "The registry has taken this event back. A CRVS manager presses Never Apply, or, "
                "if the registry is wrong in that, Release."
            )
        return self.env._(
            "An event of this kind was undone for this registrant before. A CRVS manager has to "
            "decide whether this one is right, and release it then."
        )

    def _postpone(self, moment):
        """Leave the event as it stands, to be looked at again later.

        :param datetime moment: when, naive UTC
        """
        self._move("postpone", next_attempt=moment)

    def _hasten(self):
        """Have events looked at now, with all their attempts before them."""
        self._move("hasten", next_attempt=fields.Datetime.now(), attempts=0)

    def _release(self):
        """Let held events pass."""
        self._move("release", released=True, next_attempt=fields.Datetime.now())

    def _reconsider(self):
        """Have processed events looked at again, since another one was undone."""
        self._move("reconsider", next_attempt=fields.Datetime.now())

    def _mark_handed_over(self, until):
        """Have somebody else process these events.

        :param datetime until: when they are due again if nobody did, naive UTC
        """
        for event in self:
            event._move(
                "hand_over",
                processing_since=fields.Datetime.now(),
                next_attempt=until,
                hand_overs=event.hand_overs + 1 if event.state == "processing" else 1,
            )

    # === RETENTION === #

    @api.autovacuum
    def _gc_event_data(self):
        """Blank the original data of processed events past their retention.

        The identifier, what the event changed and the outcome stay: the registrant's history. So
        do those of events that nobody has decided in all that time.
        """

        def forget(events):
            events.write({"raw_data": False})

        parameter, with_data = const.PARAM_EVENT_RETENTION_D, ("raw_data", "!=", False)
        done, more = self._forget(
            parameter, [("state", "=", "processed"), with_data], "processed_date", forget
        )
        undecided = [("state", "=", "error"), ("person_id", "=", False), with_data]
        left, more_left = self._forget(parameter, undecided, "received_date", forget)
        return done + left, more or more_left

    @api.autovacuum
    def _gc_unmatched(self):
        """Forget whom events were about that led to nobody here, past their retention.

        Kind, state, registry and times stay. The same content that is sent again is a new event.
        """

        def forget(events):
            self.env["spp.dci.crvs.candidate"].search(
                [("event_id", "in", events.ids)], order="id"
            ).unlink()
            self.env["spp.dci.crvs.event.wait"]._replace(forget=events.ids, waiting={})
            events._open_alerts("attention").unlink()
            events._move(
                "give_up",
                outcome="no_effect",
                error_message=self.env._(
                    "Nobody was found in all the time for which such data is kept. Whom it was "
                    "about has been deleted."
                ),
                processed_date=fields.Datetime.now(),
                **dict.fromkeys(_ABOUT_PERSONS, False),
            )
            for event in events:
                event.digest = uuid.uuid4().hex

        return self._forget(
            const.PARAM_UNMATCHED_RETENTION_D,
            [
                ("state", "=", "error"),
                ("error_kind", "=", "no_match"),
                ("person_id", "=", False),
            ],
            "received_date",
            forget,
        )

    @api.model
    def _forget(self, parameter, domain, date_field, forget):
        """Do something to events whose retention is over.

        :param str parameter: that says after how many days
        :param list domain: which events
        :param str date_field: since when the days count
        :param forget: called with the events
        :return: how many, and whether there may be more
        :rtype: tuple[int, bool]
        """
        days = number(self.env, parameter)
        if not days:
            return 0, False
        limit = fields.Datetime.now() - timedelta(days=days)
        events = self._as_processor().search(
            [*domain, (date_field, "<", limit)], limit=GC_UNLINK_LIMIT
        )
        with log_guard.statements_hidden():
            if events:
                forget(events)
                self.env.flush_all()
        return len(events), len(events) == GC_UNLINK_LIMIT
