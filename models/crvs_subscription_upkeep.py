import logging
from datetime import timedelta

from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models
from odoo.tools import SQL

from .. import const
from ..services import log_guard
from .crvs_subscription import ACTIVITY

_logger = logging.getLogger(__name__)

# A request that the registry says nothing about after so many questions has failed; so has one
# about which it could not be asked for so long.
_MAX_STATUS_QUESTIONS = 5
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
            *(("_report_silence", subscription) for subscription in self._find_silent()),
        ]
        for number, (name, subscription) in enumerate(work, 1):
            try:
                getattr(subscription, name)()
            except TransactionRollbackError:
                # Somebody else works on it at this moment.
                self.env.cr.rollback()
            except Exception as error:  # noqa: BLE001  one must not keep the others waiting
                self.env.cr.rollback()
                _logger.warning(
                    "CRVS subscription %s: %s did not succeed (%s)",
                    subscription.id,
                    name.strip("_"),
                    getattr(error, "problem", log_guard.describe(error)),
                )
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(work) - number):
                break

    @api.model
    def _hours_ago(self, parameter):
        hours = self.env["spp.dci.crvs.message"]._number_parameter(parameter)
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
                ("request_date", "<", limit),
                "&",
                ("state", "=", "active"),
                ("ending_id.create_date", "<", limit),
                "|",
                ("status_date", "=", False),
                ("status_date", "<", limit),
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
        self._alert_managers(
            ACTIVITY,
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
        self._alert_managers(
            ACTIVITY,
            self.env._(
                "The registry never said whether it ended this subscription. Ask the registry, "
                "then unsubscribe again if it still notifies us."
            ),
        )

    @api.model
    def _find_ending(self):
        days = self.env["spp.dci.crvs.message"]._number_parameter(const.PARAM_RENEWAL_D)
        return self.search(
            [
                ("state", "=", "active"),
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
        """Replace a subscription whose period ends soon.

        Registries refuse a second subscription to the same events, so the first one is ended and
        the next one requested at once. The mark is committed first: whatever fails in between, the
        next run goes on from there.
        """
        self.to_renew = True
        self.env.cr.commit()  # pylint: disable=invalid-commit
        if self.end_date > fields.Datetime.now():
            self._registry_unsubscribe(self.data_source_id, [self._handle()])
        else:
            self._cancel(self.env._("Its period has ended."))
        self.env.cr.commit()  # pylint: disable=invalid-commit
        self._replace()

    @api.model
    def _find_to_renew(self):
        return self.search(
            [
                ("to_renew", "=", True),
                ("state", "=", "cancelled"),
                ("data_source_id.active", "=", True),
            ]
        )

    def _replace(self):
        """Subscribe again to what was ended for that purpose."""
        self._registry_subscribe(self.data_source_id, self.event_type)
        # The row has changed in other transactions since this one began.
        self.env.cr.commit()  # pylint: disable=invalid-commit
        self.invalidate_recordset()
        self.successor_id = self._find_live(self.data_source_id, self.event_type)
        self.to_renew = False

    @api.model
    def _find_silent(self):
        """Return active subscriptions that have brought nothing for too long, reported once."""
        days = self.env["spp.dci.crvs.message"]._number_parameter(const.PARAM_SILENCE_D)
        if not days:
            return self.browse()
        self.env.cr.execute(
            SQL(
                """
                SELECT subscription.id
                  FROM spp_dci_crvs_subscription subscription
                  JOIN spp_dci_data_source source ON source.id = subscription.data_source_id
                  LEFT JOIN LATERAL (
                      SELECT max(event.received_date) AS date
                        FROM spp_dci_crvs_event event
                       WHERE event.event_type = subscription.event_type
                         AND event.source = 'notification'
                         AND (event.data_source_id = source.id
                              OR event.sender_id = source.crvs_sender_id)
                  ) latest ON TRUE
                 WHERE subscription.state = 'active' AND source.active
                   AND COALESCE(latest.date, subscription.active_date) < %(limit)s
                   AND (subscription.alarm_date IS NULL
                        OR subscription.alarm_date < latest.date)
                """,
                limit=fields.Datetime.now() - timedelta(days=days),
            )
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    def _report_silence(self):
        self.alarm_date = fields.Datetime.now()
        self._alert_managers(
            ACTIVITY,
            self.env._(
                "Nothing has come by this subscription for a long time. Ask the registry whether "
                "it still notifies us, and check that it reaches our callback."
            ),
        )
