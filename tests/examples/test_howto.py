"""The Python of the documentation's pages for beginners runs as it stands there."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from rsdat.clusters.folder import cluster_folders
from rsdat.demo.folder import DemoFolder
from rsdat.demo.launcher import lab_environment

DOCS = Path(__file__).parents[2] / "docs"
#: The tour makes its cluster, and ends it, with the mouse.
BEGIN = """
import rsdat
import rsdat.clusters
rsdat.clusters.create("tour", workers=1, cores=1).wait_for_workers(1)
client = rsdat.connect("tour")
"""
END = """
client.close()
rsdat.clusters.get("tour").close()
"""
BY_HAND = {"tour": (BEGIN, END)}


@pytest.mark.parametrize("page", ["howto", "tour"])
def test_runs(page: str, demo: DemoFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**lab_environment(demo), "RSDAT_QUEUE": "local"}.items():
        monkeypatch.setenv(name, value)
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    before, after = BY_HAND.get(page, ("", ""))
    cells = [before, *re.findall(r"^```python\n(.*?)^```", text, re.S | re.M), after]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    client = NotebookClient(
        notebook, timeout=200, resources={"metadata": {"path": os.fspath(demo.work)}}
    )
    client.execute()
    assert {folder.read_record().phase for folder in cluster_folders(demo.home)} == {"stopped"}


def test_pictures_of_the_tour_are_there_and_small() -> None:
    """Else: npm run tour. ui-tests/tests/tour.spec.ts fails when a step can't be gone any more."""
    text = (DOCS / "tour.md").read_text(encoding="utf-8")
    told = set(re.findall(r"\(pictures/(tour-[\w-]+\.png)\)", text))
    kept = {file.name: file for file in (DOCS / "pictures").glob("tour-*.png")}
    assert told == kept.keys()
    assert max(file.stat().st_size for file in kept.values()) < 150_000
    steps = (DOCS.parent / "ui-tests/tests/tour.spec.ts").read_text(encoding="utf-8")
    assert {
        f"tour-{name}.png" for name in re.findall(r"picture\(page, '([\w-]+)'\)", steps)
    } == told
