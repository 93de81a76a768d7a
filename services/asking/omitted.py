"""Asking again what a registry left out of its answer to many questions.

It says nothing of them: some registries leave out what they did not find, others answer only so
many questions at once. Only a question that is asked alone gets an answer that tells.
"""

from __future__ import annotations

import time
from typing import Any

from odoo.exceptions import UserError

from .verdicts import Lookup

# So many requests in a row without an answer say that the registry is not there.
PATIENCE = 2
# Seconds for questions one by one after a message: the caller may hold a transaction meanwhile.
BUDGET_S = 60


def ask_omitted(lookups: list[Lookup], ask: Any, together: bool = True) -> dict[Lookup, Any]:
    """Ask again: together while that gets anything answered, then one by one.

    A registry that cannot be reached is left alone; what is open then gets its last error. What
    is open when the time is up gets nothing.

    :param list[Lookup] lookups: what was left out
    :param ask: function that asks a list of them in one message and returns a dict with the
        finding of each that was answered; raises ``UserError`` when nothing can be used
    :param together: False when nothing at all came of asking these together
    :return: the finding of each, or the error that kept us from asking
    :rtype: dict[Lookup, DeathFinding | UserError]
    """
    deadline = time.monotonic() + BUDGET_S
    findings = _ask_together(lookups, ask) if together else {}
    failures = 0
    for lookup in lookups:
        if lookup in findings:
            continue
        if failures < PATIENCE:
            if time.monotonic() > deadline:
                break
            try:
                findings |= ask([lookup])
                failures = 0
                continue
            except UserError as failure:
                error = failure
                failures = failures + 1 if _is_no_answer(error) else 0
        findings[lookup] = error
    return findings


def _ask_together(lookups: list[Lookup], ask: Any) -> dict[Lookup, Any]:
    """Return what was answered before a message brought nothing, or one question was left."""
    findings: dict[Any, Any] = {}
    while len(lookups) > 1:
        try:
            answered = ask(lookups)
        except UserError:
            break
        if not answered:
            break
        findings |= answered
        lookups = [lookup for lookup in lookups if lookup not in answered]
    return findings


def _is_no_answer(error: Exception) -> bool:
    """Whether none came at all, other than one that cannot be used."""
    problem = getattr(error, "problem", "unreachable")
    return problem in ("unreachable", "busy", "quota", "not_let_in", "keys_unreachable", "moved")
