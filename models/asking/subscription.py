from odoo import api, fields, models
from odoo.tools import SQL

from ... import const
from ...services.asking import subscription_messages as answers
from ...services.own_cursor import lock
from ..mixins import check_group, notify


class CRVSSubscription(models.Model):
    """That a registry notifies us of one kind of event."""

    _name = "spp.dci.crvs.subscription"
    _description = "CRVS Subscription"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "spp.dci.crvs.alert.mixin",
        "spp.dci.crvs.scheduled.mixin",
    ]
    _order = "id desc"
    _rec_name = "event_type"
    _scheduler = "ir_cron_subscriptions"
    # Nobody has write access; managers comment and close activities all the same.
    _mail_post_access = "read"

    data_source_id = fields.Many2one(
        "spp.dci.data.source", "Registry", required=True, readonly=True, ondelete="restrict"
    )
    event_type = fields.Selection(
        const.EVENT_TYPES,
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("requested", "Requested"),
            ("active", "Active"),
            ("rejected", "Rejected"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        tracking=True,
    )
    code = fields.Char(
        "Subscription Code",
        readonly=True,
        help="The registry's name for it, needed to unsubscribe.",
    )
    correlation_id = fields.Char(readonly=True, help="How the registry acknowledged our request.")
    # Whoever knows these can have an answer counted, so they are random and shown to few.
    transaction_id = fields.Char(readonly=True, groups=const.READS_EVIDENCE)
    reference_id = fields.Char(required=True, readonly=True, groups=const.READS_EVIDENCE)
    request_date = fields.Datetime("Requested On", readonly=True)
    active_date = fields.Datetime("Active Since", readonly=True)
    end_date = fields.Datetime(
        "Active Until", readonly=True, help="It is renewed by itself some days before."
    )
    cancel_date = fields.Datetime("Cancelled On", readonly=True)
    reason = fields.Char(readonly=True, help="What the registry said.")
    ending_id = fields.Many2one(
        "spp.dci.crvs.request",
        "Unanswered Unsubscription",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The registry has not said whether it has ended this subscription.",
    )
    status_date = fields.Datetime(
        "Status Asked On", readonly=True, help="When the registry was last asked what became of it."
    )
    status_count = fields.Integer("Status Questions", readonly=True)
    to_end = fields.Boolean(
        "To Be Ended", readonly=True, help="The registry was asked to end it, and has not."
    )
    end_count = fields.Integer("Vain Unsubscriptions", readonly=True)
    to_renew = fields.Boolean(
        "Being Renewed", readonly=True, help="It ends as soon as a new subscription stands."
    )
    renewal_date = fields.Datetime(
        "Next Renewal", readonly=True, help="When renewing that failed is tried again."
    )
    request_count = fields.Integer(
        "Times Requested", readonly=True, default=1, help="A registry that refuses is asked again."
    )
    renewal_count = fields.Integer("Failed Renewals", readonly=True)
    successor_id = fields.Many2one(
        "spp.dci.crvs.subscription", "Renewed By", readonly=True, index="btree_not_null"
    )
    alarm_date = fields.Datetime(
        "Silence Reported On", readonly=True, help="When managers were told that nothing comes."
    )

    # Two workers that subscribe at once must not end with two subscriptions. One that is being
    # renewed stays until its successor stands.
    _live_uniq = models.UniqueIndex(
        "(data_source_id, event_type)"
        " WHERE state IN ('requested', 'active') AND to_renew IS NOT TRUE",
        "There is a live subscription of this kind already.",
    )
    _code_idx = models.Index("(data_source_id, code) WHERE code IS NOT NULL")

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """Have those alone write in the chatter who subscribe and unsubscribe."""
        groups = "spp_dci_client_crvs.group_crvs_manager,base.group_system"
        if message_operation == "read" or self.env.su or self.env.user.has_groups(groups):
            return super()._mail_get_operation_for_mail_message_operation(message_operation)
        return dict.fromkeys(self, "unlink")  # which nobody may

    @api.depends("event_type", "data_source_id.name")
    def _compute_display_name(self):
        names = dict(self._fields["event_type"]._description_selection(self.env))
        for subscription in self:
            subscription.display_name = (
                f"{subscription.data_source_id.name}: {names.get(subscription.event_type, '')}"
            )

    # === FINDING === #

    @api.model
    def _find_live(self, data_source, event_type):
        """Return the requested or active subscription that is to stay, or an empty recordset."""
        return self.search(
            [
                ("data_source_id", "=", data_source.id),
                ("event_type", "=", event_type),
                ("state", "in", ("requested", "active")),
                ("to_renew", "=", False),
            ],
            limit=1,
        )

    @api.model
    def _find_renewing(self, data_source, event_type):
        """Return what waits for a successor, or an empty recordset."""
        return self.search(
            [
                ("data_source_id", "=", data_source.id),
                ("event_type", "=", event_type),
                ("to_renew", "=", True),
                ("state", "in", ("active", "cancelled")),
            ]
        )

    @api.model
    def _find_by_handle(self, data_source, handle):
        """Find what ``subscribe_events`` returned a string for, as it was renewed since.

        :param str handle: subscription code, correlation id or reference id
        :return: the live ones, since a registry may give several the same correlation id; else the
            newest, or an empty recordset
        """
        found = self.search(
            [
                ("data_source_id", "=", data_source.id),
                "|",
                ("code", "=", handle),
                "|",
                ("correlation_id", "=", handle),
                ("reference_id", "=", handle),
            ],
        )
        latest = self.browse()
        for subscription in found:
            while subscription.successor_id:
                subscription = subscription.successor_id
            latest |= subscription
        live = latest.filtered(lambda one: one.state in ("requested", "active"))
        return live or latest[:1]

    def _handle(self):
        """Return what leads to this subscription: its code, else correlation or reference id."""
        self.ensure_one()
        return self.code or self.correlation_id or self.reference_id

    # === LIFE === #

    @api.model
    def _claim(self, data_source, event_type, end_date):
        """Enter a subscription that is about to be requested, unless there is a live one.

        One that the registry refused is requested anew, and stays one row.

        :param data_source: registry
        :param str event_type: a value of ``event_type``
        :param datetime end_date: until when it is asked for, naive UTC
        :return: the live subscription, and whether it is new
        :rtype: tuple
        """
        self.flush_model()
        if refused := self._take_up_refused(data_source, event_type, end_date):
            return refused, True
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO spp_dci_crvs_subscription (
                    data_source_id, event_type, state, reference_id, request_date, end_date,
                    request_count, create_uid, create_date, write_uid, write_date)
                VALUES (%(source)s, %(type)s, 'requested', %(reference)s, %(now)s, %(end)s, 1,
                        %(uid)s, %(now)s, %(uid)s, %(now)s)
                ON CONFLICT DO NOTHING
                RETURNING id
                """,
                source=data_source.id,
                type=event_type,
                reference=self.env["spp.dci.crvs.request"]._new_id(),
                now=fields.Datetime.now(),
                end=end_date or None,
                uid=self.env.uid,
            ),
            log_exceptions=False,
        )
        row = self.env.cr.fetchone()
        if row:
            claimed = self.browse(row[0])
            claimed.modified(self._fields, create=True)
            return claimed, True
        return self._find_live(data_source, event_type), False

    @api.model
    def _take_up_refused(self, data_source, event_type, end_date):
        """Request a subscription again that was refused last, if nothing live is there."""
        latest = self.search(
            [
                ("data_source_id", "=", data_source.id),
                ("event_type", "=", event_type),
                ("to_renew", "=", False),
            ],
            order="id desc",
            limit=1,
        )
        # Of one in doubt a confirmation may still come.
        if (
            latest.state != "rejected"
            or latest.in_doubt
            or self._find_live(data_source, event_type)
        ):
            return self.browse()
        latest = lock(latest)
        latest.write(
            {
                "state": "requested",
                "reference_id": self.env["spp.dci.crvs.request"]._new_id(),
                "transaction_id": False,
                "correlation_id": False,
                "code": False,
                "reason": False,
                "request_date": fields.Datetime.now(),
                "end_date": end_date,
                "request_count": latest.request_count + 1,
                "in_doubt": False,
                "status_date": False,
                "status_count": 0,
            }
        )
        self.env.flush_all()
        return latest

    def _take_answer(self, answer):
        """Let the registry's decision have its effect, in whatever order answers arrive.

        :param SubscriptionAnswer answer: about this subscription
        """
        self.ensure_one()
        # We may have given up a request that the registry confirms after all.
        revived = (
            self.state == "rejected"
            and answer.status == answers.ACTIVE
            and not self._find_live(self.data_source_id, self.event_type)
        )
        if self.state not in ("requested", "active") and not revived:
            return
        self.in_doubt = False
        reason = " ".join(filter(None, (answer.reason_code, answer.reason))) or False
        if answer.status == answers.ACTIVE:
            self.write(
                {
                    "state": "active",
                    "code": answer.code,
                    "active_date": self.active_date or fields.Datetime.now(),
                    "end_date": answer.ends or self.end_date,
                    "reason": reason,
                }
            )
            self._open_alerts("subscription").unlink()
            if self._find_renewing(self.data_source_id, self.event_type):
                self._wake_scheduler()
        elif answer.status == answers.REJECTED:
            self.write({"state": "rejected", "reason": reason})
            if renewing := self._find_renewing(self.data_source_id, self.event_type):
                renewing._postpone_renewal(answer.reason_code)
                return
            self._alert(
                "subscription",
                self._crvs_managers(),
                self.env._(
                    "The registry did not accept this subscription, so these events do not reach "
                    "us. See the reason, then subscribe again on the data source."
                ),
            )
        elif answer.status == answers.ENDED:
            self._cancel(reason)
        elif answer.code:
            self.code = answer.code

    def _cancel(self, reason=False):
        self.write(
            {
                "state": "cancelled",
                "cancel_date": fields.Datetime.now(),
                "reason": reason,
                "ending_id": False,
                "to_end": False,
                "end_count": 0,
            }
        )
        renewed = self.filtered(lambda one: one.successor_id.state in ("requested", "active"))
        renewed.to_renew = False
        if (self - renewed).filtered("to_renew"):
            self._wake_scheduler()

    # === BUTTONS === #

    def action_unsubscribe(self):
        """End these subscriptions at their registries.

        :return: an action that says where they stand
        :rtype: dict
        :raise AccessError: for everybody but CRVS managers
        :raise UserError: when a registry could not be asked or refuses
        """
        check_group(self.env, "manager")
        for subscription in self.sudo():
            subscription._registry_unsubscribe(
                subscription.data_source_id, [subscription._handle()]
            )
        return self._tell_standing()

    def action_ask_status(self):
        """Ask the registries what became of these subscriptions.

        :return: an action that says where they stand
        :rtype: dict
        :raise AccessError: for everybody but CRVS managers and the system group
        :raise UserError: when a registry could not be asked
        """
        check_group(self.env, "manager", or_system=True)
        for subscription in self.sudo():
            subscription._ask_status()
        return self._tell_standing()

    def _tell_standing(self):
        self.invalidate_recordset()
        states = dict(self._fields["state"]._description_selection(self.env))
        lines = [f"{one.display_name}: {states[one.state]}" for one in self]
        return notify(self.env, "; ".join(lines))
