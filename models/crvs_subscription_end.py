from odoo import api, models
from odoo.exceptions import UserError

from ..services import subscription_answers as answers
from ..services.change import change, is_unknown
from ..services.explanations import RegistryError
from ..services.registry import Registry, new_id, now_text
from ..services.transactions import lock, own_attempts, own_transaction
from .crvs_subscription import ACTIVITY


class CRVSSubscription(models.Model):
    """Unsubscribing."""

    _inherit = "spp.dci.crvs.subscription"

    @api.model
    def _registry_unsubscribe(self, data_source, handles):
        """End subscriptions at their registry.

        :param data_source: registry
        :param list[str] handles: codes, or what ``subscribe_events`` returned; a code that is not
            one of our subscriptions is sent as it is
        :return: the registry's answer, the whole envelope
        :rtype: dict
        :raise UserError: when a code is not known yet, its end was requested and the outcome is
            unknown, or the registry could not be asked or refuses
        """
        registry = Registry(self.env, data_source)
        codes = self._codes_of(data_source, handles)
        reference = new_id()
        request = self.env["spp.dci.crvs.request"]._open(
            data_source, "unsubscribe", {reference: {"codes": codes}}, lifetime_h=24 * 7
        )
        message = {
            "transaction_id": request.transaction_id,
            "timestamp": now_text(),
            "subscription_codes": codes,
        }

        def read(answer):
            registry.check_transaction(answer, request.transaction_id, answers.is_ack(answer))
            return answers.read_unsubscribe(answer)

        try:
            answer, decision = change(registry, "unsubscribe", message, read)
            if decision.status == answers.REJECTED:
                raise RegistryError(self.env, "rejected", decision.reason_code)
        except UserError as error:
            self._fail_ending(data_source, request.id, codes, error)
            raise
        for attempt in own_attempts(data_source):
            with attempt as own:
                own_request = lock(own.env["spp.dci.crvs.request"].browse(request.id))
                lock(own.env[self._name]._find_live_by_codes(own, codes))._cancel()
                if decision.status == answers.ENDED:
                    own_request._close()
        return answer.envelope

    def _fail_ending(self, data_source, request_id, codes, error):
        """Note that an unsubscription did not get through, or that nobody knows whether it did."""
        for attempt in own_attempts(data_source):
            with attempt as own:
                request = lock(own.env["spp.dci.crvs.request"].browse(request_id))
                if not is_unknown(error):
                    request._close("failed", str(error))
                elif request.state == "pending":
                    lock(own.env[self._name]._find_live_by_codes(own, codes)).write(
                        {
                            "ending_id": request.id,
                            "reason": str(error),
                            "status_date": False,
                            "status_count": 0,
                        }
                    )

    @api.model
    def _find_live_by_codes(self, data_source, codes):
        return self.search(
            [
                ("data_source_id", "=", data_source.id),
                ("code", "in", codes),
                ("state", "in", ("requested", "active")),
            ]
        )

    def _codes_of(self, data_source, handles):
        """Return the registry's codes of what ``subscribe_events`` returned.

        :raise UserError: for a subscription whose code the registry has not told yet, or of
            which it is not known whether it has ended
        """
        codes = []
        for handle in handles:
            with own_transaction(data_source) as own:
                found = own.env[self._name]._find_by_handle(own, handle)
                waiting = found.filtered(lambda subscription: not subscription.code).ids
            for subscription in self.sudo().browse(waiting):
                subscription._ask_status(data_source)
            with own_transaction(data_source) as own:
                found = own.env[self._name].browse(found.ids)
                if found.ending_id:
                    raise RegistryError(self.env, "outcome_unknown")
                codes += found.mapped("code") if found else [handle]
        if not all(codes):
            raise UserError(
                self.env._(
                    "The registry has not confirmed this subscription yet, so it cannot be "
                    "ended. Try again later."
                )
            )
        return list(dict.fromkeys(codes))

    def _take_refused_end(self, answer):
        """Take up again what the registry refuses to end.

        :param SubscriptionAnswer answer: to the unsubscription
        """
        reason = " ".join(filter(None, (answer.reason_code, answer.reason))) or False
        for subscription in self:
            subscription.write({"reason": reason, "to_renew": False, "ending_id": False})
            if not self._find_live(subscription.data_source_id, subscription.event_type):
                subscription.write({"state": "active", "cancel_date": False})
            subscription._alert_managers(
                ACTIVITY,
                self.env._(
                    "The registry refused to end this subscription. See the reason, then try again."
                ),
            )
