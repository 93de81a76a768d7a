from odoo import api, models
from odoo.tools import SQL

from ... import const
from ...services.records.numbers import is_placeholder, normal_form
from .batch import NewNumber
from .matcher import HeldNumber


class CRVSProcessor(models.AbstractModel):
    """Registration numbers: what an event adds to the identifiers of its registrants."""

    _inherit = "spp.dci.crvs.processor"

    @api.model
    def _number_of(self, case, batch):
        """Return type and value of the registration number that the event gives.

        :return: ``(ID type code, value)``, or None when the record names none that is the
            person's own
        :rtype: tuple[str, str] | None
        """
        code = const.REGISTRATION_NUMBER.get(case.event.event_type)
        person = case.vital.person
        if code in const.NON_IDENTIFYING_ID_TYPES:
            # A couple shares it, so that the record gives it to both.
            both = [person, person.spouse] if person.spouse else [person]
            candidates = [identifier for one in both for identifier in one.identifiers]
        else:
            candidates = person.identifying(batch.placeholders)
        for identifier in candidates:
            types = self._types_of(case, identifier, batch)
            is_named = identifier.type == code or batch.id_types.get(code) in types
            if is_named and not is_placeholder(identifier.value, batch.placeholders):
                return code, identifier.value
        return None

    @api.model
    def _types_of(self, case, identifier, batch):
        return self.env["spp.dci.crvs.matcher"]._types_of(case, identifier, batch)

    @api.model
    def _prefetch_numbers(self, batch):
        """Look up who has the numbers already, groups and invalid ones included."""
        numbers = {
            (number[0], normal_form(number[1]))
            for case in batch.open
            if (number := self._number_of(case, batch))
        }
        if not numbers:
            return
        codes = {batch.id_types[code]: code for code, _key in numbers if code in batch.id_types}
        self.env.cr.execute(
            SQL(
                """
                SELECT partner_id, id_type_id, crvs_key FROM spp_registry_id
                 WHERE crvs_key = ANY(%s) AND id_type_id = ANY(%s)
                """,
                [key for _code, key in numbers],
                list(codes),
            )
        )
        for partner_id, code_id, key in self.env.cr.fetchall():
            batch.holders[codes[code_id], key].add(partner_id)

    @api.model
    def _add_number(self, case, partner, batch):
        """Give a registrant the event's registration number, or flag why not.

        :param case: an open case
        :param partner: its registrant or spouse
        """
        found = self._number_of(case, batch)
        if not found:
            return
        code, value = found
        number = code, normal_form(value)
        mine = [held for held in batch.held[partner.id] if held.code == code]
        if any(held.key == number[1] for held in mine):
            return
        corrected = {
            change["id"]
            for change in self._replaced_changes(case)
            if change["model"] == "spp.registry.id"
        }
        others = batch.holders[number] - {partner.id}
        if code == "MRN":
            others -= set(case.persons.ids)
        live = [held.id for held in mine if held.is_alive]
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
        elif live and code != "MRN" and not corrected.issuperset(live):
            case.flags.append(
                self.env._("The registrant has another %s, so this one was not stored.", code)
            )
        else:
            batch.holders[number].add(partner.id)
            batch.new_numbers.append(
                NewNumber(
                    case,
                    code,
                    self._number_values(case, partner, code, value, batch),
                    older=self.env["spp.registry.id"].browse(live),
                    rows=self.env["spp.registry.id"].browse(held.id for held in mine),
                    # What an older version of this event gave becomes what this one gives.
                    rewritten=self.env["spp.registry.id"].browse(live[:1])
                    if live and code != "MRN"
                    else None,
                )
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
    def _store_numbers(self, batch):
        """Store the numbers of a round, together when the registry takes all of them."""
        numbers, batch.new_numbers = batch.new_numbers, []
        if not numbers:
            return
        if any(number.rows for number in numbers) and self._keeps_one_row_per_type():
            for number in numbers:
                number.rewritten = number.rewritten or (number.older or number.rows)[:1]
        if self._attempt([n.case for n in numbers], lambda: self._store(numbers, batch)):
            return
        for number in numbers:
            if not self._attempt([number.case], lambda number=number: self._store([number], batch)):
                number.case.flags.append(
                    self.env._(
                        "The %s is not of the form that this ID type requires here, so it was not "
                        "stored. Ask the registry whether the number is right, or your "
                        "administrator whether the pattern of the ID type is.",
                        number.code,
                    )
                )

    @api.model
    def _store(self, numbers, batch):
        """Create numbers, and put an end to the older ones of their types."""
        for number in numbers:
            if number.rewritten:
                number.case.write(
                    number.rewritten,
                    {
                        name: value
                        for name, value in number.values.items()
                        if name not in ("partner_id", "id_type_id")
                    },
                )
            else:
                number.case.write(number.older, {"status": "invalid"})
        # One live number of a type: the older ones have to be invalid in the database first.
        self.env["spp.registry.id"].flush_model(["status"])
        new = [number for number in numbers if not number.rewritten]
        created = iter(self.env["spp.registry.id"].create([number.values for number in new]))
        for number in numbers:
            self._note_stored(number, number.rewritten or next(created), batch)

    @api.model
    def _note_stored(self, number, record, batch):
        case, code, values = number.case, number.code, number.values
        done = case.done[values["partner_id"]]
        if number.rewritten:
            done.append(self.env._("older %s replaced", code))
        else:
            if number.older:
                done.append(self.env._("older %s set to invalid", code))
            case.changes.append(
                {
                    "model": record._name,
                    "id": record.id,
                    "created": {"value": values["value"], "status": "valid"},
                    "partner_id": values["partner_id"],
                }
            )
            done.append(self.env._("%s added", code))
        over = set(number.older.ids)
        held = [
            entry._replace(status="invalid") if entry.id in over else entry
            for entry in batch.held[values["partner_id"]]
            if entry.id != record.id
        ]
        held.append(
            HeldNumber(
                code,
                values["value"],
                "valid",
                record.id,
                values["id_type_id"],
                normal_form(values["value"]),
                values["verification_method"],
            )
        )
        batch.held[values["partner_id"]] = held

    @api.model
    def _keeps_one_row_per_type(self):
        """Whether the table takes one row per registrant and ID type only, invalid ones included.

        So it is on OpenSPP servers of some months before; today's let invalid rows be.

        :rtype: bool
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT 1 FROM pg_index index
                 WHERE index.indrelid = 'spp_registry_id'::regclass
                   AND index.indisunique AND index.indpred IS NULL
                   AND (SELECT array_agg(attname::text ORDER BY attname) FROM pg_attribute
                         WHERE attrelid = index.indrelid AND attnum = ANY(index.indkey))
                       = ARRAY['id_type_id', 'partner_id']
                """
            )
        )
        return bool(self.env.cr.rowcount)
