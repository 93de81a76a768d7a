"""What registries send, in one shape: a person, a vital event, an answer to a search.

Every spelling of records and events is understood here and nowhere else. Pure: imports nothing of
Odoo and no other room. Whatever is wrong with a record ends in :class:`InvalidRecord`, whose text
names the place and never a value.
"""

from .dates import DateReading, read_date
from .events import Notification, VitalEvent, event_from_record, read_event, read_notification
from .identifiers import Identifier
from .persons import Person, read_life_and_death, read_person
from .search_answers import SearchItem, read_search_response
from .types import EVENT_TYPES, add_event_type, event_type
from .values import InvalidRecord

__all__ = [
    "EVENT_TYPES",
    "DateReading",
    "Identifier",
    "InvalidRecord",
    "Notification",
    "Person",
    "SearchItem",
    "VitalEvent",
    "add_event_type",
    "event_from_record",
    "event_type",
    "read_date",
    "read_event",
    "read_life_and_death",
    "read_notification",
    "read_person",
    "read_search_response",
]
