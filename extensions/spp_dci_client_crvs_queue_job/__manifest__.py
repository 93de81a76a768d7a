{
    "name": "OpenSPP DCI Client - CRVS: Job Queue",
    "summary": "Vital events are processed by OCA's job queue, on as many hosts as you like",
    "version": "19.0.1.0.0",
    "category": "OpenSPP/Integration",
    "author": "OpenSPP Community",
    "license": "LGPL-3",
    "depends": ["spp_dci_client_crvs", "queue_job"],
    "data": ["data/queue_job.xml"],
    "auto_install": True,
    "uninstall_hook": "uninstall_hook",
}
