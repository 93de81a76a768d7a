from . import test_registry_id, test_res_partner, test_vocabulary
