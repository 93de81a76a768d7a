"""The commands of `./dev`."""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from . import (
    bench,
    coverage,
    demo,
    i18n,
    lint,
    odoo,
    pictures,
    postgres,
    proxy,
    python_env,
    sandbox,
    server,
    testing,
    wheel,
)
from .console import Problem, say
from .workspace import Workspace

LOGIN = "login admin, password admin"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    main_parser = argparse.ArgumentParser(
        prog="./dev", description="Runs, tests and shows the addon on a bare machine."
    )
    commands = main_parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("demo", help="show five vital events on their way into Odoo")
    commands.add_parser("test", help="run every test; arguments are pytest's", add_help=False)
    commands.add_parser("coverage", help="measure how much of the pure services is tested")
    start = commands.add_parser("up", help="start Odoo in the background")
    start.add_argument("--port", type=_port, metavar="N", help="HTTP port, remembered")
    start.add_argument("--workers", type=_count, metavar="N", default=0, help="worker processes")
    stop = commands.add_parser("down", help="stop Odoo and its PostgreSQL")
    stop.add_argument(
        "--drop", action="store_true", help="also give up the database and the registry's people"
    )
    commands.add_parser("status", help="print URL, state and log file")
    shell = commands.add_parser("shell", help="Odoo's shell, or run a file with env in scope")
    shell.add_argument("file", nargs="?", type=Path, metavar="FILE")
    measure = commands.add_parser("bench", help="run the benchmarks")
    measure.add_argument("name", nargs="?", metavar="NAME", help="one of them; all when left out")
    measure.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    commands.add_parser("proxy", help="try deploy/nginx.conf with a real nginx before Odoo")
    commands.add_parser("i18n", help="write the translation template anew")
    commands.add_parser("pictures", help="take the pictures of docs/tour.md anew")
    package = commands.add_parser("wheel", help="build the addon alone as a package for pip")
    package.add_argument("folder", type=Path, metavar="FOLDER", help="where it goes")
    commands.add_parser("lint", help="check formatting, code and data files")
    return main_parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1024 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) > 64:
        raise argparse.ArgumentTypeError("a number of processes is 0 to 64")
    return int(text)


def main(arguments: list[str]) -> int:
    """Carry out one command; return the exit status."""
    if arguments[:1] == ["test"]:  # everything behind it is pytest's
        options, rest = argparse.Namespace(command="test"), arguments[1:]
    else:
        options, rest = parser().parse_args(arguments), []
    try:
        return COMMANDS[options.command](Workspace.here(), options, rest)
    except Problem as problem:
        say(f"dev: {problem}")
        return 1
    except KeyboardInterrupt:
        say("dev: interrupted; the next run carries on from here.")
        return 130
    except OSError as error:
        if error.errno is None or not error.strerror:
            raise
        say(f"dev: {error.strerror}: {error.filename or 'no file named'}.")
        return 1


def _test(workspace: Workspace, _options: argparse.Namespace, rest: list[str]) -> int:
    with odoo.ready(workspace) as instance:
        return testing.run(instance, rest)


def _coverage(workspace: Workspace, _options: argparse.Namespace, _rest: list[str]) -> int:
    with odoo.ready(workspace) as instance:
        return coverage.run(instance)


def _demo(workspace: Workspace, _options: argparse.Namespace, _rest: list[str]) -> int:
    with odoo.ready(workspace) as instance:
        return demo.run(instance)


def _bench(workspace: Workspace, options: argparse.Namespace, _rest: list[str]) -> int:
    with odoo.ready(workspace) as instance:
        return bench.run(instance, options.name, options.json)


def _proxy(workspace: Workspace, _options: argparse.Namespace, _rest: list[str]) -> int:
    with odoo.ready(workspace) as instance:
        return proxy.run(instance)


def _up(workspace: Workspace, options: argparse.Namespace, _rest: list[str]) -> int:
    with odoo.ready(workspace) as instance:
        running = server.up(instance, port=options.port, workers=options.workers)
    print(f"{running.url} ({LOGIN}); log file {running.log}")
    return 0


def _down(workspace: Workspace, options: argparse.Namespace, _rest: list[str]) -> int:
    stopped = [server.down(workspace), sandbox.stop(workspace)]
    if options.drop:
        with odoo.ready(workspace) as instance:
            instance.drop(server.DATABASE)
            # What it registered was about the registrants of that database.
            sandbox.state_file(instance.workspace).unlink(missing_ok=True)
    else:
        postgres.stop_idle(workspace)
    print("stopped" if any(stopped) else "nothing was running")
    return 0


def _status(workspace: Workspace, _options: argparse.Namespace, _rest: list[str]) -> int:
    running = server.running(workspace)
    port = workspace.ports()["http"]
    url = running.url if running else f"http://127.0.0.1:{port}"
    if not running:
        state = "stopped"
    elif server.answers(url):
        state = f"running (process {running.pid}, {running.workers or 'no'} workers)"
    else:
        state = f"not answering (process {running.pid})"
    print(f"URL:   {url}\nstate: {state}\nlog:   {workspace.logs / 'odoo.log'}")
    return 0


def _shell(workspace: Workspace, options: argparse.Namespace, _rest: list[str]) -> int:
    file = options.file.absolute() if options.file else None
    if file and not file.is_file():
        raise Problem(f"There is no file {options.file}.")
    with odoo.ready(workspace) as instance:
        if not server.running(workspace):
            instance.prepare(server.DATABASE, demo=True)
        configuration = instance.configuration("shell", server.DATABASE)
        if file:
            command = [str(instance.python), str(odoo.INSIDE / "run_file.py")]
            command += [str(configuration), str(file)]
        else:
            command = instance.command("shell", "--config", configuration, "--no-http")
        return subprocess.run(command, env=instance.environ(), check=False).returncode


def _i18n(workspace: Workspace, _options: argparse.Namespace, _rest: list[str]) -> int:
    with odoo.ready(workspace) as instance:
        print(i18n.run(instance).relative_to(workspace.root))
    return 0


def _pictures(workspace: Workspace, _options: argparse.Namespace, _rest: list[str]) -> int:
    with odoo.ready(workspace) as instance:
        for path in pictures.run(instance):
            print(path.relative_to(workspace.root))
    return 0


def _wheel(workspace: Workspace, options: argparse.Namespace, _rest: list[str]) -> int:
    print(wheel.build(workspace, python_env.get(workspace), options.folder.absolute()))
    return 0


def _lint(workspace: Workspace, _options: argparse.Namespace, _rest: list[str]) -> int:
    return lint.run(workspace)


COMMANDS = {
    "bench": _bench,
    "coverage": _coverage,
    "demo": _demo,
    "test": _test,
    "up": _up,
    "down": _down,
    "status": _status,
    "shell": _shell,
    "i18n": _i18n,
    "pictures": _pictures,
    "proxy": _proxy,
    "lint": _lint,
    "wheel": _wheel,
}
