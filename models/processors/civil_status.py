from odoo import api, models

from ... import const
from ...services import records
from .civil_history import status_key


class CRVSProcessorCivilStatus(models.AbstractModel):
    """What marriage and divorce share: the civil status follows the latest event by date."""

    _name = "spp.dci.crvs.processor.civil_status"
    _inherit = "spp.dci.crvs.processor"
    _description = "CRVS Civil Status Processor"

    # Code in the vocabulary of civil statuses.
    _civil_status = None
    # The standard's letters for civil statuses that such an event cannot leave behind.
    _contradicting_statuses = frozenset()

    @api.model
    def _prefetch_for_type(self, cases, batch):
        self._prefetch_civil_status(cases, batch)

    @api.model
    def _apply(self, cases, batch):
        status_id = self._codes(const.CIVIL_STATUS_NAMESPACE).get(self._civil_status)
        for case in cases:
            if doubt := self._doubt(case, batch):
                case.flags.append(doubt)
                continue
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
        if self._was_dead(case, partner, batch):
            case.flags.append(
                self.env._("The registrant had died before, so nothing was changed.")
                if role == "person"
                else self.env._("The spouse had died before and was not changed.")
            )
        elif self._is_over(case, partner, batch):
            if role == "person":
                case.supersede("")
        else:
            other = case.spouse if role == "person" else case.person
            key = status_key(case.event.event_type, self._day_of(case))
            self._note_status(batch, partner.id, key, case.event.id, other.id)
            case.values[f"{role}_status_set"] = True
            if status_id:
                status = self.env["spp.vocabulary.code"].browse(status_id)
                case.write(
                    partner, {"civil_status_id": status}, done=self.env._("civil status changed")
                )
            self._add_number(case, partner, batch)

    @api.model
    def _corrects(self, case, partner, batch):
        """Whether what decides now is the older version that this event replaces."""
        couple = batch.couples.get(partner.id)
        return bool(couple and case.replaces and case.replaces.event.id == couple.event_id)

    @api.model
    def _doubt(self, case, batch):
        """Say what speaks against taking over the civil status of either, if anything does.

        :return: a sentence, or nothing
        """
        status = case.vital.person.marital_status
        if status in self._contradicting_statuses:
            return self.env._(
                "The record's own civil status contradicts the event, so the civil status was not "
                "changed. Ask the registry."
            )
        if self._names_other_spouse(case, batch):
            return self.env._(
                "The divorce names another spouse than the marriage that is in force, so the civil "
                "status was not changed. Ask the registry."
            )
        return None

    @api.model
    def _names_other_spouse(self, case, batch):
        """Whether an event names another spouse than the one in force; only of divorces."""
        return False

    @api.model
    def _is_over(self, case, partner, batch):
        """Whether a later event decides the registrant's civil status already."""
        key = status_key(case.event.event_type, self._day_of(case))
        return key < batch.civil.get(partner.id, key) and not self._corrects(case, partner, batch)

    @api.model
    def _day_of(self, case):
        """Return by which day an event is ordered: its own, else when the registry wrote of it."""
        return case.event.event_date or case.event.version_time.date()

    @api.model
    def _was_dead(self, case, partner, batch):
        """Whether the registrant had died by the day of the event; without a date, always."""
        if partner.death_date and case.event.event_date:
            return case.event.event_date > partner.death_date
        return partner.id in batch.dead


class CRVSProcessorMarriage(models.AbstractModel):
    """A marriage: civil status and MRN of both, as far as they are registrants."""

    _name = "spp.dci.crvs.processor.marriage"
    _inherit = "spp.dci.crvs.processor.civil_status"
    _description = "CRVS Marriage Processor"

    _event_type = "marriage"
    _civil_status = "M"
    _contradicting_statuses = frozenset("A")


class CRVSProcessorDivorce(models.AbstractModel):
    """A divorce: civil status of both, as far as they are registrants."""

    _name = "spp.dci.crvs.processor.divorce"
    _inherit = "spp.dci.crvs.processor.civil_status"
    _description = "CRVS Divorce Processor"

    _event_type = "divorce"
    _civil_status = "D"
    _contradicting_statuses = frozenset("ML")

    @api.model
    def _names_other_spouse(self, case, batch):
        couple_of = {"person": case.person, "spouse": case.spouse}
        return any(
            self._names_other_than(case, partner, role, batch)
            for role, partner in couple_of.items()
            if partner and not self._is_over(case, partner, batch)
        )

    @api.model
    def _names_other_than(self, case, partner, role, batch):
        """Whether an event names another than the one whom a registrant is married to."""
        couple = batch.couples.get(partner.id)
        if not (couple and couple.is_married):
            return False
        other = case.spouse if role == "person" else case.person
        if couple.other_id and other:
            return couple.other_id != other.id
        if role == "spouse" or not case.vital.person.spouse:
            return False
        named = case.vital.person.spouse.identifiers
        known = self._partner_in(self.env["spp.dci.crvs.event"].browse(couple.event_id), partner)
        same_kind = {entry.type for entry in named} & {entry.type for entry in known}
        keys = {(entry.type, entry.key) for entry in known}
        return bool(same_kind) and not any((entry.type, entry.key) in keys for entry in named)

    @api.model
    def _partner_in(self, marriage, partner):
        """Return the identifiers of the one whom a registrant married, as the record has them."""
        try:
            vital = marriage._read_vital()
        except records.InvalidRecord:
            return ()
        numbers = {identifier.value for identifier in vital.person.identifiers}
        if vital.person.spouse and marriage.identifier_value not in numbers:
            vital = vital.with_couple_swapped()  # as it was when it was applied
        if marriage.person_id != partner:
            return vital.person.identifiers
        return vital.person.spouse.identifiers if vital.person.spouse else ()
