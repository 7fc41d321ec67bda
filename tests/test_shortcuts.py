"""Our keyboard shortcuts and Lab's: none takes a key away from the other."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

OURS = Path(__file__).parents[1] / "schema"
LABS = Path(sys.prefix) / "share" / "jupyter" / "lab" / "schemas"
#: By these keys a shortcut is told for all systems, or for one.
KEYS = ("keys", "macKeys", "winKeys", "linuxKeys")
#: Where a shortcut works in whatever has the focus.
EVERYWHERE = "body"


class Shortcut(NamedTuple):
    """One way to one command."""

    keys: tuple[str, ...]
    selector: str
    command: str


def shortcuts(folder: Path) -> Iterator[Shortcut]:
    """Those in the schemas below a folder."""
    for file in folder.rglob("*.json"):
        for entry in json.loads(file.read_bytes()).get("jupyter.lab.shortcuts", []):
            for name in KEYS:
                if name in entry:
                    # Modifiers may stand in any order.
                    keys = tuple(" ".join(sorted(key.split())) for key in entry[name])
                    yield Shortcut(keys, entry["selector"], entry["command"])


def test_there_is_something_to_compare() -> None:
    """Both sides are found."""
    assert len(list(shortcuts(LABS))) > 100
    assert len(list(shortcuts(OURS))) > 3


@pytest.mark.parametrize("ours", list(shortcuts(OURS)), ids=lambda ours: ours.command)
def test_no_clash(ours: Shortcut) -> None:
    """A key that works everywhere belongs to one command; one in our panels to none of Lab's."""
    for lab in shortcuts(LABS):
        both = lab.keys == ours.keys and not lab.command.startswith("rsdat")
        assert not (both and EVERYWHERE in (ours.selector, lab.selector)), lab


def test_no_clash_among_ours() -> None:
    """Each of ours is told once."""
    places = [(each.keys, each.selector) for each in shortcuts(OURS)]
    assert len(places) == len(set(places))
