from pathlib import Path

from devtools import coverage

from .conftest import write

ROOT = Path(coverage.__file__).resolve().parent.parent


def summary(lines, all_lines, branches=0, all_branches=0):
    return {
        "summary": {
            "covered_lines": lines,
            "num_statements": all_lines,
            "covered_branches": branches,
            "num_branches": all_branches,
        }
    }


def test_doors_bring_along_what_they_import():
    modules = coverage.pure_modules(ROOT / "services")
    assert {"envelope", "signature", "records", "strict_json", "keys", "record_dates"} <= {*modules}
    assert not {"registry", "crvs_service", "log_guard"} & {*modules}


def test_tests_that_need_odoo_are_left_out(tmp_path):
    write(tmp_path / "test_pure.py", "from ..services import envelope\nimport odoolike\n")
    write(tmp_path / "test_plain.py", "import odoo.tests\n")
    write(tmp_path / "test_from.py", "def f():\n    from odoo import models\n")
    assert [Path(path).name for path in coverage.pure_tests(tmp_path)] == ["test_pure.py"]


def test_lines_and_branches_count_for_each_module(tmp_path):
    report = {
        "files": {
            str(tmp_path / "full.py"): summary(20, 20, 4, 4),
            str(tmp_path / "lines.py"): summary(94, 100),
            str(tmp_path / "branches.py"): summary(100, 100, 94, 100),
            str(tmp_path / "enough.py"): summary(95, 100, 95, 100),
        }
    }
    rows, short = coverage.table(report, tmp_path, ["branches", "enough", "full", "lines"])
    assert short == ["branches", "lines"]
    assert " ".join(rows[-1].split()) == "together 96.6 % of 320 lines 94.6 % of 204 branches"
