from itertools import product

from odoo import api, models
from odoo.exceptions import UserError

from ... import const
from ..mixins import check_group, notify


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

    def action_retry(self):
        """Process again what failed of this selection, and say what came of it.

        :return: an action that says so
        :rtype: dict
        :raise AccessError: for users who are not CRVS officers
        """
        check_group(self.env, "officer")
        failed = self.filtered(lambda event: event.state == "error")
        failed.action_retry_processing()
        return self._tell_result(failed)

    def action_process_now(self):
        """Process this event now, and say what came of it.

        :return: an action that says so
        :rtype: dict
        :raise AccessError: for users who are not CRVS officers
        """
        self.process_event()
        return self._tell_result(self)

    def _tell_result(self, tried):
        """Return the action that says what came of events that were tried just now.

        :param tried: those of the selection that could be
        :rtype: dict
        """
        _ = self.env._
        if not tried:
            return notify(self.env, _("Nothing to retry: none of these events failed."), "warning")
        if len(tried) == 1:
            label = dict(tried._fields["standing"]._description_selection(self.env))
            text = tried.remark or label[tried.standing]
            good = tried.state == "processed" and tried.outcome != "flagged"
            text = text if good else _("%(what)s. %(why)s", what=label[tried.standing], why=text)
            return notify(self.env, text, "success" if good else "warning")
        done = tried.filtered(lambda event: event.state == "processed")
        later = len(tried[const.BATCH_SIZE :])
        parts = [
            _(
                "%(done)s of %(all)s are done now, %(open)s are still open.",
                done=len(done),
                all=len(tried),
                open=len(tried) - len(done),
            )
        ]
        if later:
            parts.append(_("%s of them are processed in the background.", later))
        return notify(self.env, " ".join(parts), "success" if done == tried else "warning")

    def action_release(self):
        """Let held events pass.

        :return: an action that says how many
        :rtype: dict
        :raise AccessError: for users who are not CRVS managers
        """
        check_group(self.env, "manager")
        held = self.sudo().filtered(lambda event: event.outcome == "held")
        if held:
            user = self.env.user
            held._as_processor()._release()
            held._message_log_batch(
                bodies=dict.fromkeys(held.ids, self.env._("%s released this event.", user.name)),
                author_id=user.partner_id.id,
            )
            self._wake_scheduler()
            self.invalidate_recordset()
            text = self.env._("%s released: applied within a few minutes.", len(held))
            return notify(self.env, text)
        return notify(self.env, self.env._("None of these events is held."), "warning")

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
