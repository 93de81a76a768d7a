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
        """Complete a subscription by what the registry says became of it."""
        self._complete_subscription(answers.inner_answer(verified.message), references)

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
        decision = answers.read_unsubscribe(verified.message)
        if decision.status == answers.WAITING:
            references.clear()
        if decision.status != answers.REJECTED:
            return
        codes = [code for asked in references.values() for code in asked.get("codes", ())]
        self.env["spp.dci.crvs.subscription"].search(
            [
                ("data_source_id", "=", self.data_source_id.id),
                ("code", "in", codes),
                ("state", "=", "cancelled"),
            ]
        )._take_refused_end(decision)
