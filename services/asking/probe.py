"""Finding out how a registry speaks, by a question that does no harm."""

from __future__ import annotations

import secrets
from typing import Any, NamedTuple

from odoo.api import Environment
from odoo.exceptions import UserError

from .explanations import explain
from .registry import Registry

#: In this order: what answers the standard speaks it, whatever else it takes.
_ORDER = ("standard", "opencrvs2", "opencrvs")


class Trial(NamedTuple):
    """What came of one dialect.

    :param dialect: its code
    :param understood: whether the registry answered a question in it
    :param sentence: what it said otherwise
    :param problem: short word for that, a key of ``explanations.SENTENCES``; empty where there is
        none
    """

    dialect: str
    understood: bool
    sentence: str
    problem: str = ""


def try_dialects(env: Environment, data_source: Any, codes: list[str]) -> list[Trial]:
    """Ask about the birth of nobody in each dialect.

    :param env: environment of the caller, for the language
    :param data_source: ``spp.dci.data.source``
    :param codes: of the dialects to try
    :return: one for each; the first that was understood is the likeliest
    """
    known = [code for code in _ORDER if code in codes]
    return [_try(env, data_source, code) for code in [*known, *sorted({*codes} - {*known})]]


def try_connection(env: Environment, data_source: Any) -> Trial:
    """Get a new token where one is needed, and ask about the birth of nobody.

    :param env: environment of the caller, for the language
    :param data_source: ``spp.dci.data.source``
    :return: what came of it in the data source's own dialect
    """
    source = data_source.sudo()
    registry = Registry(env, source, is_trial=True)
    source.clear_oauth2_token_cache()
    try:
        registry.get_ready()
    except UserError as error:
        return Trial(source.dialect, False, str(error), "token")
    return _try(env, source, source.dialect)


def _try(env: Environment, data_source: Any, code: str) -> Trial:
    registry = Registry(env, data_source, dialect=code, is_trial=True)
    nobody = f"PROBE-{secrets.token_hex(6)}"
    try:
        (item,) = registry.search([registry.dialect.birth_criteria("BRN", nobody)])
    except UserError as error:
        return Trial(code, False, str(error), getattr(error, "problem", ""))
    if item is None or (item.status in ("", "succ") and not item.problem and not item.is_pending):
        return Trial(code, True, "")
    return Trial(code, False, explain(env, "rejected", item.reason_code), "rejected")
