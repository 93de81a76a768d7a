"""The rooms import each other the way ``docs/architecture.md`` draws them, and no other."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from .. import const

ADDON = Path(const.__file__).resolve().parent
PICTURE = ADDON / "docs" / "architecture.md"
TOPS = ("controllers", "wizards", "models", "services")


def room_of(parts):
    """Return the room of a module given by its path's parts below the addon."""
    if parts[0] not in ("models", "services"):
        return parts[0]
    return ".".join(parts[:2])


def drawn():
    block = re.search(r"```rooms\n(.*?)```", PICTURE.read_text(encoding="utf-8"), re.S).group(1)
    lines = (line.split("->") for line in block.splitlines())
    return {left.strip(): set(right.split()) for left, right in lines}


def modules():
    return [path for top in TOPS for path in sorted((ADDON / top).rglob("*.py"))]


def imports(path):
    """Yield the rooms that a module imports from within the addon."""
    package = path.parent.relative_to(ADDON).parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
        base = [part for part in base if part]
        for alias in node.names:
            inner = ADDON.joinpath(*base, alias.name)
            is_module = inner.with_suffix(".py").exists() or inner.is_dir()
            target = [*base, alias.name] if is_module else base
            if (target and len(target) > 1) or target == ["const"]:
                yield room_of(target)


def test_imports_go_the_way_of_the_picture():
    allowed, found = drawn(), {}
    for path in modules():
        parts = path.relative_to(ADDON).with_suffix("").parts
        if parts[-1] == "__init__" and len(parts) == 2:
            continue  # puts the rooms together
        room = room_of(parts)
        found.setdefault(room, set()).update(set(imports(path)) - {room})
    assert {room: rooms for room, rooms in found.items() if rooms} == allowed


def test_there_is_no_way_back():
    TopologicalSorter(drawn()).prepare()  # raises CycleError


@pytest.mark.parametrize("top", ["models", "services"])
def test_every_room_says_what_lives_there(top):
    for room in sorted((ADDON / top).iterdir()):
        if (room / "__init__.py").exists():
            assert ast.get_docstring(ast.parse((room / "__init__.py").read_text())), room.name
