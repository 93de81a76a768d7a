"""Death checks of many persons: many questions in one message, one result for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from typing import Any

from odoo.exceptions import UserError, ValidationError

from .. import records
from ..dialects import Dialect, UnsupportedIdentifier
from .explanations import explain
from .omitted import PATIENCE, ask_omitted
from .registry import OMITTED, UNANSWERED
from .verdicts import FAILED, DeathFinding, Inconclusive, Lookup, judge_death

# How registries say that a message asks too much at once.
_TOO_LARGE = "limit_exceeded"


@dataclass(frozen=True, slots=True)
class DeathCheck:
    """The result of one death check.

    :param pair: the identifier type and value asked about, as given
    :param status: ``dead``; ``not_dead`` (the registry knows the person, or keeps only deaths and
        has none under this identifier); ``unknown`` (no such person); ``failed`` (could not ask)
    :param death_date: day of death where the registry says one
    :param reason: why it failed, or a remark, as a sentence
    :param record: the registry's record of a dead person, as received
    """

    pair: tuple
    status: str
    death_date: date | None = None
    reason: str = ""
    record: dict | None = field(default=None, repr=False, compare=False)


class DeathChecker:
    """Asks a registry about the deaths of any number of persons.

    :param Registry registry: whom to ask
    :param IdentifierReader identifiers: what identifiers look like
    """

    def __init__(self, registry: Any, identifiers: Any) -> None:
        self.registry = registry
        self.identifiers = identifiers
        self.batch_size = registry.data_source.check_batch_size
        self._failures_in_a_row = 0

    def check(self, pairs: Any, held: Any = None) -> Iterator[DeathCheck]:
        """Ask about any number of persons, a message at a time.

        :param pairs: iterable of identifier type and value; read a message at a time
        :param held: iterable of what is held of each registrant asked about (``Held``); by default
            it is looked up by the number
        :return: one :class:`DeathCheck` for each pair, in order
        """
        pairs, registrants = iter(pairs), held and iter(held)
        while batch := list(islice(pairs, self.batch_size)):
            lookups = self._with_held([self._read(pair) for pair in batch], registrants)
            asked = list(dict.fromkeys(entry for entry in lookups if isinstance(entry, Lookup)))
            findings = self._ask(asked)
            for pair, lookup in zip(batch, lookups, strict=True):
                finding = lookup if isinstance(lookup, DeathCheck) else findings[lookup]
                yield self._result(pair, finding)

    def _with_held(self, lookups: list[Any], registrants: Any) -> list[Any]:
        lookups = self.identifiers.with_held(lookups)
        if registrants is None:
            return lookups
        return [
            replace(lookup, held=held) if isinstance(lookup, Lookup) else lookup
            for lookup, held in zip(lookups, islice(registrants, len(lookups)), strict=True)
        ]

    def _read(self, pair: object) -> Lookup | DeathCheck:
        """Return what to look up, or the result that says why it cannot be."""
        try:
            lookup = self.identifiers.read_pair(pair)
            # Made only to hear whether it can be asked for.
            self.registry.dialect.death_criteria(lookup.id_type, lookup.value)
        except UnsupportedIdentifier as error:
            return self._failed(pair, "unsupported_identifier", str(error))
        except ValidationError as error:
            return self._failed(pair, "invalid_pair", str(error))
        return lookup

    def _failed(self, pair: object, problem: str, detail: str) -> DeathCheck:
        return DeathCheck(
            _as_pair(pair), FAILED, reason=explain(self.registry.env, problem, detail)
        )

    def _result(self, pair: object, finding: Any) -> DeathCheck:
        if isinstance(finding, DeathCheck):
            return finding
        if isinstance(finding, UserError):
            return DeathCheck(_as_pair(pair), FAILED, reason=str(finding))
        reason = ""
        if finding.problem:
            reason = explain(self.registry.env, finding.problem, finding.detail)
        return DeathCheck(
            _as_pair(pair), finding.status, finding.death_date, reason, finding.record
        )

    def _ask(self, lookups: list[Lookup]) -> dict[Lookup, Any]:
        """Return for each lookup its finding, or the error that kept us from asking."""
        if not lookups:
            return {}
        try:
            findings = self.ask_once(lookups)
        except UserError as error:
            if _is_too_large(error, lookups):
                findings = self._ask_smaller(lookups)
            elif self._failures_in_a_row >= PATIENCE:
                findings = dict.fromkeys(lookups, error)
            else:
                findings = self._ask_again(lookups)
        if any(isinstance(finding, DeathFinding) for finding in findings.values()):
            self._failures_in_a_row = 0
        else:
            self._failures_in_a_row += 1
        return findings

    def _ask_smaller(self, lookups: list[Lookup]) -> dict[Lookup, Any]:
        """Ask in parts what the registry finds too much, and never so much again."""
        self.batch_size = min(self.batch_size, -(-len(lookups) // 2))
        findings: dict[Any, Any] = {}
        rest = lookups
        while rest:
            part, rest = rest[: self.batch_size], rest[self.batch_size :]
            findings |= self._ask(part)
        return findings

    def _ask_again(self, lookups: list[Lookup]) -> dict[Lookup, Any]:
        try:
            return self.ask_once(lookups)
        except UserError as error:
            return self._ask_in_halves(lookups, error)

    def _ask_in_halves(self, lookups: list[Lookup], error: Exception) -> dict[Lookup, Any]:
        """Find the one question that spoils a message, unless the registry answers nothing."""
        if len(lookups) == 1:
            return {lookups[0]: error}
        middle = len(lookups) // 2
        findings: dict[Any, Any] = {}
        failures: list[tuple[list[Lookup], UserError]] = []
        for part in (lookups[:middle], lookups[middle:]):
            try:
                findings |= self.ask_once(part)
            except UserError as refused:
                failures.append((part, refused))
        for part, part_error in failures:
            if len(failures) == 1:
                findings |= self._ask_in_halves(part, part_error)
            else:
                findings |= dict.fromkeys(part, part_error)
        return findings

    def ask_once(self, lookups: list[Lookup]) -> dict[Lookup, DeathFinding | UserError]:
        """Ask in one message, and again what the registry leaves out of its answer.

        :param lookups: different identifiers
        :return: for each its finding, ``failed`` where the registry's answer does not tell, or
            the error that kept us from asking again
        :raise UserError: when nothing came back for any of them
        """
        items = self._search(lookups)
        findings = self._judge(items)
        omitted = [lookup for lookup, item in items.items() if item is OMITTED]
        if omitted:
            findings |= ask_omitted(omitted, self._answered, len(omitted) < len(items))
        return findings

    def _search(self, lookups: list[Lookup]) -> dict[Lookup, Any]:
        criteria = self.registry.dialect.death_criteria
        items = self.registry.lookup(
            [criteria(lookup.id_type, lookup.value) for lookup in lookups],
            records.read_life_and_death,
        )
        return dict(zip(lookups, items, strict=True))

    def _answered(self, lookups: list[Lookup]) -> dict[Lookup, DeathFinding]:
        """Ask in one message, and return the findings of what was answered."""
        items = self._search(lookups).items()
        return self._judge(
            {
                lookup: item
                for lookup, item in items
                if item is not OMITTED and item is not UNANSWERED
            }
        )

    def _judge(self, items: dict[Lookup, Any]) -> dict[Lookup, DeathFinding]:
        dialect = self.registry.dialect
        return {lookup: finding_of(dialect, lookup, item) for lookup, item in items.items()}


def _is_too_large(error: Exception, lookups: list[Lookup]) -> bool:
    """Whether a registry refused a message only for the number of its questions."""
    code = getattr(error, "code", "")
    refused = getattr(error, "status", None) == 413 or code.endswith(_TOO_LARGE)
    return refused and len(lookups) > 1


def finding_of(dialect: Dialect, lookup: Lookup, item: Any) -> DeathFinding:
    """Judge an answer item; what it does not tell becomes a finding too."""
    try:
        return judge_death(dialect, lookup, item)
    except Inconclusive as error:
        return DeathFinding(FAILED, problem=error.problem, detail=error.detail)


def _as_pair(pair: object) -> Any:
    return tuple(pair) if isinstance(pair, list) else pair
