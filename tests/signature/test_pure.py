"""The pure services stay pure."""

import subprocess
import sys
from pathlib import Path

from ...services import signature

PROGRAM = """
import sys
sys.path[:0] = [{root!r}, *{path!r}]
import services.dialects, services.records, services.signature, services.wire.envelope
found = sorted(name for name in sys.modules if name.partition(".")[0] == "odoo")
print(services.signature.__file__, found)
"""


def test_no_odoo_is_needed(tmp_path):
    """In a process of its own, with nothing but the addon's root on the path."""
    root = Path(signature.__file__).resolve().parent.parent.parent
    program = PROGRAM.format(root=str(root), path=[p for p in sys.path if "site-packages" in p])
    done = subprocess.run(
        [sys.executable, "-I", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout.split() == [str(root / "services" / "signature" / "__init__.py"), "[]"]
