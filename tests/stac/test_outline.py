"""Outlines in degrees: simple, over the antimeridian, around a pole, around the Earth."""

from __future__ import annotations

import pytest
import rasterio
import rasterio.warp
from rasterio.crs import CRS

from rsdat.stac.outline import Ring, from_ring, outline


@pytest.mark.parametrize(
    ("ring", "box", "parts"),
    [
        ([(4, 52), (4, 51), (5, 51), (5, 52)], [4, 51, 5, 52], 1),
        ([(170, 10), (170, 0), (-170, 0), (-170, 10)], [170, 0, -170, 10], 2),
        ([(-170, 10), (170, 10), (170, 0), (-170, 0)], [170, 0, -170, 10], 2),
        ([(170, 10), (170, 0), (190, 0), (190, 10)], [170, 0, -170, 10], 2),
        ([(350, 10), (350, 0), (355, 0), (355, 10)], [-10, 0, -5, 10], 1),
        ([(-180, 90), (-180, -90), (180, -90), (180, 90)], [-180, -90, 180, 90], 1),
        ([(0, 80), (90, 80), (180, 80), (-90, 80)], [-180, 80, 180, 90], 1),
        ([(0, -80), (90, -80), (180, -80), (-90, -80)], [-180, -90, 180, -80], 1),
    ],
)
def test_rings(ring: Ring, box: list[float], parts: int) -> None:
    found, geometry = from_ring(ring)
    assert found == box
    polygons = geometry["coordinates"] if parts > 1 else [geometry["coordinates"]]
    assert len(polygons) == parts
    for (outer,) in polygons:
        assert outer[0] == outer[-1]
        assert all(-180 <= x <= 180 for x, _ in outer)


def test_edges_of_projected_maps_are_curves() -> None:
    """At 80 degrees north the middle of a UTM tile's edge lies far from its corners' line."""
    crs = CRS.from_epsg(32631)
    transform = rasterio.Affine(1000, 0, 200_000, 0, -1000, 9_000_000)
    box, _ = outline(transform, 600, 100, crs)
    _, latitudes = rasterio.warp.transform(crs, "EPSG:4326", [200_000, 800_000], [9e6, 9e6])
    assert box is not None
    assert box[3] > max(latitudes) + 0.1


def test_nothing_on_the_earth() -> None:
    """A geostationary image's corners look past it."""
    crs = CRS.from_proj4("+proj=geos +h=35785831 +lon_0=0 +ellps=WGS84")
    assert outline(rasterio.Affine(1e6, 0, -5e7, 0, -1e6, 5e7), 100, 100, crs) == (None, None)
