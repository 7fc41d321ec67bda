"""An archive of satellite images as a provider has it: metadata to search in, bands to download.

Two tiles side by side, seen every ten days for a year. The vegetation index of a place on a day
is given by a formula, and so are the two bands it is computed from. Nothing is stored: an image is
made when it is asked for. Where an image is said to be cloudy, clouds hide its northern part.
"""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rsdat.base.clock import to_iso
from rsdat.base.errors import NotFound
from rsdat.demo.static_catalog import EXTENSIONS, STAC_VERSION, item_geometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLLECTION = "fields"
TILES = ("west", "east")
DATES = 36
FIRST = datetime(2024, 1, 5, 10, 40, tzinfo=timezone.utc)
REPEAT_DAYS = 10
SIZE = 128
PIXEL_M = 20.0
EPSG = 32631
#: Upper left corner of the western tile, in metres.
CORNER_M = (640_000.0, 5_770_000.0)
BANDS = ("red", "nir")
RED = 0.05
CLOUD = 0.9
#: Stored numbers are reflectances times this.
SCALE = 10_000
GEOTIFF = "image/tiff; application=geotiff; profile=cloud-optimized"


def vegetation_index(tile: str, moment: datetime) -> NDArray[Any]:
    """The truth without clouds: (SIZE, SIZE), rows from the north."""
    import numpy as np

    row, column = np.mgrid[:SIZE, :SIZE] / SIZE
    column = column + TILES.index(tile)
    summer = np.sin(np.pi * moment.timetuple().tm_yday / 366)
    pattern = 0.5 + 0.5 * np.sin(4 * np.pi * column) * np.cos(4 * np.pi * row)
    index: NDArray[Any] = 0.2 + 0.5 * summer * pattern
    return index


def cloud_cover(tile: str, number: int) -> int:
    """Per cent of an image that is hidden by clouds, by its tile and number."""
    return (37 * number + 23 * TILES.index(tile)) % 100


def items(base: str) -> list[dict[str, Any]]:
    """All items, the latest first as archives list them.

    Args:
        base: Address of the API, of which the assets' addresses are made.
    """
    every = [_item(base, tile, number) for number in range(DATES) for tile in TILES]
    return every[::-1]


def collection() -> dict[str, Any]:
    """The only collection, without links."""
    boxes = [_place(tile)[0] for tile in TILES]
    last = FIRST + timedelta(days=REPEAT_DAYS * (DATES - 1))
    return {
        "type": "Collection",
        "stac_version": STAC_VERSION,
        "id": COLLECTION,
        "title": "Fields, red and near infrared",
        "description": "Synthetic images whose vegetation index is known in closed form.",
        "license": "CC0-1.0",
        "extent": {
            "spatial": {
                "bbox": [
                    [min(box[at] for box in boxes) for at in (0, 1)]
                    + [max(box[at] for box in boxes) for at in (2, 3)]
                ]
            },
            "temporal": {"interval": [[to_iso(FIRST), to_iso(last)]]},
        },
    }


@lru_cache(maxsize=64)
def asset(item_id: str, name: str) -> tuple[bytes, str]:
    """Content and media type of an asset, as `<band>.tif`, `thumbnail.png` or `metadata.json`.

    Raises:
        NotFound: There is no such item, or no such asset.
    """
    import numpy as np

    tile, number = _parse(item_id)
    kind, _, suffix = name.partition(".")
    moment = FIRST + timedelta(days=REPEAT_DAYS * number)
    clouds = cloud_cover(tile, number)
    if name == "metadata.json":
        facts = {"tile": tile, "acquired": to_iso(moment), "cloud_cover": clouds}
        return json.dumps(facts, indent=1).encode(), "application/json"
    hidden = slice(0, round(SIZE * clouds / 100))
    index = vegetation_index(tile, moment)
    bands = {"red": np.full_like(index, RED), "nir": RED * (1 + index) / (1 - index)}
    for values in bands.values():
        values[hidden] = CLOUD
    if name == "thumbnail.png":
        colours = [bands["nir"], bands["red"], bands["red"]]
        return _picture(np.clip(np.stack(colours, axis=-1) / 0.4, 0, 1)), "image/png"
    if suffix != "tif" or kind not in bands:
        raise NotFound(f"'{item_id}' has no asset '{name}'")
    stored = np.round(bands[kind] * SCALE).astype("uint16")[np.newaxis]
    return _raster(stored, tile), GEOTIFF


def _item(base: str, tile: str, number: int) -> dict[str, Any]:
    moment = FIRST + timedelta(days=REPEAT_DAYS * number)
    item_id = f"{tile}-{number:02}"
    bbox, geometry, projection = _place(tile)
    folder = f"{base}/assets/{item_id}"
    facts = {"data_type": "uint16", "scale": 1 / SCALE, "offset": 0, "nodata": 0}
    band = {"raster:bands": [facts]}
    return {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": [EXTENSIONS[name] for name in ("eo", "projection", "raster")],
        "id": item_id,
        "collection": COLLECTION,
        "bbox": bbox,
        "geometry": geometry,
        "properties": {
            "datetime": to_iso(moment),
            "eo:cloud_cover": cloud_cover(tile, number),
            **projection,
        },
        "assets": {
            **{
                name: {
                    "href": f"{folder}/{name}.tif",
                    "type": GEOTIFF,
                    "roles": ["data"],
                    **projection,
                    **band,
                }
                for name in BANDS
            },
            "thumbnail": {
                "href": f"{folder}/thumbnail.png",
                "type": "image/png",
                "roles": ["thumbnail"],
            },
            "metadata": {
                "href": f"{folder}/metadata.json",
                "type": "application/json",
                "roles": ["metadata"],
            },
        },
    }


@lru_cache(maxsize=len(TILES))
def _place(tile: str) -> tuple[list[float], dict[str, Any], dict[str, Any]]:
    """Box, footprint and projection of a tile."""
    west = CORNER_M[0] + TILES.index(tile) * SIZE * PIXEL_M
    projection = {
        "proj:code": f"EPSG:{EPSG}",
        "proj:shape": [SIZE, SIZE],
        "proj:transform": [PIXEL_M, 0.0, west, 0.0, -PIXEL_M, CORNER_M[1]],
    }
    return *item_geometry(projection), projection


def _parse(item_id: str) -> tuple[str, int]:
    tile, _, number = item_id.rpartition("-")
    if tile not in TILES or not number.isdecimal() or int(number) >= DATES:
        raise NotFound(f"There is no item '{item_id}'")
    return tile, int(number)


def _picture(colours: NDArray[Any]) -> bytes:
    """A PNG from (rows, columns, 3) values between 0 and 1."""
    from matplotlib.image import imsave

    file = io.BytesIO()
    imsave(file, colours, format="png")
    return file.getvalue()


def _raster(values: NDArray[Any], tile: str) -> bytes:
    """A cloud-optimized GeoTIFF from (1, rows, columns)."""
    from rasterio import Affine
    from rasterio.io import MemoryFile

    a, b, left, d, e, top = _place(tile)[2]["proj:transform"]
    count, height, width = values.shape
    with MemoryFile() as file:
        with file.open(
            driver="COG",
            count=count,
            height=height,
            width=width,
            dtype=values.dtype,
            crs=f"EPSG:{EPSG}",
            transform=Affine(a, b, left, d, e, top),
            compress="deflate",
            nodata=0,
        ) as image:
            image.write(values)
        content: bytes = file.read()
    return content
