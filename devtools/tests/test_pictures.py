import re
import struct
from pathlib import Path

import pytest

from devtools import cli, pictures
from devtools.console import Problem

DOCS = Path(cli.__file__).resolve().parent.parent / "docs"


class Api:
    """Answers as if each record of a search were the first."""

    def find(self, _model, _domain):
        return [1]


def test_tour_shows_each_picture_that_the_command_takes():
    taken = {picture["name"] for picture in pictures.pictures_of(Api(), 1, 1)}
    shown = re.findall(r"\]\(images/([\w-]+)\.png\)", (DOCS / "tour.md").read_text())
    assert sorted(shown) == sorted(taken)
    kept = {path.stem for path in (DOCS / "images").iterdir()}
    assert {name for name in kept if not name.startswith("journey-")} == taken


def test_each_journey_ends_in_a_picture_that_is_shown():
    walked = re.findall(r'self\.journey\(\s*"(\w+)"', (DOCS.parent / pictures.JOURNEYS).read_text())
    expected = {f"journey-{name.replace('_', '-')}" for name in walked}
    shown = re.findall(r"\]\(images/([\w-]+)\.png\)", (DOCS / "roles.md").read_text())
    assert set(shown) == expected
    for name in expected:
        data = (DOCS / "images" / f"{name}.png").read_bytes()
        assert data.startswith(b"\x89PNG")
        assert len(data) < pictures.LARGEST_KB * 1024


def test_pictures_are_small_and_as_high_as_ordered():
    for picture in pictures.pictures_of(Api(), 1, 1):
        data = (DOCS / "images" / f"{picture['name']}.png").read_bytes()
        assert data.startswith(b"\x89PNG")
        assert len(data) < pictures.LARGEST_KB * 1024
        assert struct.unpack(">II", data[16:24]) == (1280, picture["height"])


def test_pictures_need_a_browser(monkeypatch):
    monkeypatch.setattr(pictures.shutil, "which", {"rtlcss": "/usr/bin/rtlcss"}.get)
    with pytest.raises(Problem, match="Chromium"):
        pictures.run(None)


def test_pictures_need_what_mirrors_the_screens(monkeypatch):
    monkeypatch.setattr(pictures.shutil, "which", {"chromium": "/usr/bin/chromium"}.get)
    with pytest.raises(Problem, match="npm install -g rtlcss"):
        pictures.run(None)
