"""The outline of an item, small enough for a map with thousands of them."""

from __future__ import annotations

import itertools
import math
from typing import Any

Ring = tuple[tuple[float, float], ...]

#: Points of one outline that are kept; squares and tilted scenes have five.
_MOST_POINTS = 32
#: Outer rings of one item that are kept, the first ones.
_MOST_RINGS = 16
_HALF_TURN = 180.0


def rings_of(geometry: Any) -> tuple[Ring, ...]:
    """Outer rings of a GeoJSON geometry, simplified; none where there is no usable geometry.

    A ring that runs across the antimeridian (two neighbours more than half a turn apart, or
    longitudes beyond 180) becomes one on each side. A point or a line becomes the ring of its box.

    Args:
        geometry: GeoJSON, or anything else that a broken item has in its place.
    """
    try:
        outer = _outer(geometry)
    except (TypeError, ValueError, ArithmeticError, LookupError, RecursionError):
        return ()
    found: list[Ring] = []
    for ring in outer[:_MOST_RINGS]:
        found += [_simplified(each) for each in _at_antimeridian(ring)]
    return tuple(found)


def box_of(rings: tuple[Ring, ...]) -> tuple[float, float, float, float] | None:
    """West, south, east, north of rings; west > east where they lie on both sides of it."""
    if not rings:
        return None
    latitudes = [y for ring in rings for _, y in ring]
    wests = [min(x for x, _ in ring) for ring in rings]
    easts = [max(x for x, _ in ring) for ring in rings]
    west, east = min(wests), max(easts)
    if west == -_HALF_TURN and east == _HALF_TURN and len(rings) > 1:
        left = [e for w, e in zip(wests, easts, strict=True) if w == -_HALF_TURN]
        right = [w for w, e in zip(wests, easts, strict=True) if e == _HALF_TURN]
        if len(left) + len(right) == len(rings) and max(left) < min(right):
            west, east = min(right), max(left)
    return west, min(latitudes), east, max(latitudes)


def _outer(geometry: Any) -> list[list[tuple[float, float]]]:
    if not isinstance(geometry, dict):
        return []
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        return [ring for part in geometry["geometries"] for ring in _outer(part)]
    places = geometry["coordinates"]
    if kind == "Polygon":
        return [_points(places[0])] if places else []
    if kind == "MultiPolygon":
        return [_points(polygon[0]) for polygon in places if polygon]
    if kind == "Point":
        return [_around(_points([places]))]
    if kind in ("MultiPoint", "LineString"):
        return [_around(_points(places))]
    if kind == "MultiLineString":
        return [_around(_points(line)) for line in places]
    return []


def _points(places: Any) -> list[tuple[float, float]]:
    points = [(float(place[0]), float(place[1])) for place in places]
    if not points or not all(math.isfinite(x) and math.isfinite(y) for x, y in points):
        raise ValueError("no points")
    return points


def _around(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    west, south, east, north = min(xs), min(ys), max(xs), max(ys)
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


def _at_antimeridian(ring: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    west, last = min(x for x, _ in ring), max(x for x, _ in ring)
    beyond = west < -_HALF_TURN or last > _HALF_TURN
    steps = itertools.pairwise(ring)
    if beyond:
        turns = 360 if west < -_HALF_TURN else -360 if west >= _HALF_TURN else 0
        east = [(x + turns, y) for x, y in ring]
        west, last = west + turns, last + turns
        if west < -_HALF_TURN or last > 3 * _HALF_TURN:
            return [ring]  # nonsense: as it is
        if last <= _HALF_TURN:
            return [east]
    elif any(abs(x2 - x1) > _HALF_TURN for (x1, _), (x2, _) in steps):
        east = [(x if x >= 0 else x + 360, y) for x, y in ring]
    else:
        return [ring]
    if not any(x <= _HALF_TURN for x, _ in east) or not any(x >= _HALF_TURN for x, _ in east):
        return [ring]  # a ring around a pole, or nonsense: as it is
    return [
        [(min(x, _HALF_TURN), y) for x, y in _clipped(east, keep_west=True)],
        [(max(x, _HALF_TURN) - 360, y) for x, y in _clipped(east, keep_west=False)],
    ]


def _clipped(ring: list[tuple[float, float]], *, keep_west: bool) -> list[tuple[float, float]]:
    """The part of a ring on one side of 180° (Sutherland and Hodgman's way, one edge)."""

    def inside(x: float) -> bool:
        return x <= _HALF_TURN if keep_west else x >= _HALF_TURN

    clipped: list[tuple[float, float]] = []
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        if inside(x1):
            clipped.append((x1, y1))
        if inside(x1) != inside(x2):
            share = (_HALF_TURN - x1) / (x2 - x1)
            clipped.append((_HALF_TURN, y1 + share * (y2 - y1)))
    if clipped and clipped[0] != clipped[-1]:
        clipped.append(clipped[0])
    return clipped


def _simplified(ring: list[tuple[float, float]]) -> Ring:
    if len(ring) > _MOST_POINTS:
        import shapely

        line = shapely.LineString(ring)
        west, south, east, north = line.bounds
        line = line.simplify(max(east - west, north - south) / 200, preserve_topology=False)
        ring = [(x, y) for x, y, *_ in line.coords]
        if len(ring) > _MOST_POINTS:
            step = math.ceil(len(ring) / _MOST_POINTS)
            ring = [*ring[:-1:step], ring[-1]]
    return tuple((round(x, 5), round(y, 5)) for x, y in ring)
