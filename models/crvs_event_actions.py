from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from .. import const


class CRVSEvent(models.Model):
    """What people do with events. Each method checks who asks before anything else."""

    _inherit = "spp.dci.crvs.event"

    # ------------------------------------------------------------------
    # Access
    # ------------------------------------------------------------------

    def _check_group(self, group):
        """Refuse users outside one of this addon's groups before anything is done with more rights.

        :param str group: ``viewer``, ``officer`` or ``manager``
        :raise AccessError: when the user is not in it
        """
        if self.env.su or self.env.user.has_group(f"spp_dci_client_crvs.group_crvs_{group}"):
            return
        raise AccessError(self.env._("Only CRVS officers and managers may do this."))

    def copy(self, default=None):
        """:raise UserError: always; an event is what a registry said, once."""
        raise UserError(self.env._("Vital events cannot be copied."))

    # ------------------------------------------------------------------
    # Public
    # ------------------------------------------------------------------

    def process_event(self):
        """Process one event now.

        :return: True when the event is processed, False when not: state, outcome and remark say
            why
        :raise AccessError: for users who are not CRVS officers
        """
        self.ensure_one()
        self._check_group("officer")
        self._process_now()
        return self.sudo().state == "processed"

    def action_retry_processing(self):
        """Process again whatever is in `error` of this selection; the rest is left alone.

        A large selection is handed to the scheduler.

        :return: True
        :raise AccessError: for users who are not CRVS officers
        """
        self._check_group("officer")
        failed = self.sudo().filtered(lambda event: event.state == "error")
        now, later = failed[: const.BATCH_SIZE], failed[const.BATCH_SIZE :]
        now.with_env(self.env)._process_now()
        if later:
            later._as_processor().write({"next_attempt": fields.Datetime.now(), "attempts": 0})
            self._wake_scheduler()
        return True

    def action_release(self):
        """Let held events pass.

        :return: True
        :raise AccessError: for users who are not CRVS managers
        """
        self._check_group("manager")
        held = self.sudo().filtered(lambda event: event.outcome == "held")
        if held:
            held._as_processor().write(
                {
                    "released": True,
                    "outcome": False,
                    "error_message": False,
                    "next_attempt": fields.Datetime.now(),
                }
            )
            self._wake_scheduler()
        return True
