"""`./dev coverage`: how much of the pure services their own tests run through."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from . import testing
from .odoo import Odoo

LEAST = 95  # per cent of the lines, and of the branches, of each module


def pure_modules(services: Path) -> list[str]:
    """Return the modules of the pure rooms, such as `wire/envelope`."""
    return sorted(
        str(path.relative_to(services).with_suffix(""))
        for room in testing.PURE_ROOMS
        for path in (services / room).glob("*.py")
        if path.name != "__init__.py" or path.stat().st_size > 1000
    )


def table(report: dict, services: Path, modules: list[str]) -> tuple[list[str], list[str]]:
    """Write the lines of the table, and the names of the modules that fall short.

    :param report: what coverage.py writes as JSON
    :param services: folder of the modules
    :param modules: names of the modules that count
    """
    by_path = {Path(name).resolve(): entry for name, entry in report["files"].items()}
    rows, short, sums = [], [], [0, 0, 0, 0]
    for name in modules:
        summary = by_path[(services / f"{name}.py").resolve()]["summary"]
        figures = [
            summary["covered_lines"],
            summary["num_statements"],
            summary["covered_branches"],
            summary["num_branches"],
        ]
        sums = [total + figure for total, figure in zip(sums, figures, strict=True)]
        rows.append(_row(name, figures))
        if min(_percentages(figures)) < LEAST:
            short.append(name)
    return [*rows, _row("together", sums)], short


def _percentages(figures: list[int]) -> tuple[float, float]:
    lines, all_lines, branches, all_branches = figures
    return 100 * lines / (all_lines or 1), 100 * branches / all_branches if all_branches else 100.0


def _row(name: str, figures: list[int]) -> str:
    lines, branches = _percentages(figures)
    parts = (f"{lines:.1f} % of {figures[1]} lines", f"{branches:.1f} % of {figures[3]} branches")
    return f"{name:<28}{parts[0]:<24}{parts[1]}"


def run(odoo: Odoo) -> int:
    """Run the pure tests, measure, print the table.

    :return: 0 when the tests pass and each module is covered by :data:`LEAST` per cent
    """
    root = odoo.workspace.root
    services, written = root / "services", odoo.workspace.home / "coverage.json"
    written.unlink(missing_ok=True)
    command = testing.pure_command(
        odoo,
        [
            *testing.pure_folders(odoo.workspace),
            "-q",
            f"--cov={services}",
            "--cov-branch",
            f"--cov-report=json:{written}",
        ],
    )
    environ = {**odoo.environ(), "PYTHONPATH": str(testing.INSIDE)}
    status = subprocess.run(command, cwd=odoo.workspace.links, env=environ, check=False).returncode
    if status or not written.exists():
        return status or 1
    report = json.loads(written.read_text(encoding="utf-8"))
    rows, short = table(report, services, pure_modules(services))
    print("\n".join(rows))
    if short:
        print(f"coverage: below {LEAST} %: {', '.join(short)}")
    return 1 if short else 0
