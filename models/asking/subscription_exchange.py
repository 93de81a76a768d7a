from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError

from ... import const
from ...services.asking import subscription_messages as answers
from ...services.asking.explanations import RegistryError
from ...services.asking.registry import Registry, new_id, now_text
from ...services.asking.unknown_outcome import change, is_unknown, settles_nothing
from ...services.own_cursor import lock, own_attempts, own_transaction
from ..mixins import number

# How often a registry is asked to end what it calls subscribed still.
MAX_ENDINGS = 5


class CRVSSubscription(models.Model):
    """Subscribing and asking what became of it.

    What concerns a message is committed before it leaves, in a transaction of its own: the
    registry's answer can be here before the caller's transaction ends.
    """

    _inherit = "spp.dci.crvs.subscription"

    in_doubt = fields.Boolean(
        readonly=True, help="It is not known whether the registry has received our request."
    )

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
        days = int(number(self.env, const.PARAM_SUBSCRIPTION_D))
        end_date = fields.Datetime.now() + timedelta(days=days)
        subscription, values = self._claim_durably(data_source, event_type, end_date)
        if values["in_doubt"]:
            subscription._settle_doubt(data_source)
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

        def read(answer):
            decision = answers.read_subscribe(answer, reference)
            tied = answers.is_ack(answer) or (decision and "subscribe_response" in answer)
            registry.check_transaction(answer, request.transaction_id, tied)
            return decision

        try:
            answer, decision = change(registry, "subscribe", message, read)
        except UserError as error:
            self._fail(data_source, subscription.id, request.id, error)
            raise
        return self._take_synchronous(
            data_source, subscription.id, request.id, answer.message, decision
        )

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
                    "in_doubt": claimed.state == "requested" and claimed.in_doubt,
                }
        return self.sudo().browse(claimed.id), values

    def _fail(self, data_source, subscription_id, request_id, error):
        """Note that a request did not get through; the error itself rolls the caller back.

        While its outcome is unknown it stays requested: an answer may still come, and the
        scheduler asks for one.
        """
        for attempt in own_attempts(data_source):
            with attempt as own:
                request = lock(own.env["spp.dci.crvs.request"].browse(request_id))
                subscription = lock(own.env[self._name].browse(subscription_id))
                if not is_unknown(error):
                    request._close("failed", str(error))
                    subscription = subscription.filtered(lambda one: one.state == "requested")
                    subscription.write({"state": "rejected", "reason": str(error)})
                elif subscription.state == "requested":
                    subscription.write({"reason": str(error), "in_doubt": True})

    def _take_synchronous(self, data_source, subscription_id, request_id, message, answer):
        """Keep what came back over our own connection.

        :return: what leads to the subscription
        :rtype: str
        :raise RegistryError: when the registry refused at once
        """
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

    def _ask_status(self, data_source=None):
        """Ask the registry what became of a request of ours that it has not answered.

        :raise UserError: when it could not be asked
        """
        self.ensure_one()
        data_source = data_source or self.data_source_id
        for attempt in own_attempts(data_source):
            with attempt as own:
                subscription = lock(own.env[self._name].browse(self.id))
                question = subscription._status_question()
                subscription.status_date = fields.Datetime.now()
        try:
            answer, request = self._exchange_status(data_source, question)
        except UserError as error:
            if not settles_nothing(error):
                self._count_question(data_source)
            raise
        self._count_question(data_source)
        if answers.is_ack(answer):
            return
        for attempt in own_attempts(data_source):
            with attempt as own:
                own_request = lock(own.env["spp.dci.crvs.request"].browse(request.id))
                own_request._take_status(answers.inner_answer(answer), dict(own_request.references))
                own_request._close()

    def _status_question(self):
        """Return the question about what is open: ending it, else beginning it.

        :return: ``txnstatus_request``, without what is the same in all
        :rtype: dict
        """
        ending = self.ending_id
        return {
            "reference_id": next(iter(ending.references)) if ending else self.reference_id,
            "txn_type": "unsubscribe" if ending else "subscribe",
            "attribute_type": "transaction_id",
            "attribute_value": (ending or self).transaction_id or "",
        }

    def _exchange_status(self, data_source, question):
        """Send a question about a request of ours.

        :return: the answer's message, and our request for it
        :rtype: tuple
        """
        registry = Registry(self.env, data_source)
        request = self.env["spp.dci.crvs.request"]._open(
            data_source,
            "status",
            {question["reference_id"]: {"about": question["attribute_value"]}},
            waiting=self,
            lifetime_h=24,
        )
        message = {
            "transaction_id": request.transaction_id,
            "txnstatus_request": {**question, "locale": registry.dialect.locale},
        }
        answer = registry.exchange(
            "txn-status", message, registry.endpoint("sync/txn/status"), callback=True
        ).message
        if not answers.is_ack(answer):
            registry.check_transaction(answer, request.transaction_id)
        return answer, request

    def _count_question(self, data_source):
        for attempt in own_attempts(data_source):
            with attempt as own:
                lock(own.env[self._name].browse(self.id)).status_count += 1

    # === UNKNOWN OUTCOMES === #

    def _settle_doubt(self, data_source):
        """Ask now what became of a request, so that it can be made again if nothing did.

        Not every registry tells. Then it may be made again too: subscribed to twice, each event
        still counts once.

        :param data_source: registry
        :raise UserError: when it could not be asked
        """
        self.ensure_one()
        tells = True
        try:
            self._ask_status(data_source)
        except UserError as error:
            if settles_nothing(error):
                raise
            tells = False
        for attempt in own_attempts(data_source):
            with attempt as own:
                subscription = lock(own.env[self._name].browse(self.id))
                if subscription.state == "requested" and subscription.in_doubt and not tells:
                    subscription.write(
                        {"state": "rejected", "reason": self.env._("Requested again since.")}
                    )
                if subscription.state == "rejected":
                    # Who asks again knows.
                    subscription.activity_ids.unlink()

    # === UNSUBSCRIBING === #

    @api.model
    def _registry_unsubscribe(self, data_source, handles, codes=None):
        """End subscriptions at their registry.

        :param data_source: registry
        :param list[str] handles: codes, or what ``subscribe_events`` returned, also for those that
            were renewed since; a code that is not one of our subscriptions is sent as it is
        :param list[str] codes: exactly these instead
        :return: the registry's answer, the whole envelope
        :rtype: dict
        :raise UserError: when a code is not known yet, its end was requested and the outcome is
            unknown, or the registry could not be asked or refuses
        """
        registry = Registry(self.env, data_source)
        codes = codes or self._codes_of(data_source, handles)
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
                live = lock(own.env[self._name]._find_live_by_codes(own, codes))
                if decision.status == answers.ENDED:
                    live._take_end(decision)
                    own_request._close()
                elif own_request.state == "pending":
                    live._await_end(own_request)
        return answer.envelope

    def _fail_ending(self, data_source, request_id, codes, error):
        """Note that an unsubscription did not get through, or that nobody knows whether it did."""
        for attempt in own_attempts(data_source):
            with attempt as own:
                request = lock(own.env["spp.dci.crvs.request"].browse(request_id))
                if not is_unknown(error):
                    request._close("failed", str(error))
                elif request.state == "pending":
                    live = lock(own.env[self._name]._find_live_by_codes(own, codes))
                    live._await_end(request, str(error))

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

    def _await_end(self, request, reason=False):
        """Stay as they are until the registry says for each code what became of it.

        :param request: of the unsubscription
        :param str reason: why that is not known
        """
        self.write(
            {
                "ending_id": request.id,
                "reason": reason,
                "status_date": False,
                "status_count": 0,
            }
        )

    def _take_end(self, answer):
        """Cancel what the registry has ended; end again what it calls subscribed still.

        :param SubscriptionAnswer answer: to the unsubscription
        """
        kept = self.filtered(lambda one: one.code in answer.kept)
        (self - kept)._cancel()
        for subscription in kept:
            tired = subscription.end_count >= MAX_ENDINGS
            subscription.write(
                {
                    "ending_id": False,
                    "to_end": not tired,
                    "end_count": subscription.end_count + 1,
                    "reason": self.env._("The registry says that it notifies us still."),
                }
            )
            if tired:
                subscription._alert(
                    "subscription",
                    self._crvs_managers(),
                    self.env._(
                        "The registry does not end this subscription, however often it is asked. "
                        "Ask the registry."
                    ),
                )

    def _take_refused_end(self, answer):
        """Take up again what the registry refuses to end.

        :param SubscriptionAnswer answer: to the unsubscription
        """
        reason = " ".join(filter(None, (answer.reason_code, answer.reason))) or False
        for subscription in self:
            subscription.write({"reason": reason, "ending_id": False})
            if not self._find_live(subscription.data_source_id, subscription.event_type):
                subscription.write({"state": "active", "cancel_date": False, "to_renew": False})
            subscription._alert(
                "subscription",
                self._crvs_managers(),
                self.env._(
                    "The registry refused to end this subscription. See the reason, then try again."
                ),
            )
