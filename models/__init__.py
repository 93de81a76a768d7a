"""What the addon keeps and does in Odoo, in rooms.

A message is believed in ``trust``, kept in ``inbox``, becomes an ``event`` and is applied by
``processors`` to what ``registry`` adds to the base modules; ``asking`` asks registries by itself.
The picture of who may import whom is in ``docs/architecture.md``, and a test keeps it true.
"""

from . import mixins
from . import trust
from . import inbox
from . import event
from . import processors
from . import registry
from . import asking
