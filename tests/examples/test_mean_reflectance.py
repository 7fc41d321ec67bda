"""The example runs from top to bottom: stand-in, cluster, workers, maps, results in dCache."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest
import rasterio
from nbclient import NotebookClient

from rsdat.clusters.folder import cluster_folders
from rsdat.demo.children import Records, ensure_door
from rsdat.demo.folder import DemoFolder, examples
from rsdat.demo.launcher import lab_environment
from rsdat.demo.sample import DATA, mean_amplitude

NOTEBOOK = Path(__file__).parents[2] / "examples" / "mean-reflectance.ipynb"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoFolder]:
    """A demo folder with its stand-in, without Lab."""
    folder = DemoFolder(tmp_path / "demo")
    folder.prepare()
    records = Records(folder.processes_file)
    addresses = ensure_door(folder, records)
    folder.write_endpoint(addresses["api_url"], addresses["webdav_url"])
    yield folder
    records.end("door")
    assert not records.lives("door")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("queue", ["local", pytest.param("slurm", marks=pytest.mark.slurm)])
def test_runs_on_a_cluster(
    demo: DemoFolder, queue: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    environment = {**lab_environment(demo), "RSDAT_QUEUE": queue}
    if queue == "slurm":
        environment |= request.getfixturevalue("slurm_site").env()
    run(demo, environment, monkeypatch)

    # The radar's truth and the scene's, both from elsewhere than the notebook.
    with rasterio.open(demo.dcache / "demo/results/mean-amplitude/mean.tif") as image:
        np.testing.assert_allclose(image.read(1), mean_amplitude(512), rtol=1e-5)
        assert image.crs.to_epsg() == 32631
    with rasterio.open(demo.dcache / "demo/results/mean-reflectance/mean.tif") as image:
        bands = [
            rasterio.open(DATA / f"sentinel2/coast/S2-18SVG-coast/{band}.tif").read(1)
            for band in ("B02", "B03", "B04", "B08")
        ]
        np.testing.assert_allclose(image.read(1), np.mean(bands, axis=0) / 10_000, atol=1e-6)
        assert image.crs.to_epsg() == 32618
    catalog = json.loads((demo.dcache / "demo/results/catalog.json").read_text(encoding="utf-8"))
    assert [link["href"] for link in catalog["links"] if link["rel"] == "item"] == [
        "./mean-amplitude/mean-amplitude.json",
        "./mean-reflectance/mean-reflectance.json",
    ]
    # The cluster is gone.
    assert [folder.read_record().phase for folder in cluster_folders(demo.home)] == ["stopped"]

    # Again, in the demo it was left in.
    run(demo, environment, monkeypatch)


def run(demo: DemoFolder, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Execute the user's copy of the notebook; fails on errors and on anything in stderr."""
    for name in (set(os.environ) | set(environment)) - {"PYTEST_CURRENT_TEST"}:
        if name in environment:
            monkeypatch.setenv(name, environment[name])
        else:
            monkeypatch.delenv(name)
    notebook = nbformat.read(demo.work / NOTEBOOK.name, as_version=4)
    client = NotebookClient(
        notebook, timeout=240, resources={"metadata": {"path": os.fspath(demo.work)}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    errors = [each["text"] for each in outputs if each.get("name") == "stderr"]
    assert errors == []
    plots = [each for each in outputs if "image/png" in each.get("data", {})]
    assert len(plots) == 2


@pytest.mark.parametrize("notebook", examples(), ids=lambda path: path.name)
def test_holds_nothing_of_whoever_wrote_it(notebook: Path) -> None:
    text = notebook.read_text(encoding="utf-8")
    read = nbformat.reads(text, as_version=4)
    nbformat.validate(read)
    code = [cell for cell in read.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert set(read.metadata) == {"kernelspec", "language_info"}
    for word in (
        r"token",
        r"https?://",
        r"127\.0\.0\.1",
        r"localhost",
        r"tls://",
        r"/home/",
        r"/tmp",
    ):
        assert not re.search(word, text), word
