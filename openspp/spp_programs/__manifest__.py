{
    "name": "OpenSPP Programs",
    "summary": "Programmes and the registrants who are members of them",
    "version": "19.0.1.0.0",
    "category": "OpenSPP/Core",
    "author": "OpenSPP Community",
    "license": "LGPL-3",
    "depends": ["spp_registry"],
    "data": [
        "security/programs_groups.xml",
        "security/ir.model.access.csv",
        "views/program_membership_views.xml",
        "views/program_views.xml",
        "views/res_partner_views.xml",
        "views/programs_menus.xml",
    ],
    "demo": ["demo/programs.xml"],
    "application": True,
}
