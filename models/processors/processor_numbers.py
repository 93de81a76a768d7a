from odoo import api, models
from odoo.tools import SQL

from ... import const


class CRVSProcessor(models.AbstractModel):
    """Registration numbers: what an event adds to the identifiers of its registrants."""

    _inherit = "spp.dci.crvs.processor"

    @api.model
    def _number_of(self, case):
        """Return type and value of the registration number that the event gives.

        :return: ``(ID type code, value)``, or None when the record names none
        :rtype: tuple[str, str] | None
        """
        code = const.REGISTRATION_NUMBER.get(case.event.event_type)
        persons = [case.vital.person, case.vital.person.spouse if code == "MRN" else None]
        for person in filter(None, persons):
            for identifier in person.identifiers:
                if identifier.type == code:
                    return code, identifier.value
        return None

    @api.model
    def _prefetch_numbers(self, batch):
        """Look up who has the numbers already, groups and invalid ones included."""
        numbers = {number for case in batch.open if (number := self._number_of(case))}
        if not numbers:
            return
        codes = {batch.id_types[code]: code for code, _value in numbers if code in batch.id_types}
        self.env.cr.execute(
            SQL(
                """
                SELECT partner_id, id_type_id, value FROM spp_registry_id
                 WHERE value = ANY(%s) AND id_type_id = ANY(%s)
                """,
                [value for _code, value in numbers],
                list(codes),
            )
        )
        for partner_id, code_id, value in self.env.cr.fetchall():
            batch.holders[codes[code_id], value].add(partner_id)

    @api.model
    def _add_number(self, case, partner, batch):
        """Give a registrant the event's registration number, or flag why not.

        :param case: an open case
        :param partner: its registrant or spouse
        """
        number = self._number_of(case)
        if not number:
            return
        code, value = number
        mine = [held for held in batch.held[partner.id] if held[0] == code]
        if any(held_value == value for _code, held_value, _status, _id in mine):
            return
        others = batch.holders[number] - {partner.id}
        if code == "MRN":
            others -= set(case.persons.ids)
        valid = [record_id for _code, _value, status, record_id in mine if status == "valid"]
        if code not in batch.id_types:
            case.flags.append(
                self.env._(
                    "The ID type %s is missing in the vocabulary, so the number was not stored.",
                    code,
                )
            )
        elif others:
            case.flags.append(
                self.env._("Another registrant has this %s already, so it was not stored.", code)
            )
        elif valid and code != "MRN":
            case.flags.append(
                self.env._("The registrant has another %s, so this one was not stored.", code)
            )
        else:
            case.write(
                self.env["spp.registry.id"].browse(valid),
                {"status": "invalid"},
                done=self.env._("older %s set to invalid", code),
            )
            batch.held[partner.id] = [
                (held_code, held_value, "invalid" if record_id in valid else status, record_id)
                for held_code, held_value, status, record_id in batch.held[partner.id]
            ]
            batch.holders[number].add(partner.id)
            batch.new_numbers.append(
                (case, code, self._number_values(case, partner, code, value, batch))
            )

    @api.model
    def _number_values(self, case, partner, code, value, batch):
        return {
            "partner_id": partner.id,
            "id_type_id": batch.id_types[code],
            "value": value,
            "status": "valid",
            "verification_method": "dci_api",
            "verification_date": batch.now,
            "verification_source": self._source_name(case.event),
        }

    @api.model
    def _create_numbers(self, batch):
        """Create the numbers of a round together."""
        if not batch.new_numbers:
            return
        # One valid number of a type: the older ones have to be invalid in the database first.
        self.env["spp.registry.id"].flush_model(["status"])
        created = self.env["spp.registry.id"].create([values for *_, values in batch.new_numbers])
        for (case, code, values), record in zip(batch.new_numbers, created, strict=True):
            case.changes.append(
                {
                    "model": record._name,
                    "id": record.id,
                    "created": {"value": values["value"], "status": "valid"},
                    "partner_id": values["partner_id"],
                }
            )
            case.done[values["partner_id"]].append(self.env._("%s added", code))
            batch.held[values["partner_id"]].append((code, values["value"], "valid", record.id))
        batch.new_numbers.clear()
