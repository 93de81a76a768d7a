"""What this addon adds to the base modules: registrants, their identifiers, data sources.

Everything is told to the other rooms by the names of their models, so nothing of theirs is
imported.
"""

from . import id_type
from . import registry_id
from . import id_type_map
from . import res_partner
from . import res_users
from . import partner_merge
from . import partner_pick
from . import data_source
from . import res_config_settings
