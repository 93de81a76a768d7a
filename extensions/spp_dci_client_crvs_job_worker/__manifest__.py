{
    "name": "OpenSPP DCI Client - CRVS: Job Worker",
    "summary": "Vital events are processed by OpenSPP's own job queue",
    "version": "19.0.1.0.0",
    "category": "OpenSPP/Integration",
    "author": "OpenSPP Community",
    "license": "LGPL-3",
    "depends": ["spp_dci_client_crvs", "job_worker"],
    "auto_install": True,
    "uninstall_hook": "uninstall_hook",
}
