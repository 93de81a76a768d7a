from itertools import product

from odoo import api, models
from odoo.exceptions import UserError

from ... import const
from ..mixins import check_group


class CRVSEvent(models.Model):
    """What people do with events. Each method checks who asks before anything else."""

    _inherit = "spp.dci.crvs.event"

    def copy(self, default=None):
        """:raise UserError: always; an event is what a registry said, once."""
        raise UserError(self.env._("Vital events cannot be copied."))

    def process_event(self):
        """Process one event now.

        :return: True when the event is processed, False when not: state, outcome and remark say
            why
        :raise AccessError: for users who are not CRVS officers
        """
        self.ensure_one()
        check_group(self.env, "officer")
        self._process_now()
        return self.sudo().state == "processed"

    def action_retry_processing(self):
        """Process again whatever is in `error` of this selection; the rest is left alone.

        A large selection is handed to the scheduler.

        :return: True
        :raise AccessError: for users who are not CRVS officers
        """
        check_group(self.env, "officer")
        failed = self.sudo().filtered(lambda event: event.state == "error")
        now, later = failed[: const.BATCH_SIZE], failed[const.BATCH_SIZE :]
        now.with_env(self.env)._process_now()
        if later:
            later._as_processor()._hasten()
            self._wake_scheduler()
        return True

    def action_release(self):
        """Let held events pass.

        :return: True
        :raise AccessError: for users who are not CRVS managers
        """
        check_group(self.env, "manager")
        held = self.sudo().filtered(lambda event: event.outcome == "held")
        if held:
            held._as_processor()._release()
            self._wake_scheduler()
        return True

    # === SENDERS NO LONGER TRUSTED === #

    @api.model
    def _hold_pending_of(self, senders, fingerprints=None):
        """Hold what would be applied by itself of senders that are no longer trusted.

        :param senders: ``spp.dci.crvs.sender``
        :param fingerprints: only what these keys signed; everything when None
        """
        domain = [("sender_id", "in", senders.ids), ("next_attempt", "!=", False)]
        if fingerprints is not None:
            domain.append(("message_id.key_fingerprint", "in", fingerprints))
        pending = self._as_processor().search(domain)
        pending = pending.filtered(lambda event: event._situation() != "done")
        # What is being applied this instant is decided by who comes first.
        pending = pending.try_lock_for_update(allow_referencing=True)
        if pending:
            pending._hold("distrusted")
            pending._tell_managers_of_held()

    # === MERGED REGISTRANTS === #

    @api.model
    def _follow_merge(self, gone, left):
        """Follow a merge of contacts: what events say they changed, and what a death still ends.

        :param set gone: ids of the registrants that are no more
        :param left: the one that is left
        """
        events = self._as_processor()
        ours = events.search(["|", ("person_id", "=", left.id), ("spouse_id", "=", left.id)])
        for event, field in product(ours, ("changes", "not_restored")):
            entries = [_renamed(entry, gone, left.id) for entry in event[field] or ()]
            if entries != (event[field] or []):
                event[field] = entries
        deaths = ours.filtered(
            lambda event: event.person_id.id == left.id
            and event.event_type == "death"
            and event._situation() == "done"
            and event.outcome != "superseded"
        )
        if deaths:
            deaths._reconsider()
            self._wake_scheduler()


def _renamed(change, gone, left_id):
    """Return an entry of ``changes`` in which merged registrants bear the id of who is left."""
    change = dict(change)
    if change["model"] == "res.partner" and change["id"] in gone:
        change["id"] = left_id
    if change.get("partner_id") in gone:
        change["partner_id"] = left_id
    return change
