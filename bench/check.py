"""Deaths checked per second in bulk against one by one, and the memory of a large check."""

from __future__ import annotations

from devtools.odoo import Odoo

from .arena import arena
from .figures import Target, middle, ratio_figure

PEOPLE = 2_000
SINGLES = 100
ROUNDS = 15
MANY = 100_000


def run(odoo: Odoo) -> dict:
    """Measure `check` against the sandbox registry; see docs/benchmarks.md."""
    arguments = {"people": PEOPLE, "singles": SINGLES, "rounds": ROUNDS, "many": MANY}
    with arena(odoo, "check") as own, own.start("check_rounds", **arguments) as script:
        rounds = [script.hear() for _round in range(ROUNDS)]
        memory = script.hear()["memory_mib"]
    return {
        "check": ratio_figure(
            [one["bulk_per_s"] / one["singles_per_s"] for one in rounds],
            unit="pairs/s of check_deaths per check_death/s",
            target=Target(20),
            bulk_per_s=middle(rounds, "bulk_per_s"),
            singles_per_s=middle(rounds, "singles_per_s"),
            resident_mib=[round(mark, 1) for mark in memory],
            growth_mib=round(memory[-1] - memory[1], 1),
        )
    }
