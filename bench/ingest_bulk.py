"""One message of 5,000 events against 5,000 messages of one."""

from __future__ import annotations

import tempfile
from pathlib import Path

from devtools.odoo import Odoo

from .arena import arena
from .figures import Target, ratio_figure
from .ingest import CALLBACK, prepare, shooter

EVENTS = 5_000


def run(odoo: Odoo) -> dict:
    """Measure `ingest_bulk`, with the scheduler off; see docs/benchmarks.md."""
    with arena(odoo, "ingest_bulk") as own, tempfile.TemporaryDirectory() as folder:
        single, bulk = Path(folder, "single"), Path(folder, "bulk")
        for place in (single, bulk):
            place.mkdir()
        prepare(own, single, messages=EVENTS, registrants=10)
        arguments = [single / "key", bulk / "messages", EVENTS, 3, EVENTS]
        with own.speaker("notifications", *arguments) as signer:
            signer.hear()
        with own.server() as port:
            with shooter(own, port, single / "messages") as gun:
                singles = gun.ask(path=CALLBACK, first=0, count=EVENTS)
            with shooter(own, port, bulk / "messages") as gun:
                bulks = [gun.ask(path=CALLBACK, first=number, count=1) for number in range(3)]
    for said in (singles, *bulks):
        if set(said["statuses"]) != {"202"}:
            raise RuntimeError(f"the callback answered {said['statuses']}")
    return {
        "ingest_bulk": ratio_figure(
            [singles["seconds"] / one["seconds"] for one in bulks],
            unit="time of 5,000 messages of one event per time of one message of 5,000",
            target=Target(8),
            bulk_s=round(min(one["seconds"] for one in bulks), 2),
            singles_s=round(singles["seconds"], 2),
        )
    }
