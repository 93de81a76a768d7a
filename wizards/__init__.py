from . import crvs_dialect_wizard
from . import crvs_subscribe_wizard
from . import crvs_event_reverse
from . import crvs_event_reassign
from . import crvs_event_review
from . import crvs_undo_start
from . import crvs_check_wizard
from . import crvs_import_wizard
