from pathlib import Path

from devtools import coverage

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


def test_every_module_of_a_pure_room_counts():
    modules = coverage.pure_modules(ROOT / "services")
    assert {"wire/strict_json", "signature/keys", "records/dates"} <= {*modules}
    assert not any(name.startswith(("asking", "crvs_service")) for name in modules)


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
