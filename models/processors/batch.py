"""What is known about the events of one batch while they are processed."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime

from odoo import fields


def plain(value):
    """Return a field's value as JSON can hold it; records become their id."""
    if isinstance(value, datetime):
        return fields.Datetime.to_string(value)
    if isinstance(value, date):
        return fields.Date.to_string(value)
    return value.id if hasattr(value, "_name") else value


def partner_of(records):
    """Return the registrant whom records are about."""
    if records._name == "res.partner":
        return records
    return records.individual if records._name == "spp.group.membership" else records.partner_id


@dataclass(slots=True, eq=False)
class Case:
    """One event on its way to an outcome.

    :param event: the ``spp.dci.crvs.event`` record.
    :param vital: what the registry said, a ``VitalEvent``; None when it cannot be read.
    :param person: the registrant meant, empty as long as nobody is found.
    :param spouse: the registrant who is the other half of a couple, or empty.
    :param values: what the event gets beside the outcome.
    :param changes: what it changed, see ``spp.dci.crvs.event.changes``.
    :param done: what it did to each registrant, in words without values, by partner id.
    :param flags: what an officer should look at, in words without values.
    :param flag_codes: the same in short words, see ``wording.FLAGS``.
    :param candidates: who may be meant: ``(partner id, what agrees, what contradicts)``.
    :param found: the same of the registrant who was found by the numbers alone.
    :param remark: why it is superseded, if not for a later event of another kind.
    :param replaces: the older version of the same fact, see ``versions``.
    :param registration_number: the number that the event itself gives, in normal form.
    """

    event: object
    person: object
    spouse: object
    vital: object = None
    outcome: str = ""
    hold_reason: str = ""
    error: tuple = ()
    postponed: datetime | None = None
    values: dict = field(default_factory=dict)
    changes: list = field(default_factory=list)
    done: dict = field(default_factory=lambda: defaultdict(list))
    flags: list = field(default_factory=list)
    flag_codes: list = field(default_factory=list)
    candidates: list = field(default_factory=list)
    found: tuple = ()
    remark: str = ""
    replaces: object = None
    registration_number: str = ""

    @property
    def open(self):
        """Whether effects can be applied, as far as is known."""
        return not (self.outcome or self.error or self.postponed)

    @property
    def settled(self):
        """Whether the event ends as processed."""
        return not (self.error or self.postponed or self.outcome in ("scheduled", "held"))

    @property
    def persons(self):
        """The registrants whom the event concerns: the person and the spouse, if found."""
        return self.person | self.spouse

    @property
    def to_show(self):
        """The candidates to keep: of a held event the registrant on whom the manager decides."""
        if self.outcome == "held" and self.person:
            return [self.found or (self.person.id, (), ())]
        return self.candidates if self.error else []

    def fail(self, kind, message):
        """End as an error.

        :param str kind: a value of ``error_kind``
        :param str message: what an officer can do, without personal data
        """
        self.error = (kind, message)

    def hold(self, reason):
        """Wait for a manager.

        :param str reason: a value of ``hold_reason``
        """
        self.outcome, self.hold_reason = "held", reason

    def supersede(self, remark):
        """End without effect, since later news decides.

        :param str remark: why, without personal data; empty for the usual sentence
        """
        self.outcome, self.remark = "superseded", remark

    def write(self, records, values, done=None):
        """Write what differs, and remember old and new values.

        :param records: records of one registrant, not yet written in this round
        :param dict values: by field
        :param str done: what this is in words, for the registrant's history
        :return: whether anything differed
        """
        touched = False
        for record in records:
            if different := self._remember(record, values):
                record.write(different)
                touched = True
        if touched and done:
            self.done[partner_of(records).id].append(done)
        return touched

    def announce(self, records, values, done):
        """Remember what will be written, by whoever writes the same on records of many cases.

        :param records: records of one registrant, not yet written in this round
        :param dict values: by field
        :param str done: what this is in words, for the registrant's history
        :return: the records that differ
        """
        different = records.filtered(lambda record: self._remember(record, values))
        if different:
            self.done[partner_of(records).id].append(done)
        return different

    def _remember(self, record, values):
        different = {
            name: value for name, value in values.items() if plain(record[name]) != plain(value)
        }
        for name, value in different.items():
            self.changes.append(
                {
                    "model": record._name,
                    "id": record.id,
                    "field": name,
                    "old": plain(record[name]),
                    "new": plain(value),
                }
            )
        return different

    def mark(self):
        """Return where this case stands, for :meth:`back_to`."""
        done = {partner_id: len(texts) for partner_id, texts in self.done.items()}
        return len(self.changes), len(self.flags), done

    def back_to(self, mark):
        """Forget what was remembered since a mark."""
        changes, flags, done = mark
        del self.changes[changes:]
        del self.flags[flags:]
        for partner_id in list(self.done):
            del self.done[partner_id][done.get(partner_id, 0) :]
            if not self.done[partner_id]:
                del self.done[partner_id]


@dataclass(slots=True, eq=False)
class NewNumber:
    """A registration number that an event gives a registrant.

    :param case: of the event.
    :param code: the ID type's.
    :param values: of the ``spp.registry.id`` to be created.
    :param older: the registrant's live one of this type, which gives way.
    :param rows: all that the registrant has of this type.
    :param rewritten: the row that becomes this number where no second one may stand beside it.
    """

    case: Case
    code: str
    values: dict
    older: object
    rows: object
    rewritten: object = None


@dataclass(slots=True, eq=False)
class Batch:
    """The cases of one batch and what was looked up for all of them together.

    :param id_types: ids of ID types in the vocabulary, by upper-case code; ``codes`` the reverse.
    :param types: by id of a data source, what its names for ID types mean: ids of ours.
    :param held: numbers of each registrant concerned, by partner id: lists of ``HeldNumber``.
    :param partners: those registrants, by id.
    :param placeholders: further words that stand for "no number".
    :param standing: which version of a fact stands, see ``versions``.
    :param holders: ids of the registrants who have a number, by ``(ID type code, value)``.
    :param new_numbers: registration numbers to store at the end of the round.
    """

    env: object
    cases: list
    now: datetime
    today: date
    placeholders: frozenset = frozenset()
    id_types: dict = field(default_factory=dict)
    codes: dict = field(default_factory=dict)
    types: dict = field(default_factory=dict)
    partners: dict = field(default_factory=dict)
    limits: dict = field(default_factory=dict)
    standing: dict = field(default_factory=dict)
    undone: dict = field(default_factory=lambda: defaultdict(set))
    taken_back: dict = field(default_factory=dict)
    held: dict = field(default_factory=lambda: defaultdict(list))
    holders: dict = field(default_factory=lambda: defaultdict(set))
    new_numbers: list = field(default_factory=list)
    civil: dict = field(default_factory=dict)
    couples: dict = field(default_factory=dict)
    dead: set = field(default_factory=set)

    @property
    def open(self):
        return [case for case in self.cases if case.open]

    def cases_of(self, events):
        """Return the cases of events, as far as they are open."""
        ids = set(events.ids)
        return [case for case in self.open if case.event.id in ids]

    def rounds(self):
        """Yield the open cases so that none is in one round with another of the same registrant.

        In the order of the events' dates, so that a registrant's history is applied as it
        happened. Nearly always there is one round.
        """
        rounds, last = [], {}
        for case in sorted(self.open, key=lambda case: order_of(case.event)):
            number = (
                max((last.get(person_id, -1) for person_id in case.persons.ids), default=-1) + 1
            )
            last.update(dict.fromkeys(case.persons.ids, number))
            if number == len(rounds):
                rounds.append([])
            rounds[number].append(case)
        return rounds


def order_of(event):
    """Sort key of events by when they happened; on one day a divorce follows a marriage."""
    rank = {"birth": 0, "marriage": 1, "divorce": 2, "death": 3}
    return (event.event_date or date.max, rank.get(event.event_type, 0), event.id)
