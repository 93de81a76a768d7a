"""The registers of the strict OpenCRVS: how their records are spelt, and how they are searched."""

import operator

_OPERATORS = {name: getattr(operator, name) for name in ("gt", "lt", "eq", "ge", "le")}


def birth(nid, brn, birthdate, *, place="Ibombo", **members):
    """A record of the register of births; it never learns of a death."""
    return {
        "@type": "CRVS_Person",
        "identifier": _identifiers(BRN=brn, NID=nid, OPENCRVS_RECORD_ID=f"rec-{brn}"),
        "givenName": "Amina",
        "familyName": "Diallo",
        "sex": "female",
        "birthdate": birthdate,
        "birthPlace": {"@type": "Place", "name": place},
        "relations": [
            {
                "@type": "ocrvs:Mother",
                "identifier": _identifiers(NID=f"9{nid}"),
                "givenName": "Fatou",
                "familyName": "Diallo",
            },
            {"@type": "ocrvs:Father", "identifier": [], "givenName": "Sekou", "familyName": "Ba"},
        ],
        **members,
    }


def death(nid, drn, birthdate, deathdate, **members):
    """A record of the register of deaths."""
    return {
        "@type": "CRVS_Person",
        "identifier": _identifiers(DRN=drn, NID=nid, OPENCRVS_RECORD_ID=f"rec-{drn}"),
        "givenName": "Rahima",
        "familyName": "Khatun",
        "sex": "female",
        "birthdate": birthdate,
        "deathdate": deathdate,
        "relations": [
            {
                "@type": "ocrvs:Spouse",
                "identifier": _identifiers(NID=f"8{nid}"),
                "givenName": "Karim",
                "familyName": "Khatun",
            }
        ],
        **members,
    }


def marriage(nid, spouse_nid, mrn, birthdate, marriagedate):
    """A record of the register of marriages."""
    return {
        "@type": "CRVS_Person",
        "identifier": _identifiers(MRN=mrn, NID=nid, OPENCRVS_RECORD_ID=f"rec-{mrn}"),
        "givenName": "Amina",
        "familyName": "Diallo",
        "birthdate": birthdate,
        "marriagedate": [marriagedate],
        "marital_status": "M",
        "relations": [
            {
                "@type": "ocrvs:Spouse",
                "identifier": _identifiers(NID=spouse_nid),
                "givenName": "Karim",
                "familyName": "Ba",
            }
        ],
    }


def _identifiers(**values):
    return [
        {"identifier_type": name, "identifier_value": value}
        for name, value in values.items()
        if value
    ]


def find(registers, criteria):
    """Return the records of the register asked for that a (valid) criteria finds."""
    records = registers[criteria["reg_type"].rpartition(":")[2]]
    query = criteria["query"]
    if criteria["query_type"] == "idtype-value":
        wanted = {"identifier_type": query["type"], "identifier_value": query["value"]}
        return [record for record in records if wanted in record["identifier"]]
    comparisons = [
        part[name] for part in query for name in ("expression1", "expression2") if name in part
    ]
    return [record for record in records if all(_holds(record, one) for one in comparisons)]


def _holds(record, comparison):
    if comparison["attribute_name"] == "birthdate":
        value = record["birthdate"]
    else:
        value = record.get("birthPlace", {}).get("name")
    return bool(value) and _OPERATORS[comparison["operator"]](value, comparison["attribute_value"])
