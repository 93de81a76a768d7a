from . import test_registry_id
from . import test_res_partner
from . import test_vocabulary
