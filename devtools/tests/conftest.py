import pytest

from devtools.workspace import ROOT_ADDON, Workspace


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def make_clone(folder):
    """Lay out a repository that has a root addon, another addon and a tool."""
    write(folder / "dev")
    write(folder / "__manifest__.py", "{}")
    write(folder / "__init__.py")
    write(folder / "const.py")
    write(folder / "models" / "thing.py", "one = 1")
    write(folder / "tests" / "test_thing.py")
    write(folder / "docs" / "page.xml")
    write(folder / "openspp" / "spp_registry" / "__manifest__.py", "{}")
    write(folder / "openspp" / "spp_registry" / "tests" / "test_registry.py")
    write(folder / "sandbox" / "__init__.py")
    write(folder / "sandbox" / "tests" / "test_sandbox.py")
    return folder


@pytest.fixture
def clone(tmp_path):
    """A workspace over an invented repository, with an empty cache."""
    workspace = Workspace(make_clone(tmp_path / "spp"), tmp_path / "cache")
    workspace.home.mkdir(parents=True)
    return workspace


@pytest.fixture
def addon_links(clone):
    """The folder that Odoo takes for the root addon."""
    clone.link()
    return clone.links / "addons" / ROOT_ADDON
