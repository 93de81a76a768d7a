"""What every pytest run of this repository has: marks by folder, and how long to search."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hypothesis import settings

#: `./dev test thorough` sets it: how many examples a property test tries.
EXAMPLES = "SPP_TEST_EXAMPLES"

_MARKS = {
    "server": "starts an Odoo server of its own",
    "browser": "looks at screens in a browser",
}
_SERVER_FOLDERS = {("tests", "server"), ("extensions", "tests")}


def pytest_configure(config: Any) -> None:
    for name, meaning in _MARKS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    examples = int(os.environ.get(EXAMPLES, "0"))
    settings.register_profile("crvs", deadline=None, max_examples=examples or 100)
    settings.load_profile("crvs")


def pytest_collection_modifyitems(items: Any) -> None:
    for item in items:
        path = Path(item.path)
        if path.parts[-3:-1] in _SERVER_FOLDERS:
            item.add_marker("server")
        if path.stem in ("test_browser", "test_journeys"):
            item.add_marker("browser")
