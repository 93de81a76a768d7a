from collections import defaultdict
from dataclasses import dataclass, field

from odoo import api, models
from odoo.tools import SQL

from ... import const


@dataclass(slots=True)
class Found:
    """Who carries identifiers of a notified person.

    :param by: the first identifier that matched, by partner id.
    :param keys: ``(ID type code, value)`` that were looked for.
    """

    by: dict = field(default_factory=dict)
    keys: list = field(default_factory=list)


class CRVSMatcher(models.AbstractModel):
    """Finds out which registrant a vital event is about.

    Individuals, archived ones included, by type and value of any of the notified person's own
    identifiers that the registry holds as valid; an MRN belongs to a couple and is left out.
    """

    _name = "spp.dci.crvs.matcher"
    _description = "CRVS Matcher"

    @api.model
    def _match(self, batch):
        """Set registrant and spouse of the open cases, or why nobody can be said to be meant.

        :param Batch batch: gets ``id_types`` and ``held`` too
        """
        cases = batch.open
        if not cases:
            return
        keys = set()
        for case in cases:
            for person in (case.vital.person, self._spouse_of(case)):
                if person:
                    keys.update(self._keys(case.event, person))
        forced = {case.event.forced_person_id.id for case in cases} - {False}
        self._look_up(batch, keys, forced)
        carriers = defaultdict(set)
        for partner_id, numbers in batch.held.items():
            for code, value, status, _record_id in numbers:
                if status == "valid" and (code, value) in keys:
                    carriers[code, value].add(partner_id)
        partners = {
            partner.id: partner
            for partner in self.env["res.partner"].browse([*batch.held, *forced])
        }
        for case in cases:
            self._decide(case, batch, carriers, partners)

    @api.model
    def _keys(self, event, person):
        """Return ``(ID type code, value)`` under which a person may be held, by identifier."""
        return {
            (code, identifier.value): identifier
            for identifier in person.identifiers
            for code in event._match_types(identifier.type)
        }

    @api.model
    def _spouse_of(self, case):
        if case.event.event_type in ("marriage", "divorce"):
            return case.vital.person.spouse
        return None

    @api.model
    def _look_up(self, batch, keys, forced):
        """Read all identifiers of all registrants who carry one of the keys, in one query."""
        codes = {
            code.id: code.code.upper()
            for code in self.env["spp.vocabulary.code"].search_fetch(
                [("namespace_uri", "=", const.ID_TYPE_NAMESPACE)], ["code"], order="id desc"
            )
        }
        batch.id_types = {code: code_id for code_id, code in codes.items()}
        wanted = {code for code, _value in keys}
        self.env["spp.registry.id"].flush_model()
        self.env["res.partner"].flush_model(["is_registrant", "is_group"])
        self.env.cr.execute(
            SQL(
                """
                WITH hit AS (
                    SELECT partner_id FROM spp_registry_id
                     WHERE status = 'valid'
                       AND value = ANY(%(values)s)
                       AND id_type_id = ANY(%(types)s)
                    UNION
                    SELECT unnest(%(forced)s::integer[])
                )
                SELECT number.partner_id, number.id_type_id, number.value, number.status, number.id
                  FROM hit
                  JOIN res_partner person ON person.id = hit.partner_id
                  JOIN spp_registry_id number ON number.partner_id = person.id
                 WHERE person.is_registrant AND person.is_group IS NOT TRUE
                 ORDER BY number.id
                """,
                values=[value for _code, value in keys],
                types=[code_id for code_id, code in codes.items() if code in wanted],
                forced=list(forced),
            )
        )
        for partner_id, code_id, value, status, record_id in self.env.cr.fetchall():
            batch.held[partner_id].append((codes.get(code_id), value, status, record_id))

    # ------------------------------------------------------------------
    # Deciding
    # ------------------------------------------------------------------

    @api.model
    def _decide(self, case, batch, carriers, partners):
        event = case.event
        found = self._find(event, case.vital.person, carriers)
        if event.forced_person_id:
            case.person = partners[event.forced_person_id.id]
        elif not found.by:
            case.values["waits_for"] = found.keys
            case.fail("no_match", self.env._("No matching person found in registry"))
            return
        elif len(found.by) > 1:
            case.fail(
                "ambiguous",
                self.env._(
                    "Several registrants carry identifiers of this event. Correct the identifiers "
                    "in the registry and retry, or give the event to the right registrant."
                ),
            )
            return
        else:
            (partner_id, identifier), *_rest = found.by.items()
            other = self._contradictions(event, case.vital.person, batch.held[partner_id])
            if other:
                case.fail(
                    "ambiguous",
                    self.env._(
                        "The registrant found has another %s than the event names, so it may be "
                        "another person. Correct the registrant and retry, or give the event to "
                        "the right registrant.",
                        ", ".join(other),
                    ),
                )
                return
            case.person = partners[partner_id]
            case.values.update(identifier_type=identifier.type, identifier_value=identifier.value)
        self._decide_spouse(case, batch, carriers, partners)

    @api.model
    def _decide_spouse(self, case, batch, carriers, partners):
        """Set the spouse if the record names one who is found; flag it otherwise."""
        spouse = self._spouse_of(case)
        if not spouse:
            return
        found = self._find(case.event, spouse, carriers)
        if not found.keys:
            return
        if not found.by:
            case.flags.append(
                self.env._("The spouse was not found in the registry and is left as is.")
            )
        elif len(found.by) > 1 or self._contradictions(
            case.event, spouse, batch.held[next(iter(found.by))]
        ):
            case.flags.append(
                self.env._(
                    "It is not clear which registrant the spouse is, so no spouse was changed."
                )
            )
        elif case.person.id in found.by:
            case.flags.append(
                self.env._(
                    "The record names the registrant as the spouse too; check with the registry."
                )
            )
        else:
            case.spouse = partners[next(iter(found.by))]

    @api.model
    def _find(self, event, person, carriers):
        found = Found()
        for key, identifier in self._keys(event, person).items():
            found.keys.append(key)
            for partner_id in carriers.get(key, ()):
                found.by.setdefault(partner_id, identifier)
        return found

    @api.model
    def _contradictions(self, event, person, numbers):
        """Return the lifelong ID types of which a registrant holds another value than the person.

        Identifiers for which the sender may not speak count too: they cannot tell who is meant,
        but they can tell that somebody is not.

        :param numbers: the registrant's identifiers, see ``Batch.held``
        :return: sorted type codes
        :rtype: list[str]
        """
        said = defaultdict(set)
        for identifier in person.identifiers:
            if identifier.type in const.LIFELONG_ID_TYPES:
                said[identifier.type].add(identifier.value)
        contradictions = []
        for code, values in said.items():
            types = event._same_types(code)
            held = {
                value
                for held_code, value, status, _id in numbers
                if status == "valid" and held_code in types
            }
            if held and not held & values:
                contradictions.append(code)
        return sorted(contradictions)
