"""What `./dev bench` runs: see docs/benchmarks.md.

`BENCHMARKS` maps the name of each figure to the module that measures it. A module has
`run(odoo) -> dict` and may return several figures by name, since some need each other.
"""

BENCHMARKS = {
    "ingest": "ingest",
    "ingest_scheduler": "ingest",
    "ingest_bulk": "ingest_bulk",
    "processing": "processing",
    "death_cost": "processing",
    "processing_queue_job": "backlog",
    "processing_scale": "backlog",
    "growth": "growth",
    "latency": "latency",
    "check": "check",
}
