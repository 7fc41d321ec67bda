"""The example notebooks are found where they are installed, and say what they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rsdat.base import examples as module
from rsdat.base.errors import NotFound
from rsdat.base.examples import described_examples, examples, read_example


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment with rsdat installed, no checkout."""
    monkeypatch.setattr(module, "__file__", str(tmp_path / "lib" / "rsdat" / "base" / "x.py"))
    monkeypatch.setattr("sys.prefix", str(tmp_path / "prefix"))
    monkeypatch.setattr("site.getuserbase", lambda: str(tmp_path / "user"))
    return tmp_path


def write(folder: Path, name: str, *lines: str) -> None:
    """A notebook with one cell."""
    folder.mkdir(parents=True, exist_ok=True)
    cell = {"cell_type": "markdown", "source": list(lines)}
    (folder / f"{name}.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf-8")


@pytest.mark.parametrize("place", ["prefix", "user"])
def test_installed(prefix: Path, place: str) -> None:
    """In the environment, or for one user."""
    folder = prefix / place / "share" / "rsdat" / "examples"
    write(folder, "two", "# Two words\n", "\n", "A sentence\n", "on two lines.\n", "\n", "More.")
    write(folder, "one", "# One")
    assert [path.name for path in examples()] == ["one.ipynb", "two.ipynb"]
    assert [each.as_dict() for each in described_examples()] == [
        {"name": "one", "title": "One", "caption": ""},
        {"name": "two", "title": "Two words", "caption": "A sentence on two lines."},
    ]
    assert read_example("one")["cells"][0]["source"] == ["# One"]


def test_left_out(prefix: Path) -> None:
    """A distribution may leave them out."""
    assert examples() == []
    assert described_examples() == []
    with pytest.raises(NotFound):
        read_example("one")
    with pytest.raises(NotFound):
        read_example("../../secret")
