from . import test_group_membership, test_registry_id, test_res_partner, test_views, test_vocabulary
