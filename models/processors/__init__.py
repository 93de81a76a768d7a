"""What events do to registrants: who is meant, what changes, and how it is put back.

One model per event type inherits ``processor``. Imports ``services.records`` and ``const`` only;
whoever orders the work (``event``) is known by the name of its model.
"""

from . import processor
from . import matcher
from . import registration_numbers
from . import civil_history
from . import versions
from . import death_limit
from . import birth
from . import death
from . import household
from . import entitlements
from . import civil_status
