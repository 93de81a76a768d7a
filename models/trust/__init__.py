"""Whom we believe: senders, their keys, and how these come here and go.

Imports ``services.signature``. Its neighbour is the ``inbox``, which asks it to verify messages.
"""

from . import sender_key
from . import sender
from . import sender_fetch
from . import sender_health
from . import adoption
