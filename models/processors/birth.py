from odoo import api, models


class CRVSProcessorBirth(models.AbstractModel):
    """A birth: the registry's birth date, and the BRN."""

    _name = "spp.dci.crvs.processor.birth"
    _inherit = "spp.dci.crvs.processor"
    _description = "CRVS Birth Processor"

    _event_type = "birth"

    @api.model
    def _apply(self, cases, batch):
        for case in cases:
            self._apply_birth_date(case)
            self._add_number(case, case.person, batch)

    @api.model
    def _apply_birth_date(self, case):
        """Take the registry's birth date, the person's record before the event's."""
        day = case.vital.person.birth_date or case.event.event_date
        if not day:
            case.flags.append(self.env._("The record holds no birth date."))
            return
        ours = case.person.birthdate
        if ours and ours != day and case.event.data_source_id.birth_date_policy == "flag":
            case.flags.append(
                self.env._("The registry has another birth date; it was not taken, as configured.")
            )
            return
        case.write(
            case.person,
            {"birthdate": day, "birthdate_not_exact": False},
            done=self.env._("birth date taken over"),
        )
