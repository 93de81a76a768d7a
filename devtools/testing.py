"""`./dev test`: every addon and tool of the repository, with Odoo and without it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from . import processes
from .files import lock
from .odoo import Odoo
from .workspace import ROOT_ADDON, TOOL_FOLDERS, Workspace

DATABASE = "spp_test"
SECOND_DATABASE = "spp_test2"
THIRD_DATABASE = "spp_test3"
INSIDE = Path(__file__).resolve().parent / "inside"
#: The rooms under `tests/` whose tests need no Odoo.
PURE_ROOMS = ("wire", "signature", "records")
#: Of the tests that start servers those that make databases of their own, which takes long.
INSTALLING = ("adoption", "contributing", "optional_modules", "wheel")
#: What a first word stands for.
MODES = {"fast": ("-m", "not server and not browser"), "thorough": ()}
THOROUGH_EXAMPLES = "2000"
#: Rows of each table that grows, for which plans of queries are looked at.
THOROUGH_ROWS = "1000000"
#: Seconds in which tests that are interrupted end the servers that they started.
TAKING_DOWN_S = 30
NOTHING_COLLECTED = 5  # pytest's exit status
OUTCOMES = ("failed", "passed", "skipped", "deselected", "xfailed", "error")
CLOSING = re.compile(r"\bin \d+\.\d+s")


def pure_folders(workspace: Workspace) -> list[str]:
    """Return the folders of tests that need no Odoo, relative to the folder of links."""
    folders = [f"addons/{ROOT_ADDON}/tests/{room}" for room in PURE_ROOMS]
    folders += [f"tools/{name}/tests" for name in TOOL_FOLDERS]
    return _existing(workspace, folders)


def server_folders(workspace: Workspace) -> list[str]:
    """Return the folders of tests that start servers of their own."""
    return _existing(workspace, [f"addons/{ROOT_ADDON}/tests/server", "extensions/tests"])


def installing_files(workspace: Workspace) -> list[str]:
    """Return the tests that install addons on databases of their own."""
    server = f"addons/{ROOT_ADDON}/tests/server"
    files = [f"{server}/test_{name}.py" for name in INSTALLING]
    places = [*files, "extensions/tests"]
    return [place for place in places if (workspace.links / place).exists()]


def asking_folders(workspace: Workspace) -> list[str]:
    """Return the folders of tests that ask registries, which take half the time of the others."""
    rooms = ("asking", "dialects")
    return _existing(workspace, [f"addons/{ROOT_ADDON}/tests/{room}" for room in rooms])


def odoo_folders(workspace: Workspace) -> list[str]:
    """Return the folders in which all tests with Odoo lie, and others."""
    folders = [f"addons/{ROOT_ADDON}/tests"]
    folders += [f"openspp/{name}/tests" for name in workspace.addons() if name != ROOT_ADDON]
    return _existing(workspace, folders)


def _existing(workspace: Workspace, folders: list[str]) -> list[str]:
    return [folder for folder in folders if (workspace.links / folder).is_dir()]


def translate(workspace: Workspace, argument: str, cwd: Path) -> str:
    """Point an argument that names a test of the clone to its place among the links.

    :param argument: an argument for pytest; anything but a path in the clone comes back as it is
    :param cwd: what a relative path is relative to, beside the clone
    """
    path, separator, rest = argument.partition("::")
    if not path or path.startswith("-"):
        return argument
    for base in (cwd, workspace.root):
        candidate = (base / path).resolve()
        if candidate.exists() and candidate.is_relative_to(workspace.root):
            break
    else:
        return argument
    relative = candidate.relative_to(workspace.root)
    top = relative.parts[0] if relative.parts else ""
    if top in TOOL_FOLDERS:
        place = Path("tools") / relative
    elif top == "tests":
        place = Path("addons") / ROOT_ADDON / relative
    elif top in ("openspp", "extensions"):
        place = relative
    else:
        return argument
    return f"{place}{separator}{rest}"


def names_tests(workspace: Workspace, arguments: list[str]) -> bool:
    """Whether translated arguments name tests, and not only how to run them all."""
    return any(
        not argument.startswith("-") and (workspace.links / argument.partition("::")[0]).exists()
        for argument in arguments
    )


def run(odoo: Odoo, arguments: list[str]) -> int:
    """Run the tests, those with Odoo on a database of their own.

    :param arguments: for pytest, paths relative to the clone or the current folder. A first word
        `fast` leaves out what starts servers or a browser, `thorough` has property tests search
        longer.
    :return: pytest's exit status; not 0 when nothing was collected
    """
    workspace = odoo.workspace
    mode = arguments[0] if arguments and arguments[0] in MODES else ""
    given = [translate(workspace, each, Path(os.getcwd())) for each in arguments[bool(mode) :]]
    # A mode's options come first, so that those of the user decide.
    given = [*MODES.get(mode, ()), *given]
    environ = {
        **odoo.environ(),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(workspace.home / "hypothesis"),
    }
    if mode == "thorough":
        environ["SPP_TEST_EXAMPLES"] = THOROUGH_EXAMPLES
        environ["SPP_TEST_ROWS"] = THOROUGH_ROWS
    with lock(workspace.home / "test.lock", "Waiting for another test run of this clone …"):
        if names_tests(workspace, given):
            return _run_some(odoo, given, environ)
        return _run_all(odoo, given, environ, mode)


def _run_all(odoo: Odoo, given: list[str], environ: dict[str, str], mode: str) -> int:
    """Run all tests in four processes: without Odoo, and three with a database each.

    What they print comes one after the other, and in the end how many tests there were.
    """
    workspace = odoo.workspace
    start = time.monotonic()
    servers, installing = server_folders(workspace), installing_files(workspace)
    beside: dict[str, tuple[str, list[str]]] = {}
    if mode == "fast":
        beside["Tests that ask"] = (SECOND_DATABASE, asking_folders(workspace))
    else:
        left_out = [f"--ignore={place}" for place in installing]
        serving = [place for place in servers if place not in installing]
        if serving:
            beside["Tests that start servers"] = (SECOND_DATABASE, [*left_out, *serving])
        if installing:
            beside["Tests that install"] = (THIRD_DATABASE, installing)
    apart = [*pure_folders(workspace), *servers]
    apart += asking_folders(workspace) if mode == "fast" else []
    rest = [*(f"--ignore={folder}" for folder in apart), *odoo_folders(workspace)]
    commands = {
        "Tests without Odoo": (
            pure_command(odoo, [*given, *pure_folders(workspace)]),
            {**environ, "PYTHONPATH": str(INSIDE)},
        )
    }
    _prepare(odoo, update=mode == "fast")
    for title, (database, places) in beside.items():
        odoo.copy(DATABASE, database)
        commands[title] = (
            odoo_command(odoo, database, [*given, *places]),
            odoo_environ(odoo, environ),
        )
    others = odoo_command(odoo, DATABASE, [*given, *rest]), odoo_environ(odoo, environ)
    with ExitStack() as stack:
        running = []
        for title, (command, variables) in commands.items():
            output = stack.enter_context(tempfile.TemporaryFile(mode="w+", encoding="utf-8"))
            running.append((title, output, _start(workspace, command, variables, output)))
        try:
            with tempfile.TemporaryFile(mode="w+", encoding="utf-8") as output:
                last = _start(workspace, *others, subprocess.PIPE)
                running.append(("", output, last))
                for line in last.stdout or ():
                    print(line, end="", flush=True)
                    output.write(line)
                running.pop()
                outcomes = [_outcome(last.wait(), output)]
            for title, output, process in running:
                outcomes.append(_outcome(process.wait(), output))
                output.seek(0)
                print(f"\n{title}:\n{output.read().rstrip()}", flush=True)
        except BaseException:
            _interrupt([process for _title, _output, process in running])
            raise
    for database, _places in beside.values():
        odoo.drop(database)
    print(f"\n{summary([counts for _status, counts in outcomes], time.monotonic() - start)}")
    statuses = {status for status, _counts in outcomes}
    if NOTHING_COLLECTED in statuses and len(statuses) > 1:
        statuses.remove(NOTHING_COLLECTED)  # `-k` chose tests of another kind
    return max(statuses)


def _start(
    workspace: Workspace, command: list[str], environ: dict[str, str], output: Any
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=workspace.links,
        env=environ,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        # An interrupted terminal reaches `./dev`, which tells them once, see `_interrupt`.
        start_new_session=True,
    )


def _interrupt(pytests: list[subprocess.Popen[str]]) -> None:
    """End pytest so that it takes down what its tests have started."""
    for process in pytests:
        process.send_signal(signal.SIGINT)
    for process in pytests:
        _take_down(process)


def _take_down(process: subprocess.Popen[Any]) -> None:
    """Wait until an interrupted pytest has ended, and end it when it does not."""
    try:
        process.wait(TAKING_DOWN_S)
    except subprocess.TimeoutExpired:
        process.kill()


def _outcome(status: int, output: TextIO) -> tuple[int, Counter[str]]:
    """Return a process's exit status, and what its closing line counts."""
    output.seek(0)
    closing = next((line for line in reversed(output.readlines()) if CLOSING.search(line)), "")
    found = re.findall(r"(\d+) (passed|failed|errors?|skipped|xfailed|deselected)", closing)
    return status, Counter({word.rstrip("s"): int(number) for number, word in found})


def summary(outcomes: list[Counter[str]], seconds: float) -> str:
    """Return a closing line as pytest writes it, of several processes together.

    :param outcomes: how many tests had which outcome, for each process
    """
    counts = sum(outcomes, Counter[str]())
    parts = [f"{counts[word]} {word}" for word in OUTCOMES if counts[word]]
    return f" {', '.join(parts) or 'no tests ran'} in {seconds:.2f}s ".center(80, "=")


def pure_command(odoo: Odoo, arguments: list[str]) -> list[str]:
    """Return the command that runs tests in a process without Odoo."""
    workspace = odoo.workspace
    addon = workspace.links / "addons" / ROOT_ADDON
    plugins = ["-p", "no:odoo", "-p", "pytest_pure", f"--pure-addon={addon}"]
    return [*_pytest(odoo, "pure"), *plugins, *arguments]


def _pytest(odoo: Odoo, kind: str) -> list[str]:
    workspace = odoo.workspace
    return [
        *(str(odoo.python), "-m", "pytest", "-p", "pytest_marks"),
        f"--config-file={workspace.root / 'pyproject.toml'}",
        f"--rootdir={workspace.links}",
        f"--override-ini=cache_dir={workspace.home / f'pytest_cache_{kind}'}",
    ]


def _prepare(odoo: Odoo, *, update: bool) -> None:
    # A run that was killed may have left its pytest behind.
    for database in (DATABASE, SECOND_DATABASE, THIRD_DATABASE):
        processes.stop(processes.find(_configuration_option(odoo, database)), seconds=5)
    odoo.prepare(DATABASE, demo=False, update=update)


def _configuration_option(odoo: Odoo, database: str) -> str:
    return f"--odoo-config={odoo.configuration(f'test-{database}', database, max_cron_threads=0)}"


def odoo_command(odoo: Odoo, database: str, arguments: list[str]) -> list[str]:
    """Return the command that runs tests on a prepared database."""
    chosen = _configuration_option(odoo, database)
    return [*_pytest(odoo, database), chosen, "--odoo-http", *arguments]


def odoo_environ(odoo: Odoo, environ: dict[str, str]) -> dict[str, str]:
    """Return the environment of tests with Odoo."""
    path = os.pathsep.join(filter(None, (environ.get("PYTHONPATH"), str(INSIDE))))
    environ = {**environ, "PYTHONPATH": path}
    if odoo.connection.users:  # else the server, and its log, is not ours
        # Tests prove that nothing about a person enters this log.
        environ["SPP_POSTGRES_LOG"] = str(odoo.workspace.logs / "postgresql.log")
    return environ


def _run_some(odoo: Odoo, arguments: list[str], environ: dict[str, str]) -> int:
    _prepare(odoo, update=True)
    command = odoo_command(odoo, DATABASE, arguments)
    # It shares the terminal, for a debugger, and so is interrupted when `./dev` is.
    process = subprocess.Popen(command, cwd=odoo.workspace.links, env=odoo_environ(odoo, environ))
    try:
        return process.wait()
    except KeyboardInterrupt:
        _take_down(process)
        raise
