from odoo import api, models

from ... import const
from .processor_civil import status_key


class CRVSProcessorCivilStatus(models.AbstractModel):
    """What marriage and divorce share: the civil status follows the latest event by date."""

    _name = "spp.dci.crvs.processor.civil_status"
    _inherit = "spp.dci.crvs.processor"
    _description = "CRVS Civil Status Processor"

    # Code in the vocabulary of civil statuses.
    _civil_status = None

    @api.model
    def _precheck(self, case):
        if not case.event.event_date:
            case.fail(
                "invalid",
                self.env._(
                    "The event has no date, so it cannot be ordered among the others of this "
                    "person. Ask the registry to send it again with the date."
                ),
            )

    @api.model
    def _prefetch_for_type(self, cases, batch):
        self._prefetch_civil_status(cases, batch)

    @api.model
    def _apply(self, cases, batch):
        status_id = self._codes(const.CIVIL_STATUS_NAMESPACE).get(self._civil_status)
        for case in cases:
            if not status_id:
                case.flags.append(
                    self.env._(
                        "The civil status %s is missing in the vocabulary.", self._civil_status
                    )
                )
            self._apply_to(case, case.person, "person", status_id, batch)
            if case.spouse:
                self._apply_to(case, case.spouse, "spouse", status_id, batch)

    @api.model
    def _apply_to(self, case, partner, role, status_id, batch):
        """Apply the event to one of the couple.

        :param str role: ``person`` or ``spouse``
        """
        key = status_key(case.event.event_type, case.event.event_date)
        if self._was_dead(case, partner, batch):
            case.flags.append(
                self.env._("The registrant had died before, so nothing was changed.")
                if role == "person"
                else self.env._("The spouse had died before and was not changed.")
            )
        elif key < batch.civil.get(partner.id, key):
            if role == "person":
                case.outcome = "superseded"
        else:
            batch.civil[partner.id] = key
            case.values[f"{role}_status_set"] = True
            if status_id:
                status = self.env["spp.vocabulary.code"].browse(status_id)
                case.write(
                    partner, {"civil_status_id": status}, done=self.env._("civil status changed")
                )
            self._add_number(case, partner, batch)

    @api.model
    def _was_dead(self, case, partner, batch):
        """Whether the registrant had died by the day of the event; without a date, always."""
        if partner.death_date:
            return case.event.event_date > partner.death_date
        return partner.id in batch.dead
