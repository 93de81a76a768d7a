"""Run with `env` in scope: subscribes to the four vital events as another addon would."""
# ruff: noqa: F821

from odoo.addons.spp_dci_client_crvs.services.crvs_service import CRVSService

service = CRVSService(env, data_source_code="crvs_main")
for code in service.subscribe_events(["BIRTH", "DEATH", "MARRIAGE", "DIVORCE"]):
    print(code)
