from . import vocabulary
from . import vocabulary_code
from . import registry_id
from . import res_partner
