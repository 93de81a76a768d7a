"""`./dev bench`: runs the benchmarks of the folder `bench/` and collects their figures."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

from .console import Problem, say, step
from .files import lock, write_text
from .odoo import Odoo


def run(odoo: Odoo, name: str | None, target: Path | None) -> int:
    """Run one benchmark or all of them.

    `bench.BENCHMARKS` maps each name to its module in `bench/`, which has `run(odoo) -> dict`:
    figures by name, each with `ratio`, `unit` and `values`.

    :param name: of the benchmark; all when None
    :param target: file for the figures as JSON
    """
    try:
        benchmarks = importlib.import_module("bench").BENCHMARKS
    except ModuleNotFoundError:
        raise Problem("This clone has no benchmarks: the folder bench/ is missing.") from None
    if name is not None and name not in benchmarks:
        raise Problem(f"There is no benchmark {name}; there are {', '.join(benchmarks)}.")
    describe = importlib.import_module("bench.figures").describe
    figures: dict[str, dict] = {}
    with lock(odoo.workspace.home / "bench.lock", "Waiting for another run of the benchmarks …"):
        for chosen in dict.fromkeys([benchmarks[name]] if name else benchmarks.values()):
            module = importlib.import_module(f"bench.{chosen}")
            with step(f"Measuring {chosen}"):
                measured = module.run(odoo)
            figures |= measured
            for title, figure in measured.items():
                say(f"  {describe(title, figure)}")
    text = json.dumps(figures, indent=1)
    print(text)
    if target:
        write_text(target.absolute(), f"{text}\n", mode=0o644)
    return 0
