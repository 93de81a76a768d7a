from collections import defaultdict
from datetime import datetime

from odoo import api, fields, models
from odoo.tools import SQL

from ... import const

# A pull that failed so often in a row does not mend itself.
_FAILURES = 3


class CRVSSender(models.Model):
    """How the link to a registry is: what came last, and what is wrong with it."""

    _inherit = "spp.dci.crvs.sender"

    last_notification = fields.Datetime("Last Notified", compute="_compute_health")
    last_pull = fields.Datetime("Last Searched", compute="_compute_health")
    subscriptions_text = fields.Char("Subscribed To", compute="_compute_health")
    health = fields.Selection(
        [("good", "In Order"), ("quiet", "Nothing Yet"), ("warning", "Look At"), ("bad", "Broken")],
        "Link",
        compute="_compute_health",
    )
    health_text = fields.Text("What Is Wrong", compute="_compute_health")

    @api.depends("active", "key_ids.state", "last_key_error")
    def _compute_health(self):
        sources = self._sources_by_sender()
        every = self.env["spp.dci.data.source"].sudo().union(*sources.values())
        pulls = self._grouped("spp.dci.crvs.pull", every, [("kind", "=", "regular")])
        subscriptions = self._grouped(
            "spp.dci.crvs.subscription",
            every,
            [("state", "in", ("requested", "active", "rejected"))],
        )
        notified, labels = self._last_notified(), self._kinds()
        for sender in self:
            own = sources.get(sender.id, every.browse())
            pulled = pulls[None].union(*(pulls[source.id] for source in own))
            subscribed = subscriptions[None].union(*(subscriptions[source.id] for source in own))
            active = subscribed.filtered(lambda subscription: subscription.state == "active")
            sender.last_notification = notified.get(sender.id)
            sender.last_pull = max(filter(None, pulled.mapped("end_date")), default=False)
            sender.subscriptions_text = ", ".join(
                labels[kind] for kind in dict.fromkeys(active.mapped("event_type"))
            )
            bad, warnings = sender._troubles(pulled, subscribed, active)
            sender.health_text = "\n".join(bad + warnings) or False
            if bad:
                sender.health = "bad"
            elif warnings:
                sender.health = "warning"
            else:
                has_news = sender.last_notification or sender.last_pull
                sender.health = "good" if has_news else "quiet"

    def _troubles(self, pulls, subscriptions, active):
        """Return what is wrong with the link, each as a sentence.

        :param pulls: regular pulls of this registry
        :param subscriptions: those that live, and those that were refused
        :param active: those that are active
        :return: what breaks the link, and what has to be looked at
        :rtype: tuple[list[str], list[str]]
        """
        _ = self.env._
        bad, warnings = [], []
        if not self.active:
            bad.append(_("It is archived: its messages are refused."))
        elif not self.sudo().key_ids.filtered(lambda key: key.state in ("live", "grace")):
            bad.append(_("We have no key of it: its messages are refused."))
        if self.last_key_error:
            warnings.append(_("Its keys could not be fetched."))
        live = set(subscriptions.filtered(lambda one: one.state != "rejected").mapped("event_type"))
        refused = set(subscriptions.mapped("event_type")) - live
        labels = self._kinds()
        if refused:
            names = ", ".join(labels[kind] for kind in sorted(refused))
            warnings.append(_("It refused a subscription: %s.", names))
        latest = self.last_notification or datetime.min
        if any(one.alarm_date and one.alarm_date > latest for one in active):
            warnings.append(_("Nothing was notified for a long time."))
        for pull in pulls.filtered("failures"):
            text = _("Searching for %s failed.", labels[pull.event_type].lower())
            (bad if pull.failures >= _FAILURES else warnings).append(text)
        return bad, warnings

    @api.model
    def _kinds(self):
        """Return the kinds of events by name, in the user's language."""
        kinds = self.env["spp.dci.crvs.event"]._fields["event_type"]
        return dict(kinds._description_selection(self.env))

    def _sources_by_sender(self):
        """Return the data sources whose answers each sender's keys verify.

        :rtype: dict[int, models.Model]
        """
        sources = self.env["spp.dci.data.source"].sudo()
        sources = sources.search([("crvs_sender_id", "in", self.ids)])
        return dict(sources.grouped(lambda source: source.crvs_sender_id.id))

    @api.model
    def _grouped(self, model, sources, domain):
        """Return records of data sources, by the source's id; under None there are none."""
        records = self.env[model].sudo()
        found = records.search([("data_source_id", "in", sources.ids), *domain])
        groups = found.grouped(lambda record: record.data_source_id.id)
        return defaultdict(records.browse, groups)

    def _last_notified(self):
        """Return when each of these last notified something, by one step in the index each.

        :rtype: dict[int, datetime]
        """
        self.env["spp.dci.crvs.event"].flush_model(["sender_id", "received_date"])
        self.env.cr.execute(
            SQL(
                """
                SELECT sender.id, max(latest.received_date)
                  FROM unnest(%s::integer[]) AS sender (id)
                 CROSS JOIN unnest(%s::text[]) AS kind (name)
                 CROSS JOIN LATERAL (
                    SELECT received_date FROM spp_dci_crvs_event
                     WHERE sender_id = sender.id AND event_type = kind.name
                       AND source = 'notification' AND received_date IS NOT NULL
                     ORDER BY received_date DESC LIMIT 1) AS latest
                 GROUP BY sender.id
                """,
                self.ids,
                [kind for kind, _label in const.EVENT_TYPES],
            )
        )
        return dict(self.env.cr.fetchall())
