"""The log of vital events: how they are stored, when they are processed, what people do with them.

``event`` holds the fields and every transition of their state. Neighbours: the ``inbox`` stores
events, ``processors`` apply them; of the latter's files the restorer is imported, to undo, and
what the matcher compares by.
"""

from . import event
from . import event_result
from . import event_intake
from . import event_queue
from . import event_actions
from . import event_reading
from . import event_todo
from . import event_alerts
from . import event_digest
from . import event_wait
from . import candidate
from . import event_undo
from . import undo_run
from . import adoption
