import shutil
import subprocess
import sys
from collections import namedtuple

import pytest

from devtools import files
from devtools.console import Problem

from .conftest import write

HOLD = """
import sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from devtools.files import lock
with lock(Path({path!r})):
    print("held", flush=True)
    time.sleep(600)
"""


def test_what_is_written_is_read(tmp_path):
    files.write_json(tmp_path / "new" / "state.json", {"a": 1})
    assert files.read_json(tmp_path / "new" / "state.json") == {"a": 1}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["state.json"]


@pytest.mark.parametrize("content", ["", "{", "[1]", "null", '{"a": '])
def test_a_state_file_cut_short_counts_as_empty(tmp_path, content):
    assert files.read_json(write(tmp_path / "state.json", content)) == {}


def test_a_failed_write_leaves_the_old_content(tmp_path):
    path = write(tmp_path / "state.json", "{}")
    with pytest.raises(TypeError):
        files.write_json(path, {"a": object()})
    with pytest.raises(UnicodeEncodeError):
        files.write_text(path, "\udcff")
    assert path.read_text(encoding="utf-8") == "{}"
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]


def test_a_new_folder_is_there_whole_or_not_at_all(tmp_path):
    target = tmp_path / "tree"
    write(tmp_path / "tree.part" / "of an interrupted run")
    with pytest.raises(RuntimeError), files.new_folder(target) as folder:
        write(folder / "half")
        raise RuntimeError
    assert not target.exists()
    with files.new_folder(target) as folder:
        write(folder / "whole")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["whole"]


def test_a_lock_ends_with_its_process(tmp_path, monkeypatch):
    path = tmp_path / "some.lock"
    root = files.__file__.rpartition("/devtools/")[0]
    said = []
    monkeypatch.setattr(files, "say", said.append)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(root=root, path=str(path))],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "held\n"
        monkeypatch.setattr(files, "say", lambda text: (said.append(text), holder.kill()))
        with files.lock(path, "waiting"):
            assert holder.wait(timeout=10) == -9
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    assert said == ["waiting"]


def test_too_little_space_is_a_problem(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")(0, 0, 99 * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    files.need_space(tmp_path / "not" / "yet", 99, "It")
    with pytest.raises(Problem, match="needs 100 MB .* 99 MB are free"):
        files.need_space(tmp_path / "not" / "yet", 100, "It")


def test_removing_a_link_spares_what_it_points_at(tmp_path):
    kept = write(tmp_path / "kept" / "file")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    files.remove_tree(tmp_path / "link")
    files.remove_tree(tmp_path / "never there")
    assert kept.is_file()
    assert not (tmp_path / "link").is_symlink()
