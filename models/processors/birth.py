from odoo import api, fields, models


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
            if "partial_date" not in case.flag_codes:
                case.flags.append(self.env._("The record holds no birth date."))
            return
        ours = case.person.birthdate
        if ours and ours != day and case.event.data_source_id.birth_date_policy == "flag":
            case.flags.append(
                self.env._("The registry has another birth date; it was not taken, as configured.")
            )
            return
        if ours != day and (obstacle := self._obstacle(case.person, day)):
            case.flags.append(obstacle)
            return
        case.write(
            case.person,
            {"birthdate": day, "birthdate_not_exact": False},
            done=self.env._("birth date taken over"),
        )

    @api.model
    def _obstacle(self, person, day):
        """Say why the registry of persons would refuse a birth date.

        :param person: the registrant
        :param date day: the birth date that the civil registry gives
        :return: a sentence for an officer, empty when nothing stands against it
        :rtype: str
        """
        if day > fields.Date.context_today(person):
            return self.env._(
                "The birth date that the registry gives lies in the future, so it was not taken. "
                "Ask the registry to correct it."
            )
        if person.registration_date and day > person.registration_date:
            return self.env._(
                "The registrant was registered here before the birth date that the registry gives, "
                "so it was not taken. Check that this is the right person, and correct whichever "
                "of the two dates is wrong."
            )
        return ""
