import base64
import logging
import zlib
from datetime import timedelta, timezone
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL, str2bool
from odoo.tools.constants import GC_UNLINK_LIMIT

from ... import const
from ...services import errors, records, signature
from ...services.errors import InvalidMessage
from ...services.records.values import safe_ascii
from ...services.wire import acknowledgement
from ...services.wire import envelope as envelopes
from ..mixins import number

_logger = logging.getLogger(__name__)


class Origin(NamedTuple):
    """Who must have signed a message, and the request of ours that it answers, if any."""

    sender: models.BaseModel
    request: models.BaseModel


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
    transaction_id = fields.Char(readonly=True, groups=const.READS_EVIDENCE)
    received_date = fields.Datetime("Received", required=True, readonly=True, index=True)
    remote_addr = fields.Char("Received From", readonly=True)
    duplicate_count = fields.Integer("Repeated", readonly=True)
    last_duplicate_date = fields.Datetime("Last Repeated", readonly=True)
    refused_items = fields.Json(readonly=True, groups=const.READS_EVIDENCE)
    event_ids = fields.One2many("spp.dci.crvs.event", "message_id", "Events", readonly=True)
    request_id = fields.Many2one(
        "spp.dci.crvs.request",
        "Answers",
        readonly=True,
        index="btree_not_null",
        groups=const.READS_EVIDENCE,
    )

    # The evidence.
    body = fields.Binary(
        "Compressed Body",
        attachment=False,
        readonly=True,
        groups=const.READS_EVIDENCE,
        help="The message exactly as it came, compressed with zlib.",
    )
    body_text = fields.Text(
        "Message as It Came",
        compute="_compute_body_text",
        groups=const.READS_EVIDENCE,
    )
    signature = fields.Text(readonly=True, groups=const.READS_EVIDENCE)
    profile = fields.Char("Signature Profile", readonly=True)
    form = fields.Char("Signed Form", readonly=True)
    key_fingerprint = fields.Char(readonly=True)

    _with_body = models.Index("(received_date) WHERE body IS NOT NULL")
    # A notification and an answer may have the same content, and mean different things.
    _content_uniq = models.UniqueIndex("(sender_id, message_id, digest, kind)")

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
                ("kind", "=", envelope.kind),
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
                ON CONFLICT (sender_id, message_id, digest, kind) DO NOTHING
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
            message.modified(self._fields, create=True)
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
        # An addon that is loaded, but not installed here, may have added a type.
        types = dict(self.env["spp.dci.crvs.event"]._fields["event_type"].selection)
        events = [event for event in notification.events if event.event_type in types]
        refused = [reference for reference, _name in notification.refused]
        refused += [
            event.reference_id for event in notification.events if event.event_type not in types
        ]
        if refused:
            self.refused_items = refused
        if not events:
            return "ignored"
        self.env["spp.dci.crvs.event"]._store(
            events,
            sender=origin.sender,
            data_source=data_source,
            message=self,
            message_time=_naive(verified.signed_at),
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

    @api.autovacuum
    def _gc_bodies(self):
        """Delete what messages said, past its retention.

        Who signed what, when and with which key stays: of the content its digest.
        """
        limit = self._kept_since(const.PARAM_INBOX_BODY_RETENTION_D)
        old = self.browse()
        if limit:
            old = self.search(
                [("received_date", "<", limit), ("body", "!=", False)], limit=GC_UNLINK_LIMIT
            )
            old.write({"body": False})
        return len(old), len(old) == GC_UNLINK_LIMIT

    @api.autovacuum
    def _gc_messages(self):
        """Delete inbox rows past their retention, which is for ever unless told otherwise."""
        limit = self._kept_since(const.PARAM_INBOX_RETENTION_D)
        old = self.browse()
        if limit:
            old = self.search([("received_date", "<", limit)], limit=GC_UNLINK_LIMIT)
            old.unlink()
        return len(old), len(old) == GC_UNLINK_LIMIT

    @api.model
    def _kept_since(self, parameter):
        """Return since when messages are kept, None for ever.

        At least as long as a message could be accepted again, since its row is what recognises a
        duplicate.
        """
        days = number(self.env, parameter)
        if not days:
            return None
        # A signature is valid for a day at most, which may begin and end a skew later.
        skew = 2 * number(self.env, const.PARAM_CLOCK_SKEW_S) / 3600
        hours = max(days * 24, skew + max(number(self.env, const.PARAM_MAX_MESSAGE_AGE_H), 24))
        return fields.Datetime.now() - timedelta(hours=hours)

    # === RECEIVING === #

    @api.model
    def _receive(self, body, path_kind=None, remote_addr=None):
        """Check a message, keep it once and acknowledge it.

        :param bytes body: the message as it came
        :param str path_kind: what the URL is for, None where it takes everything
        :param str remote_addr: IP address of the sender, kept as evidence
        :return: the acknowledgement
        :rtype: dict
        :raise DCIError: for the first check that fails; its ``sender_id`` is the claimed sender
        """
        envelope = envelopes.parse(body)
        origin = None
        try:
            envelopes.check_header(envelope, path_kind)
            envelopes.check_version(envelope)
            envelopes.check_encryption(envelope)
            origin = self._find_origin(envelope)
            verified = self._verify(envelope, origin.sender, remote_addr)
            if not verified.fresh and not self._find_duplicate(origin.sender, envelope):
                raise errors.SignatureExpired(verified.expired_s)
            if not envelope.is_answer:
                self._check_receiver(envelope)
            envelopes.check_message(
                envelope, max_items=int(number(self.env, const.PARAM_MAX_ITEMS))
            )
        except errors.DCIError as error:
            self._tell_whose(error, envelope, origin)
            if isinstance(error, errors.UnknownKey) and origin.request:
                origin.request._note_refused_answer()
            raise
        message = self._claim(verified, origin)
        if message:
            message._take(verified, origin)
            message._write_evidence(verified, remote_addr)
        else:
            message = self._find_duplicate(origin.sender, envelope)
            message._count_duplicate()
        return message._acknowledgement()

    @api.model
    def _tell_whose(self, error, envelope, origin):
        """Note in an error who the message claims to be of."""
        claimed = envelope.header.get("sender_id")
        error.sender_id = _loggable(claimed)
        if not (isinstance(claimed, str) and const.SENDER_ID_FORM.fullmatch(claimed)):
            claimed = ""
        registry = self.env["spp.dci.crvs.sender"].sudo().with_context(active_test=False)
        if origin:
            # Whose signature it needs: the header of an answer may hold our own name.
            registry = origin.sender
            claimed = registry.sender_id
        elif claimed:
            registry = registry.search([("sender_id", "=", claimed)], limit=1)
        error.claimed_sender = claimed
        error.registry_id = registry.id or 0

    @api.model
    def _find_origin(self, envelope):
        """Tell whose signature a message needs.

        The header of an answer is not believed: OpenCRVS puts our own ids there. An answer belongs
        to the request that it names, and so to the registry which that request went to.

        :raise UnknownSender: when nobody we trust is in question
        """
        request = self.env["spp.dci.crvs.request"]
        if envelope.is_answer:
            request = request._find(envelope.transaction_id)
        if request:
            sender = request.data_source_id.crvs_sender_id
        else:
            sender = self.env["spp.dci.crvs.sender"].get_by_sender_id(envelope.sender_id)
        if not sender.active:
            raise errors.UnknownSender("The sender is not known here.")
        return Origin(sender, request)

    @api.model
    def _verify(self, envelope, sender, remote_addr):
        """Verify the signature, unless this is a laboratory that takes unsigned messages.

        :rtype: VerifiedMessage
        :raise SignatureMissing, SignatureInvalid: see ``services.signature``
        """
        allow_unsigned = str2bool(
            self.env["ir.config_parameter"].sudo().get_param(const.PARAM_ALLOW_UNSIGNED), False
        )
        if allow_unsigned and not signature.has_signature_form(envelope.signature):
            _logger.warning(
                "Took an unsigned DCI message of %r: %s is set. Never do so in production.",
                _loggable(sender.sender_id),
                const.PARAM_ALLOW_UNSIGNED,
            )
            return signature.unsigned(envelope, sender.sender_id)
        return sender._verify(envelope, remote_addr)

    @api.model
    def _check_receiver(self, envelope):
        """Refuse what is meant for somebody else.

        :raise WrongReceiver: when we have names and the message bears another one
        """
        receiver = envelope.header.get("receiver_id")
        if receiver in (None, ""):
            return
        ours = self._our_receiver_ids()
        if ours and (not isinstance(receiver, str) or receiver.rstrip("/") not in ours):
            raise errors.WrongReceiver("The message is addressed to somebody else.")

    @api.model
    def _our_receiver_ids(self):
        """Return the names under which registries know us, without a final slash.

        :rtype: set[str]
        """
        listed = self.env["ir.config_parameter"].sudo().get_param(const.PARAM_RECEIVER_IDS) or ""
        sources = self.env["spp.dci.data.source"].sudo().search([("our_sender_id", "!=", False)])
        names = [*listed.replace(",", " ").split(), *sources.mapped("our_sender_id")]
        return {name.rstrip("/") for name in names if name.strip()}


def _naive(moment):
    """Return an aware moment as Odoo keeps it: UTC without zone; None for None."""
    return moment and moment.astimezone(timezone.utc).replace(tzinfo=None)


def _loggable(sender_id):
    """Cut what a stranger claims to be down to 64 printable ASCII characters."""
    return safe_ascii(sender_id, 64) if isinstance(sender_id, str) else ""
