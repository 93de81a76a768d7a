"""Asking registries by ourselves: death checks, pulls, subscriptions.

Imports ``services.asking`` and ``services.dialects``. What is found becomes events by the ``event``
room's intake; answers that come later arrive through the ``inbox``.
"""

from . import subscription
from . import subscription_exchange
from . import subscription_upkeep
from . import check
from . import check_line
from . import check_run
from . import last_check
from . import person_check
from . import check_steps
from . import check_button
from . import data_source
from . import connection
from . import checklist
from . import pull
from . import pull_run
