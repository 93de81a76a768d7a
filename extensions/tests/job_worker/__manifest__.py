{
    "name": "Job Worker (stand-in)",
    "summary": "What the tests need of OpenSPP's job queue; performs nothing by itself",
    "version": "19.0.1.0.0",
    "author": "OpenSPP Community",
    "license": "LGPL-3",
    "depends": ["base"],
    "data": ["security/ir.model.access.csv"],
}
