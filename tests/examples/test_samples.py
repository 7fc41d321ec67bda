"""The examples' data are written once, are the same every time, and are what their truth says."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import laspy
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from astropy.io import fits

from rsdat.demo.samples import galaxy, land_cover, phenology, point_cloud
from rsdat.demo.samples.once import NOTE, put_once

MAKERS = [
    galaxy.make_galaxy,
    land_cover.make_land_cover,
    phenology.make_phenology,
    point_cloud.make_point_cloud,
]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_written_once_and_small(make: Callable[[str], bool], tmp_path: Path) -> None:
    assert make(str(tmp_path / "a"))
    files = {path: path.stat() for path in (tmp_path / "a").rglob("*") if path.is_file()}
    assert not make(str(tmp_path / "a") + "/")
    assert {path: path.stat() for path in files} == files
    assert 100_000 < sum(stat.st_size for stat in files.values()) < 4_000_000


def test_written_again_when_interrupted_or_old(tmp_path: Path) -> None:
    """The note comes last, and tells the version."""

    def breaks() -> dict[str, bytes]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put_once(str(tmp_path), 1, breaks)
    assert put_once(str(tmp_path), 1, lambda: {"sub/a.txt": b"1"})
    assert not put_once(str(tmp_path), 1, breaks)
    assert put_once(str(tmp_path), 2, lambda: {"sub/a.txt": b"2"})
    assert (tmp_path / "sub" / "a.txt").read_bytes() == b"2"
    assert (tmp_path / NOTE).exists()


def test_point_cloud(tmp_path: Path) -> None:
    """A hundred points a cell, in no order, with the heights of the formula."""
    point_cloud.make_point_cloud(str(tmp_path))
    tiles = [laspy.read(path) for path in sorted(tmp_path.glob("*.laz"))]
    x, y, z, kind = (
        np.concatenate([np.asarray(tile[name]) for tile in tiles])
        for name in ("x", "y", "z", "classification")
    )
    column, row = (
        ((values - corner) // point_cloud.CELL_M).astype(int)
        for values, corner in zip((x, y), point_cloud.CORNER_M, strict=True)
    )
    cell = row * 64 + column
    assert (np.bincount(cell) == 100).all()
    assert np.unique(cell[:1000]).size > 500
    ground, trees = point_cloud.heights(*np.mgrid[:64, :64])
    is_ground = kind == point_cloud.GROUND
    mean = np.bincount(cell[is_ground], z[is_ground]) / point_cloud.GROUND_POINTS
    np.testing.assert_allclose(mean, ground.ravel(), atol=1e-3)
    top = np.zeros(64 * 64)
    np.maximum.at(top, cell, z)
    np.testing.assert_allclose(top - mean, trees.ravel(), atol=2e-3)


def test_phenology(tmp_path: Path) -> None:
    """Half of the rise is done on the day that is the truth, in the mean over a zone."""
    phenology.make_phenology(str(tmp_path))
    zones = phenology.zone_map()
    for year in phenology.YEARS:
        with xr.open_dataset(tmp_path / f"ndvi-{year}.nc", engine="h5netcdf") as dataset:
            days = dataset.time.dt.dayofyear.values
            values = dataset["ndvi"].values
        assert days[1] - days[0] == phenology.STEP_DAYS
        for zone in range(1, 5):
            curve = values[:, zones == zone].mean(axis=1)
            half = phenology.LOWEST + phenology.RANGE / 2
            rising = days < 180
            start = np.interp(half, curve[rising], days[rising])
            assert start == pytest.approx(phenology.season_start(zone, year), abs=0.5)


def test_land_cover(tmp_path: Path) -> None:
    """Bands have the means of their class, in the table and in the image, and noise around them."""
    land_cover.make_land_cover(str(tmp_path))
    table = pd.read_parquet(tmp_path / "training")
    assert len(table) == land_cover.TRAINING_ROWS
    means = table.groupby("cover")[list(land_cover.BANDS)].mean()
    truth = dict(zip(land_cover.CLASSES, land_cover.MEANS, strict=True))
    classes = land_cover.true_classes()
    with xr.open_dataset(tmp_path / "image.nc", engine="h5netcdf") as image:
        for number, name in enumerate(land_cover.CLASSES):
            np.testing.assert_allclose(means.loc[name], truth[name], atol=0.003)
            seen = [image[band].values[classes == number] for band in land_cover.BANDS]
            np.testing.assert_allclose([each.mean() for each in seen], truth[name], atol=0.002)
            assert np.std(seen[0]) == pytest.approx(land_cover.NOISE, rel=0.1)
    apart = min(
        np.linalg.norm(np.subtract(one, other))
        for one in land_cover.MEANS
        for other in land_cover.MEANS
        if one != other
    )
    assert apart / land_cover.NOISE > 6


def test_galaxy() -> None:
    """Without its noise the cube's moments are the formula's."""
    intensity, velocity = galaxy.disc()
    [cube] = galaxy._files().values()
    with fits.open(io.BytesIO(cube)) as file:
        values, header = file[0].data, file[0].header
    channels = galaxy.velocities()[:, np.newaxis, np.newaxis]
    first = header["CRVAL3"] + (1 - header["CRPIX3"]) * header["CDELT3"]
    assert first == pytest.approx(1000 * channels[0, 0, 0])
    noise = galaxy.NOISE_K * galaxy.CHANNEL_KM_S * galaxy.CHANNELS**0.5
    errors = values.sum(axis=0) * galaxy.CHANNEL_KM_S - intensity
    assert np.std(errors) == pytest.approx(noise, rel=0.05)
    margin = 4 * galaxy.WIDTH_KM_S
    assert channels.min() < velocity.min() - margin
    assert channels.max() > velocity.max() + margin
    bright = intensity > 200
    line = np.where(values > 5 * galaxy.NOISE_K, values, 0)
    found = (line * channels).sum(axis=0)[bright] / line.sum(axis=0)[bright]
    np.testing.assert_allclose(found, velocity[bright], atol=3)
