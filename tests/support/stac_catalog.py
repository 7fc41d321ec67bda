"""Catalogs for tests, written as files; their items are easy to tell apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def item(
    number: int,
    *,
    collection: str | None = "scenes",
    bbox: list[float] | None = None,
    datetime: str | None = None,
    **properties: Any,
) -> dict[str, Any]:
    """Item `scene-000042`: a square of half a degree, a day each from 2024 on."""
    west, south = (number % 340) - 170.0, (number // 340 % 160) - 80.0
    box = bbox or [west, south, west + 0.5, south + 0.5]
    w, s, e, n = box
    day, month = number % 28 + 1, number // 28 % 12 + 1
    year = 2024 + number // 336 % 3
    name = f"scene-{number:06}"
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": name,
        "geometry": {"type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]]},
        "bbox": box,
        "properties": {
            "datetime": datetime or f"{year}-{month:02}-{day:02}T10:00:00Z",
            "eo:cloud_cover": float(number % 101),
            "platform": "test-1",
            **properties,
        },
        "links": [],
        "assets": {
            "red": {
                "href": f"./{name}-red.tif",
                "type": "image/tiff; application=geotiff",
                "title": "Red",
                "roles": ["data"],
                "file:size": 1000 + number,
            },
            "thumbnail": {
                "href": "./thumb.png",
                "type": "image/png",
                "roles": ["thumbnail"],
            },
        },
        **({"collection": collection} if collection else {}),
    }


def catalog(
    id_: str, items: list[str], children: list[str] | None = None, **more: Any
) -> dict[str, Any]:
    """A catalog with links."""
    links = [{"rel": "item", "href": href} for href in items]
    links += [{"rel": "child", "href": href} for href in children or []]
    return {
        "type": "Catalog",
        "stac_version": "1.1.0",
        "id": id_,
        "description": f"Catalog {id_}",
        "links": links,
        **more,
    }


def write(path: Path, value: Any) -> Path:
    """Write JSON, folders included; whole at once, as the libraries do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    beside.write_text(value if isinstance(value, str) else json.dumps(value))
    beside.replace(path)
    return path


def write_flat(folder: Path, count: int, make: Callable[[int], dict[str, Any]] = item) -> Path:
    """A catalog whose items are files of one folder `items/`; its path."""
    names = []
    for number in range(count):
        value = make(number)
        names.append(f"./items/{value['id']}.json")
        write(folder / "items" / f"{value['id']}.json", value)
    return write(folder / "catalog.json", catalog("flat", names))


def write_deep(folder: Path, count: int) -> Path:
    """A catalog as PySTAC lays it out: a collection, each item in its folder; its path."""
    names = []
    for number in range(count):
        value = item(number)
        names.append(f"./{value['id']}/{value['id']}.json")
        write(folder / "scenes" / value["id"] / f"{value['id']}.json", value)
    collection = catalog(
        "scenes",
        names,
        type="Collection",
        license="CC-BY-4.0",
        extent={
            "spatial": {"bbox": [[-170, -80, 170, 80]]},
            "temporal": {"interval": [["2024-01-01T00:00:00Z", None]]},
        },
    )
    collection["links"].append({"rel": "parent", "href": "../catalog.json"})
    write(folder / "scenes" / "collection.json", collection)
    return write(
        folder / "catalog.json", catalog("deep", [], ["./scenes/collection.json"], title="Deep")
    )
