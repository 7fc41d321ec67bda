"""The walls between the rooms: who may import whom, how long files may be, what none may name."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "rsdat"

#: What each room may import besides itself and `base`.
ALLOWED = {
    "base": set(),
    "queue": set(),
    "presets": set(),
    "dcache": set(),
    "clusters": {"queue", "presets"},
    "stac": {"dcache"},
    "server": {"clusters", "stac", "dcache"},
    "launch": {"queue"},
    "cli": {"launch", "dcache", "queue"},
    "demo": {"queue", "presets", "dcache", "clusters", "stac", "server", "launch", "cli"},
}
#: One door into the stand-ins: `rsdat demo` is a subcommand like the others, and starts them. It
#: imports what it starts only when it is called, so nobody else pays for it.
DEMO_COMMAND = "rsdat/cli/demo.py"
_LAB = ("jupyter_server", "jupyter_server_proxy", "jupyter_events", "jupyterlab", "jupyter_core")
_DASK = ("dask", "distributed", "dask_jobqueue")
#: What a room must not know.
FORBIDDEN = {
    "base": (*_LAB, *_DASK, "tornado", "aiohttp", "fsspec"),
    "queue": (*_LAB, *_DASK, "tornado", "aiohttp"),
    "presets": (*_LAB, "tornado", "aiohttp", "distributed", "asyncio", "subprocess"),
    "dcache": (*_LAB, *_DASK, "tornado"),
    "clusters": (*_LAB, "aiohttp"),
    "stac": (*_LAB, "aiohttp"),
    "server": (*_DASK, "aiohttp", "subprocess"),
    "launch": (*_LAB, *_DASK, "aiohttp"),
    "cli": (*_LAB, "tornado"),
}
MOST_LINES = 500
SOURCES = {".py", ".ts", ".tsx", ".js", ".mjs", ".css"}
#: Made by a program.
GENERATED = {"src/common/schema.ts"}


def tracked() -> list[Path]:
    """What git keeps; skips where this is no checkout."""
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """(line, absolute module) of all imports, inside functions too, and `import_module("…")`."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *(node.module.split(".") if node.module else ())))
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"
        elif (
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", getattr(node.func, "id", "")) == "import_module"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node.lineno, str(node.args[0].value)


def room_of(module: str) -> str | None:
    """The room a module lies in; None for other packages and for `rsdat` itself."""
    names = module.split(".")
    if names[0] != "rsdat" or len(names) < 2 or not (PACKAGE / names[1]).is_dir():
        return None
    return names[1]


def offences(path: Path) -> Iterator[str]:
    """What a file imports that its room must not."""
    place = path.relative_to(ROOT)
    room = place.parts[1] if len(place.parts) > 2 else None
    for line, module in imports_of(path):
        other = room_of(module)
        if room is None:
            # The package's own front door opens into any room, but for the stand-ins.
            if other == "demo":
                yield f"{place}:{line} imports {module}"
        elif str(place) == DEMO_COMMAND and other == "demo":
            continue
        elif other not in (None, room, "base") and other not in ALLOWED[room]:
            yield f"{place}:{line}: {room} must not import {module}"
        elif module.split(".")[0] in FORBIDDEN.get(room, ()):
            yield f"{place}:{line}: {room} must not know {module}"


def test_import_direction() -> None:
    """Nothing imports against the arrows of the design."""
    found = [line for path in sorted(PACKAGE.rglob("*.py")) for line in offences(path)]
    assert not found, "\n".join(found)


def test_every_room_has_its_rule() -> None:
    """A new folder says what it may import before it imports anything."""
    rooms = {path.parent.name for path in PACKAGE.glob("*/*.py")}
    assert rooms <= set(ALLOWED)


@pytest.mark.parametrize(
    ("room", "text", "caught"),
    [
        ("queue", "import distributed", True),
        ("queue", "from rsdat.clusters import manager", True),
        ("queue", "def f():\n    from ..clusters.manager import x", True),
        ("queue", "from .. import clusters", True),
        ("server", "import importlib\nimportlib.import_module('rsdat.queue.detect')", True),
        ("clusters", "from rsdat.demo.door import serve", True),
        ("cli", "from rsdat.demo.launcher import main", True),
        ("clusters", "from rsdat.queue.interface import Queue", False),
        ("dcache", "from rsdat import __version__\nfrom . import paths", False),
    ],
)
def test_the_check_sees(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, room: str, text: str, caught: bool
) -> None:
    """Every way to import is seen."""
    for name in ALLOWED:
        (tmp_path / "rsdat" / name).mkdir(parents=True)
    monkeypatch.setattr("tests.test_structure.ROOT", tmp_path)
    monkeypatch.setattr("tests.test_structure.PACKAGE", tmp_path / "rsdat")
    path = tmp_path / "rsdat" / room / "x.py"
    path.write_text(text)
    assert bool(list(offences(path))) == caught


def test_no_giant_files() -> None:
    """Tidy folders beside one giant file would be no tidiness."""
    giants = {
        str(path.relative_to(ROOT)): count
        for path in tracked()
        if path.suffix in SOURCES and str(path.relative_to(ROOT)) not in GENERATED
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert not giants


def test_no_machine_paths() -> None:
    """No file tells of the computer it was written on."""
    # In pieces, so that this file does not name them either.
    folders = "|".join(("ro" + "ot", "wo" + "rk"))
    place = re.compile(rf"(?<![\w.~$}}*>)-])/(?:{folders})(?=[/\s'\"`:]|$)")
    found = []
    for path in tracked():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
            for number, line in enumerate(lines, 1)
            if place.search(line)
        ]
    assert not found, "\n".join(found)
