from pathlib import Path

from odoo.tests import BaseCase, tagged
from odoo.tests.loader import get_test_modules

#: Rooms whose tests are pytest's alone; see `__init__.py`.
PYTEST_ONLY = {"wire", "signature", "records", "server"}
#: Files that need pytest or Hypothesis.
ALONE = ("test_architecture.py", "field/test_properties.py")


@tagged("post_install", "-at_install")
class TestLoading(BaseCase):
    def test_odoo_finds_the_tests_of_every_other_room(self):
        here = Path(__file__).resolve().parent
        found = {Path(module.__file__).resolve() for module in get_test_modules(self.test_module)}
        found -= {here / name for name in ALONE}  # there where pytest imported them before
        wanted = {
            path
            for path in here.rglob("test_*.py")
            if path.relative_to(here).parts[0] not in PYTEST_ONLY
            and str(path.relative_to(here)) not in ALONE
        }
        self.assertTrue(wanted)
        self.assertEqual(found, wanted)
