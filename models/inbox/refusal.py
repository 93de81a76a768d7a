from collections import defaultdict
from contextlib import suppress
from datetime import timedelta

from psycopg2.errors import LockNotAvailable
from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.constants import GC_UNLINK_LIMIT

from ... import const
from .refusal_counts import OTHERS, PERIOD_S, UNREADABLE, RefusalCounts

# Rows that are kept, those of registries that we know before those of strangers.
MAX_ROWS = 300
RETENTION_D = 90
# Names the lock that lets one worker at a time write; any number of our own will do.
WRITE_LOCK = 0x73707063727266

_counts = defaultdict(RefusalCounts)


class CRVSRefusal(models.Model):
    """Messages that were refused: who claimed to send them, and why they were not taken.

    A refused message leaves nothing else, so nothing of its content is here. Rows are written
    after the answer is decided, in a transaction of their own.
    """

    _name = "spp.dci.crvs.refusal"
    _description = "Refused CRVS Messages"
    _order = "last_date desc, id desc"
    _rec_name = "claimed_sender"

    claimed_sender = fields.Char(
        required=True, readonly=True, help="Who the sender claims to be. Anybody can claim that."
    )
    sender_text = fields.Char("Claims to Be", compute="_compute_sender_text")
    registry_id = fields.Many2one(
        "spp.dci.crvs.sender",
        "Registry",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The registry of that name. Whether it sent the message, nobody knows.",
    )
    reason = fields.Selection(
        [
            ("sender", "Unknown or archived sender"),
            ("unsigned", "Not signed"),
            ("unknown-key", "Unknown key"),
            ("mismatch", "Signature does not fit"),
            ("signature", "Signature not valid"),
            ("malformed", "Signature not readable"),
            ("algorithm", "Other algorithm"),
            ("expired", "Signature too old"),
            ("not-yet-valid", "Signature of the future"),
            ("lifetime", "Signature valid for too long"),
            ("key-owner", "Key of another sender"),
            ("critical", "Unknown extension of the signature"),
            ("payload", "Signed and sent text differ"),
            ("receiver", "Meant for somebody else"),
            ("version", "Other version of the protocol"),
            ("encryption", "Encrypted"),
            ("header", "Header not usable"),
            ("schema", "Message not usable"),
            ("json", "Not readable"),
            ("items", "Too many events in one message"),
            ("size", "Message too large"),
            ("method", "No message at all"),
            ("unavailable", "We were not ready"),
            ("request", "Other reason"),
        ],
        required=True,
        readonly=True,
    )
    advice = fields.Text("What to Do", compute="_compute_advice")
    count = fields.Integer("Written", required=True, readonly=True)
    times = fields.Integer(
        compute="_compute_times",
        help="At least so often: another process of this server adds what it counted with the next "
        "message that it refuses.",
    )
    first_date = fields.Datetime("First", required=True, readonly=True)
    last_date = fields.Datetime("Last", required=True, readonly=True, index=True)
    last_address = fields.Char("Last From", readonly=True, help="IP address of the last one.")

    _row_uniq = models.UniqueIndex("(claimed_sender, reason)")

    @api.depends("claimed_sender")
    def _compute_sender_text(self):
        words = {UNREADABLE: self.env._("(not readable)"), OTHERS: self.env._("(many others)")}
        for refusal in self:
            refusal.sender_text = words.get(refusal.claimed_sender, refusal.claimed_sender)

    @api.depends("count")
    def _compute_times(self):
        counts = _counts[self.env.cr.dbname]
        for refusal in self:
            held = counts.held(refusal.claimed_sender, refusal.reason)
            refusal.times = refusal.count + held

    @api.depends("reason", "registry_id.active")
    def _compute_advice(self):
        advice = self._advice()
        for refusal in self:
            reason = refusal.reason
            if reason == "sender" and refusal.registry_id:
                reason = "archived"
            refusal.advice = advice.get(reason) or advice["request"]

    @api.model
    def _advice(self):
        """Return a sentence on what to do, by reason."""
        _ = self.env._
        clock = _("Ask the registry to set its clock; look at the clock of this server too.")
        software = _(
            "Tell the registry's technicians: their software does not write this message as the "
            "DCI standard asks."
        )
        return {
            "sender": _(
                "If this is a registry of yours, enter this name on its form as its name in "
                "messages, to the letter; if not, nothing needs to be done."
            ),
            "archived": _(
                "The registry of this name is or was archived: restore it only after you have "
                "its key confirmed by telephone."
            ),
            "unsigned": _("Ask the registry to sign its messages."),
            "unknown-key": _(
                "The signature was made with a key we do not know: fetch the registry's keys."
            ),
            "mismatch": _(
                "Something changed the message on its way, or the key is not the registry's: "
                "compare the key's fingerprint by telephone."
            ),
            "signature": _("Ask the registry whether it sent this, and compare its key with ours."),
            "malformed": _("Tell the registry's technicians: we cannot read how they sign."),
            "algorithm": _("Ask the registry how it signs, and choose that algorithm on its form."),
            "expired": clock,
            "not-yet-valid": clock,
            "lifetime": _("Ask the registry to sign for a day at most."),
            "key-owner": _("Ask the registry which sender ID belongs to its key."),
            "critical": _("Tell the registry's technicians: they sign in a way we do not support."),
            "payload": _("Tell the registry's technicians: what they sign is not what they send."),
            "receiver": _(
                "Tell the registry what we are called, or add the name it uses to our names in "
                "the settings."
            ),
            "version": _("Ask the registry to send messages of version 1 of the protocol."),
            "encryption": _("Ask the registry to send messages without encrypting them."),
            "header": software,
            "schema": software,
            "json": software,
            "items": _("Ask the registry to put fewer events into one message."),
            "size": _("Ask the registry to send smaller messages."),
            "method": _(
                "Somebody opened our address in a browser or tests it: nothing needs to be done."
            ),
            "unavailable": _("Nothing needs to be done if the registry sends it again."),
            "request": _("Ask your administrator to look at the server log."),
        }

    def action_open_registry(self):
        """Open the form of the registry of that name.

        :rtype: dict
        :raise AccessError: for those who may not read refused messages
        """
        self.ensure_one()
        self.check_access("read")
        return self.registry_id._get_records_action()

    # === COUNTING === #

    @api.model
    def _note(self, error, address):
        """Count a refused message, and write what is due.

        Called when the answer is decided. Waits for nobody: what cannot be written now is
        written with a later one.

        :param DCIError error: why it was refused
        :param str address: IP address that it came from
        """
        reason = error.reason
        if reason not in dict(self._fields["reason"].selection):
            reason = "request"  # another addon's
        counts = _counts[self.env.cr.dbname]
        last = (fields.Datetime.now(), address or None, error.registry_id or None)
        counts.add(error.claimed_sender, reason, last, known=bool(error.registry_id))
        if due := counts.due():
            # Who is locked out or comes second tries again with a later message.
            with suppress(TransactionRollbackError, LockNotAvailable):
                done = self._write_counts(due)
                if done is not None:
                    counts.written(due, done)

    @api.model
    def _write_counts(self, due):
        """Write rows in a transaction of their own.

        :return: the keys that were written; None when another worker is writing
        :rtype: set | None
        """
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "SELECT set_config('lock_timeout', '100ms', true),"
                    " pg_try_advisory_xact_lock(%s)",
                    WRITE_LOCK,
                )
            )
            if not cr.fetchone()[1]:
                return None
            rows = [
                SQL("(%s, %s, %s, %s::timestamp, %s, %s::int)", *key, count, *last)
                for key, (count, last) in sorted(due.items())
            ]
            cr.execute(
                SQL(
                    """
                    INSERT INTO spp_dci_crvs_refusal AS r (
                        claimed_sender, reason, count, first_date, last_date, last_address,
                        registry_id, create_uid, create_date, write_uid, write_date)
                    SELECT v.sender, v.reason, v.count, v.last, v.last, v.address, s.id,
                           %(uid)s, %(now)s, %(uid)s, %(now)s
                      FROM (VALUES %(rows)s) AS v (sender, reason, count, last, address, registry)
                      LEFT JOIN spp_dci_crvs_sender s ON s.id = v.registry
                    ON CONFLICT (claimed_sender, reason) DO UPDATE
                       SET count = LEAST(r.count::bigint + EXCLUDED.count, 2147483647),
                           last_date = EXCLUDED.last_date, last_address = EXCLUDED.last_address,
                           registry_id = EXCLUDED.registry_id, write_date = EXCLUDED.write_date
                     -- Another process may have written it within the minute.
                     WHERE r.write_date NOT BETWEEN %(limit)s AND %(now)s
                    RETURNING claimed_sender, reason
                    """,
                    rows=SQL(", ").join(rows),
                    uid=self.env.uid,
                    now=fields.Datetime.now(),
                    limit=fields.Datetime.now() - timedelta(seconds=PERIOD_S - 1),
                ),
                log_exceptions=False,
            )
            done = set(cr.fetchall())
            cr.execute(
                SQL(
                    """
                    DELETE FROM spp_dci_crvs_refusal WHERE id IN (
                        SELECT id FROM spp_dci_crvs_refusal
                         ORDER BY registry_id IS NULL, last_date DESC, id DESC OFFSET %s)
                    """,
                    MAX_ROWS,
                ),
                log_exceptions=False,
            )
        return done

    # === HOUSEKEEPING === #

    @api.model
    def _count_last_day(self):
        """Return how many senders and reasons there were refusals of within the last day."""
        yesterday = fields.Datetime.now() - timedelta(days=1)
        return self.search_count([("last_date", ">=", yesterday)])

    @api.autovacuum
    def _gc_refusals(self):
        """Delete rows of what has not happened again for long."""
        limit = fields.Datetime.now() - timedelta(days=RETENTION_D)
        old = self.search([("last_date", "<", limit)], limit=GC_UNLINK_LIMIT)
        old.unlink()
        return len(old), len(old) == GC_UNLINK_LIMIT


class CRVSSender(models.Model):
    """What was refused in the name of a registry."""

    _inherit = "spp.dci.crvs.sender"

    refusal_count = fields.Integer(
        "Refused Messages", compute="_compute_refusal_count", groups=const.READS_PERSONS
    )

    def _compute_refusal_count(self):
        counts = dict(
            self.env["spp.dci.crvs.refusal"]._read_group(
                [("registry_id", "in", self.ids)], ["registry_id"], ["count:sum"]
            )
        )
        for sender in self:
            sender.refusal_count = counts.get(sender._origin, 0)

    def action_view_refusals(self):
        """Return the action that lists what was refused in the name of this registry.

        :rtype: dict
        :raise AccessError: for those who may not read refused messages
        """
        self.ensure_one()
        self.env["spp.dci.crvs.refusal"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "spp_dci_client_crvs.action_spp_dci_crvs_refusal"
        )
        return {**action, "domain": [("registry_id", "=", self.id)], "path": False}
