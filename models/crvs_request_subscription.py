from odoo import models

from ..services import subscription_answers as answers
from ..services.transactions import lock


class CRVSRequest(models.Model):
    """What answers about subscriptions do."""

    _inherit = "spp.dci.crvs.request"

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
            subscriptions.filtered(
                lambda one: one.state == "cancelled" or one.ending_id == self
            )._take_refused_end(decision)
        else:
            subscriptions.filtered(lambda one: one.state in ("requested", "active"))._cancel()
            self._close()
        return True
