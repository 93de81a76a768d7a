from datetime import timedelta

from odoo import api, fields, models

# A day, less the time by which a scheduled action is late at times.
_BETWEEN = timedelta(hours=20)


class CRVSEvent(models.Model):
    """The mail that tells those who want it once a day how much waits for them."""

    _inherit = "spp.dci.crvs.event"

    @api.model
    def _cron_digest(self):
        """Mail each user who wants it what needs them; nothing when nothing does."""
        now = fields.Datetime.now()
        users = self.env["res.users"].search([("crvs_daily_digest", "=", True)])
        for user in users.filtered(
            lambda user: not user.crvs_digest_date or user.crvs_digest_date <= now - _BETWEEN
        ):
            # Committed one by one, so that nobody gets a second one when a later one fails.
            if user.email and (counts := self.with_user(user)._counts_for_me()):
                self._mail_digest(user, counts)
            user.crvs_digest_date = now
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _counts_for_me(self):
        """Return how many events need the user, by what there is to do, in the user's words.

        :rtype: list[tuple[str, int]]
        """
        events = self.with_context(lang=self.env.user.lang)
        labels = dict(self._fields["standing"]._description_selection(events.env))
        groups = self._read_group(
            [("standing", "in", self._standings_for_me())], ["standing"], ["__count"]
        )
        return [(labels[standing], count) for standing, count in groups]

    @api.model
    def _mail_digest(self, user, counts):
        """Send one digest: numbers and a link, nothing about a person."""
        here = self.with_context(lang=user.lang)
        body = here.env["ir.qweb"]._render(
            "spp_dci_client_crvs.event_digest",
            {"user": user, "counts": counts, "url": f"{user.get_base_url()}/odoo/crvs-to-do"},
        )
        total = sum(count for _label, count in counts)
        self.env["mail.mail"].create(
            {
                "subject": here.env._("Civil registry: %s events need you", total),
                "body_html": body,
                "email_to": user.email_formatted,
                "auto_delete": True,
            }
        )
