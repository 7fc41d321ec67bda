"""Executes an example as a user does who runs all of its cells."""

from __future__ import annotations

import os
import re
from typing import Any

import nbformat
from nbclient import NotebookClient

from rsdat.clusters.folder import cluster_folders
from rsdat.demo.folder import DemoFolder
from rsdat.demo.launcher import lab_environment

#: What may stand in stderr: a progress bar.
_BAR = re.compile(r"Copying: .*files|^$")


class Runner:
    """Runs notebooks in a demo.

    Attributes:
        environment: Of their kernels.
    """

    def __init__(self, demo: DemoFolder, queue: str) -> None:
        self.demo = demo
        self.environment: dict[str, str] = {**lab_environment(demo), "RSDAT_QUEUE": queue}

    def run(self, name: str, *, pictures: int) -> Any:
        """Run the user's copy; no errors, nothing in stderr, so many pictures, no cluster left.

        Returns:
            The notebook with its outputs.
        """
        notebook = nbformat.read(self.demo.work / f"{name}.ipynb", as_version=4)
        client = NotebookClient(
            notebook, timeout=240, resources={"metadata": {"path": os.fspath(self.demo.work)}}
        )
        client.execute()
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        errors = [
            line
            for each in outputs
            if each.get("name") == "stderr"
            for line in re.split(r"[\r\n]+", each["text"])
        ]
        assert [line for line in errors if not _BAR.search(line)] == []
        shown = [each for each in outputs if "image/png" in each.get("data", {})]
        assert len(shown) == pictures
        phases = [folder.read_record().phase for folder in cluster_folders(self.demo.home)]
        assert set(phases) == {"stopped"}
        return notebook
