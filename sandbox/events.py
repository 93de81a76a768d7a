"""Registering vital events: what each does to the people, and the record that tells of it."""

from dataclasses import dataclass
from datetime import date

from .population import SPELLINGS, Marriage, Person
from .records import own_identifiers, relations, standard_record
from .subscriptions import EVENT_TYPES
from .wire import Refused

COUPLES = ("spouse", "spouse_identifier", "relations", "two", "none")


@dataclass
class VitalEvent:
    """One event as it is notified.

    :param kind: one of EVENT_TYPES.
    :param day: ISO date.
    :param person: the Person it happened to, for the subscribers' filters.
    :param records: the record, or a list of two.
    """

    kind: str
    day: str
    person: Person
    records: object


def register(population, spec):
    """Enter a vital event into the registry.

    :param spec: dict with ``event_type``, and the person as ``identifier`` (``{type, value}``) or,
        for a birth, as ``person``; optional ``date`` (default today), ``number`` (BRN, DRN or MRN),
        ``spouse`` (``{type, value}``), ``couple`` (how the spouse is written), ``spelling``, and
        ``record``, which is notified as it stands and changes nobody.
    :return: VitalEvent.
    :raise Refused: 400 when the request is wrong, 404 when there is no such person.
    """
    kind, day = spec.get("event_type"), spec.get("date") or date.today().isoformat()
    if kind not in EVENT_TYPES:
        raise _bad(f"An event_type is one of {', '.join(EVENT_TYPES)}.")
    if spec.get("couple", "spouse") not in COUPLES:
        raise _bad(f"couple is one of {', '.join(COUPLES)}.")
    if spec.get("spelling", "standard") not in SPELLINGS:
        raise _bad(f"spelling is one of {', '.join(SPELLINGS)}.")
    if "record" in spec:
        return VitalEvent(kind, day, Person("", "", "", "", ""), spec["record"])
    try:
        date.fromisoformat(day)
    except (TypeError, ValueError) as error:
        raise _bad("The date is no ISO date.") from error
    person = _EFFECTS[kind](population, spec, day)
    return VitalEvent(kind, day, person, _records(population, spec, person, kind))


def lookup(population, identifier):
    """Find a person.

    :param identifier: ``{type, value}``.
    :return: the Person.
    :raise Refused: 400 or 404.
    """
    try:
        found = population.find(identifier["type"], identifier["value"])
    except (TypeError, KeyError, AttributeError) as error:
        raise _bad("A person is named by an identifier {type, value}.") from error
    if not found:
        raise Refused(404, "err.request.not_found", "There is no such person.")
    return found[0]


def enter_person(population, values):
    """Enter a new person, or replace the one of the same id.

    :param values: dict of the fields of Person.
    :return: the Person.
    :raise Refused: 400 when they are wrong.
    """
    try:
        given = {"id": f"N{len(population)}", "family_name": "", "sex": "", **values}
        new = Person.from_dict(given)
        date.fromisoformat(new.birth_date)
    except (TypeError, ValueError) as error:
        raise _bad("A person needs at least given_name and birth_date.") from error
    old = population.get(new.id)
    if old is None:
        population.change(new)
        return new
    names = Person.__dataclass_fields__
    population.change(old, **{name: getattr(new, name) for name in names if name != "id"})
    return old


def _birth(population, spec, day):
    if "person" in spec:
        person = enter_person(population, {"birth_date": day, **spec["person"]})
    else:
        person = lookup(population, spec.get("identifier"))
    number = spec.get("number") or person.identifiers.get("BRN") or f"BRN-{day[:4]}-{person.id}"
    born = day if "date" in spec else person.birth_date
    population.change(person, birth_date=born, identifiers={"BRN": number})
    return person


def _death(population, spec, day):
    person = lookup(population, spec.get("identifier"))
    number = spec.get("number") or f"DRN-{day[:4]}-{person.id}"
    population.change(person, death_date=day, identifiers={"DRN": number})
    marriage = _standing_marriage(person)
    spouse = marriage and population.get(marriage.spouse)
    if spouse and not spouse.death_date:
        population.change(spouse, marital_status="W")
    return person


def _marriage(population, spec, day):
    person = lookup(population, spec.get("identifier"))
    spouse = lookup(population, spec["spouse"]) if "spouse" in spec else None
    number = spec.get("number") or f"MRN-{day[:4]}-{person.id}"
    for one, other in ((person, spouse), (spouse, person)):
        if one:
            new = Marriage(number, day, other.id if other else "")
            population.change(one, marital_status="M", marriages=[*one.marriages, new])
    return person


def _divorce(population, spec, day):
    person = lookup(population, spec.get("identifier"))
    marriage = _standing_marriage(person)
    if marriage is None:
        raise _bad("This person is not married.")
    spouse = population.get(marriage.spouse)
    for one in filter(None, (person, spouse)):
        marriages = [
            Marriage(item.number, item.date, item.spouse, day)
            if (item.number, item.date) == (marriage.number, marriage.date)
            else item
            for item in one.marriages
        ]
        population.change(one, marital_status="D", marriages=marriages)
    return person


_EFFECTS = {"birth": _birth, "death": _death, "marriage": _marriage, "divorce": _divorce}


def _standing_marriage(person):
    standing = [item for item in person.marriages if not item.divorce_date]
    return max(standing, key=lambda item: item.date, default=None)


def _records(population, spec, person, kind):
    def written(one):
        spelled = spec.get("spelling") or one.spelling
        return standard_record(one, population, spelled)

    record = written(person)
    marriage = max(person.marriages, key=lambda item: item.date, default=None)
    spouse = population.get(marriage.spouse) if marriage else None
    couple = spec.get("couple", "spouse")
    if kind not in ("marriage", "divorce") or spouse is None or couple == "none":
        return record
    identifiers = [
        {"identifier_type": kind, "identifier_value": value}
        for kind, value in own_identifiers(spouse)
    ]
    if couple == "two":
        return [record, written(spouse)]
    if couple == "spouse_identifier":
        record["spouse_identifier"] = identifiers[0]
    elif couple == "relations":
        record["relations"] = relations(person, population, with_spouse=True)
    else:
        record["spouse"] = {
            "identifier": identifiers,
            "name": {"given_name": spouse.given_name, "surname": spouse.family_name},
            "sex": spouse.sex,
            "birth_date": spouse.birth_date,
        }
    return record


def read_specs(body):
    """Read the order to register events.

    :param body: dict of the admin URL: one event, or ``{"events": [...]}``.
    :return: list of dicts.
    :raise Refused: 400 when there is none.
    """
    specs = body.get("events", [body])
    if (
        not isinstance(specs, list)
        or not specs
        or not all(isinstance(item, dict) for item in specs)
    ):
        raise _bad("events is a list of events.")
    return specs


def _bad(message):
    return Refused(400, "err.request.bad", message)
