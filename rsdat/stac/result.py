"""A computed map written back: a GeoTIFF, a STAC item beside it, a link in the catalog."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import numpy as np

from rsdat.base.clock import to_iso
from rsdat.base.errors import Conflict, InvalidInput
from rsdat.stac.georeference import crs_wkt_of, transform_of
from rsdat.stac.hrefs import absolute, parent
from rsdat.stac.store import exists, read_text, write_bytes

if TYPE_CHECKING:
    import xarray as xr
    from rasterio.io import DatasetReader

STAC_VERSION = "1.0.0"
EXTENSIONS = [
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
]
GEOTIFF = "image/tiff; application=geotiff"
TILE = 256


def write_item(
    catalog_href: str | os.PathLike[str],
    array: xr.DataArray,
    item_id: str,
    *,
    asset_key: str = "data",
    when: datetime | None = None,
    properties: Mapping[str, Any] | None = None,
    derived_from: Iterable[str] = (),
    overwrite: bool = False,
) -> str:
    """Write an array as a GeoTIFF and describe it in a catalog.

    The files are `<catalog's folder>/<item_id>/<asset_key>.tif` and `<item_id>.json` beside it.
    The image comes first and the link in the catalog last: whatever fails, nothing is linked
    that is not there.

    Args:
        catalog_href: Address of a catalog or collection; a new catalog is made where there is
            none. Two writers at the same catalog at the same time may lose one of the links.
        array: (y, x) or (band, y, x), with x, y and `spatial_ref` as `get_asset` gives them.
            Computed here if it is lazy: it must fit into memory.
        item_id: Id of the new item; also the name of its folder, so without `/`.
        asset_key: Key of its only asset.
        when: Time of the item, aware; now if not given.
        properties: More properties of the item, JSON values.
        derived_from: Addresses of the items that it was computed from.
        overwrite: Replace an item of that id.

    Returns:
        The address of the item.

    Raises:
        Conflict: There is such an item, and `overwrite` is false.
        InvalidInput: The array does not say where it lies, or has a type that GeoTIFF has not;
            an id or key that is no file name.
    """
    for name in (item_id, asset_key):
        if not name or "/" in name or name in (".", ".."):
            raise InvalidInput(f"'{name}' can't be the name of a file")
    catalog_address = absolute(os.fspath(catalog_href))
    folder = f"{parent(catalog_address)}/{item_id}"
    item_href = f"{folder}/{item_id}.json"
    catalog = _read_catalog_json(catalog_address)
    if not overwrite and exists(item_href):
        raise Conflict(f"there is an item '{item_id}' already", hint="overwrite=True replaces it.")

    image, description = _geotiff(array)
    moment = to_iso(when or datetime.now(timezone.utc))
    root = next((link["href"] for link in catalog["links"] if link["rel"] == "root"), None)
    catalog_name = catalog_address.rpartition("/")[2]
    item = {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": EXTENSIONS,
        "id": item_id,
        "bbox": description.pop("bbox"),
        "geometry": description.pop("geometry"),
        "properties": {
            "datetime": moment,
            "created": to_iso(datetime.now(timezone.utc)),
            **(properties or {}),
        },
        "links": [
            _link("root", _one_level_down(root or f"./{catalog_name}"), "application/json"),
            _link("parent", f"../{catalog_name}", "application/json"),
            *(
                _link("derived_from", absolute(href), "application/geo+json")
                for href in derived_from
            ),
        ],
        "assets": {
            asset_key: {
                "href": f"./{asset_key}.tif",
                "type": description.pop("type"),
                "title": str(array.attrs.get("long_name") or array.name or item_id),
                "roles": ["data"],
                **description,
            }
        },
    }
    if catalog["type"] == "Collection":
        item["collection"] = catalog["id"]
        item["links"].append(_link("collection", f"../{catalog_name}", "application/json"))

    write_bytes(f"{folder}/{asset_key}.tif", image)
    write_bytes(item_href, _json(item))
    link = _link("item", f"./{item_id}/{item_id}.json", "application/geo+json")
    if link["href"] not in [each["href"] for each in catalog["links"]]:
        catalog["links"].append(link)
        write_bytes(catalog_address, _json(catalog))
    return item_href


def _geotiff(array: xr.DataArray) -> tuple[bytes, dict[str, Any]]:
    """The image as bytes, and what its item says of it."""
    import rasterio.shutil
    from rasterio.crs import CRS
    from rasterio.io import MemoryFile

    if array.dims not in (("y", "x"), ("band", "y", "x")):
        raise InvalidInput(f"an image has the dimensions (band,) y and x, not {array.dims}")
    transform = transform_of(array)
    crs = CRS.from_wkt(crs_wkt_of(array))
    values = np.asarray(array.to_numpy())
    if values.ndim == 2:
        values = values[np.newaxis]
    if values.dtype.kind == "b":
        values = values.astype("uint8")
    if not rasterio.dtypes.check_dtype(values.dtype):
        raise InvalidInput(f"GeoTIFF has no data type for {values.dtype}")
    count, height, width = values.shape
    nodata = array.attrs.get("nodata")
    if nodata is None and values.dtype.kind == "f" and np.isnan(values).any():
        nodata = float("nan")
    profile = {
        "driver": "GTiff",
        "width": width,
        "height": height,
        "count": count,
        "dtype": values.dtype,
        "crs": crs,
        "transform": transform,
        "nodata": nodata,
    }
    with rasterio.Env() as environment, MemoryFile() as plain, MemoryFile() as packed:
        with plain.open(**profile) as raster:
            raster.write(values)
        with plain.open() as raster:
            is_cog = "COG" in environment.drivers()
            layout = (
                {"driver": "COG", "blocksize": TILE, "predictor": "YES"}
                if is_cog and values.dtype.kind != "c"  # GDAL 3.10's COG driver refuses complex
                else {"driver": "GTiff", "tiled": True, "blockxsize": TILE, "blockysize": TILE}
            )
            rasterio.shutil.copy(raster, packed.name, compress="DEFLATE", **layout)
            bbox, geometry = _footprint(raster)
        image = bytes(packed.read())
    cog = layout["driver"] == "COG"
    data_type = {"complex64": "cfloat32", "complex128": "cfloat64"}.get(
        values.dtype.name, values.dtype.name
    )
    band = {"data_type": data_type, "spatial_resolution": abs(transform.a)}
    if nodata is not None:
        band["nodata"] = "nan" if np.isnan(nodata) else nodata
    epsg = crs.to_epsg()
    return image, {
        "bbox": bbox,
        "geometry": geometry,
        "type": f"{GEOTIFF}; profile=cloud-optimized" if cog else GEOTIFF,
        "proj:code": f"EPSG:{epsg}" if epsg else None,
        **({} if epsg else {"proj:wkt2": crs.to_wkt()}),
        "proj:shape": [height, width],
        "proj:transform": list(transform)[:6],
        "raster:bands": [dict(band) for _ in range(count)],
    }


def _footprint(raster: DatasetReader) -> tuple[list[float], dict[str, Any]]:
    """Bounding box and outline in degrees, as STAC wants them whatever the map's own system."""
    from rasterio.warp import transform, transform_bounds

    west, south, east, north = raster.bounds
    ring_x, ring_y = [west, east, east, west, west], [south, south, north, north, south]
    longitudes, latitudes = transform(raster.crs, "EPSG:4326", ring_x, ring_y)
    ring = [
        [round(longitude, 6), round(latitude, 6)]
        for longitude, latitude in zip(longitudes, latitudes, strict=True)
    ]
    bounds = transform_bounds(raster.crs, "EPSG:4326", *raster.bounds)
    return [round(bound, 6) for bound in bounds], {"type": "Polygon", "coordinates": [ring]}


def _read_catalog_json(address: str) -> dict[str, Any]:
    try:
        catalog = json.loads(read_text(address))
    except FileNotFoundError:
        return _new_catalog(address)
    except ValueError as error:
        raise InvalidInput(f"{address} is not JSON: {error}") from error
    if not isinstance(catalog, dict) or catalog.get("type") not in ("Catalog", "Collection"):
        raise InvalidInput(f"{address} is not a STAC catalog or collection")
    catalog.setdefault("links", [])
    return catalog


def _new_catalog(address: str) -> dict[str, Any]:
    folder, name = parent(address).rpartition("/")[2], address.rpartition("/")[2]
    return {
        "type": "Catalog",
        "stac_version": STAC_VERSION,
        "id": folder,
        "description": f"Results in {folder}.",
        "links": [_link("root", f"./{name}", "application/json")],
    }


def _one_level_down(href: str) -> str:
    """A link of the catalog as the item in the folder below has to write it."""
    if "://" in href or href.startswith("/"):
        return href
    return "../" + href.removeprefix("./")


def _link(rel: str, href: str, media_type: str) -> dict[str, str]:
    return {"rel": rel, "href": href, "type": media_type}


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
