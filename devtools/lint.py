"""`./dev lint`: formatters and linters, checking only."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from xml.parsers import expat

from . import odoo_tree, python_env
from .console import say
from .workspace import ROOT_ADDON, Workspace


def run(workspace: Workspace) -> int:
    """Check formatting, Python and its types, Odoo's conventions and XML; 0 if all is well."""
    tree = odoo_tree.get(workspace)
    python = str(python_env.get(workspace))
    workspace.link()
    root = workspace.root
    # pylint-odoo asks git where the addon is, which lies among links outside of the clone.
    environ = {
        **os.environ,
        "PYTHONPATH": str(tree.python_path),
        "GIT_DIR": str(root / ".git"),
    }
    configuration = f"--config={root / 'pyproject.toml'}"
    addons = [str(workspace.links / "addons" / ROOT_ADDON)]
    addons += [str(path) for name, path in workspace.addons().items() if name != ROOT_ADDON]
    # Later than the configuration, where enabling comes last; the README is in Markdown.
    odoo_only = "--disable=missing-readme"
    addons += map(str, workspace.extensions().values())
    checks = {
        "formatting": [python, "-m", "ruff", "format", "--check", "--quiet", configuration, "."],
        "ruff": [python, "-m", "ruff", "check", configuration, "."],
        "pylint-odoo": [
            python,
            "-m",
            "pylint",
            f"--rcfile={root / 'pyproject.toml'}",
            odoo_only,
            *addons,
        ],
    }
    mypy = [python, "-m", "mypy", f"--config-file={root / 'pyproject.toml'}"]
    mypy += [f"--cache-dir={workspace.home / 'mypy_cache'}"]
    failed = []
    # Both are packages only among the links.
    places = {"addons": f"{ROOT_ADDON}.services", "tools": "devtools"}
    checks |= {f"mypy {package}": [*mypy, "-p", package] for package in places.values()}
    folders = {f"mypy {package}": workspace.links / place for place, package in places.items()}
    for name, command in checks.items():
        say(f"→ {name}")
        cwd = folders.get(name, root)
        if subprocess.run(command, cwd=cwd, env=environ, check=False).returncode:
            failed.append(name)
    say("→ XML")
    if broken := broken_xml(root):
        print("\n".join(broken))
        failed.append("XML")
    print(f"lint: {', '.join(failed)} failed" if failed else "lint: nothing amiss")
    return 1 if failed else 0


def broken_xml(root: Path) -> list[str]:
    """Return a line for each XML file of the repository that is not well-formed."""
    problems = []
    for path in sorted(root.rglob("*.xml")):
        name = path.relative_to(root)
        if any(part.startswith(".") or part == "node_modules" for part in name.parts):
            continue
        try:
            expat.ParserCreate().Parse(path.read_bytes(), True)
        except expat.ExpatError as error:
            problems.append(f"{name}:{error.lineno}: {expat.errors.messages[error.code]}")
    return problems
