"""`./dev i18n`: the translation template of the root addon, and its translations."""

from __future__ import annotations

import subprocess
from pathlib import Path

from . import testing
from .files import lock, write_text
from .odoo import INSIDE, Odoo
from .workspace import ROOT_ADDON


def run(odoo: Odoo) -> Path:
    """Write the template anew from the code and views of this clone; return its path.

    Translations get the terms that are new, without words for them, and lose those that are gone.

    :raise Problem: when the addons cannot be installed, or the terms not be read
    """
    workspace = odoo.workspace
    with lock(workspace.home / "test.lock", "Waiting for a test run of this clone …"):
        odoo.prepare(testing.DATABASE, demo=False)
        terms = odoo.run_inside("export_terms.py", testing.DATABASE)
    path = workspace.root / "i18n" / f"{ROOT_ADDON}.pot"
    write_text(path, terms.rstrip("\n") + "\n", mode=0o644)
    translations = sorted(path.parent.glob("*.po"))
    subprocess.run(
        [str(odoo.python), str(INSIDE / "merge_terms.py"), str(path), *map(str, translations)],
        env=odoo.environ(),
        check=True,
    )
    return path
