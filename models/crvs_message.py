import base64
import zlib
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.constants import GC_UNLINK_LIMIT

from .. import const
from ..services import acknowledgement, records
from ..services.errors import InvalidMessage


class CRVSMessage(models.Model):
    """The inbox: one row per accepted message, with the evidence of who ordered what."""

    _name = "spp.dci.crvs.message"
    _description = "CRVS Message"
    _order = "id desc"
    _rec_name = "correlation_id"

    sender_id = fields.Many2one(
        "spp.dci.crvs.sender", required=True, readonly=True, ondelete="restrict"
    )
    message_id = fields.Char("Message ID", required=True, readonly=True)
    digest = fields.Char(
        "Content Digest", required=True, readonly=True, help="SHA-256 of the message's content."
    )
    kind = fields.Selection(
        [
            ("notify", "Notification"),
            ("on-search", "Search Answer"),
            ("on-subscribe", "Subscription Answer"),
            ("on-unsubscribe", "Unsubscription Answer"),
            ("txn-on-status", "Status Answer"),
        ],
        required=True,
        readonly=True,
    )
    outcome = fields.Selection(
        [
            ("stored", "Stored"),
            ("answered", "Answer Taken"),
            ("ignored", "Nothing for Us"),
            ("unmatched", "Not an Answer to a Pending Request"),
        ],
        required=True,
        readonly=True,
    )
    id_reused = fields.Boolean(
        "Message ID Reused",
        readonly=True,
        help="The registry had used this message ID before, for another content.",
    )
    correlation_id = fields.Char(readonly=True)
    transaction_id = fields.Char(readonly=True, groups="spp_dci_client_crvs.group_crvs_manager")
    received_date = fields.Datetime("Received", required=True, readonly=True, index=True)
    remote_addr = fields.Char("Received From", readonly=True)
    duplicate_count = fields.Integer("Repeated", readonly=True)
    last_duplicate_date = fields.Datetime("Last Repeated", readonly=True)
    refused_items = fields.Json(readonly=True, groups="spp_dci_client_crvs.group_crvs_manager")
    event_ids = fields.One2many("spp.dci.crvs.event", "message_id", "Events", readonly=True)
    request_id = fields.Many2one(
        "spp.dci.crvs.request", "Answers", readonly=True, index="btree_not_null"
    )

    # The evidence.
    body = fields.Binary(
        "Compressed Body",
        attachment=False,
        readonly=True,
        groups="spp_dci_client_crvs.group_crvs_manager",
        help="The message exactly as it came, compressed with zlib.",
    )
    body_text = fields.Text(
        "Message as It Came",
        compute="_compute_body_text",
        groups="spp_dci_client_crvs.group_crvs_manager",
    )
    signature = fields.Text(readonly=True, groups="spp_dci_client_crvs.group_crvs_manager")
    profile = fields.Char("Signature Profile", readonly=True)
    form = fields.Char("Signed Form", readonly=True)
    key_fingerprint = fields.Char(readonly=True)

    _content_uniq = models.UniqueIndex("(sender_id, message_id, digest)")

    # ------------------------------------------------------------------
    # Storing
    # ------------------------------------------------------------------

    @api.model
    def _find_duplicate(self, sender, envelope):
        """Return the row of a message that was accepted before, or an empty recordset."""
        return self.search(
            [
                ("sender_id", "=", sender.id),
                ("message_id", "=", envelope.message_id),
                ("digest", "=", envelope.digest),
            ],
            limit=1,
        )

    @api.model
    def _claim(self, verified, origin):
        """Insert the row that makes a message ours, unless it is there already.

        Two deliveries at the same instant meet in the unique index: one waits for the other and
        then fails to serialize, which Odoo answers by running the request again. The statement
        carries no payload, since PostgreSQL may log the one that fails.

        :return: the new row, or an empty recordset for a duplicate
        """
        envelope = verified.envelope
        known = {
            "correlation_id": acknowledgement.new_correlation_id(),
            "received_date": fields.Datetime.now(),
            "refused_items": False,
        }
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO spp_dci_crvs_message (
                    sender_id, message_id, digest, kind, outcome, correlation_id, received_date,
                    request_id, duplicate_count, create_uid, create_date, write_uid, write_date,
                    id_reused)
                SELECT %(sender)s, %(message)s, %(digest)s, %(kind)s, 'stored', %(correlation)s,
                       %(now)s, %(request)s, 0, %(uid)s, %(now)s, %(uid)s, %(now)s,
                       EXISTS (SELECT FROM spp_dci_crvs_message
                                WHERE sender_id = %(sender)s AND message_id = %(message)s)
                ON CONFLICT (sender_id, message_id, digest) DO NOTHING
                RETURNING id
                """,
                sender=origin.sender.id,
                message=envelope.message_id,
                digest=envelope.digest,
                kind=envelope.kind,
                correlation=known["correlation_id"],
                request=origin.request.id or None,
                now=known["received_date"],
                uid=self.env.uid,
            ),
            log_exceptions=False,
        )
        row = self.env.cr.fetchone()
        message = self.browse(row and row[0])
        if message:
            message._update_cache(known, validate=False)  # the acknowledgement reads nothing
        return message

    def _write_evidence(self, verified, remote_addr):
        """Write who ordered what, by one statement: this is where every message passes."""
        envelope = verified.envelope
        self.env.cr.execute(
            SQL(
                """
                UPDATE spp_dci_crvs_message
                   SET transaction_id = %s, remote_addr = %s, body = %s, signature = %s,
                       profile = %s, form = %s, key_fingerprint = %s
                 WHERE id = %s
                """,
                envelope.transaction_id or None,
                remote_addr,
                base64.b64encode(zlib.compress(envelope.body, 1)),
                str(envelope.signature or "") or None,
                verified.profile,
                verified.form,
                verified.key_fingerprint or None,
                self.id,
            )
        )

    def _take(self, verified, origin):
        """Do what the message asks for: store events, or hand an answer to who waits for it."""
        if verified.envelope.kind == "notify":
            outcome = self._take_notification(verified, origin)
        else:
            outcome = origin.request._take_answer(self, verified) if origin.request else "unmatched"
        if outcome != "stored":
            self.outcome = outcome

    def _take_notification(self, verified, origin):
        data_source = origin.sender._notifying_data_source()
        try:
            notification = records.read_notification(
                verified.envelope.message, tz=data_source.crvs_timezone or None
            )
        except records.InvalidRecord as error:
            raise InvalidMessage(str(error)) from None
        if notification.refused:
            self.refused_items = [reference for reference, _name in notification.refused]
        if not notification.events:
            return "ignored"
        self.env["spp.dci.crvs.event"]._store(
            notification.events, sender=origin.sender, data_source=data_source, message=self
        )
        return "stored"

    def _count_duplicate(self):
        """Count a repetition, without waiting for somebody who counts one at the same time."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE spp_dci_crvs_message
                   SET duplicate_count = duplicate_count + 1, last_duplicate_date = %(now)s
                 WHERE id = (SELECT id FROM spp_dci_crvs_message WHERE id = %(id)s
                                FOR NO KEY UPDATE SKIP LOCKED)
                """,
                now=fields.Datetime.now(),
                id=self.id,
            ),
            log_exceptions=False,
        )
        self.invalidate_recordset(["duplicate_count", "last_duplicate_date"])

    def _acknowledgement(self):
        return acknowledgement.accepted(
            self.correlation_id, self.received_date, self.refused_items or ()
        )

    # ------------------------------------------------------------------
    # For managers, and housekeeping
    # ------------------------------------------------------------------

    @api.depends("body")
    def _compute_body_text(self):
        for message in self:
            # The web client asks for the sizes of binary fields in place of their contents.
            body = message.with_context(bin_size=False).body
            message.body_text = zlib.decompress(base64.b64decode(body)).decode() if body else ""

    @api.model
    def _number_parameter(self, name):
        """Read a system parameter that is a number.

        :param str name: one of :data:`const.NUMBER_DEFAULTS`
        :return: its value; the default when it is missing, no number or negative
        :rtype: float
        """
        default = const.NUMBER_DEFAULTS[name]
        try:
            value = float(self.env["ir.config_parameter"].sudo().get_param(name) or default)
        except ValueError:
            return default
        return value if 0 <= value < float("inf") else default

    @api.autovacuum
    def _gc_messages(self):
        """Delete inbox rows past their retention.

        A row is kept at least as long as its message could be accepted again, since the row is
        what recognises a duplicate.
        """
        days = self._number_parameter(const.PARAM_INBOX_RETENTION_D)
        if not days:
            return 0, 0
        # A signature is valid for a day at most, which may begin and end a skew later.
        skew = 2 * self._number_parameter(const.PARAM_CLOCK_SKEW_S) / 3600
        hours = max(
            days * 24, skew + max(self._number_parameter(const.PARAM_MAX_MESSAGE_AGE_H), 24)
        )
        old = self.search(
            [("received_date", "<", fields.Datetime.now() - timedelta(hours=hours))],
            limit=GC_UNLINK_LIMIT,
        )
        old.unlink()
        return len(old), len(old) == GC_UNLINK_LIMIT
