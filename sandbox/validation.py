"""Checking requests against the JSON Schemas in ``schemas/``, which mirror the standard."""

import json
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker

from .wire import Refused, parse_timestamp

# What was found wrong with a shape, None when nothing was.
_shapes = {}
_MAX_SHAPES = 256
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


def shape_problem(name, value, members, where):
    """Check a value like :func:`problem`, where only the types of some of its members matter.

    The items of a batch are mostly alike but for these, so they are checked once.

    :param members: names of the members that differ.
    """
    shape = dict(value) if isinstance(value, dict) else value
    for member in members:
        if isinstance(value, dict) and isinstance(value.get(member), dict | list | str):
            shape[member] = type(value[member])()
    # Unlike equality, the text of a value tells 1 from 1.0 and True.
    key = name, where, repr(shape)
    if key not in _shapes:
        if len(_shapes) >= _MAX_SHAPES:
            _shapes.clear()
        _shapes[key] = problem(name, shape, where)
    return _shapes[key]


def check(name, value, where):
    """:raise Refused: 400 when the value does not meet the schema."""
    text = problem(name, value, where)
    if text:
        raise Refused(400, "err.request.bad", text)


def check_items(name, items, members, where):
    """Check each item of an array; parameters as in :func:`shape_problem`.

    :raise Refused: 400 when one does not meet the schema.
    """
    for index, item in enumerate(items):
        # The place is added here: with it, no text would be there twice.
        text = shape_problem(name, item, members, "")
        if text:
            raise Refused(400, "err.request.bad", f"{where}[{index}]{text}")
