{
    "name": "OpenSPP DCI Client - CRVS: Bare Route",
    "summary": "The yardstick of the benchmark of the callback; never install it elsewhere",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "category": "Hidden",
    "author": "OpenSPP Community",
    "depends": ["spp_dci_client_crvs"],
    "data": ["security/ir.model.access.csv"],
    "installable": True,
}
