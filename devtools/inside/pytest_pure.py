"""Lets pytest run tests that need no Odoo in a process that has none.

The root addon's package would import its models. Here it is an empty one in the same place, so
that a pure room that imports anything of Odoo fails.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any


def pytest_addoption(parser: Any) -> None:
    parser.addoption("--pure-addon", help="folder of the addon, among the links")


def pytest_configure(config: Any) -> None:
    folder = Path(config.getoption("--pure-addon"))
    for name, place in ((folder.name, folder), (f"{folder.name}.tests", folder / "tests")):
        package = ModuleType(name)
        package.__path__ = [str(place)]
        sys.modules[name] = package
