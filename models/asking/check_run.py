import logging
from dataclasses import dataclass, field
from functools import partial, reduce

from odoo import api, fields, models
from odoo.tools import SQL

from ... import const
from ...services import log_guard, records
from ...services.asking.arguments import IdentifierReader
from ...services.asking.death_checks import DeathChecker
from ...services.asking.registry import Registry
from ...services.asking.verdicts import DEAD, FAILED, NOT_DEAD, UNKNOWN
from ...services.records.numbers import is_placeholder
from ..mixins import Job
from ..processors.matcher import held_facts, placeholders

_logger = logging.getLogger(__name__)

# Messages in a row without any answer after which a run waits for a person.
_MAX_FAILED_BATCHES = 3

# By which ID types a registry is asked first.
_NATIONAL = ("UIN", "NID", "NIN", "NATIONAL_ID")
_OF_BIRTH = ("BRN", "BIRTH_CERTIFICATE")
NATIONAL_FIRST = (*_NATIONAL, *_OF_BIRTH)
BIRTH_FIRST = (*_OF_BIRTH, *_NATIONAL)


@dataclass(slots=True)
class _Run:
    """What the scheduler remembers from batch to batch.

    :param lines: ids of the lines of the batch under way
    :param singly: how many are still to be asked about one by one, after a batch broke down
    """

    lines: list = field(default_factory=list)
    singly: int = 0


class CRVSCheck(models.Model):
    """The work of a run: a batch of registrants, an answer, a commit."""

    _inherit = "spp.dci.crvs.check"

    @api.model
    def _cron_process(self):
        """Work on the runs, the oldest first (the scheduled action's method).

        Each batch is committed, so that a restart loses at most the one under way; it is asked
        again.
        """
        self._work_off(self._batches())

    @api.model
    def _batches(self):
        run = _Run()
        while check := self.search([("state", "=", "running")], order="id", limit=1):
            run.lines = []
            yield Job(partial(check._process_batch, run), partial(check._isolate, run))
            run.singly = max(run.singly - 1, 0)

    def _process_batch(self, run):
        """Ask about the next registrants of a run.

        :param _Run run: what the scheduler remembers from batch to batch
        :return: how many
        :rtype: int
        """
        self.ensure_one()
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM spp_dci_crvs_check_line
                 WHERE check_id = %s AND result = 'waiting'
                 ORDER BY id LIMIT %s
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                self.id,
                1 if run.singly else self.data_source_id.check_batch_size,
            )
        )
        lines = self.env["spp.dci.crvs.check.line"].browse(row[0] for row in self.env.cr.fetchall())
        run.lines = lines.ids
        if not lines:
            self._finish()
            return 0
        results = self._ask(lines)
        self._note(results)
        # Those without an identifier say nothing about the registry.
        asked = [result for result in results.values() if result]
        if asked and all(result.status == FAILED for result in asked):
            self._note_failed_batch()
        elif self.failed_batches:
            self.failed_batches = 0
        return len(lines)

    def _ask(self, lines):
        """Ask about the registrants of lines.

        :return: the result of each line, None for those without a usable identifier
        :rtype: dict
        """
        answers = self._ask_about(self.data_source_id, lines.partner_id)
        return {line: best_answer(answers[line.partner_id]) for line in lines}

    @api.model
    def _ask_about(self, data_source, partners):
        """Ask by each registrant's identifiers, the best first, until one of them tells.

        :param data_source: the registry
        :param partners: ``res.partner`` records
        :return: the answers about each registrant, in the order asked; none for those without a
            usable identifier
        :rtype: dict[models.Model, list[DeathCheck]]
        """
        registry = Registry(self.env, data_source)
        checker = DeathChecker(registry, IdentifierReader(self.env, data_source))
        numbers = self._identifiers(data_source, registry.dialect.can_check_death_by, partners)
        answers = {partner: [] for partner in partners}
        open_partners, position = list(partners), 0
        while open_partners:
            asked = [partner for partner in open_partners if len(numbers[partner.id]) > position]
            now = list(
                checker.check(
                    (pair_of(numbers[partner.id][position]) for partner in asked),
                    [held_facts(partner) for partner in asked],
                )
            )
            for partner, answer in zip(asked, now, strict=True):
                answers[partner].append(answer)
            if now and all(answer.status == FAILED for answer in now):
                break
            open_partners = [
                partner
                for partner in asked
                if not _tells(
                    best_answer(answers[partner]).status, registry.dialect.knows_the_living
                )
            ]
            position += 1
        return answers

    @api.model
    def _identifiers(self, data_source, can_ask_by, partners, first=NATIONAL_FIRST):
        """Return the identifiers to ask by, those that tell most first.

        :param data_source: the registry
        :param can_ask_by: tells of the registry's name of an ID type whether it can be asked by it
        :param partners: ``res.partner`` records
        :param first: codes of ID types, the best first, in capitals
        :return: ``spp.registry.id`` records by the id of the registrant
        :rtype: dict[int, list[models.Model]]
        """
        found = {partner_id: [] for partner_id in partners.ids}
        identifiers = self.env["spp.registry.id"].search(
            [("partner_id", "in", partners.ids), ("status", "!=", "invalid")], order="id"
        )
        codes = set(identifiers.id_type_id.mapped("code"))
        usable = self._usable_codes(data_source, can_ask_by, codes)
        listed = placeholders(self.env)
        for identifier in identifiers:
            if (
                identifier.id_type_id.code in usable
                and identifier.value
                and not is_placeholder(identifier.value, listed)
            ):
                found[identifier.partner_id.id].append(identifier)
        for entries in found.values():
            entries.sort(key=lambda entry: _preference(entry.id_type_id.code, first))
        return found

    @api.model
    def _usable_codes(self, data_source, can_ask_by, codes):
        """Return those of our ID types by which a registry can be asked.

        :param data_source: the registry
        :param can_ask_by: tells of the registry's name of an ID type whether it can be asked by it
        :param codes: of our ID types
        :rtype: set[str]
        """
        types = self.env["spp.dci.crvs.id.type"]
        names = {code: types._name_for(data_source, code) for code in codes if code}
        return {
            code
            for code, name in names.items()
            if can_ask_by(name) and name not in const.NON_IDENTIFYING_ID_TYPES
        }

    @api.model
    def _count_without_number(self, data_source, partners):
        """Count registrants by whose identifiers the registry cannot be asked.

        :param partners: ``Query`` of registrants
        :rtype: int
        """
        types = self.env["spp.vocabulary.code"].search(
            [("namespace_uri", "=", const.ID_TYPE_NAMESPACE)]
        )
        dialect = Registry(self.env, data_source).dialect
        usable = self._usable_codes(
            data_source, dialect.can_check_death_by, set(types.mapped("code"))
        )
        self.env["spp.registry.id"].flush_model(["partner_id", "id_type_id", "value", "status"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id, value FROM spp_registry_id
                 WHERE partner_id IN %s AND id_type_id = ANY(%s)
                   AND status IS DISTINCT FROM 'invalid' AND value != ''
                """,
                partners.subselect(),
                types.filtered(lambda id_type: id_type.code in usable).ids,
            )
        )
        listed = placeholders(self.env)
        return len(partners) - len(
            {partner_id for partner_id, value in rows if not is_placeholder(value, listed)}
        )

    def _note(self, results):
        """Write the results, and the deaths among them as events if that was wanted."""
        events = self._store_events(results) if self.effect == "events" else {}
        without = self.env._("The registrant has no valid ID by which this registry can be asked.")
        rows = [
            (
                line.id,
                result.status if result else FAILED,
                result.pair[0] if result else None,
                result.death_date if result else None,
                (result.reason if result else without) or None,
                events.get(line),
            )
            for line, result in results.items()
        ]
        self.env.cr.execute(
            SQL(
                """
                UPDATE spp_dci_crvs_check_line line
                   SET result = item.result, identifier_type = item.type,
                       death_date = item.death_date, reason = item.reason, event_id = item.event,
                       checked_date = %s
                  FROM unnest(%s::integer[], %s::text[], %s::text[], %s::date[], %s::text[],
                              %s::integer[])
                       AS item (id, result, type, death_date, reason, event)
                 WHERE line.id = item.id
                """,
                fields.Datetime.now(),
                *(list(column) for column in zip(*rows, strict=True)),
            )
        )
        self.env["spp.dci.crvs.check.line"].invalidate_model()
        self.env["spp.dci.crvs.last.check"]._note(
            self.data_source_id,
            self.user_id,
            {line.partner_id: result.status for line, result in results.items() if result},
        )

    def _store_events(self, results):
        """Store the deaths found, each vital event once.

        :return: the id of the event of each line of a dead registrant
        :rtype: dict
        """
        dead = {
            line: result.record
            for line, result in results.items()
            if result and result.status == DEAD
        }
        if not dead:
            return {}
        # How many there are is known at the end.
        stored, ids = self._store_deaths(self.data_source_id, dead, self.name)
        stored._as_processor()._hold("check")
        return ids

    @api.model
    def _store_deaths(self, source, dead, reference):
        """Store deaths that a registry told when it was asked, each vital event once.

        :param source: the registry
        :param dict dead: the record of each death as received, by anything
        :param str reference: of the question
        :return: the events that are new, and the id of the event of each death by the same keys
        :rtype: tuple[models.Model, dict]
        """
        events = self.env["spp.dci.crvs.event"]
        vital_events = {
            key: records.event_from_record("death", record, reference, source.crvs_timezone or None)
            for key, record in dead.items()
        }
        stored = events._store(
            list(vital_events.values()),
            sender=source.crvs_sender_id,
            data_source=source,
            source="search",
        )
        digests = {key: vital.digest() for key, vital in vital_events.items()}
        by_digest = events._ids_by_digest(
            events._origin_key(source.crvs_sender_id, source), digests.values()
        )
        return stored, {key: by_digest.get(digest) for key, digest in digests.items()}

    def _isolate(self, run, error):
        """After a batch that broke down, ask about its registrants one by one.

        One that breaks down alone is a failure of its own, and the others go on.
        """
        if not run.lines:
            self._stop(error)
        elif len(run.lines) > 1:
            run.singly = len(run.lines) + 1
        else:
            _logger.warning(
                "CRVS death check %s: a registrant could not be asked about: %s",
                self.id,
                log_guard.describe(error),
            )
            self.env["spp.dci.crvs.check.line"].browse(run.lines).write(
                {
                    "result": FAILED,
                    "reason": self.env._(
                        "Asking about this registrant broke down (%s). Ask again; if it fails "
                        "again, ask your administrator to look at the server log.",
                        log_guard.describe(error),
                    ),
                    "checked_date": fields.Datetime.now(),
                }
            )

    def _stop(self, error):
        """Have a run that broke down wait for a person; the error's text may quote values."""
        _logger.warning("CRVS death check %s broke down: %s", self.id, log_guard.describe(error))
        self.write(
            {
                "state": "paused",
                "pause_reason": self.env._(
                    "The check broke down (%s). Resume it; if it stops again, ask your "
                    "administrator to look at the server log.",
                    log_guard.describe(error),
                ),
            }
        )

    def _note_failed_batch(self):
        self.failed_batches += 1
        if self.failed_batches >= _MAX_FAILED_BATCHES:
            self.write(
                {
                    "state": "paused",
                    "pause_reason": self.env._(
                        "The registry gave no usable answer several times in a row. See why in "
                        "the results, then resume, and check the failed ones again at the end."
                    ),
                }
            )
            _logger.warning("CRVS death check %s paused: the registry does not answer", self.id)


def pair_of(identifier):
    """Return an identifier as a registry is asked by it.

    :param identifier: a ``spp.registry.id``
    :return: code of the ID type, and the value
    :rtype: tuple[str, str]
    """
    return identifier.id_type_id.code or "", identifier.value


def best_answer(answers):
    """Return of the answers about one registrant the one that counts.

    :param answers: of one registrant, in the order asked
    :type answers: list[DeathCheck]
    :return: None when there are none
    :rtype: DeathCheck
    """
    return reduce(_better, answers) if answers else None


def _preference(id_type, first):
    code = id_type.upper()
    return first.index(code) if code in first else len(first)


def _tells(status, knows_the_living):
    """Whether other identifiers of the same person need not be asked about."""
    return status == DEAD or (status == NOT_DEAD and knows_the_living)


def _better(earlier, later):
    """Of the answers by two identifiers, the one that counts.

    No "not dead" hides that the other identifier could not be asked about, or led to records of
    somebody else.
    """
    order = (DEAD, FAILED, NOT_DEAD, UNKNOWN)

    def rank(result):
        return 1.5 if result.status == UNKNOWN and result.reason else order.index(result.status)

    return min(earlier, later, key=rank)
