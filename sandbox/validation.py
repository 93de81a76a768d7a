"""Checking requests against the JSON Schemas in ``schemas/``, which mirror the standard."""

import json
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker

from .wire import Refused, canonical, parse_timestamp

_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _date_time(value):
    return not isinstance(value, str) or bool(parse_timestamp(value))


@_FORMATS.checks("uri", raises=ValueError)
def _uri(value):
    if not isinstance(value, str):
        return True
    parts = urlsplit(value)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


@cache
def _validator(name):
    path = Path(__file__).parent / "schemas" / f"{name}.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=_FORMATS)


def problem(name, value, where):
    """Check a value against a schema.

    :param name: of the schema, without suffix.
    :param where: how the value is called in the text.
    :return: sentence that names the place of the first error and its rule, or None.
    """
    error = next(_validator(name).iter_errors(value), None)
    if error is None:
        return None
    place = where + error.json_path[1:]
    if error.validator == "required":
        missing = [item for item in error.validator_value if item not in error.instance]
        return f"{place} lacks {', '.join(missing)}."
    rule = json.dumps(error.validator_value)[:120]
    return f"{place} is not valid: {error.validator} {rule}."


def shape_problem(name, value, member, where):
    """Check a value like :func:`problem`, where only the type of one of its members matters.

    The items of a batch are mostly alike but for that member, so they are checked once.

    :param member: name of the member that differs.
    """
    shape = dict(value)
    if isinstance(shape.get(member), dict | list):
        shape[member] = type(shape[member])()
    return _text_problem(name, canonical(shape), where)


@lru_cache(maxsize=256)
def _text_problem(name, text, where):
    return problem(name, json.loads(text), where)


def check(name, value, where):
    """:raise Refused: 400 when the value does not meet the schema."""
    text = problem(name, value, where)
    if text:
        raise Refused(400, "err.request.bad", text)
