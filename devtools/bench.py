"""`./dev bench`: runs the benchmarks of the folder `bench/` and collects their figures."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

from .console import Problem, say, step
from .files import write_text
from .odoo import Odoo


def run(odoo: Odoo, name: str | None, target: Path | None) -> int:
    """Run one benchmark or all of them.

    `bench.BENCHMARKS` maps each name to the name of its module in `bench/`, which has
    `run(odoo) -> dict` with `ratio`, `unit` and `values`.

    :param name: of the benchmark; all when None
    :param target: file for the figures as JSON
    """
    try:
        benchmarks = importlib.import_module("bench").BENCHMARKS
    except ModuleNotFoundError:
        raise Problem("This clone has no benchmarks: the folder bench/ is missing.") from None
    if name is not None and name not in benchmarks:
        raise Problem(f"There is no benchmark {name}; there are {', '.join(benchmarks)}.")
    figures = {}
    for chosen in [name] if name else list(benchmarks):
        module = importlib.import_module(f"bench.{benchmarks[chosen]}")
        with step(f"Measuring {chosen}"):
            figures[chosen] = module.run(odoo)
        say(f"  {figures[chosen]}")
    text = json.dumps(figures, indent=1)
    print(text)
    if target:
        write_text(target.absolute(), f"{text}\n", mode=0o644)
    return 0
