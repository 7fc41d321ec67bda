"""Catalogs of cloud-optimised GeoTIFFs whose pixels are known, with an item a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray

SIZE = 1024
TRANSFORM = rasterio.Affine(20, 0, 590_000, 0, -20, 5_765_000)
NODATA = 0


def truth(index: int, size: int = SIZE) -> NDArray[np.uint16]:
    """The pixels of image `index`: noise, so that compression saves little, and a corner without
    data."""
    values = np.random.default_rng(index).integers(1, 2**16, (size, size), "uint16")
    values[:40, :60] = NODATA
    return values


def put_cogs(
    folder: Path, n: int = 2, size: int = SIZE, *, stated: bool = True, shift: int = 0
) -> Path:
    """Write `n` images with overviews, an item each and a catalog; returns the catalog's file.

    Args:
        folder: Made here.
        n: Images, a day each.
        size: Rows and columns.
        stated: Whether items say the grid and the type of pixels.
        shift: Pixels by which each image lies further to the east than the one before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    links: list[dict[str, str]] = [{"rel": "root", "href": "./catalog.json"}]
    for index in range(n):
        name = f"day-{index}"
        (folder / name).mkdir()
        transform = rasterio.Affine(20, 0, TRANSFORM.c + 20 * index * shift, 0, -20, TRANSFORM.f)
        write_cog(folder / name / "red.tif", truth(index, size), transform)
        west, north = 4.3, 52.0
        fields: dict[str, Any] = {
            "proj:code": "EPSG:32631",
            "proj:shape": [size, size],
            "proj:transform": list(transform)[:6],
            "raster:bands": [{"data_type": "uint16", "nodata": NODATA}],
        }
        item = {
            "type": "Feature",
            "stac_version": "1.0.0",
            "stac_extensions": [],
            "id": name,
            "geometry": {"type": "Point", "coordinates": [west, north]},
            "bbox": [west, north, west, north],
            "properties": {"datetime": f"2024-05-{index + 1:02}T10:00:00Z"},
            "links": [{"rel": "root", "href": "../catalog.json"}],
            "assets": {
                "red": {
                    "href": "./red.tif",
                    "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                    "roles": ["data"],
                    **(fields if stated else {}),
                },
                "notes": {"href": "./notes.txt", "type": "text/plain"},
            },
        }
        (folder / name / f"{name}.json").write_text(json.dumps(item))
        links.append({"rel": "item", "href": f"./{name}/{name}.json"})
    catalog = {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": folder.name,
        "description": "Images with known pixels.",
        "links": links,
    }
    (folder / "catalog.json").write_text(json.dumps(catalog))
    return folder / "catalog.json"


def write_cog(
    file: Path, values: NDArray[Any], transform: Any, crs: str | None = "EPSG:32631"
) -> None:
    """One image with tiles of 256 pixels and overviews."""
    height, width = values.shape
    with rasterio.open(
        file, "w", driver="COG", height=height, width=width, count=1, dtype=values.dtype,
        crs="EPSG:32631", transform=transform, nodata=NODATA, blocksize=256, compress="DEFLATE",
        overview_resampling="nearest",
    ) as raster:  # fmt: skip
        raster.write(values, 1)
