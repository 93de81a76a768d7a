"""Death checks of many persons: many questions in one message, one result for each."""

from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from odoo.exceptions import UserError, ValidationError

from . import records
from .dialects import UnsupportedIdentifier
from .explanations import explain
from .findings import FAILED, DeathFinding, Inconclusive, Lookup, judge_death
from .left_out import PATIENCE, ask_left_out
from .pending_search import PendingSearch
from .registry import LEFT_OUT, UNANSWERED

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

    def __init__(self, registry, identifiers):
        self.registry = registry
        self.identifiers = identifiers
        self.batch_size = registry.data_source.check_batch_size
        self._failures_in_a_row = 0

    def check(self, pairs):
        """Ask about any number of persons, a message at a time.

        While the results of one message are read and taken, the registry works on the next.

        :param pairs: iterable of identifier type and value; read two messages ahead at most
        :return: one :class:`DeathCheck` for each pair, in order
        :rtype: Iterator[DeathCheck]
        """
        pairs, earlier = iter(pairs), None
        while batch := list(islice(pairs, self.batch_size)):
            latest = self._prepare(batch)
            if earlier:
                yield from self._finish(earlier, latest.search)
            earlier = latest
        if earlier:
            yield from self._finish(earlier, None)

    def _prepare(self, batch):
        lookups = [self._read(pair) for pair in batch]
        asked = list(dict.fromkeys(entry for entry in lookups if isinstance(entry, Lookup)))
        return _Batch(batch, lookups, asked, self._search(asked) if asked else None)

    def _finish(self, batch, following):
        findings = self._ask(batch.asked, batch.search, following)
        for pair, lookup in zip(batch.pairs, batch.lookups, strict=True):
            finding = lookup if isinstance(lookup, DeathCheck) else findings[lookup]
            yield self._result(pair, finding)

    def _read(self, pair):
        """Return what to look up, or the result that says why it cannot be."""
        try:
            lookup = self.identifiers.read_pair(pair)
            self.registry.dialect.identifier_type(lookup.id_type)
        except UnsupportedIdentifier as error:
            return self._failed(pair, "unsupported_identifier", str(error))
        except ValidationError as error:
            return self._failed(pair, "invalid_pair", str(error))
        return lookup

    def _failed(self, pair, problem, detail):
        return DeathCheck(
            _as_pair(pair), FAILED, reason=explain(self.registry.env, problem, detail)
        )

    def _result(self, pair, finding):
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

    def _ask(self, lookups, search=None, following=None):
        """Return for each lookup its finding, or the error that kept us from asking.

        :param PendingSearch search: the message that asks, if there is one already
        :param PendingSearch following: the message after it
        """
        if not lookups:
            return {}
        try:
            findings = self._findings(lookups, search or self._search(lookups), following)
        except UserError as error:
            if following:
                following.settle()
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

    def _ask_smaller(self, lookups):
        """Ask in parts what the registry finds too much, and never so much again."""
        self.batch_size = min(self.batch_size, -(-len(lookups) // 2))
        findings, rest = {}, lookups
        while rest:
            part, rest = rest[: self.batch_size], rest[self.batch_size :]
            findings |= self._ask(part)
        return findings

    def _ask_again(self, lookups):
        try:
            return self.ask_once(lookups)
        except UserError as error:
            return self._ask_in_halves(lookups, error)

    def _ask_in_halves(self, lookups, error):
        """Find the one question that spoils a message, unless the registry answers nothing."""
        if len(lookups) == 1:
            return {lookups[0]: error}
        middle = len(lookups) // 2
        findings, failures = {}, []
        for part in (lookups[:middle], lookups[middle:]):
            try:
                findings |= self.ask_once(part)
            except UserError as part_error:
                failures.append((part, part_error))
        for part, part_error in failures:
            if len(failures) == 1:
                findings |= self._ask_in_halves(part, part_error)
            else:
                findings |= dict.fromkeys(part, part_error)
        return findings

    def ask_once(self, lookups):
        """Ask in one message, and again what the registry leaves out of its answer.

        :param list[Lookup] lookups: different identifiers
        :return: for each its finding, ``failed`` where the registry's answer does not tell, or
            the error that kept us from asking again
        :rtype: dict[Lookup, DeathFinding | UserError]
        :raise UserError: when nothing came back for any of them
        """
        return self._findings(lookups, self._search(lookups))

    def _search(self, lookups):
        criteria = self.registry.dialect.death_criteria
        return self.registry.begin_search(
            [criteria(lookup.id_type, lookup.value) for lookup in lookups],
            read=records.read_life_and_death,
        )

    def _findings(self, lookups, search, following=None):
        search.wait(following)
        items = dict(zip(lookups, search.read(), strict=True))
        findings = self._judge(items)
        left_out = [lookup for lookup, item in items.items() if item is LEFT_OUT]
        if left_out:
            if following:
                following.settle()
            findings |= ask_left_out(left_out, self._answered, len(left_out) < len(items))
        return findings

    def _answered(self, lookups):
        """Ask in one message, and return the findings of what was answered."""
        search = self._search(lookups)
        search.wait()
        return self._judge(
            {
                lookup: item
                for lookup, item in zip(lookups, search.read(), strict=True)
                if item is not LEFT_OUT and item is not UNANSWERED
            }
        )

    def _judge(self, items):
        dialect = self.registry.dialect
        return {lookup: finding_of(dialect, lookup, item) for lookup, item in items.items()}


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one message asks: pairs, what each means or why it cannot be asked, and the search."""

    pairs: list
    lookups: list
    asked: list
    search: PendingSearch | None


def _is_too_large(error, lookups):
    """Whether a registry refused a message only for the number of its questions."""
    code = getattr(error, "code", "")
    refused = getattr(error, "status_code", None) == 413 or code.endswith(_TOO_LARGE)
    return refused and len(lookups) > 1


def finding_of(dialect, lookup, item):
    """Judge an answer item; what it does not tell becomes a finding too.

    :rtype: DeathFinding
    """
    try:
        return judge_death(dialect, lookup, item)
    except Inconclusive as error:
        return DeathFinding(FAILED, problem=error.problem, detail=error.detail)


def _as_pair(pair):
    return tuple(pair) if isinstance(pair, list) else pair
