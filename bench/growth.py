"""What an event costs among ten thousand, a hundred thousand and a million registrants."""

from __future__ import annotations

from statistics import median

from devtools.odoo import Odoo

from .arena import arena
from .figures import Target, ratio_figure

REGISTRANTS = (10_000, 100_000, 1_000_000)
SIZE = 200
ROUNDS = 9


def run(odoo: Odoo) -> dict:
    """Measure `growth`: the last cost in terms of the first; see docs/benchmarks.md."""
    with arena(odoo, "growth") as own:
        arguments = {"registrants": REGISTRANTS, "size": SIZE, "rounds": ROUNDS}
        with own.start("growth_rounds", **arguments) as script:
            said = [script.hear() for _size in REGISTRANTS]
    costs = {one["registrants"]: 1000 * median(one["seconds"]) / SIZE for one in said}
    few, many = costs[REGISTRANTS[0]], said[-1]["seconds"]
    return {
        "growth": ratio_figure(
            [1000 * seconds / SIZE / few for seconds in many],
            unit="cost of a death among 1,000,000 registrants per cost among 10,000",
            target=Target(1.2, higher_is_better=False),
            ms_per_event={str(size): round(cost, 2) for size, cost in costs.items()},
        )
    }
