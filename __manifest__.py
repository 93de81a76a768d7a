{
    "name": "OpenSPP DCI Client - CRVS",
    "summary": "Vital events and checks from civil registries over the DCI API",
    "version": "19.0.1.0.0",
    "category": "OpenSPP/Integration",
    "author": "OpenSPP Community",
    "license": "LGPL-3",
    "depends": ["spp_dci_client", "spp_registry"],
    "external_dependencies": {
        "python": ["requests", "cryptography", "PyJWT", "jsonschema"],
    },
    "data": [
        "security/crvs_groups.xml",
        "security/crvs_user.xml",
        "security/ir.model.access.csv",
        "data/ir_sequence.xml",
        "data/ir_config_parameter.xml",
        "data/mail_activity_type_sender.xml",
        "data/ir_cron_keys.xml",
        "views/crvs_menus.xml",
        "views/crvs_sender_views.xml",
    ],
    "application": True,
}
