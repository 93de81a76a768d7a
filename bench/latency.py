"""From the acknowledgement to the updated registrant, on an idle server."""

from __future__ import annotations

import http.client
import os
import tempfile
import time
from pathlib import Path
from statistics import median

from devtools.odoo import Odoo

from .arena import arena
from .figures import percentile
from .ingest import CALLBACK, prepare

MESSAGES = 30
WATCH = "watch_registrant"


def run(odoo: Odoo) -> dict:
    """Measure `latency` in seconds; see docs/benchmarks.md."""
    with arena(odoo, "latency") as own, tempfile.TemporaryDirectory() as folder:
        prepare(own, Path(folder), messages=MESSAGES, registrants=MESSAGES)
        bodies = Path(folder, "messages").read_bytes().splitlines()
        with own.server(schedulers=1) as port, own.speaker(WATCH) as watch:
            seconds = []
            for number, body in enumerate(bodies):
                time.sleep(0.2 + int.from_bytes(os.urandom(1), "big") / 512)
                post(port, body)
                seconds.append(watch.ask(number=number)["waited"])
    return {
        "latency": {
            "ratio": None,
            "unit": "s",
            "values": [round(value, 3) for value in seconds],
            "median": round(median(seconds), 3),
            "p95": round(percentile(seconds, 95), 3),
        }
    }


def post(port: int, body: bytes) -> None:
    """Post one message; it must be acknowledged."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", CALLBACK, body, {"Content-Type": "application/json"})
        status = connection.getresponse().status
    finally:
        connection.close()
    if status != 202:
        raise RuntimeError(f"the callback answered {status}")
