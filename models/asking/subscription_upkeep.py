import logging
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ... import const
from ...services import log_guard
from ..mixins import Job, before, number

_logger = logging.getLogger(__name__)

# A request that the registry says nothing about after so many questions has failed; so has one
# about which it could not be asked for so long.
_MAX_STATUS_QUESTIONS = 5
# How registries say that they have one subscription to the same events already.
_ALREADY = "already_subscribed"
# So long before its end a subscription makes room for its successor where both cannot be.
_LAST_DAY = timedelta(days=1)
_MAX_DAYS = 30


class CRVSSubscription(models.Model):
    """Keeping subscriptions alive, and noticing when they are not."""

    _inherit = "spp.dci.crvs.subscription"

    @api.model
    def _cron_upkeep(self):
        """Ask about stale requests, renew what ends soon, report what has fallen silent.

        One registry that fails does not keep the others waiting: it is tried again next time.
        """
        work = [
            *(("_chase", subscription) for subscription in self._find_stale()),
            *(("_renew", subscription) for subscription in self._find_ending()),
            *(("_replace", subscription) for subscription in self._find_to_renew()),
            *(("_end_replaced", subscription) for subscription in self._find_replaced()),
            *(("_end_again", subscription) for subscription in self._find_to_end()),
            *(("_report_silence", subscription) for subscription in self._find_silent()),
        ]
        self._work_off(
            Job(partial(subscription._look_after, step), partial(subscription._note_trouble, step))
            for step, subscription in work
        )

    def _look_after(self, step):
        getattr(self, step)()
        return 1

    def _note_trouble(self, step, error):
        _logger.warning(
            "CRVS subscription %s: %s did not succeed (%s)",
            self.id,
            step.strip("_"),
            getattr(error, "problem", log_guard.describe(error)),
        )

    @api.model
    def _hours_ago(self, parameter):
        hours = number(self.env, parameter)
        return fields.Datetime.now() - timedelta(hours=hours)

    @api.model
    def _find_stale(self):
        limit = self._hours_ago(const.PARAM_SUBSCRIPTION_STALE_H)
        return self.search(
            [
                ("data_source_id.active", "=", True),
                "|",
                "&",
                ("state", "=", "requested"),
                *before("request_date", limit),
                "&",
                ("state", "=", "active"),
                *before("ending_id.create_date", limit),
                "|",
                ("status_date", "=", False),
                *before("status_date", limit),
            ]
        )

    def _chase(self):
        """Ask what became of a request; give it up when the registry never says."""
        patience = fields.Datetime.now() - timedelta(days=_MAX_DAYS)
        tired = self.status_count >= _MAX_STATUS_QUESTIONS
        if self.ending_id:
            if tired or self.ending_id.state != "pending":
                self._give_up_ending()
                return
        elif tired or not self.transaction_id or self.request_date < patience:
            self._give_up_request()
            return
        self._ask_status()

    def _give_up_request(self):
        self.write({"state": "rejected", "reason": self.env._("The registry did not confirm it.")})
        self._alert(
            "subscription",
            self._crvs_managers(),
            self.env._(
                "The registry never confirmed this subscription. Ask the registry, then "
                "subscribe again on the data source."
            ),
        )

    def _give_up_ending(self):
        self.write(
            {
                "ending_id": False,
                "reason": self.env._("The registry did not say whether it ended it."),
            }
        )
        self._alert(
            "subscription",
            self._crvs_managers(),
            self.env._(
                "The registry never said whether it ended this subscription. Ask the registry, "
                "then unsubscribe again if it still notifies us."
            ),
        )

    @api.model
    def _find_ending(self):
        days = number(self.env, const.PARAM_RENEWAL_D)
        return self.search(
            [
                ("state", "=", "active"),
                ("to_renew", "=", False),
                ("data_source_id.active", "=", True),
                ("end_date", "!=", False),
                ("end_date", "<", fields.Datetime.now() + timedelta(days=days)),
                # What may have been ended is not ended again before that is known.
                "|",
                ("ending_id", "=", False),
                ("end_date", "<", fields.Datetime.now()),
            ]
        )

    def _renew(self):
        """Begin to replace a subscription whose period ends soon.

        It stays until its successor stands. The mark is committed first: whatever fails in
        between, the next run goes on from there.
        """
        self.to_renew = True
        self.env.cr.commit()  # pylint: disable=invalid-commit
        self._replace()

    @api.model
    def _find_to_renew(self):
        """Return what is being renewed and has no successor that lives or may come to live."""
        now = fields.Datetime.now()
        return self.search(
            [
                ("to_renew", "=", True),
                ("state", "in", ("active", "cancelled")),
                ("ending_id", "=", False),
                ("data_source_id.active", "=", True),
                "|",
                ("successor_id", "=", False),
                ("successor_id.state", "not in", ("requested", "active")),
                "|",
                ("renewal_date", "=", False),
                "|",
                ("renewal_date", "<=", now),
                # The clock was ahead.
                ("renewal_date", ">", now + timedelta(days=_MAX_DAYS)),
            ]
        )

    def _replace(self):
        """Subscribe to what this subscription brings, beside it or after its end."""
        if self.state == "active" and self.end_date <= fields.Datetime.now():
            self._cancel(self.env._("Its period has ended."))
            self.env.cr.commit()  # pylint: disable=invalid-commit
        elif self.state == "active" and self._is_in_the_way():
            self._registry_unsubscribe(self.data_source_id, [self._handle()])
            self._look_anew()
            if self.state == "active":
                return  # until the registry says that it has ended
        failures = self.renewal_count
        try:
            self._registry_subscribe(self.data_source_id, self.event_type)
        except UserError as error:
            self._look_anew()
            self._note_trouble("_renew", error)
            if self.renewal_count == failures:  # an answer that refuses has postponed it already
                self._postpone_renewal(getattr(error, "code", ""))
            return
        self._look_anew()
        self.successor_id = self._find_live(self.data_source_id, self.event_type)
        self.renewal_date = False
        if self.state == "cancelled":
            self.to_renew = False
        else:
            self._look_anew()
            self._end_replaced()

    @api.model
    def _find_to_end(self):
        return self.search(
            [
                ("to_end", "=", True),
                ("state", "=", "active"),
                ("ending_id", "=", False),
                ("data_source_id.active", "=", True),
            ]
        )

    def _end_again(self):
        """Ask the registry again to end what it has called subscribed still."""
        self._registry_unsubscribe(self.data_source_id, [], [self.code])

    def _is_in_the_way(self):
        """Whether the registry refuses a successor beside this one, and its last day has come."""
        return self.renewal_count and self.end_date <= fields.Datetime.now() + _LAST_DAY

    @api.model
    def _find_replaced(self):
        return self.search(
            [
                ("to_renew", "=", True),
                ("state", "=", "active"),
                ("ending_id", "=", False),
                ("successor_id.state", "=", "active"),
                ("data_source_id.active", "=", True),
            ]
        )

    def _end_replaced(self):
        """End a subscription whose successor stands; twice the same events do no harm meanwhile."""
        if self.successor_id.state != "active":
            return
        self._registry_unsubscribe(self.data_source_id, [], [self.code])
        self._look_anew()
        self._open_alerts("subscription").unlink()

    def _look_anew(self):
        """See what other transactions have changed since this one began."""
        self.env.cr.commit()  # pylint: disable=invalid-commit
        self.invalidate_recordset()

    def _postpone_renewal(self, reason):
        """Try to renew again later, each time a longer while, and tell the managers once.

        :param str reason: the registry's code, if it gave one
        """
        now = fields.Datetime.now()
        for subscription in self.filtered("to_renew"):
            hours = min(2**subscription.renewal_count, 24)
            again = now + timedelta(hours=hours)
            end = subscription.end_date or now
            if end > now and _ALREADY in (reason or ""):
                # Only one at a time: in the last day the old one makes room.
                again = max(end - _LAST_DAY, again)
            elif end > now:
                again = min(again, end)
            subscription.write(
                {"renewal_count": subscription.renewal_count + 1, "renewal_date": again}
            )
            subscription._wake_scheduler_at(again)
            if end > now and _ALREADY in (reason or ""):
                continue
            subscription._alert(
                "subscription",
                self._crvs_managers(),
                self.env._(
                    "This subscription could not be renewed so far (%(reason)s). It is tried again "
                    "by itself. If the reason does not pass, ask the registry, else its events no "
                    "longer reach us after %(end)s.",
                    reason=reason or self.env._("see the server log"),
                    end=fields.Date.to_string(end),
                ),
            )

    @api.model
    def _find_silent(self):
        """Return active subscriptions that have brought nothing for too long, reported once."""
        days = number(self.env, const.PARAM_SILENCE_D)
        if not days:
            return self.browse()
        self.env.cr.execute(
            SQL(
                """
                SELECT subscription.id
                  FROM spp_dci_crvs_subscription subscription
                  JOIN spp_dci_data_source source ON source.id = subscription.data_source_id
                  -- Of a sender without notifications there is nothing to be said.
                  CROSS JOIN LATERAL (
                      SELECT max(event.received_date) AS date FROM spp_dci_crvs_event event
                       WHERE event.event_type = subscription.event_type
                         AND event.source = 'notification'
                         AND event.sender_id = source.crvs_sender_id) latest
                 WHERE subscription.state = 'active' AND source.active
                   AND GREATEST(latest.date, subscription.active_date) < %(limit)s
                   AND (subscription.alarm_date IS NULL
                        OR subscription.alarm_date < latest.date)
                """,
                limit=fields.Datetime.now() - timedelta(days=days),
            )
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    def _report_silence(self):
        self.alarm_date = fields.Datetime.now()
        self._alert(
            "subscription",
            self._crvs_managers(),
            self.env._(
                "Nothing has come by this subscription for a long time. Ask the registry whether "
                "it still notifies us, and check that it reaches our callback."
            ),
        )
