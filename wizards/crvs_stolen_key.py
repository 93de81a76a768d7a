from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.mixins import check_group

# Events that are shown before they are undone.
SHOWN = 20


class CRVSStolenKey(models.TransientModel):
    """Asks a manager which key of a registry was stolen and when: ends the trust, then undoes."""

    _name = "spp.dci.crvs.stolen.key"
    _description = "A Key Was Stolen"

    sender_id = fields.Many2one("spp.dci.crvs.sender", "Registry", required=True)
    scope = fields.Selection(
        [
            ("registry", "The whole registry: archive it, nothing more is accepted"),
            ("keys", "Only these keys: revoke them for ever, the other keys stay in use"),
        ],
        "What Is No Longer Trusted",
        required=True,
        default="registry",
    )
    key_ids = fields.Many2many("spp.dci.crvs.sender.key", string="Stolen Keys")
    since = fields.Datetime(
        "Stolen Since",
        required=True,
        help="What was received since then is undone. When in doubt choose an earlier time.",
    )
    reason = fields.Text(required=True)
    event_count = fields.Integer("Events", compute="_compute_events")
    summary = fields.Char("Will Be Undone", compute="_compute_events")
    event_ids = fields.Many2many(
        "spp.dci.crvs.event", string="The First of Them", compute="_compute_events"
    )

    @api.depends("sender_id", "scope", "key_ids", "since")
    def _compute_events(self):
        events = self.env["spp.dci.crvs.event"]
        types = dict(events._fields["event_type"]._description_selection(self.env))
        for wizard in self:
            domain = wizard._domain()
            counts = events._read_group(domain, ["event_type"], ["__count"])
            wizard.event_count = sum(count for _type, count in counts)
            wizard.summary = ", ".join(
                self.env._("%(kind)s: %(count)s", kind=types[kind], count=count)
                for kind, count in counts
            )
            wizard.event_ids = events.search(domain, order="id desc", limit=SHOWN)

    def _fingerprints(self):
        """Return the fingerprints of the chosen keys, None for whatever the registry signed."""
        return self.key_ids.mapped("fingerprint") if self.scope == "keys" else None

    def _domain(self):
        if not (self.sender_id and self.since) or (self.scope == "keys" and not self.key_ids):
            return [(0, "=", 1)]
        return self.env["spp.dci.crvs.undo"]._events_domain(
            self.sender_id, self.since, self._fingerprints()
        )

    def action_confirm(self):
        """End the trust, then start the run that undoes; the scheduler does the work.

        :return: an action that shows the run's report
        :rtype: dict
        :raise AccessError: for users who are not CRVS managers
        :raise UserError: when no key or no reason is given
        """
        self.ensure_one()
        check_group(self.env, "manager")
        self.sender_id.check_access("write")
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why the events are undone."))
        if self.scope == "keys" and not self.key_ids:
            raise UserError(self.env._("Choose the keys that were stolen."))
        if self.key_ids.sender_id - self.sender_id:
            raise UserError(self.env._("Choose keys of this registry."))
        run = self.env["spp.dci.crvs.undo"]._stop_and_undo(
            self.sender_id,
            self.since,
            self.reason,
            self.key_ids if self.scope == "keys" else None,
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "spp.dci.crvs.undo",
            "view_mode": "form",
            "res_id": run.id,
        }
