from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import const
from ..services import subscription_answers as answers
from ..services.explanations import RegistryError
from ..services.registry import Registry, new_id, now_text
from ..services.transactions import lock, own_attempts, own_transaction


class CRVSSubscription(models.Model):
    """Subscribing, unsubscribing and asking what became of it.

    What concerns a message is committed before it leaves, in a transaction of its own: the
    registry's answer can be here before the caller's transaction ends.
    """

    _inherit = "spp.dci.crvs.subscription"

    @api.model
    def _registry_subscribe(self, data_source, event_type):
        """Subscribe to one kind of event, unless that is done already.

        :param data_source: registry
        :param str event_type: a value of ``event_type``
        :return: the subscription code when known, else the correlation or reference id
        :rtype: str
        :raise UserError: when the registry has no subscriptions, could not be asked or refuses
        """
        registry = Registry(self.env, data_source)
        if not registry.dialect.can_subscribe:
            raise UserError(
                self.env._(
                    "%s has no subscriptions. Switch on the pulling of events for this data "
                    "source instead.",
                    data_source.name,
                )
            )
        days = int(self.env["spp.dci.crvs.message"]._number_parameter(const.PARAM_SUBSCRIPTION_D))
        end_date = fields.Datetime.now() + timedelta(days=days)
        subscription, values = self._claim_durably(data_source, event_type, end_date)
        if not values["is_new"]:
            return values["handle"]
        reference = values["reference_id"]
        request = self.env["spp.dci.crvs.request"]._open(
            data_source, "subscribe", {reference: {}}, waiting=subscription, lifetime_h=24 * 30
        )
        for attempt in own_attempts(data_source):
            with attempt as own:
                # Known before the message leaves, so that a crash leaves something to ask about.
                claimed = lock(own.env[self._name].browse(subscription.id))
                claimed.transaction_id = request.transaction_id
        message = {
            "transaction_id": request.transaction_id,
            "subscribe_request": [
                {
                    "reference_id": reference,
                    "timestamp": now_text(),
                    "subscribe_criteria": registry.dialect.subscribe_criteria(
                        event_type,
                        now_text(),
                        end_date.replace(tzinfo=timezone.utc).isoformat(),
                    ),
                    "locale": registry.dialect.locale,
                }
            ],
        }
        try:
            answer = registry.exchange(
                "subscribe", message, registry.endpoint("subscribe"), callback=True
            ).message
            tied = _is_ack(answer) or answers.read_subscribe(answer, reference) is not None
            registry.check_transaction(answer, request.transaction_id, tied)
        except UserError as error:
            self._fail(data_source, subscription.id, request.id, str(error))
            raise
        return self._take_synchronous(data_source, subscription.id, request.id, reference, answer)

    def _claim_durably(self, data_source, event_type, end_date):
        for attempt in own_attempts(data_source):
            with attempt as own_source:
                claimed, is_new = own_source.env[self._name]._claim(
                    own_source, event_type, end_date
                )
                values = {
                    "is_new": is_new,
                    "handle": claimed._handle(),
                    "reference_id": claimed.reference_id,
                }
        return self.sudo().browse(claimed.id), values

    def _fail(self, data_source, subscription_id, request_id, reason):
        """Note that a request did not get through; the error itself rolls the caller back."""
        for attempt in own_attempts(data_source):
            with attempt as own:
                lock(own.env["spp.dci.crvs.request"].browse(request_id))._close("failed", reason)
                subscription = lock(own.env[self._name].browse(subscription_id))
                if subscription.state == "requested":
                    subscription.write({"state": "rejected", "reason": reason})

    def _take_synchronous(self, data_source, subscription_id, request_id, reference, message):
        """Keep what came back over our own connection.

        :return: what leads to the subscription
        :rtype: str
        :raise RegistryError: when the registry refused at once
        """
        answer = answers.read_subscribe(message, reference)
        correlation = message.get("correlation_id")
        correlation = correlation[:99] if isinstance(correlation, str) else ""
        for attempt in own_attempts(data_source):
            with attempt as own:
                # In the order in which a callback locks them.
                request = lock(own.env["spp.dci.crvs.request"].browse(request_id))
                subscription = lock(own.env[self._name].browse(subscription_id))
                if correlation and not subscription.correlation_id:
                    subscription.correlation_id = correlation
                if answer and answer.status != answers.WAITING:
                    subscription._take_answer(answer)
                    request._close()
                handle = subscription._handle()
        if answer and answer.status == answers.REJECTED:
            raise RegistryError(self.env, "rejected", answer.reason_code)
        return handle

    @api.model
    def _registry_unsubscribe(self, data_source, handles):
        """End subscriptions at their registry.

        :param data_source: registry
        :param list[str] handles: codes, or what ``subscribe_events`` returned; a code that is not
            one of our subscriptions is sent as it is
        :return: the registry's answer, the whole envelope
        :rtype: dict
        :raise UserError: when a code is not known yet, the registry could not be asked or refuses
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
        try:
            answer = registry.exchange(
                "unsubscribe", message, registry.endpoint("unsubscribe"), callback=True
            )
            tied = _is_ack(answer.message)
            registry.check_transaction(answer.message, request.transaction_id, tied)
            decision = answers.read_unsubscribe(answer.message)
            if decision.status == answers.REJECTED:
                raise RegistryError(self.env, "rejected", decision.reason_code)
        except UserError as error:
            for attempt in own_attempts(data_source):
                with attempt as own:
                    own_request = lock(own.env["spp.dci.crvs.request"].browse(request.id))
                    own_request._close("failed", str(error))
            raise
        for attempt in own_attempts(data_source):
            with attempt as own:
                own_request = lock(own.env["spp.dci.crvs.request"].browse(request.id))
                subscriptions = own.env[self._name].search(
                    [("data_source_id", "=", data_source.id), ("code", "in", codes)]
                )
                lock(subscriptions).filtered(
                    lambda subscription: subscription.state in ("requested", "active")
                )._cancel()
                if decision.status == answers.ENDED:
                    own_request._close()
        return answer.envelope

    def _codes_of(self, data_source, handles):
        """Return the registry's codes of what ``subscribe_events`` returned.

        :raise UserError: for a subscription whose code the registry has not told yet
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
                codes += found.mapped("code") if found else [handle]
        if not all(codes):
            raise UserError(
                self.env._(
                    "The registry has not confirmed this subscription yet, so it cannot be "
                    "ended. Try again later."
                )
            )
        return list(dict.fromkeys(codes))

    def _ask_status(self, data_source=None):
        """Ask the registry what became of a subscription that it has not confirmed.

        :raise UserError: when it could not be asked
        """
        self.ensure_one()
        data_source = data_source or self.data_source_id
        for attempt in own_attempts(data_source):
            with attempt as own:
                subscription = lock(own.env[self._name].browse(self.id))
                reference, transaction = subscription.reference_id, subscription.transaction_id
                subscription.write(
                    {
                        "status_date": fields.Datetime.now(),
                        "status_count": subscription.status_count + 1,
                    }
                )
        registry = Registry(self.env, data_source)
        request = self.env["spp.dci.crvs.request"]._open(
            data_source, "status", {reference: {}}, waiting=self, lifetime_h=24
        )
        message = {
            "transaction_id": request.transaction_id,
            "txnstatus_request": {
                "reference_id": reference,
                "txn_type": "subscribe",
                "attribute_type": "transaction_id",
                "attribute_value": transaction or "",
                "locale": registry.dialect.locale,
            },
        }
        answer = registry.exchange(
            "txn-status", message, registry.endpoint("sync/txn/status"), callback=True
        ).message
        if _is_ack(answer):
            return
        registry.check_transaction(answer, request.transaction_id)
        decision = answers.read_subscribe(answers.inner_answer(answer), reference)
        for attempt in own_attempts(data_source):
            with attempt as own:
                lock(own.env["spp.dci.crvs.request"].browse(request.id))._close()
                if decision:
                    lock(own.env[self._name].browse(self.id))._take_answer(decision)


def _is_ack(message):
    return "ack_status" in message
