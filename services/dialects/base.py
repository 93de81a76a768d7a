"""What every dialect can be asked, with the answers that hold unless a dialect says otherwise."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from datetime import date
from functools import lru_cache
from typing import Any

from .. import records
from ..records import Person
from ..records.life import read_life
from ..records.types import foetal_name, is_foetal

# A camel-cased, dashed, dotted or URN name comes apart into words.
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

_MAX_NAME = 255  # characters


class UnsupportedIdentifier(ValueError):
    """This registry cannot be asked by identifiers of this type."""


class Dialect(ABC):
    """One way of speaking DCI. Stateless: one object serves every data source."""

    code: str
    #: how our requests are signed: ``http-signature`` or ``jws``
    signature_profile = "http-signature"
    #: whether events can be subscribed to; otherwise they are pulled
    can_subscribe = True
    #: whether the answer to a death check knows the living too, so that "no record" means
    #: "person unknown"; otherwise it only means that no death is registered under the identifier
    knows_the_living = True
    #: whether an answer to several questions names only those for which it found something
    leaves_out_what_is_not_found = False
    #: how many records a search counts at most, None where it counts all: a window of a pull that
    #: comes near is halved
    most_counted: int | None = None
    #: how many messages with questions a registry of this kind takes in a day, 0 for any number
    daily_searches = 0
    #: whether the whole register can be searched, without any date: what has none is found so
    has_whole_register = False
    #: whether pulls search by when something was registered or changed, not by when it happened
    pulls_by_change = False
    #: three lower-case letters (ISO 639-3), as the standard's pattern wants
    locale = "eng"

    def identifier_type(self, id_type: str) -> str:
        """Name an identifier type as this registry does.

        :param id_type: our type, such as ``UIN``
        :raise UnsupportedIdentifier: when the registry cannot be searched by it
        """
        return id_type

    def sender_id(self, configured: str, public_url: str) -> str:
        """Return the name by which this registry knows us.

        :param configured: ``our_sender_id`` of the data source, or empty
        :param public_url: base URL of this server
        """
        return configured or public_url

    @abstractmethod
    def birth_criteria(self, id_type: str, value: Any) -> dict[str, Any]:
        """Return the ``search_criteria`` that find a person's birth by an identifier.

        :raise UnsupportedIdentifier: see :meth:`identifier_type`
        """

    @abstractmethod
    def death_criteria(self, id_type: str, value: Any) -> dict[str, Any]:
        """Return the ``search_criteria`` that tell whether a person is dead.

        :raise UnsupportedIdentifier: see :meth:`identifier_type`
        """

    def can_pull(self, event_type: str) -> bool:
        """Tell whether events of this type can be searched for.

        :param event_type: one of ``records.EVENT_TYPES``
        """
        return True

    @abstractmethod
    def event_criteria(
        self,
        event_type: str,
        first: date | None,
        last: date | None,
        page: int,
        page_size: int,
        attribute: str | None = None,
    ) -> dict[str, Any]:
        """Return the ``search_criteria`` for the events of a window of dates.

        :param event_type: one of ``records.EVENT_TYPES``
        :param first: first day of the window; None for the whole register
        :param last: last day of the window, included; None for the whole register
        :param page: number of the page, from 1
        :param page_size: records per page
        :param attribute: what the window is about, where the registry leaves the choice
        """

    @abstractmethod
    def scan_start(self, event_type: str, since: date, today: date) -> tuple[date, int]:
        """Return the first day that a pull has to search from, and the months of its windows.

        :param event_type: one of ``records.EVENT_TYPES``
        :param since: events from this day on are wanted
        :param today: the company's day
        :return: first day of the scan, months of one window
        """

    def as_expression(self, criteria: dict[str, Any]) -> dict[str, Any] | None:
        """Ask the same by an expression, for servers that take nothing else.

        :param criteria: of :meth:`birth_criteria` or :meth:`death_criteria`
        :return: None where this dialect has no such way
        """
        return None

    def question_members(self, public_url: str) -> dict[str, Any]:
        """Return what an item of ``search_request`` needs beside what every registry wants.

        :param public_url: base URL of this server
        """
        return {}

    def pull_attribute(self, is_import: bool) -> str | None:
        """Return by which date events are pulled, None where there is one only.

        :param is_import: whether events of certain days are wanted, and not news
        """
        return None

    def can_check_death_by(self, id_type: str) -> bool:
        """Tell whether this registry can be asked about a death by identifiers of a type.

        :param id_type: our type, such as ``UIN``
        """
        return _is_taken(self.death_criteria, id_type)

    def can_verify_birth_by(self, id_type: str) -> bool:
        """Tell whether this registry can be asked about a birth by identifiers of a type.

        :param id_type: our type, such as ``BRN``
        """
        return _is_taken(self.birth_criteria, id_type)

    def subscribe_criteria(self, event_type: str, start: str, end: str) -> dict[str, Any]:
        """Return the ``subscribe_criteria`` for all events of a type.

        :param event_type: one of ``records.EVENT_TYPES``
        :param start: ISO 8601 date-time with offset from which notifications are wanted
        :param end: the same, until which
        :raise NotImplementedError: where :attr:`can_subscribe` is false
        """
        raise NotImplementedError

    def names_death(self, item: Any, raw: dict[str, Any]) -> bool:
        """Tell whether a record in an answer comes from a register, or of an event, of deaths.

        :param SearchItem item: answer item that the record came with
        :param raw: the record as received
        """
        return register_named(item, raw) == "death"

    def tells_birth(self, item: Any, person: Person, raw: dict[str, Any]) -> bool:
        """Tell whether a record in the answer to a birth check confirms a birth.

        :param SearchItem item: answer item that the record came with
        :param person: whom the record is about
        :param raw: the record as received
        """
        return True

    def is_event(self, event_type: str, item: Any, person: Person, raw: dict[str, Any]) -> bool:
        """Tell whether a record found by :meth:`event_criteria` is an event of the type asked for.

        A foetal death is none; what is written where a date belongs reaches a person.

        :param event_type: one of ``records.EVENT_TYPES``
        :param SearchItem item: answer item that the record came with
        :param person: whom the record is about
        :param raw: the record as received
        """
        named = f"{item.reg_type} {item.reg_record_type} {item.reg_event_type}"
        if foetal_name(raw) or is_foetal(named):
            return False
        if event_type == "death":
            life = read_life(person, self.names_death(item, raw), date.today())
            return life.is_dead or life.is_doubtful
        return bool(getattr(person, event_type).text)


def _is_taken(criteria: Any, id_type: str) -> bool:
    try:
        criteria(id_type, "0")
    except UnsupportedIdentifier:
        return False
    return True


def register_named(item: Any, raw: dict[str, Any]) -> str | None:
    """Tell which register a record says it comes from.

    :param SearchItem item: answer item that the record came with
    :param raw: the record as received
    :return: an event type, or None when nothing names a register
    """
    for name in (item.reg_event_type, item.reg_type, item.reg_record_type, raw.get("@type")):
        if isinstance(name, str) and 0 < len(name) <= _MAX_NAME:
            found = _register_in(name)
            if found:
                return found
    return None


# A payroll's answers repeat a handful of names a hundred thousand times.
@lru_cache(maxsize=64)
def _register_in(name: Any) -> str | None:
    found = records.event_type(name)
    if found:
        return found
    words = {word.lower() for word in _WORDS.findall(name)}
    if words & {"fetal", "foetal"}:
        return None
    named = words & {"birth", "death", "marriage", "divorce"}
    return named.pop() if len(named) == 1 else None


def day(value: date | None) -> str:
    """Return a day as it is written in queries: ISO 8601, no time."""
    if value is None:
        raise ValueError("this registry cannot be searched without dates")
    return value.isoformat()
