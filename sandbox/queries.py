"""What a search asks: reading a query into conditions, and finding who meets them."""

import re
from collections import OrderedDict
from datetime import date

from .population import IDENTIFIER_TYPES
from .wire import canonical

OPERATORS = {
    "eq": lambda value, wanted: value == wanted,
    "gt": lambda value, wanted: value > wanted,
    "lt": lambda value, wanted: value < wanted,
    "ge": lambda value, wanted: value >= wanted,
    "le": lambda value, wanted: value <= wanted,
    "in": lambda value, wanted: value in wanted,
}
_SYMBOLS = {"=": "eq", "==": "eq", ">": "gt", "<": "lt", ">=": "ge", "<=": "le"}
_DATES = {"birthdate", "deathdate", "marriagedate", "divorcedate"}
# Attribute names as they are spelled once lower-cased and without underscores.
_ATTRIBUTES = {
    "birthdate": lambda person: [person.birth_date],
    "deathdate": lambda person: [person.death_date],
    "marriagedate": lambda person: [item.date for item in person.marriages],
    "divorcedate": lambda person: [item.divorce_date for item in person.marriages],
    "birthplace": lambda person: [person.birth_place],
    "sex": lambda person: [person.sex],
    "givenname": lambda person: [person.given_name],
    "familyname": lambda person: [person.family_name],
    "surname": lambda person: [person.family_name],
    "maritalstatus": lambda person: [person.marital_status],
}
_TERM = re.compile(
    r"""\s*(?P<name>\w+)\s*(?P<operator>[<>]=?|==?|\b(?:eq|gt|lt|ge|le)\b)\s*
        (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s'"]+))\s*
        (?P<join>\b(?:and|or)\b|$)""",
    re.VERBOSE | re.IGNORECASE,
)


class BadQuery(ValueError):
    """A query that cannot be understood; the text says why."""


def _getter(name):
    """:return: function of a Person that gives the list of the attribute's values."""
    kind = str(name).upper()
    if kind in IDENTIFIER_TYPES:
        return lambda person: [value for other, value in person.numbers() if other == kind]
    try:
        return _ATTRIBUTES[str(name).lower().replace("_", "")]
    except KeyError as error:
        raise BadQuery(f"unknown attribute {name!r}") from error


class Condition:
    """A test of one attribute.

    :raise BadQuery: unknown attribute or operator, or a value of the wrong kind.
    """

    def __init__(self, name, operator, wanted):
        self.name = str(name).lower().replace("_", "")
        if operator not in OPERATORS:
            raise BadQuery(f"unknown operator {operator!r}")
        self._values = _getter(name)
        self._wanted = self._read(operator, wanted)
        self._compare = OPERATORS[operator]

    def _read(self, operator, wanted):
        if operator == "in":
            if not isinstance(wanted, list):
                raise BadQuery("the operator in needs a list")
            return [self._read("eq", item) for item in wanted]
        if not isinstance(wanted, str | int | float) or isinstance(wanted, bool):
            raise BadQuery(f"{self.name} is compared with a text or a number")
        wanted = str(wanted)
        if self.name in _DATES:
            try:
                return date.fromisoformat(wanted[:10]).isoformat()
            except ValueError as error:
                raise BadQuery(f"{self.name} is compared with a date") from error
        return wanted

    def __call__(self, person):
        """Tell whether a Person meets the condition."""
        return any(value and self._compare(value, self._wanted) for value in self._values(person))


def read_predicates(items):
    """Read the standard's list of predicates.

    :param items: list of ``{seq_num, expression1, condition, expression2}``; the items must all
        hold.
    :return: function of a Person.
    :raise BadQuery: it is malformed.
    """
    if not isinstance(items, list) or not items:
        raise BadQuery("a predicate query is a list")
    tests = []
    for item in items:
        if not isinstance(item, dict):
            raise BadQuery("a predicate is an object")
        first = _expression(item.get("expression1"))
        second = _expression(item["expression2"]) if item.get("expression2") else None
        tests.append(_joined(first, item.get("condition") or "and", second))
    return lambda person: all(test(person) for test in tests)


def _expression(value):
    try:
        return Condition(value["attribute_name"], value["operator"], value["attribute_value"])
    except (KeyError, TypeError) as error:
        raise BadQuery("an expression needs attribute_name, operator, attribute_value") from error


def _joined(first, join, second):
    if join not in ("and", "or", "not"):
        raise BadQuery(f"unknown condition {join!r}")
    if second is None:
        return first
    if join == "and":
        return lambda person: first(person) and second(person)
    if join == "or":
        return lambda person: first(person) or second(person)
    return lambda person: first(person) and not second(person)


def read_expression(query):
    """Read an expression.

    :param query: text such as ``birth_date ge 1990-01-01 and sex eq female``, an object of
        attributes with values or ``{operator: value}``, or a list of predicates; either bare or
        wrapped as ``{"type": …, "value": {"expression": …}}``.
    :return: function of a Person.
    :raise BadQuery: it is malformed.
    """
    for name in ("value", "expression"):
        if isinstance(query, dict) and name in query:
            query = query[name]
    if isinstance(query, str):
        return _read_text(query)
    if isinstance(query, list):
        return read_predicates(query)
    if not isinstance(query, dict) or not query:
        raise BadQuery("an expression is a text, an object or a list of predicates")
    tests = []
    for name, value in query.items():
        pairs = value.items() if isinstance(value, dict) else [("eq", value)]
        tests += [Condition(name, operator, wanted) for operator, wanted in pairs]
    return lambda person: all(test(person) for test in tests)


def _read_text(text):
    """``and`` binds closer than ``or``."""
    groups, position = [[]], 0
    while True:
        match = _TERM.match(text, position)
        if not match:
            raise BadQuery("an expression reads: attribute operator value [and|or …]")
        operator = match["operator"].lower()
        wanted = next(filter(None, match.group("double", "single", "bare")), "")
        groups[-1].append(Condition(match["name"], _SYMBOLS.get(operator, operator), wanted))
        if not match["join"]:
            return lambda person: any(all(test(person) for test in group) for group in groups)
        if match["join"].lower() == "or":
            groups.append([])
        position = match.end()


def identifier(query):
    """Read the query of an ``idtype-value`` search.

    :return: ``(type, value)``.
    :raise BadQuery: it is malformed.
    """
    pair = query if isinstance(query, dict) else {}
    kind, value = pair.get("type"), pair.get("value")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(kind, str) or not isinstance(value, str) or not value.strip():
        raise BadQuery("an idtype-value query needs type and value")
    return kind, value.strip()


def find(population, query_type, query):
    """Search.

    :return: list of the persons who meet a query of the standard dialect.
    :raise BadQuery: it is malformed or of an unknown type.
    """
    if query_type == "idtype-value":
        kind, value = identifier(query)
        if kind.upper() not in IDENTIFIER_TYPES:
            raise BadQuery(f"unknown identifier type {kind!r}")
        return population.find(kind, value)
    if query_type == "predicate":
        test = read_predicates(query)
    elif query_type == "expression":
        test = read_expression(query)
    else:
        raise BadQuery(f"query type {query_type!r} is not served")
    return [person for person in population.persons.values() if test(person)]


class Cache:
    """The last few long results, so that paging through them does not search again."""

    def __init__(self, size=16):
        self._size = size
        self._results = OrderedDict()

    def get(self, version, key, search):
        """Return a result, searching when it is not there.

        :param version: of the population; another one makes results stale.
        :param key: any JSON value that stands for the search.
        :param search: function without arguments that returns the result.
        """
        key = (version, canonical(key))
        if key not in self._results:
            self._results[key] = search()
            while len(self._results) > self._size:
                self._results.popitem(last=False)
        return self._results[key]


def sort(persons, orders):
    """Put persons in order.

    :param orders: the standard's list of ``{attribute_name, sort_order}``.
    :return: the persons in that order.
    :raise BadQuery: it is malformed.
    """
    for order in reversed(orders):
        name = order.get("attribute_name") if isinstance(order, dict) else None
        direction = order.get("sort_order", "asc") if isinstance(order, dict) else None
        if not isinstance(name, str) or direction not in ("asc", "desc"):
            raise BadQuery("a sort order needs attribute_name and asc or desc")
        values = _getter(name)
        persons = sorted(
            persons,
            key=lambda person, values=values: max(values(person), default=""),
            reverse=direction == "desc",
        )
    return persons
