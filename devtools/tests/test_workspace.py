import contextlib
import socket

import pytest

from devtools import workspace as module
from devtools.console import Problem
from devtools.files import read_json, write_text
from devtools.workspace import Workspace, cache_folder, port_is_free

from .conftest import make_clone, write


def test_the_cache_folder_is_the_one_chosen(tmp_path):
    home = {"XDG_CACHE_HOME": str(tmp_path)}
    assert cache_folder({"SPP_DCI_CACHE": "/elsewhere", **home}).as_posix() == "/elsewhere"
    assert cache_folder(home) == tmp_path / "spp-dci"
    # The specification tells to ignore a relative one.
    assert cache_folder({"XDG_CACHE_HOME": "here"}).parts[-2:] == (".cache", "spp-dci")


def test_a_cache_in_the_clone_is_refused(monkeypatch):
    root = Workspace.here().root
    monkeypatch.setenv("SPP_DCI_CACHE", str(root / "cache"))
    with pytest.raises(Problem, match="SPP_DCI_CACHE"):
        Workspace.here()
    assert not (root / "cache").exists()


def test_clones_of_the_same_name_keep_apart(tmp_path):
    one, two = (Workspace(tmp_path / name / "spp", tmp_path) for name in "ab")
    assert one.home != two.home


def test_only_the_addons_own_parts_are_linked(addon_links):
    assert {path.name for path in addon_links.iterdir() if path.exists()} == {
        "__init__.py",
        "__manifest__.py",
        "const.py",
        "models",
        "tests",
    }


def test_links_follow_the_clone(clone, addon_links):
    (clone.root / "const.py").unlink()
    write(clone.root / "views" / "menu.xml")
    (addon_links / "models").unlink()
    (addon_links / "models").symlink_to("/nowhere")
    write(addon_links / "stray.py")
    clone.link()
    names = {path.name for path in addon_links.iterdir()}
    assert "views" in names
    assert not names & {"const.py", "stray.py"}
    assert (addon_links / "models" / "thing.py").is_file()
    assert (clone.root / "models" / "thing.py").is_file()


def test_a_change_of_code_is_noticed_and_one_of_tests_is_not(clone):
    before = clone.addon_fingerprints()
    write(clone.root / "tests" / "test_thing.py", "two = 2")
    write(clone.root / "models" / "__pycache__" / "thing.pyc", "bytes")
    write(clone.root / "docs" / "page.xml", "<p/>")
    assert clone.addon_fingerprints() == before
    write(clone.root / "models" / "thing.py", "two = 2")
    after = clone.addon_fingerprints()
    assert [name for name in before if before[name] != after[name]] == ["spp_dci_client_crvs"]


def test_ports_are_remembered(clone):
    ports = clone.ports()
    assert len(set(ports.values())) == 3
    with socket.socket() as other:
        # Taken it is in any case: by us, or by another program a moment ago.
        with contextlib.suppress(OSError):
            other.bind(("127.0.0.1", ports["http"]))
        assert clone.ports() == ports


def test_a_chosen_port_is_remembered_and_collides_with_none(clone):
    gevent = clone.ports()["gevent"]
    chosen = clone.ports(gevent)
    assert chosen["http"] == gevent
    assert len(set(chosen.values())) == 3
    assert clone.ports() == chosen


def test_clones_get_different_ports(clone, tmp_path):
    other = Workspace(make_clone(tmp_path / "other"), clone.cache)
    assert not set(clone.ports().values()) & set(other.ports().values())


def test_ports_of_clones_that_are_gone_are_free_again(clone, tmp_path):
    gone = Workspace(make_clone(tmp_path / "gone"), clone.cache)
    ports = gone.ports()
    (gone.root / "dev").unlink()
    clone.ports()
    assert str(gone.root) not in read_json(clone.cache / "ports.json")
    assert ports["http"] == clone.ports()["http"]


def test_a_broken_book_of_ports_is_begun_anew(clone):
    write_text(clone.cache / "ports.json", f'{{"{clone.root}": {{"http": "x"}}, ')
    assert len(clone.ports()) == 3
    write_text(clone.cache / "ports.json", f'{{"{clone.root}": {{"http": "x"}}}}')
    assert len(clone.ports()) == 3


def test_no_free_port_is_a_problem(clone, monkeypatch):
    monkeypatch.setattr(module, "port_is_free", lambda port: False)
    with pytest.raises(Problem, match="--port"):
        clone.ports()


def test_a_port_in_use_is_not_free():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert not port_is_free(port)
    assert port_is_free(port)
