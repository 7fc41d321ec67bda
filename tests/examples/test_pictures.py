"""The documentation shows each example as it is now."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from rsdat.base.examples import described_examples, examples

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("notebook", examples(), ids=lambda path: path.name)
def test_picture_is_of_this_notebook(notebook: Path) -> None:
    """Else: npm run pictures."""
    file = DOCS / "pictures" / f"{notebook.stem}.png"
    with Image.open(file) as picture:
        assert picture.info["notebook"] == hashlib.sha256(notebook.read_bytes()).hexdigest()
        assert min(picture.size) > 200
    assert file.stat().st_size < 150_000


def test_every_example_is_told_of() -> None:
    """In the documentation and beside the notebooks, under its title."""
    told = (DOCS / "examples.md").read_text(encoding="utf-8")
    listed = (DOCS.parent / "examples" / "README.md").read_text(encoding="utf-8")
    for example in described_examples():
        assert f"## {example.title}\n" in told
        assert f"pictures/{example.name}.png" in told
        assert f"{example.name}.ipynb" in listed
