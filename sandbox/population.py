"""The people of the registry, found by identifier without looking at everybody."""

import copy
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone

# Printed in the registry's own order; a marriage's number belongs to the marriage.
IDENTIFIER_TYPES = ("UIN", "NID", "BRN", "DRN", "MRN", "OPENCRVS_RECORD_ID")
SPELLINGS = ("standard", "flat", "first_last", "single", "datetime")


@dataclass(slots=True)
class Marriage:
    """One marriage: its number, its date, who with, and when it was dissolved."""

    number: str
    date: str
    spouse: str = ""
    divorce_date: str = ""


@dataclass(slots=True)
class Person:
    """One person as the registry knows them; dates are ISO dates, empty when there is none.

    ``mother``, ``father`` and the spouse of a marriage are ids of persons; ``spelling`` chooses how
    the record is written, as real systems differ.
    """

    id: str
    given_name: str
    family_name: str
    sex: str
    birth_date: str
    identifiers: dict = field(default_factory=dict)
    second_name: str = ""
    birth_place: str = ""
    death_date: str = ""
    marital_status: str = "S"
    marriages: list = field(default_factory=list)
    mother: str = ""
    father: str = ""
    spelling: str = "standard"

    @classmethod
    def from_dict(cls, values):
        """:raise ValueError: unknown or missing field, unknown spelling."""
        try:
            marriages = [Marriage(**item) for item in values.get("marriages") or []]
            person = cls(**{**values, "marriages": marriages})
        except (TypeError, AttributeError) as error:
            raise ValueError(f"not a person: {error}") from error
        if person.spelling not in SPELLINGS:
            raise ValueError(f"unknown spelling {person.spelling!r}")
        return person

    def numbers(self):
        """:return: list of ``(type, value)`` of all identifiers, marriages included."""
        pairs = list(self.identifiers.items())
        return pairs + [("MRN", item.number) for item in self.marriages if item.number]


class Population:
    """Persons by id and by identifier. Not safe for threads: the registry holds its lock.

    :param persons: the persons at the start, to which :meth:`reset` returns.
    """

    def __init__(self, persons=()):
        self.persons = {}
        self.version = 0
        self._updated = {}
        self._index = {}
        self._originals = {}
        for person in persons:
            if person.id in self.persons:
                raise ValueError(f"two persons have the id {person.id!r}")
            self.persons[person.id] = person
            self._enter(person)

    @classmethod
    def from_file(cls, path):
        """Read a population.

        :param path: JSON file, ``{"persons": [{…}, …]}``.
        :raise ValueError: the file does not describe a population.
        """
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
        if not isinstance(content, dict) or not isinstance(content.get("persons"), list):
            raise ValueError('a population is {"persons": [...]}')
        return cls(Person.from_dict(item) for item in content["persons"])

    def __len__(self):
        return len(self.persons)

    def find(self, kind, value):
        """:return: list of the persons who bear this identifier."""
        return [self.persons[item] for item in self._index.get((kind.upper(), value), ())]

    def get(self, person_id):
        """:return: the Person, or None."""
        return self.persons.get(person_id)

    def change(self, person, **values):
        """Set fields of a person, or enter a new one.

        :param values: fields to set; ``identifiers`` is merged into those the person has.
        """
        if person.id not in self._originals:
            self._originals[person.id] = copy.deepcopy(self.persons.get(person.id))
        if person.id in self.persons:
            self._leave(person)
        identifiers = values.pop("identifiers", {})
        person.identifiers = {**person.identifiers, **identifiers}
        for name, value in values.items():
            setattr(person, name, value)
        self.persons[person.id] = person
        self._enter(person)
        self._updated[person.id] = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        self.version += 1

    def updated(self, person):
        """:return: when something about a person was last entered, as ISO 8601 in UTC."""
        dates = [person.birth_date, person.death_date]
        dates += [date for item in person.marriages for date in (item.date, item.divorce_date)]
        # Of what was there at the start nobody knows more than when it happened.
        return self._updated.get(person.id) or f"{max(dates)}T12:00:00.000Z"

    def reset(self):
        """Undo every change."""
        for person_id, original in self._originals.items():
            self._leave(self.persons.pop(person_id))
            if original:
                self.persons[person_id] = original
                self._enter(original)
        self._originals = {}
        self._updated = {}
        self.version += 1

    def changes(self):
        """:return: the persons changed since the start, as dicts, for the state file."""
        return [asdict(self.persons[person_id]) for person_id in self._originals]

    def restore(self, changes):
        """Apply what :meth:`changes` returned, over the population of the start."""
        for values in changes:
            changed = Person.from_dict(values)
            person = self.persons.get(changed.id, changed)
            self.change(person, **values | {"marriages": changed.marriages})

    def _enter(self, person):
        for kind, value in person.numbers():
            owners = self._index.setdefault((kind, value), [])
            if person.id not in owners:
                owners.append(person.id)

    def _leave(self, person):
        for pair in person.numbers():
            owners = self._index.get(pair, [])
            if person.id in owners:
                owners.remove(person.id)
            if not owners:
                self._index.pop(pair, None)
