"""What every dialect can be asked, with the answers that hold unless a dialect says otherwise."""

import re
from abc import ABC, abstractmethod
from datetime import date
from functools import lru_cache

from .. import records

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
    #: three lower-case letters (ISO 639-3), as the standard's pattern wants
    locale = "eng"

    def identifier_type(self, id_type):
        """Name an identifier type as this registry does.

        :param str id_type: our type, such as ``UIN``
        :rtype: str
        :raise UnsupportedIdentifier: when the registry cannot be searched by it
        """
        return id_type

    def same_identifier_types(self, id_type):
        """Return the types under which an answer may carry an identifier of our type.

        :return: upper-case type codes
        :rtype: frozenset[str]
        """
        return frozenset({id_type.upper()})

    def sender_id(self, configured, public_url):
        """Return the name by which this registry knows us.

        :param str configured: ``our_sender_id`` of the data source, or empty
        :param str public_url: base URL of this server
        """
        return configured or public_url

    @abstractmethod
    def birth_criteria(self, id_type, value):
        """Return the ``search_criteria`` that find a person's birth by an identifier.

        :raise UnsupportedIdentifier: see :meth:`identifier_type`
        :rtype: dict
        """

    @abstractmethod
    def death_criteria(self, id_type, value):
        """Return the ``search_criteria`` that tell whether a person is dead.

        :raise UnsupportedIdentifier: see :meth:`identifier_type`
        :rtype: dict
        """

    def can_pull(self, event_type):
        """Tell whether events of this type can be searched for.

        :param str event_type: one of ``records.EVENT_TYPES``
        :rtype: bool
        """
        return True

    @abstractmethod
    def event_criteria(self, event_type, first, last, page, page_size, attribute=None):
        """Return the ``search_criteria`` for the events of a window of dates.

        :param str event_type: one of ``records.EVENT_TYPES``
        :param date first: first day of the window
        :param date last: last day of the window, included
        :param int page: number of the page, from 1
        :param int page_size: records per page
        :param str attribute: what the window is about, where the registry leaves the choice
        :rtype: dict
        """

    @abstractmethod
    def scan_start(self, event_type, since, today):
        """Return the first day that a pull has to search from, and the months of its windows.

        :param str event_type: one of ``records.EVENT_TYPES``
        :param date since: events from this day on are wanted
        :param date today: the company's day
        :return: first day of the scan, months of one window
        :rtype: tuple[date, int]
        """

    def subscribe_criteria(self, event_type, start, end):
        """Return the ``subscribe_criteria`` for all events of a type.

        :param str event_type: one of ``records.EVENT_TYPES``
        :param str start: ISO 8601 date-time with offset from which notifications are wanted
        :param str end: the same, until which
        :rtype: dict
        :raise NotImplementedError: where :attr:`can_subscribe` is false
        """
        raise NotImplementedError

    def says_dead(self, item, person, raw):
        """Tell whether a record in the answer to a death check says that its person is dead.

        :param SearchItem item: answer item that the record came with
        :param Person person: the record as read
        :param dict raw: the record as received
        :rtype: bool
        :raise InvalidRecord: when the record has a death date that cannot be read
        """
        return person.is_dead or register_named(item, raw) == "death"

    def tells_birth(self, item, person, raw):
        """Tell whether a record in the answer to a birth check confirms a birth.

        :rtype: bool
        """
        return True

    def is_event(self, event_type, item, person, raw):
        """Tell whether a record found by :meth:`event_criteria` is an event of the type asked for.

        :rtype: bool
        """
        if event_type == "death":
            return self.says_dead(item, person, raw)
        return getattr(person, f"{event_type}_date") is not None


def register_named(item, raw):
    """Tell which register a record says it comes from.

    :param SearchItem item: answer item that the record came with
    :param dict raw: the record as received
    :return: an event type, or None when nothing names a register
    :rtype: str | None
    """
    for name in (item.reg_type, item.reg_record_type, raw.get("@type")):
        if isinstance(name, str) and 0 < len(name) <= _MAX_NAME:
            found = _register_in(name)
            if found:
                return found
    return None


# A payroll's answers repeat a handful of names a hundred thousand times.
@lru_cache(maxsize=64)
def _register_in(name):
    found = records.event_type(name)
    if found:
        return found
    words = {word.lower() for word in _WORDS.findall(name)}
    if words & {"fetal", "foetal"}:
        return None
    named = words & {"birth", "death", "marriage", "divorce"}
    return named.pop() if len(named) == 1 else None


def day(value: date) -> str:
    """Return a day as it is written in queries: ISO 8601, no time."""
    return value.isoformat()
