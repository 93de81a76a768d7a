from collections import Counter

import pytest

from devtools import bench, cli, demo, lint, testing
from devtools.console import Problem
from devtools.demo_people import ROLES, Actor
from devtools.workspace import ROOT_ADDON

from .conftest import write


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["up", "--port", "80"],
        ["up", "--port", "65536"],
        ["up", "--port", "x"],
        ["up", "--workers", "-1"],
        ["up", "--workers", "1.5"],
        ["status", "now"],
    ],
)
def test_wrong_arguments_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    assert "usage: ./dev" in capsys.readouterr().err


@pytest.fixture
def command(clone, monkeypatch):
    """Replaces the command `status`; returns how to say what it does."""
    monkeypatch.setattr(cli.Workspace, "here", lambda: clone)

    def define(function):
        monkeypatch.setitem(cli.COMMANDS, "status", function)

    return define


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (Problem("Make room."), 1, "dev: Make room.\n"),
        (OSError(28, "No space left on device", "/x"), 1, "No space left on device: /x.\n"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_goes_wrong_is_said_in_a_sentence(command, capsys, error, status, sentence):
    def fail(*_arguments):
        raise error

    command(fail)
    assert cli.main(["status"]) == status
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.out == ""


def test_everything_behind_test_is_for_pytest(clone, monkeypatch):
    monkeypatch.setattr(cli.Workspace, "here", lambda: clone)
    seen = []
    monkeypatch.setitem(cli.COMMANDS, "test", lambda *arguments: seen.append(arguments[2]) or 5)
    assert cli.main(["test", "--help", "-k", "a or b"]) == 5
    assert seen == [["--help", "-k", "a or b"]]


def test_paths_are_found_among_the_links(clone):
    clone.link()

    def placed(argument, cwd=clone.root):
        return testing.translate(clone, argument, cwd)

    name = f"addons/{ROOT_ADDON}/tests/test_thing.py"
    assert placed("tests/test_thing.py") == name
    assert placed("test_thing.py::test_a[x::y]", clone.root / "tests") == f"{name}::test_a[x::y]"
    assert placed(str(clone.root / "tests" / "test_thing.py")) == name
    assert placed("sandbox/tests") == "tools/sandbox/tests"
    assert placed("openspp/spp_registry") == "openspp/spp_registry"
    for other in ("-k", "--cov=services", "tests/none.py", "test_a or test_b", "docs/page.xml"):
        assert placed(other) == other


def test_all_folders_run_unless_some_are_named(clone):
    clone.link()
    assert testing.odoo_folders(clone) == [
        f"addons/{ROOT_ADDON}/tests",
        "openspp/spp_registry/tests",
    ]
    assert testing.pure_folders(clone) == ["tools/sandbox/tests"]
    assert testing.server_folders(clone) == []
    assert testing.names_tests(clone, ["-x", "tools/sandbox/tests"])
    assert testing.names_tests(clone, [f"addons/{ROOT_ADDON}/tests/test_thing.py::test_a"])
    assert not testing.names_tests(clone, ["-k", "thing", "-m", "not server"])


def test_the_closing_line_counts_all_processes():
    counts = [Counter(passed=3, skipped=1), Counter(passed=4, failed=1), Counter()]
    assert testing.summary(counts, 2).strip("= ") == "1 failed, 7 passed, 1 skipped in 2.00s"
    assert testing.summary([Counter()], 2).strip("= ") == "no tests ran in 2.00s"


def test_broken_xml_is_named_with_its_line(clone):
    write(clone.root / "views" / "menu.xml", "<odoo>\n<menu>\n</odoo>")
    write(clone.root / "docs" / "page.xml", "<p/>")
    write(clone.root / "node_modules" / "x.xml", "<p>")
    assert lint.broken_xml(clone.root) == ["views/menu.xml:3: mismatched tag"]


def test_an_unknown_benchmark_is_a_problem(monkeypatch):
    module = type("bench", (), {"BENCHMARKS": {"ingest": "ingest"}})
    monkeypatch.setattr(bench.importlib, "import_module", lambda name: module)
    with pytest.raises(Problem, match="there are ingest"):
        bench.run(None, "dance", None)


def test_the_table_marks_what_changed():
    actor = Actor(ROLES[1], 1, "77", "DRN-1", "2026-01-01", new=True)
    actor.before = {"birth date": "1946-01-19", "disabled": "", "spouse": ""}
    actor.after = {"birth date": "1946-01-19", "disabled": "today", "spouse": "", "DRN": "1"}
    assert demo.table(actor).splitlines() == [
        "",
        "Kofi Mensah, UIN 77",
        "   DEATH       before      after",
        "   birth date  1946-01-19  1946-01-19",
        "*  disabled    –           today",
        "*  DRN         –           1",
    ]
