"""How a person is written on the wire: the standard's record, and the spellings of real systems."""

CONTEXT = {
    "@vocab": "https://schema.spdci.org/common/v1/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# OpenCRVS's registers, and the number that an entry in each has.
REGISTERS = {"birth": "BRN", "death": "DRN", "marriage": "MRN"}


def latest_marriage(person):
    """:return: the marriage with the latest date, or None."""
    return max(person.marriages, key=lambda marriage: marriage.date, default=None)


def own_identifiers(person):
    """:return: list of ``(type, value)``: the person's numbers and that of the latest marriage."""
    pairs = list(person.identifiers.items())
    marriage = latest_marriage(person)
    if marriage and marriage.number:
        pairs.append(("MRN", marriage.number))
    return pairs


def standard_record(person, population, spelling=None):
    """Write a person in the standard dialect.

    :param spelling: other than the person's own.
    :return: the record.
    """
    return _SPELLINGS[spelling or person.spelling](person, population)


def _identifier(pair):
    return {"@type": "Identifier", "identifier_type": pair[0], "identifier_value": pair[1]}


def _marriage_dates(person):
    dates = [marriage.date for marriage in person.marriages]
    divorces = [marriage.divorce_date for marriage in person.marriages if marriage.divorce_date]
    return dates, divorces


def _parent(person_id, population):
    parent = population.get(person_id) if person_id else None
    if parent is None or not parent.identifiers:
        return None
    return _identifier(next(iter(parent.identifiers.items())))


def _standard(person, population):
    marriages, divorces = _marriage_dates(person)
    record = {
        "@context": CONTEXT,
        "@id": person.id,
        "@type": "CRVS_Person",
        "identifier": [_identifier(pair) for pair in own_identifiers(person)],
        "name": {
            "@type": "Name",
            "surname": person.family_name,
            "given_name": person.given_name,
            "second_name": person.second_name,
        },
        "sex": person.sex,
        "birth_date": person.birth_date,
        "birth_place": {"@type": "Place", "name": person.birth_place} if person.birth_place else "",
        "death_date": person.death_date,
        "death_place": "",
        "address": [],
        "marital_status": person.marital_status,
        "marriage_date": marriages,
        "divorce_date": divorces,
    }
    for name, parent in (
        ("parent1_identifier", person.mother),
        ("parent2_identifier", person.father),
    ):
        identifier = _parent(parent, population)
        if identifier:
            record[name] = identifier
    return record


def _flat(person, population):
    marriages, divorces = _marriage_dates(person)
    return {
        "@type": "CRVS_Person",
        "identifiers": [{"type": kind, "value": value} for kind, value in own_identifiers(person)],
        "givenName": person.given_name,
        "familyName": person.family_name,
        "sex": person.sex,
        "birthDate": person.birth_date,
        "birthPlace": person.birth_place,
        "deathDate": person.death_date,
        "marital_status": person.marital_status,
        "marriagedate": marriages[-1] if marriages else "",
        "divorcedate": divorces[-1] if divorces else "",
        "relations": relations(person, population),
    }


def _first_last(person, population):
    record = _standard(person, population)
    record["identifier"] = [
        {"name": kind, "identifier": value} for kind, value in own_identifiers(person)
    ]
    record["name"] = {"first_name": person.given_name, "last_name": person.family_name}
    record["birthdate"] = record.pop("birth_date")
    record["deathdate"] = record.pop("death_date")
    return record


def _single(person, population):
    """One object where an array is described, one date where there are several."""
    record = _standard(person, population)
    if len(record["identifier"]) == 1:
        record["identifier"] = record["identifier"][0]
    record["name"] = f"{person.given_name} {person.family_name}"
    for name in ("marriage_date", "divorce_date"):
        record[name] = record[name][-1] if record[name] else ""
    return record


def _datetime(person, population):
    record = _standard(person, population)
    for name in ("birth_date", "death_date"):
        if record[name]:
            record[name] += "T11:20:00"
    record["marriage_date"] = [f"{value}T11:20:00" for value in record["marriage_date"]]
    return record


_SPELLINGS = {
    "standard": _standard,
    "flat": _flat,
    "first_last": _first_last,
    "single": _single,
    "datetime": _datetime,
}


def relations(person, population, with_spouse=False):
    """:return: list of related persons as OpenCRVS writes them: mother, father, spouse."""
    related = [("Mother", person.mother), ("Father", person.father)]
    marriage = latest_marriage(person)
    if with_spouse and marriage:
        related.append(("Spouse", marriage.spouse))
    result = []
    for role, person_id in related:
        other = population.get(person_id) if person_id else None
        if other:
            result.append(
                {
                    "@type": f"spdci-extensions-dci:{role}",
                    "identifier": [
                        {"identifier_type": kind, "identifier_value": value}
                        for kind, value in opencrvs_identifiers(other, ("NID",))
                    ],
                    "givenName": other.given_name,
                    "familyName": other.family_name,
                    "sex": other.sex,
                    "birthDate": other.birth_date,
                }
            )
    return result


def national_number(person):
    """:return: what OpenCRVS calls the NID: here, the UIN."""
    return person.identifiers.get("UIN") or person.identifiers.get("NID")


def opencrvs_identifiers(person, kinds):
    """:return: list of ``(type, value)`` of these types, under OpenCRVS's names."""
    marriage = latest_marriage(person)
    values = {
        **person.identifiers,
        "NID": national_number(person),
        "MRN": marriage and marriage.number,
        "OPENCRVS_RECORD_ID": f"record-{person.id}",
    }
    return [(kind, values[kind]) for kind in kinds if values.get(kind)]


def opencrvs_record(person, population, register):
    """Write a person in the OpenCRVS dialect.

    :param register: ``birth``, ``death`` or ``marriage``, in which the person has an entry.
    :return: that entry as OpenCRVS writes it.
    """
    kinds = (REGISTERS[register], "NID", "OPENCRVS_RECORD_ID")
    record = {
        "@context": CONTEXT,
        "@type": "spdci-extensions-dci:Person",
        "identifier": [
            {"identifier_type": kind, "identifier_value": value}
            for kind, value in opencrvs_identifiers(person, kinds)
        ],
        "givenName": person.given_name,
        "familyName": person.family_name,
        "sex": person.sex,
        "birthdate": person.birth_date,
        "birthPlace": {"@type": "Place", "identifier": "", "name": person.birth_place},
        "relations": relations(person, population, with_spouse=register == "marriage"),
    }
    if register == "death":
        record["deathdate"] = person.death_date
    elif register == "marriage":
        record["marriagedate"], divorces = _marriage_dates(person)
        if divorces:
            record["divorcedate"] = divorces
    return record
