from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from ... import const
from ...services import wording
from ...services.records import corroboration, numbers

# Sex under ISO 5218, as the vocabulary has it.
_SEX = {"1": "male", "2": "female"}
# What is read of a registrant who may be meant, in one query; a contact has a hundred fields more.
_FACTS = ("birthdate", "birthdate_not_exact", "gender_id", "death_date", "disabled")


class HeldNumber(NamedTuple):
    """A number that a registrant of ours holds.

    :param code: upper-case code of its ID type
    :param value: as it is shown
    :param status: ``valid``, ``invalid`` or False; only ``invalid`` is dead
    :param id: id of the ``spp.registry.id``
    :param type_id: id of its ID type
    :param key: its normal form
    :param method: how it was verified; ``dci_api`` when a registry gave it
    """

    code: str
    value: str
    status: str | bool
    id: int
    type_id: int
    key: str
    method: str | None = None

    @property
    def is_alive(self):
        return self.status != "invalid"


@dataclass(slots=True)
class Found:
    """Who carries numbers of a notified person.

    :param by: the first identifier that matched, by partner id
    :param keys: ``(ID type id, key)`` that were looked for
    """

    by: dict = field(default_factory=dict)
    keys: list = field(default_factory=list)


class CRVSMatcher(models.AbstractModel):
    """Finds out which registrant a vital event is about.

    Individuals, archived ones included, by type and normal form of the notified person's own
    numbers. The rest of the record must not contradict: lifelong numbers, birth date, sex. What is
    not certain reaches a person, with candidates to choose from.
    """

    _name = "spp.dci.crvs.matcher"
    _description = "CRVS Matcher"

    @api.model
    def _held_under(self, data_source, wanted):
        """Return what is held of the registrants who bear numbers, where it is one for a number.

        :param data_source: the registry that will be asked
        :param wanted: pairs of the registry's name of an ID type, and a number
        :type wanted: set[tuple[str, str]]
        :return: what is held by such a pair, and how far birth dates may lie apart
        :rtype: tuple[dict[tuple[str, str], corroboration.Held], corroboration.Limits]
        """
        keys = {number: numbers.normal_form(number) for _name, number in wanted}
        types = self.env["spp.dci.crvs.id.type"]._types_by_name(data_source) if keys else {}
        self.env["spp.registry.id"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT number.crvs_key, number.id_type_id, number.partner_id
                  FROM spp_registry_id number
                  JOIN res_partner partner ON partner.id = number.partner_id
                 WHERE number.crvs_key = ANY(%s) AND number.status IS DISTINCT FROM 'invalid'
                   AND partner.is_registrant AND partner.is_group IS NOT TRUE
                """,
                list(set(keys.values())),
            ),
            log_exceptions=False,
        )
        bearers = {}
        for key, type_id, partner_id in self.env.cr.fetchall():
            bearers.setdefault(key, []).append((type_id, partner_id))
        partners = self.env["res.partner"].sudo()
        found = {}
        for name, number in wanted:
            meant = types.get(name.upper(), ())
            ids = {
                partner for type_id, partner in bearers.get(keys[number], ()) if type_id in meant
            }
            if len(ids) == 1:
                found[name, number] = ids.pop()
        partners.browse(set(found.values())).fetch(_FACTS)
        held = {pair: held_facts(partners.browse(one)) for pair, one in found.items()}
        return held, limits(self.env, data_source.sudo().crvs_sender_id)

    @api.model
    def _match(self, batch):
        """Set registrant and spouse of the open cases, or why nobody can be said to be meant.

        :param Batch batch: gets ``id_types``, ``types`` and ``held`` too
        """
        cases = batch.open
        if not cases:
            return
        self._read_types(batch)
        keys = set()
        for case in cases:
            for person in (case.vital.person, self._spouse_of(case)):
                if person:
                    keys.update(self._keys(case, person, batch))
        forced = {case.event.forced_person_id.id for case in cases} - {False}
        self._look_up(batch, keys, forced)
        carriers = defaultdict(set)
        for partner_id, held in batch.held.items():
            for entry in held:
                if entry.is_alive and (entry.type_id, entry.key) in keys:
                    carriers[entry.type_id, entry.key].add(partner_id)
        for case in cases:
            self._decide(case, batch, carriers)
        self._find_similar([case for case in cases if case.error[:1] == ("no_match",)], batch)

    # === WHICH NUMBERS TELL === #

    @api.model
    def _read_types(self, batch):
        """Look up our ID types, and what each registry's names for them mean."""
        codes = self.env["spp.vocabulary.code"].search_fetch(
            [("namespace_uri", "=", const.ID_TYPE_NAMESPACE)], ["code"], order="id desc"
        )
        batch.id_types = {code.code.upper(): code.id for code in codes}
        batch.codes = {code.id: code.code.upper() for code in codes}
        sources = self.env["spp.dci.data.source"]
        types = self.env["spp.dci.crvs.id.type"]
        for source in {case.event.data_source_id.id for case in batch.open}:
            batch.types[source] = types._types_by_name(sources.browse(source or ()))
        for source, names in self._unknown_names(batch).items():
            types._note_unknown(names, sources.browse(source or ()))

    @api.model
    def _unknown_names(self, batch):
        unknown = defaultdict(set)
        for case in batch.open:
            source = case.event.data_source_id.id
            for identifier in case.vital.person.identifiers:
                if not batch.types[source].get(identifier.type):
                    unknown[source].add(identifier.type)
        return unknown

    @api.model
    def _types_of(self, case, identifier, batch):
        """Return the ids of our ID types under which a number of the registry may be held."""
        return batch.types[case.event.data_source_id.id].get(identifier.type) or ()

    @api.model
    def _keys(self, case, person, batch):
        """Return ``(ID type id, key)`` under which a person may be held, by identifier.

        Left out are placeholders, numbers of a relative too, numbers of a couple, those by which
        the sender may not tell who is meant, and beside others the one that the event itself gives.
        """
        keys, given = {}, {}
        own_type = batch.id_types.get(const.REGISTRATION_NUMBER.get(case.event.event_type))
        shared = {batch.id_types.get(code) for code in const.NON_IDENTIFYING_ID_TYPES}
        allowed = set(case.event.sender_id.sudo().allowed_identifier_types.ids)
        for identifier in person.identifying(batch.placeholders):
            types = self._types_of(case, identifier, batch)
            if shared.intersection(types):
                continue
            target = given if own_type in types else keys
            for type_id in types:
                if not allowed or type_id in allowed:
                    target[type_id, identifier.key] = identifier
        return keys or given

    @api.model
    def _spouse_of(self, case):
        if case.event.event_type in ("marriage", "divorce"):
            return case.vital.person.spouse
        return None

    # === LOOKING UP === #

    @api.model
    def _look_up(self, batch, keys, forced):
        """Read all numbers of all registrants who carry one of the keys, in one query."""
        self.env["spp.registry.id"].flush_model()
        self.env["res.partner"].flush_model(["is_registrant", "is_group"])
        self._read_held(
            batch,
            SQL(
                """
                SELECT number.partner_id
                  FROM unnest(%s::integer[], %s::text[]) AS wanted (type_id, key)
                  JOIN spp_registry_id number
                    ON number.crvs_key = wanted.key AND number.id_type_id = wanted.type_id
                 WHERE number.status IS DISTINCT FROM 'invalid'
                 UNION
                SELECT unnest(%s::integer[])
                """,
                [type_id for type_id, _key in keys],
                [key for _type_id, key in keys],
                list(forced),
            ),
        )

    @api.model
    def _read_held(self, batch, hits):
        """Read the numbers and the facts of individuals.

        :param SQL hits: query of their ids
        """
        self.env.cr.execute(
            SQL(
                """
                WITH hit AS MATERIALIZED (%s)
                SELECT number.partner_id, number.id_type_id, number.value, number.status, number.id,
                       number.crvs_key, number.verification_method
                  FROM hit
                  JOIN res_partner person ON person.id = hit.partner_id
                  JOIN spp_registry_id number ON number.partner_id = person.id
                 WHERE person.is_registrant AND person.is_group IS NOT TRUE
                 ORDER BY number.id
                """,
                hits,
            )
        )
        read = defaultdict(list)
        for partner_id, type_id, value, status, record_id, key, method in self.env.cr.fetchall():
            read[partner_id].append(
                HeldNumber(batch.codes.get(type_id), value, status, record_id, type_id, key, method)
            )
        batch.held.update(read)
        partners = self.env["res.partner"].browse(read)
        partners.fetch(_FACTS)
        batch.partners.update((partner.id, partner) for partner in partners)

    # === DECIDING === #

    @api.model
    def _decide(self, case, batch, carriers):
        event, person = case.event, case.vital.person
        if event.forced_person_id:
            case.person = event.forced_person_id
        else:
            found = self._find(case, person, batch, carriers)
            if not found.by and (spouse := self._spouse_of(case)):
                others = self._find(case, spouse, batch, carriers)
                if others.by:
                    # Registries put either of a couple first: one of them is enough.
                    case.vital = case.vital.with_couple_swapped()
                    person, found = case.vital.person, others
                elif found.keys:
                    found.keys.extend(others.keys)
            self._decide_person(case, person, found, batch)
        if case.open:
            self._decide_spouse(case, batch, carriers)

    @api.model
    def _decide_person(self, case, person, found, batch):
        if not found.keys and not self._explain_no_keys(case, person, batch):
            return
        if not found.by:
            case.values["waits_for"] = found.keys
            case.fail("no_match", self.env._("No matching person found in registry"))
            return
        judged = {
            partner_id: self._judge(case, person, partner_id, identifier, batch)
            for partner_id, identifier in found.by.items()
        }
        if len(found.by) > 1:
            self._suggest(case, judged)
            case.fail(
                "ambiguous",
                self.env._(
                    "Several registrants carry identifiers of this event. Correct the identifiers "
                    "in the registry and retry, or give the event to the right registrant."
                ),
            )
            return
        ((partner_id, judgement),) = judged.items()
        if judgement.contradicts:
            self._suggest(case, judged)
            case.fail("ambiguous", self._contradiction(judgement.contradicts))
            return
        identifier = found.by[partner_id]
        case.person = batch.partners[partner_id]
        case.found = (partner_id, judgement.agrees, judgement.contradicts)
        case.flag_codes.extend(judgement.flags)
        case.values.update(identifier_type=identifier.type, identifier_value=identifier.value)

    @api.model
    def _explain_no_keys(self, case, person, batch):
        """Say why no number of a person tells who is meant.

        :return: whether it may be known later, when types or sender have been set up
        """
        usable = [
            identifier
            for identifier in person.identifiers
            if not numbers.is_placeholder(identifier.value, batch.placeholders)
        ]
        if not usable:
            case.fail(
                "invalid",
                self.env._(
                    "The event names no identifier that could tell who is meant. Give it to the "
                    "right registrant, or ask the registry to send it again with one."
                ),
            )
            return False
        if all(identifier.key in person.related_keys for identifier in usable):
            case.fail(
                "ambiguous",
                self.env._(
                    "Every identifier of the record's person is given to a relative too, so it is "
                    "not certain who is meant. Ask the registry, then give the event to the right "
                    "registrant."
                ),
            )
            return False
        return True

    @api.model
    def _contradiction(self, codes):
        return self.env._(
            "The registrant found may be another person: %s. Correct the registrant and retry, or "
            "give the event to the right registrant.",
            wording.reasons(self.env, codes),
        )

    @api.model
    def _judge(self, case, person, partner_id, identifier, batch):
        """Compare a record's person with a registrant.

        :param Person person: of the record, the notified one or the spouse
        :param Identifier identifier: by which the registrant was found
        :rtype: Comparison
        """
        partner = batch.partners[partner_id]
        judgement = corroboration.judge(
            corroboration.Said(
                birth=person.birth,
                sex=person.sex,
                death_day=case.vital.event_date if case.event.event_type == "death" else None,
                kind=case.event.event_type,
            ),
            held_facts(partner),
            self._limits_of(case, batch),
        )
        contradicts = list(judgement.reasons if judgement.verdict == "contradicts" else ())
        agrees = list(() if judgement.verdict == "contradicts" else judgement.reasons)
        contradicts += [
            f"other_number:{name}"
            for name in self._other_numbers(case, person, batch.held[partner_id], batch)
        ]
        if identifier is None:
            agrees.append("almost_same_number")
        else:
            agrees.append("number_agrees")
            if identifier.is_number and judgement.verdict != "agrees":
                contradicts.append("birth_date_needed")
        return Comparison(tuple(agrees), tuple(contradicts), tuple(judgement.flags))

    @api.model
    def _limits_of(self, case, batch):
        sender = case.event.sender_id
        if sender.id not in batch.limits:
            batch.limits[sender.id] = limits(self.env, sender)
        return batch.limits[sender.id]

    @api.model
    def _other_numbers(self, case, person, held, batch):
        """Return of which lifelong types a registrant holds another number than the record says.

        Numbers for which the sender may not speak count too: they cannot tell who is meant, but
        they can tell that somebody is not. One that differs in case, hyphens or zeros decides
        nothing. The number that such an event gives may differ from one that a registry gave
        before: that is a correction.

        :param held: the registrant's numbers, see ``Batch.held``
        :return: the registry's names of the types, sorted
        :rtype: list[str]
        """
        lifelong = {batch.id_types.get(code) for code in const.LIFELONG_ID_TYPES} - {None}
        given = batch.id_types.get(const.REGISTRATION_NUMBER.get(case.event.event_type))
        said, names = defaultdict(set), {}
        for identifier in person.identifiers:
            types = self._types_of(case, identifier, batch)
            if lifelong.intersection(types) and not numbers.is_placeholder(
                identifier.value, batch.placeholders
            ):
                said[types].add(identifier.key)
                names.setdefault(types, identifier.type)
        others = []
        for types, keys in said.items():
            ours = {
                entry.key
                for entry in held
                if entry.is_alive
                and entry.type_id in types
                and entry.key
                and not (entry.type_id == given and entry.method == "dci_api")
                and not numbers.is_placeholder(entry.key, batch.placeholders)
            }
            if ours and not ours & keys:
                rough = {numbers.rough_form(key) for key in keys}
                if not any(numbers.rough_form(key) in rough for key in ours):
                    others.append(names[types])
        return sorted(others)

    @api.model
    def _decide_spouse(self, case, batch, carriers):
        """Set the spouse if the record names one who is found; flag it otherwise."""
        spouse = self._spouse_of(case)
        if not spouse:
            return
        found = self._find(case, spouse, batch, carriers)
        if not found.keys:
            return
        if not found.by:
            case.flags.append(
                self.env._("The spouse was not found in the registry and is left as is.")
            )
        elif (
            len(found.by) > 1
            or self._judge(case, spouse, *next(iter(found.by.items())), batch).contradicts
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
            case.spouse = batch.partners[next(iter(found.by))]

    @api.model
    def _find(self, case, person, batch, carriers):
        found = Found()
        for key, identifier in self._keys(case, person, batch).items():
            found.keys.append(key)
            for partner_id in carriers.get(key, ()):
                found.by.setdefault(partner_id, identifier)
        return found

    # === CANDIDATES === #

    @api.model
    def _suggest(self, case, judged):
        """Note whom an officer may choose from."""
        for partner_id, comparison in judged.items():
            case.candidates.append((partner_id, comparison.agrees, comparison.contradicts))

    @api.model
    def _find_similar(self, cases, batch):
        """Suggest those who hold almost the same numbers, for all unmatched cases in one query."""
        wanted = defaultdict(list)
        for case in cases:
            for type_id, key in case.values.get("waits_for", ()):
                if rough := numbers.rough_form(key):
                    wanted[type_id, rough].append(case)
        if not wanted:
            return
        self.env.cr.execute(
            SQL(
                """
                SELECT number.id_type_id, number.crvs_rough_key, number.partner_id
                  FROM unnest(%s::integer[], %s::text[]) AS wanted (type_id, key)
                  JOIN spp_registry_id number ON number.crvs_rough_key = wanted.key
                   AND number.id_type_id = wanted.type_id
                 WHERE number.status IS DISTINCT FROM 'invalid'
                 ORDER BY number.id
                 LIMIT %s
                """,
                [type_id for type_id, _rough in wanted],
                [rough for _type_id, rough in wanted],
                const.MAX_CANDIDATES * len(wanted),
            )
        )
        rows = self.env.cr.fetchall()
        new = {partner_id for _type, _rough, partner_id in rows} - batch.partners.keys()
        if new:
            self._read_held(batch, SQL("SELECT unnest(%s::integer[]) AS partner_id", list(new)))
        for type_id, rough, partner_id in rows:
            for case in wanted[type_id, rough]:
                known = {candidate[0] for candidate in case.candidates}
                if partner_id in batch.partners and partner_id not in known:
                    comparison = self._judge(case, case.vital.person, partner_id, None, batch)
                    self._suggest(case, {partner_id: comparison})


class Comparison(NamedTuple):
    """What a record's person and a registrant have in common, and what not, in short words."""

    agrees: tuple
    contradicts: tuple
    flags: tuple = ()


def held_facts(partner):
    """Return what corroboration needs of a registrant.

    :param partner: a ``res.partner``
    :rtype: corroboration.Held
    """
    return corroboration.Held(
        birth_date=partner.birthdate or None,
        is_approximate=bool(partner.birthdate_not_exact),
        sex=_SEX.get(partner.gender_id.code, ""),
    )


def limits(env, sender):
    """Return how far birth dates may lie apart.

    :param env: any environment
    :param sender: ``spp.dci.crvs.sender`` whose numbers count, or empty
    :rtype: corroboration.Limits
    """
    if not sender:
        return corroboration.Limits()
    sender = sender.sudo()
    return corroboration.Limits(
        years_contradict=sender.birth_years_contradict,
        years_contradict_approximate=sender.birth_years_contradict_approximate,
        years_agree_approximate=sender.birth_years_agree_approximate,
    )


def placeholders(env):
    """Return the further words that stand for "no number", in capitals.

    :param env: any environment
    :rtype: frozenset[str]
    """
    listed = env["ir.config_parameter"].sudo().get_param(const.PARAM_PLACEHOLDERS) or ""
    return frozenset(
        numbers.normal_form(word).upper() for word in listed.split(",") if word.strip()
    )
