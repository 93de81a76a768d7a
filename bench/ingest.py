"""Notifications per second through the callback, against a bare route that stores the same row."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from devtools.console import Problem, step
from devtools.odoo import Odoo

from .arena import Arena, Script, arena, install
from .figures import Target, middle, ratio_figure

CALLBACK = "/dci/crvs/callback"
BARE = "/spp_bench/event"
CONNECTIONS = 4
ROUNDS = 7
SCHEDULER_ROUNDS = 5
PER_ROUND = 200
TARGET = Target(0.8, limit=0.6)
UNIT = "notifications/s of the callback per request/s of a bare ORM route"


def run(odoo: Odoo) -> dict:
    """Measure with the scheduler off, then with it on; see docs/benchmarks.md."""
    total = (ROUNDS + SCHEDULER_ROUNDS + 2) * PER_ROUND
    used = (ROUNDS + 1) * PER_ROUND
    with arena(odoo, "ingest") as own, tempfile.TemporaryDirectory() as folder:
        install(own, "spp_bench")
        prepare(own, Path(folder), messages=total, registrants=total)
        bodies = Path(folder, "messages")
        with own.server() as port, shooter(own, port, bodies) as gun:
            off = alternate(gun, 0, ROUNDS)
        with (
            own.server(schedulers=1) as port,
            shooter(own, port, bodies) as gun,
            own.speaker("watch") as watch,
        ):
            watch.ask()
            on = alternate(gun, used, SCHEDULER_ROUNDS, settle=watch.ask)
    return {"ingest": figure(off, TARGET), "ingest_scheduler": figure(on)}


def figure(rounds: list[tuple[dict, dict]], target: Target | None = None) -> dict:
    """Make a figure of rounds, each measured at the callback and at the bare route."""
    callback, bare = zip(*rounds, strict=False)
    return ratio_figure(
        [ours["rate"] / yardstick["rate"] for ours, yardstick in rounds],
        unit=UNIT,
        target=target,
        callback_per_s=middle(callback, "rate"),
        bare_per_s=middle(bare, "rate"),
        callback_p99_ms=middle(callback, "p99_ms"),
        bare_p99_ms=middle(bare, "p99_ms"),
        callback_median_ms=middle(callback, "median_ms"),
        bare_median_ms=middle(bare, "median_ms"),
    )


def prepare(own: Arena, folder: Path, *, messages: int, registrants: int, items: int = 1) -> None:
    """Sign messages into `folder/messages`, and have the arena trust their key."""
    with step(f"Signing {messages} notifications"):
        arguments = [folder / "key", folder / "messages", 0, messages, items]
        with own.speaker("notifications", *arguments) as signer:
            key = signer.hear()["public_key"]
    with step(f"Creating {registrants} registrants"):
        own.run("ingest_setup", public_key=key, registrants=registrants)


def shooter(own: Arena, port: int, bodies: Path) -> Script:
    """Start the load generator on a file of messages."""
    script = own.speaker("load", port, bodies, CONNECTIONS)
    script.hear()
    return script


def shoot(gun: Script, path: str, first: int, count: int) -> dict:
    """Post messages; return what the load generator says.

    :raise Problem: when one of them was not accepted
    """
    said = gun.ask(path=path, first=first, count=count)
    if set(said["statuses"]) != {"202"}:
        raise Problem(f"Not every request was accepted at {path}: {said['statuses']}.")
    return said


def alternate(
    gun: Script, first: int, rounds: int, settle: Callable[[], object] | None = None
) -> list[tuple[dict, dict]]:
    """Post to both routes in turn; the first round only warms up.

    :param settle: waits until what was posted is processed, so that the bare route does not pay
        for what it did not bring
    :return: for each round what was measured at the callback and at the bare route
    """
    measured = []
    for start in range(first, first + (rounds + 1) * PER_ROUND, PER_ROUND):
        callback = shoot(gun, CALLBACK, start, PER_ROUND)
        if settle:
            settle()
        measured.append((callback, shoot(gun, BARE, start, PER_ROUND)))
    return measured[1:]
