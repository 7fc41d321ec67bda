"""Outline and bounding box of a map in degrees, as STAC wants them whatever the map's own system.

Source: RFC 7946, sections 3.1.9 and 5.2 (what crosses the antimeridian is cut in two, its box has
west > east) and 5.3 (what holds a pole reaches around).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from affine import Affine
    from rasterio.crs import CRS

Ring = list[tuple[float, float]]
# Straight edges of a projected map are curves in degrees.
_STEPS = 8
_DIGITS = 6


def outline(
    transform: Affine, width: int, height: int, crs: CRS
) -> tuple[list[float] | None, dict[str, Any] | None]:
    """The box and the outline of a grid.

    Args:
        transform: From columns and rows to the map's coordinates.
        width: Columns.
        height: Rows.
        crs: The map's system.

    Returns:
        GeoJSON's `bbox` and a Polygon or MultiPolygon; both None if no corner lies on the Earth.
    """
    steps = 1 if crs.is_geographic and transform.is_rectilinear else _STEPS
    cells = _edge(width, height, steps)
    a, b, c, d, e, f = tuple(transform)[:6]
    xs = [a * column + b * row + c for column, row in cells]
    ys = [d * column + e * row + f for column, row in cells]
    ring = _in_degrees(crs, xs, ys)
    if len(ring) < 3:
        return None, None
    return from_ring(ring)


def _in_degrees(crs: CRS, xs: list[float], ys: list[float]) -> Ring:
    """The points that lie on the Earth: a disc's image, as of geostationary satellites, has others.

    Source: GDAL raises for some of them and gives infinity for others.
    """
    from rasterio._err import CPLE_BaseError
    from rasterio.warp import transform as warp

    try:
        longitudes, latitudes = warp(crs, "EPSG:4326", xs, ys)
    except CPLE_BaseError:
        if len(xs) == 1:
            return []
        each = [_in_degrees(crs, [x], [y]) for x, y in zip(xs, ys, strict=True)]
        return [point for points in each for point in points]
    return [
        (longitude, latitude)
        for longitude, latitude in zip(longitudes, latitudes, strict=True)
        if math.isfinite(longitude) and math.isfinite(latitude)
    ]


def from_ring(ring: Ring) -> tuple[list[float], dict[str, Any]]:
    """`outline` of a ring in degrees, not closed, that may go over the antimeridian or a pole."""
    around = _unwrapped(ring)
    south, north = min(y for _, y in around), max(y for _, y in around)
    turn = around[-1][0] + _step(around[-1][0], around[0][0]) - around[0][0]
    if abs(turn) > 180:
        # Once around the Earth: it holds the pole that is nearer.
        south, north = (south, 90.0) if south + north >= 0 else (-90.0, north)
        corners = [(-180.0, south), (180.0, south), (180.0, north), (-180.0, north)]
        return [-180.0, _r(south), 180.0, _r(north)], _polygon([corners])
    west, east = min(x for x, _ in around), max(x for x, _ in around)
    if east - west >= 360:
        corners = [(-180.0, south), (180.0, south), (180.0, north), (-180.0, north)]
        return [-180.0, _r(south), 180.0, _r(north)], _polygon([corners])
    shift = -360.0 * math.floor((west + 180) / 360)
    if shift:
        around = [(x + shift, y) for x, y in around]
        west, east = west + shift, east + shift
    if east <= 180:
        return [_r(west), _r(south), _r(east), _r(north)], _polygon([around])
    # `around` begins east of -180 and ends beyond 180.
    before = _clipped(around, 180.0, keep_east=False)
    after = [(x - 360, y) for x, y in _clipped(around, 180.0, keep_east=True)]
    return [_r(west), _r(south), _r(east - 360), _r(north)], _polygon([before, after])


def _edge(width: int, height: int, steps: int) -> Ring:
    """Points along the edge of a grid in columns and rows, counterclockwise on a north-up map."""
    down = [(0.0, height * step / steps) for step in range(steps)]
    right = [(width * step / steps, float(height)) for step in range(steps)]
    up = [(float(width), height - height * step / steps) for step in range(steps)]
    left = [(width - width * step / steps, 0.0) for step in range(steps)]
    return down + right + up + left


def _step(start: float, end: float) -> float:
    """The shorter way around from one longitude to another."""
    return (end - start + 180) % 360 - 180


def _unwrapped(ring: Ring) -> Ring:
    """Longitudes without jumps."""
    found = [ring[0]]
    for (before, _), (longitude, latitude) in pairwise(ring):
        # Whole maps of the Earth have edges longer than half of it, and no jumps.
        plain = abs(longitude - before) <= 180 or abs(longitude - before) == 360
        step = longitude - before if plain else _step(before, longitude)
        found.append((found[-1][0] + step, latitude))
    return found


def _clipped(ring: Ring, at: float, *, keep_east: bool) -> Ring:
    """The part of a ring on one side of a meridian (Sutherland and Hodgman's way)."""

    def inside(point: tuple[float, float]) -> bool:
        return point[0] >= at if keep_east else point[0] <= at

    found: Ring = []
    for start, end in zip([ring[-1], *ring[:-1]], ring, strict=True):
        if inside(start) != inside(end):
            share = (at - start[0]) / (end[0] - start[0])
            found.append((at, start[1] + share * (end[1] - start[1])))
        if inside(end):
            found.append(end)
    return found


def _polygon(rings: list[Ring]) -> dict[str, Any]:
    closed = [_closed(ring) for ring in rings]
    if len(closed) == 1:
        return {"type": "Polygon", "coordinates": closed}
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in closed]}


def _closed(ring: Ring) -> list[list[float]]:
    """As GeoJSON has it: counterclockwise, also where the map's rows or columns run backwards."""
    points = [*ring, ring[0]]
    if sum((x2 - x1) * (y2 + y1) for (x1, y1), (x2, y2) in pairwise(points)) > 0:
        points.reverse()
    return [[_r(x), _r(y)] for x, y in points]


def _r(degrees: float) -> float:
    return round(degrees, _DIGITS)
