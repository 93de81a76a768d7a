"""Deaths per second in batches against one by one, and their cost in bare writes."""

from __future__ import annotations

from devtools.odoo import Odoo

from .arena import arena
from .figures import Target, ratio_figure

SIZE = 200
ROUNDS = 5


def measure(odoo: Odoo) -> list[dict]:
    """Return the seconds of each round for `SIZE` deaths or writes, in one process."""
    arguments = {"size": SIZE, "rounds": ROUNDS}
    with arena(odoo, "processing") as own, own.start("processing_rounds", **arguments) as script:
        return [script.hear() for _round in range(ROUNDS)]


def run(odoo: Odoo) -> dict:
    """Measure `processing` and `death_cost` in one run; see docs/benchmarks.md."""
    rounds = measure(odoo)
    return {
        "processing": ratio_figure(
            [one["one_by_one"] / one["together"] for one in rounds],
            unit="deaths/s in batches per death/s one by one",
            target=Target(5),
            deaths_per_s=round(SIZE / min(one["together"] for one in rounds), 1),
        ),
        "death_cost": ratio_figure(
            [one["together"] / one["written"] for one in rounds],
            unit="bare flushed res.partner writes per death",
            target=Target(6, higher_is_better=False),
            death_ms=round(1000 * min(one["together"] for one in rounds) / SIZE, 2),
        ),
    }
