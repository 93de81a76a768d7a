{
    "name": "OpenSPP DCI Client",
    "summary": "Ask registries over the DCI API",
    "version": "19.0.1.0.0",
    "category": "OpenSPP/Integration",
    "author": "OpenSPP Community",
    "license": "LGPL-3",
    "depends": ["base", "web"],
    "external_dependencies": {"python": ["httpx", "cryptography"]},
    "data": [
        "security/ir.model.access.csv",
        "views/data_source_views.xml",
        "views/dci_menus.xml",
    ],
}
