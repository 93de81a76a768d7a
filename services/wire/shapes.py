"""The shapes of header and messages: JSON Schemas (2020-12), one file each in ``schemas/``.

They are as tolerant as real senders need: ``""`` where a member is absent, numbers as strings and
the reverse, one object where an array is described, members that nobody knows. The persons in a
message are read, and judged, in :mod:`.records`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.validators import extend

_FOLDER = Path(__file__).with_name("schemas")
# In JSON Schema 1.0 is an integer; an id is one only when it is written as one.
_Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _checker, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


@cache
def _validator(name: str) -> Any:
    return _Validator(json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8")))


def header_error(header: dict[str, Any]) -> str:
    """Find what is wrong with a header.

    :param header: as received
    :return: the place, such as ``header.message_id``; '' when nothing is wrong
    """
    return _first_error("header", "header", header)


def message_error(kind: str, message: dict[str, Any]) -> str:
    """Find what is wrong with a message.

    :param kind: what the message is, one of :data:`.envelope.KINDS`
    :param message: as received
    :return: the place, such as ``message.notify_event[3].data.reg_records``, '' when nothing is
        wrong; only names that stand in our own schemas occur in it
    """
    return _first_error(kind, "message", message)


def _first_error(schema: str, root: str, value: dict[str, Any]) -> str:
    error = next(_validator(schema).iter_errors(value), None)
    if error is None:
        return ""
    path = list(error.absolute_path)
    if error.validator == "required":
        path.append(next(name for name in error.validator_value if name not in error.instance))
    return root + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
