"""The JSON of a static STAC 1.0 catalog with one collection, as plain dictionaries.

Written by hand and not by the library that reads it in `rsdat.stac`, so that reading is tested
against something of another origin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

STAC_VERSION = "1.0.0"
EXTENSIONS = {
    "eo": "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
    "file": "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "projection": "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "raster": "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
}


def item_geometry(projection: Mapping[str, Any]) -> tuple[list[float], dict[str, Any]]:
    """Bounding box and footprint in degrees, from `proj:code`, `proj:shape`, `proj:transform`."""
    from rasterio.warp import transform

    height, width = projection["proj:shape"]
    a, b, left, d, e, top = projection["proj:transform"][:6]
    corners = [(0, height), (width, height), (width, 0), (0, 0), (0, height)]
    eastings = [a * column + b * row + left for column, row in corners]
    northings = [d * column + e * row + top for column, row in corners]
    longitudes, latitudes = transform(projection["proj:code"], "EPSG:4326", eastings, northings)
    ring = [
        [round(longitude, 6), round(latitude, 6)]
        for longitude, latitude in zip(longitudes, latitudes, strict=True)
    ]
    bbox = [
        min(point[0] for point in ring),
        min(point[1] for point in ring),
        max(point[0] for point in ring),
        max(point[1] for point in ring),
    ]
    return bbox, {"type": "Polygon", "coordinates": [ring]}


def catalog_files(
    *,
    title: str,
    description: str,
    collection_id: str,
    collection_title: str,
    licence: str,
    providers: Sequence[Mapping[str, Any]],
    extensions: Sequence[str],
    items: Sequence[Mapping[str, Any]],
) -> dict[str, dict[str, Any]]:
    """Every JSON file of the catalog, by its path below the catalog's folder.

    `catalog.json` → `<collection>/collection.json` → `<collection>/<item>/<item>.json`; all
    links are relative, so that the folder can be copied as it is.

    Args:
        title: The catalog's.
        description: Of catalog and collection.
        collection_id: Also the name of its folder.
        collection_title: The collection's.
        licence: SPDX name.
        providers: STAC provider objects.
        extensions: Keys of `EXTENSIONS` that the items use.
        items: Each with `id`, `bbox`, `geometry`, `properties` and `assets`.
    """
    collection_path = f"{collection_id}/collection.json"
    item_paths = {item["id"]: f"{collection_id}/{item['id']}/{item['id']}.json" for item in items}
    catalog = {
        "type": "Catalog",
        "stac_version": STAC_VERSION,
        "id": collection_id + "-catalog",
        "title": title,
        "description": description,
        "links": [
            {"rel": "root", "href": "./catalog.json", "type": "application/json"},
            {
                "rel": "child",
                "href": f"./{collection_path}",
                "type": "application/json",
                "title": collection_title,
            },
        ],
    }
    boxes = [item["bbox"] for item in items]
    collection = {
        "type": "Collection",
        "stac_version": STAC_VERSION,
        "id": collection_id,
        "title": collection_title,
        "description": description,
        "license": licence,
        "providers": [dict(provider) for provider in providers],
        "extent": {
            "spatial": {
                "bbox": [
                    [
                        min(box[0] for box in boxes),
                        min(box[1] for box in boxes),
                        max(box[2] for box in boxes),
                        max(box[3] for box in boxes),
                    ]
                ]
            },
            "temporal": {"interval": [_interval([item["properties"] for item in items])]},
        },
        "links": [
            {"rel": "root", "href": "../catalog.json", "type": "application/json"},
            {"rel": "parent", "href": "../catalog.json", "type": "application/json"},
            *(
                {
                    "rel": "item",
                    "href": f"./{item['id']}/{item['id']}.json",
                    "type": "application/geo+json",
                }
                for item in items
            ),
        ],
    }
    files: dict[str, dict[str, Any]] = {"catalog.json": catalog, collection_path: collection}
    for item in items:
        files[item_paths[item["id"]]] = {
            "type": "Feature",
            "stac_version": STAC_VERSION,
            "stac_extensions": [EXTENSIONS[name] for name in extensions],
            "id": item["id"],
            "collection": collection_id,
            "bbox": item["bbox"],
            "geometry": item["geometry"],
            "properties": item["properties"],
            "links": [
                {"rel": "root", "href": "../../catalog.json", "type": "application/json"},
                {"rel": "parent", "href": "../collection.json", "type": "application/json"},
                {"rel": "collection", "href": "../collection.json", "type": "application/json"},
            ],
            "assets": item["assets"],
        }
    return files


def _interval(properties: Sequence[Mapping[str, Any]]) -> list[str]:
    # ISO 8601 in UTC with Z sorts as text.
    starts = [each.get("start_datetime") or each["datetime"] for each in properties]
    ends = [each.get("end_datetime") or each["datetime"] for each in properties]
    return [min(starts), max(ends)]
