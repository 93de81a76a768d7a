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
    """

    event: object
    person: object
    spouse: object
    vital: object = None
    outcome: str = ""
    error: tuple = ()
    postponed: datetime | None = None
    values: dict = field(default_factory=dict)
    changes: list = field(default_factory=list)
    done: dict = field(default_factory=lambda: defaultdict(list))
    flags: list = field(default_factory=list)

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
        return self.person | self.spouse

    def fail(self, kind, message):
        self.error = (kind, message)

    def write(self, records, values, done=None):
        """Write what differs, and remember old and new values.

        :param records: records of one registrant, not yet written in this round
        :param dict values: by field
        :param str done: what this is in words, for the registrant's history
        :return: whether anything differed
        """
        touched = False
        for record in records:
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
            if different:
                record.write(different)
                touched = True
        if touched and done:
            partner = records if records._name == "res.partner" else records.partner_id
            self.done[partner.id].append(done)
        return touched


@dataclass(slots=True, eq=False)
class Batch:
    """The cases of one batch and what was looked up for all of them together.

    :param id_types: ids of ID types in the vocabulary, by upper-case code.
    :param held: identifiers of each registrant concerned, by partner id: lists of
        ``(ID type code, value, status, record id)``.
    :param holders: ids of the registrants who have a number, by ``(ID type code, value)``.
    :param new_numbers: registration numbers to create, ``(case, values)``.
    """

    env: object
    cases: list
    now: datetime
    today: date
    id_types: dict = field(default_factory=dict)
    held: dict = field(default_factory=lambda: defaultdict(list))
    holders: dict = field(default_factory=lambda: defaultdict(set))
    new_numbers: list = field(default_factory=list)
    civil: dict = field(default_factory=dict)
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
