"""The sample data are what they claim to be."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import rasterio

from rsdat.base.errors import InvalidInput
from rsdat.demo.sample import DATA, make_radar_stack, mean_amplitude, put_sentinel2_scene

SCENE = DATA / "sentinel2" / "coast" / "S2-18SVG-coast"
# From the uncropped bands of the package, read with rasterio: window of 640 × 640 pixels at
# column 760, row 560. Sum of all values; value in the upper left and lower right corner.
ORIGINAL = {
    "B02": (497_234_039, 1284, 1332),
    "B03": (391_100_007, 1110, 1064),
    "B04": (312_830_587, 1236, 776),
    "B08": (360_277_067, 2014, 342),
}


def images_of(folder: Path, size: int) -> Any:
    files = sorted(folder.glob("slc-stack/*/slc.raw"))
    return np.stack([np.fromfile(file, "<c8").reshape(size, size) for file in files])


@pytest.mark.parametrize(("n", "size"), [(1, 8), (2, 65), (7, 64), (8, 200)])
def test_mean_amplitude_is_the_truth(tmp_path: Path, n: int, size: int) -> None:
    make_radar_stack(str(tmp_path), n=n, size=size)
    images = images_of(tmp_path, size)
    assert images.shape == (n, size, size)
    np.testing.assert_allclose(np.abs(images).mean(axis=0), mean_amplitude(size), rtol=1e-6)


def test_images_look_like_radar(tmp_path: Path) -> None:
    """Phases are spread over the circle and differ between images; amplitudes differ too."""
    make_radar_stack(str(tmp_path), n=3, size=128)
    images = images_of(tmp_path, 128)
    phases = np.angle(images)
    counts, _ = np.histogram(phases, bins=8, range=(-np.pi, np.pi))
    assert counts.min() > 0.9 * counts.max()
    assert abs(np.exp(1j * (phases[0] - phases[1])).mean()) < 0.05
    assert np.ptp(np.abs(images).mean(axis=(1, 2))) > 0.1


def test_the_same_every_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        make_radar_stack(str(tmp_path / name), n=2, size=70)
    np.testing.assert_array_equal(images_of(tmp_path / "a", 70), images_of(tmp_path / "b", 70))


def test_an_image_is_never_whole_in_memory(tmp_path: Path) -> None:
    size = 1024  # 8 MiB an image
    tracemalloc.start()
    try:
        make_radar_stack(str(tmp_path), n=1, size=size)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    image = tmp_path / "slc-stack" / "slc-0000-20240101" / "slc.raw"
    assert image.stat().st_size == size * size * 8
    assert peak < 6 * 2**20


def test_any_file_system() -> None:
    href = make_radar_stack("memory://sample/radar", n=2, size=4)
    assert json.loads(fsspec.filesystem("memory").cat_file(href))["type"] == "Catalog"


@pytest.mark.parametrize(("n", "size"), [(0, 8), (1, 0), (-1, 8)])
def test_nothing_to_make(tmp_path: Path, n: int, size: int) -> None:
    with pytest.raises(InvalidInput):
        make_radar_stack(str(tmp_path), n=n, size=size)


@pytest.mark.parametrize("band", ["B02", "B03", "B04", "B08"])
def test_crop_has_the_package_s_values(band: str) -> None:
    with rasterio.open(SCENE / f"{band}.tif") as raster:
        values = raster.read(1)
        assert raster.crs.to_epsg() == 32618
        assert raster.transform[:6] == (10, 0, 443_330, 0, -10, 4_173_860)
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert values.dtype == np.uint16
    assert (int(values.sum()), int(values[0, 0]), int(values[-1, -1])) == ORIGINAL[band]


def test_the_scene_is_small_and_says_where_it_is_from() -> None:
    total = sum(file.stat().st_size for file in DATA.rglob("*") if file.is_file())
    assert total < 3_000_000
    notice = (DATA / "README.md").read_text(encoding="utf-8")
    assert "Contains modified Copernicus Sentinel data" in notice
    collection = json.loads((SCENE.parent / "collection.json").read_text(encoding="utf-8"))
    assert "Contains modified Copernicus Sentinel data" in collection["description"]


def test_the_scene_is_copied_whole(tmp_path: Path) -> None:
    put_sentinel2_scene(str(tmp_path))
    source = DATA / "sentinel2"
    names = {file.relative_to(source) for file in source.rglob("*") if file.is_file()}
    copies = {file.relative_to(tmp_path) for file in tmp_path.rglob("*") if file.is_file()}
    assert copies == names
    assert all((tmp_path / name).read_bytes() == (source / name).read_bytes() for name in names)
