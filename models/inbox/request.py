import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools.constants import GC_UNLINK_LIMIT

from ... import const
from ...services import log_guard
from ...services.asking import subscription_messages as answers
from ...services.own_cursor import lock, own_transaction
from ..mixins import number

# What answers a request, by its purpose; those of other addons say it themselves.
_KINDS = {
    "birth": "on-search",
    "death": "on-search",
    "subscribe": "on-subscribe",
    "unsubscribe": "on-unsubscribe",
    "status": "txn-on-status",
}


class CRVSRequest(models.Model):
    """A question of ours to a registry whose answer comes by the callback."""

    _name = "spp.dci.crvs.request"
    _description = "CRVS Request"
    _order = "id desc"
    _rec_name = "purpose"

    # Whoever knows these ids can have an answer counted, so they are random and not shown.
    transaction_id = fields.Char(required=True, readonly=True, groups=const.READS_EVIDENCE)
    references = fields.Json(
        required=True,
        readonly=True,
        groups=const.READS_EVIDENCE,
        help="What was asked under each reference id.",
    )
    answered_references = fields.Json(readonly=True, groups=const.READS_EVIDENCE)
    data_source_id = fields.Many2one(
        "spp.dci.data.source", "Registry", required=True, readonly=True, ondelete="cascade"
    )
    purpose = fields.Selection(
        [
            ("birth", "Birth Check"),
            ("death", "Death Check"),
            ("check", "Bulk Death Check"),
            ("pull", "Pull of Vital Events"),
            ("subscribe", "Subscription"),
            ("unsubscribe", "Unsubscription"),
            ("status", "Status"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("pending", "Pending"),
            ("done", "Answered"),
            ("failed", "Failed"),
            ("expired", "Expired"),
        ],
        default="pending",
        required=True,
        readonly=True,
        index=True,
    )
    correlation_id = fields.Char(readonly=True)
    reason = fields.Char(readonly=True, help="Why the request failed.")
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    answered_date = fields.Datetime("Answered On", readonly=True, index="btree_not_null")
    expires_date = fields.Datetime("Expires On", readonly=True)

    _transaction_uniq = models.UniqueIndex("(transaction_id)")

    @api.model
    def _new_id(self):
        """Return an id that nobody guesses: 128 random bits as 32 hexadecimal digits."""
        return secrets.token_hex(16)

    @api.model
    def _open(self, data_source, purpose, references, waiting=None, lifetime_h=24):
        """Remember a question before it is asked.

        The row is committed in a transaction of its own, because the answer can arrive before
        the caller's transaction ends.

        :param data_source: registry that will be asked
        :param str purpose: what the answer is for; ``_on_answer_<purpose>`` takes it
        :param dict references: by reference id, what is asked under it (``type`` and ``value``
            of the identifier, or nothing)
        :param waiting: record that waits for the answer, if any
        :param float lifetime_h: hours after which an answer no longer counts
        :return: the pending request, in the caller's environment
        """
        # What is asked under the references names persons.
        with log_guard.statements_hidden(), own_transaction(data_source) as own_source:
            request = own_source.env[self._name].create(
                {
                    "transaction_id": self._new_id(),
                    "references": references,
                    "data_source_id": own_source.id,
                    "purpose": purpose,
                    "res_model": waiting._name if waiting else False,
                    "res_id": waiting.id if waiting else False,
                    "expires_date": fields.Datetime.now() + timedelta(hours=lifetime_h),
                }
            )
            values = request.read(["transaction_id"])[0]
        request = self.sudo().browse(values["id"])
        # The caller's snapshot may be older than the row, so what it needs is put in its cache.
        self.env.cache.set(request, self._fields["transaction_id"], values["transaction_id"])
        return request

    @api.model
    def _find(self, transaction_id):
        """Return the request of a transaction id, whatever its state, or an empty recordset."""
        if not transaction_id:
            return self.browse()
        return self.search([("transaction_id", "=", transaction_id)], limit=1)

    def _waiting(self):
        """Return the record that waits for the answer, or None."""
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id).exists() if self.res_model else None

    def _close(self, state="done", reason=False):
        """End pending requests.

        :param str state: ``done``, ``failed`` or ``expired``
        :param str reason: why, in words without personal data
        """
        self.filtered(lambda request: request.state == "pending").write(
            {"state": state, "reason": reason, "answered_date": fields.Datetime.now()}
        )

    def _take_answer(self, message, verified):
        """Let a verified answer have its effect, once for each of our reference ids.

        :param message: the inbox row of the answer
        :param VerifiedMessage verified: signed by the registry that was asked
        :return: outcome for the inbox row
        :rtype: str
        """
        self.ensure_one()
        # A kind of answer that does not fit would close what it says nothing about.
        kind = verified.envelope.kind
        if kind != _KINDS.get(self.purpose, kind):
            return "unmatched"
        # Two answers to one request must not both find it pending.
        lock(self)
        if self.state != "pending" or self.expires_date < fields.Datetime.now():
            return "unmatched"
        references = self._open_references(verified)
        if not references:
            return "unmatched"
        # What the method takes out of the references is still to be answered.
        outcome = getattr(self, f"_on_answer_{self.purpose}")(message, verified, references)
        answered = {*(self.answered_references or ()), *references}
        self.answered_references = sorted(answered)
        if self.state == "pending" and answered >= set(self.references):
            self._close()
        return outcome or "answered"

    def _open_references(self, verified):
        """Return what was asked under the reference ids that this answer is the first to answer.

        An answer without items speaks of the whole request: an unsubscription's has none, and
        OpenCRVS says "not found" with an empty list.

        :rtype: dict
        """
        still_open = {
            reference: asked
            for reference, asked in self.references.items()
            if reference not in (self.answered_references or ())
        }
        named = verified.envelope.reference_ids
        if not named:
            return still_open
        return {ref: still_open[ref] for ref in named if ref in still_open}

    @api.autovacuum
    def _gc_requests(self):
        """Expire requests that nobody answered in time."""
        self.search(
            [("state", "=", "pending"), ("expires_date", "<", fields.Datetime.now())]
        )._close("expired", self.env._("The registry did not answer in time."))

    @api.autovacuum
    def _gc_ended(self):
        """Delete requests that ended, with what was asked and answered, past their retention."""
        days = number(self.env, const.PARAM_REQUEST_RETENTION_D)
        if not days:
            return 0, False
        limit = fields.Datetime.now() - timedelta(days=days)
        old = self.search(
            [("state", "!=", "pending"), ("answered_date", "<", limit)], limit=GC_UNLINK_LIMIT
        )
        old.unlink()
        return len(old), len(old) == GC_UNLINK_LIMIT

    # === ANSWERS ABOUT SUBSCRIPTIONS === #

    def _on_answer_subscribe(self, message, verified, references):
        """Complete the subscription that waits for this answer.

        :param message: inbox row of the answer
        :param VerifiedMessage verified: the answer
        :param dict references: what was asked under the reference ids answered
        :return: outcome for the inbox row, None for the usual one
        """
        self._complete_subscription(verified.message, references)

    def _on_answer_status(self, message, verified, references):
        """Settle a request of ours by what the registry says became of it."""
        self._take_status(answers.inner_answer(verified.message), references)

    def _take_status(self, answer, references):
        """Let what became of a request of ours have its effect.

        :param dict answer: to that request, as a transaction status carries it
        :param dict references: what was asked under the reference ids answered; loses what is
            still to be answered
        """
        about = [asked.get("about") for asked in references.values()]
        request = self._find(about[0] if about else None)
        if request.purpose != "unsubscribe":
            self._complete_subscription(answer, references)
        elif not lock(request)._settle_ending(answer):
            references.clear()

    def _complete_subscription(self, answer, references):
        subscription = self._waiting()
        if not subscription:
            return
        # What the registry says may arrive by several ways at the same time.
        subscription = lock(subscription)
        for reference in list(references):
            decision = answers.read_subscribe(answer, reference)
            if decision and reference == subscription.reference_id:
                subscription._take_answer(decision)
            if not decision or decision.status == answers.WAITING:
                # The real answer is still to come.
                del references[reference]

    def _on_answer_unsubscribe(self, message, verified, references):
        """Note that an unsubscription was confirmed, or refused after all."""
        if not self._settle_ending(verified.message):
            references.clear()

    def _settle_ending(self, answer):
        """Let the registry's decision about an unsubscription have its effect.

        :param dict answer: of an unsubscription
        :return: whether it has decided
        :rtype: bool
        """
        decision = answers.read_unsubscribe(answer)
        if decision.status == answers.WAITING:
            return False
        codes = [code for asked in self.references.values() for code in asked.get("codes", ())]
        subscriptions = lock(
            self.env["spp.dci.crvs.subscription"].search(
                [("data_source_id", "=", self.data_source_id.id), ("code", "in", codes)]
            )
        )
        if decision.status == answers.REJECTED:
            subscriptions.filtered(lambda one: one.ending_id == self)._take_refused_end(decision)
        else:
            live = subscriptions.filtered(lambda one: one.state in ("requested", "active"))
            live._take_end(decision)
            self._close()
        return True
