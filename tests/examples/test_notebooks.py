"""The other examples run from top to bottom, and what they leave in dCache is the truth."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import rasterio
from astropy.io import fits

from rsdat.base.examples import examples
from rsdat.demo.samples import archive, galaxy, land_cover, phenology, point_cloud
from tests.examples.running import Runner

pytestmark = pytest.mark.timeout(600)


def results(runner: Runner, name: str) -> Path:
    """Where an example has its data, and puts what comes out."""
    return runner.demo.dcache / "demo/examples" / name


def test_retrieval(runner: Runner) -> None:
    """What was searched for lies in dCache, byte by byte, and the catalog says so."""
    runner.run("retrieval", pictures=1)
    folder = results(runner, "retrieval")
    wanted = {
        item["id"]
        for item in archive.items("")
        if "2024-05" <= item["properties"]["datetime"] < "2024-09"
        and item["properties"]["eo:cloud_cover"] < 25
    }
    assert len(wanted) == 6
    assert {path.parent.name for path in folder.glob("*/red.tif")} == wanted
    for path in folder.glob("*/*.tif"):
        assert path.read_bytes() == archive.asset(path.parent.name, path.name)[0]
    catalog = json.loads((folder / "catalog.json").read_text(encoding="utf-8"))
    assert catalog["id"] == "fields-2024"
    described = [path for path in folder.rglob("*.json") if path.stem in wanted]
    assert {path.stem for path in described} == wanted
    for path in described:
        assets = json.loads(path.read_text(encoding="utf-8"))["assets"]
        for name in ("red.tif", "nir.tif"):
            href = assets[name.removesuffix(".tif")]["href"]
            assert (path.parent / href).resolve() == folder / path.stem / name


def test_point_cloud(runner: Runner) -> None:
    """Heights of every cell, and where they lie."""
    runner.run("point-cloud", pictures=1)
    with rasterio.open(results(runner, "point-cloud") / "results/heights/data.tif") as image:
        found = image.read()[:, ::-1]
        assert image.crs.to_epsg() == 28992
        west, north = point_cloud.CORNER_M[0], point_cloud.CORNER_M[1] + 64 * point_cloud.CELL_M
        assert (image.transform.c, image.transform.f) == (west, north)
    cells = np.mgrid[:64, :64]
    for values, truth in zip(found, point_cloud.heights(*cells), strict=True):
        np.testing.assert_allclose(values, truth, atol=0.0015)


def test_phenology(runner: Runner) -> None:
    """The day of every zone and year."""
    runner.run("phenology", pictures=1)
    found = pd.read_csv(results(runner, "phenology") / "season-starts.csv", index_col="year")
    assert list(found.index) == list(phenology.YEARS)
    for year, row in found.iterrows():
        truth = [phenology.season_start(int(zone), int(str(year))) for zone in found.columns]
        np.testing.assert_allclose(row, truth, atol=0.5)


def test_random_forest(runner: Runner) -> None:
    """The map has the classes that the image was made from, but for a few pixels."""
    runner.run("random-forest", pictures=1)
    folder = results(runner, "land-cover") / "results/land-cover"
    item = json.loads((folder / "land-cover.json").read_text(encoding="utf-8"))
    names = np.array(item["properties"]["classes"])
    with rasterio.open(folder / "cover.tif") as image:
        found = names[image.read(1)]
        assert image.crs.to_epsg() == land_cover.EPSG
    right = found == np.array(land_cover.CLASSES)[land_cover.true_classes()]
    assert right.mean() > 0.98
    assert right.mean() < 1, "nothing could tell every pixel"


def test_galaxy(runner: Runner) -> None:
    """Intensity and velocity of the part that was cut out, and the sky's coordinates with them."""
    runner.run("galaxy", pictures=1)
    with fits.open(results(runner, "galaxy") / "moments.fits") as maps:
        intensity, velocity = maps[0].data, maps[1].data
        # Pixels are counted from one, the reference pixel is the middle of the whole cube.
        middle = (galaxy.SIZE + 1) / 2
        column, row = (round(middle - maps[0].header[name]) for name in ("CRPIX1", "CRPIX2"))
        assert maps[0].header["CRVAL1"] == galaxy.CENTRE_DEG[0]
    part = slice(row, row + intensity.shape[0]), slice(column, column + intensity.shape[1])
    true_intensity, true_velocity = (values[part] for values in galaxy.disc())
    channels = 51
    noise = galaxy.NOISE_K * galaxy.CHANNEL_KM_S * channels**0.5
    assert np.std((intensity - true_intensity) / noise) == pytest.approx(1, abs=0.1)
    bright = np.isfinite(velocity)
    assert bright.sum() > 1000
    np.testing.assert_allclose(velocity[bright], true_velocity[bright], atol=4)


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


@pytest.mark.parametrize("notebook", examples(), ids=lambda path: path.name)
def test_tells_what_it_does(notebook: Path) -> None:
    """Code is never without a word on it before, and what is claimed is checked in sight."""
    cells = nbformat.read(notebook, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    assert "assert " in text
    assert "dcache:///" in text
    for before, cell, after in zip(cells, cells[1:], cells[2:], strict=False):
        kinds = [each.cell_type for each in (before, cell, after)]
        assert kinds != ["code"] * 3, cell.source
