"""A computed map written back: an image or zarr store, its STAC item, a link in the catalog."""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal

from rsdat.base.clock import to_iso
from rsdat.base.errors import InvalidInput
from rsdat.stac.add import (
    GEOJSON,
    STAC_VERSION,
    check_name,
    item_exists,
    link_items,
    put_item,
    read_catalog_json,
)
from rsdat.stac.hrefs import absolute, parent, relative, resolve, scheme_of, whole
from rsdat.stac.image import describe, geotiff
from rsdat.stac.save import dumps
from rsdat.stac.store import Owner, by_protocol, exists, options_for, put_file, read_text, remove
from rsdat.stac.writing import write_zarr

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

_log = logging.getLogger(__name__)

EXTENSIONS = [
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
]
ZARR = "application/vnd+zarr"


def write_item(
    catalog_href: str | os.PathLike[str],
    array: xr.DataArray,
    item_id: str,
    *,
    asset_key: str = "data",
    when: datetime | None = None,
    properties: Mapping[str, Any] | None = None,
    derived_from: str | Iterable[str] = (),
    overwrite: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> str:
    """Write an array as a cloud-optimised GeoTIFF and describe it in a catalog.

    `write_result` with `form="cog"`.

    Returns:
        The address of the item.

    Raises:
        Conflict, InvalidInput, OSError: As `write_result`.
    """
    return write_result(
        catalog_href,
        array,
        item_id,
        form="cog",
        asset_key=asset_key,
        when=when,
        properties=properties,
        derived_from=derived_from,
        overwrite=overwrite,
        storage_options=storage_options,
    )


def write_result(
    catalog_href: str | os.PathLike[str],
    array: xr.DataArray,
    item_id: str,
    *,
    form: Literal["cog", "zarr"] = "cog",
    asset_key: str = "data",
    when: datetime | None = None,
    properties: Mapping[str, Any] | None = None,
    derived_from: str | Iterable[str] = (),
    overwrite: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> str:
    """Write a map, describe it in a STAC item, and link that in a catalog.

    The data come first, in `<catalog's folder>/<item_id>/`, then the item beside them, and the link
    in the catalog last: whatever fails, nothing is linked that is not there. Where an item is
    replaced its data are files of other names, so the old item and its data stand until the new
    ones are whole; the old image is deleted then. Several people may write into one catalog at
    once: no link gets lost.

    Args:
        catalog_href: Address of a catalog or collection; a new catalog is made where there is none.
        array: (y, x) or (band, y, x) with x, y and `spatial_ref` as `get_asset` gives them. If
            lazy, it is computed part by part.
        item_id: Id of the new item; also the name of its folder, so without `/`.
        form: "cog": one GeoTIFF, which passes through this computer's `TMPDIR`. "zarr": a store,
            whose chunks the workers write themselves.
        asset_key: Key of its only asset.
        when: Time of the item, aware; now if not given.
        properties: More properties of the item, JSON values.
        derived_from: Address or addresses of the items that it was computed from.
        overwrite: Replace an item of that id.
        storage_options: As `read_catalog`.

    Returns:
        The address of the item.

    Raises:
        Conflict: There is such an item, and `overwrite` is false (`exists`); or others have been
            writing to the catalog for minutes (`contended`).
        InvalidInput: The array does not say where it lies, or has a type that GeoTIFF has not;
            an id or key that is no file name; something else than a catalog at the address.
        OSError: The store refused.
    """
    for name in (item_id, asset_key):
        check_name(name)
    if form not in ("cog", "zarr"):
        raise InvalidInput(f"results are written as 'cog' or 'zarr', not as '{form}'")
    address = absolute(os.fspath(catalog_href))
    owner: Owner = by_protocol(storage_options, scheme_of(address) or "file")
    folder = f"{parent(address)}/{item_id}"
    item_href = f"{folder}/{item_id}.json"
    catalog = read_catalog_json(address, owner)
    if not overwrite and exists(item_href, owner):
        raise item_exists(item_id)
    dumps({"id": item_id, "properties": dict(properties or {})})  # refused now, not in the end
    before = _image_of(item_href, asset_key, owner) if overwrite else None
    if form == "cog":
        with geotiff(array) as (image, described):
            data_href = _put_image(image, folder, asset_key, owner)
    else:
        described = describe(array) | {"type": ZARR}
        data_href = _put_zarr(array, folder, asset_key, owner)
    bbox, geometry = described.pop("bbox"), described.pop("geometry")
    item: dict[str, Any] = {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": EXTENSIONS,
        "id": item_id,
        **({"bbox": bbox} if bbox else {}),
        "geometry": geometry,
        "properties": {
            "datetime": to_iso(when or datetime.now(timezone.utc)),
            "created": to_iso(datetime.now(timezone.utc)),
            **(properties or {}),
        },
        "links": [
            {"rel": "derived_from", "href": whole(absolute(href), item_href), "type": GEOJSON}
            for href in ([derived_from] if isinstance(derived_from, str) else derived_from)
        ],
        "assets": {
            asset_key: {
                "href": relative(data_href, item_href),
                "title": str(array.attrs.get("long_name") or array.name or item_id),
                "roles": ["data"],
                **described,
            }
        },
    }
    try:
        put_item(address, catalog, item, overwrite=overwrite, owner=owner)
    except BaseException:
        if form == "cog" and _image_of(item_href, asset_key, owner) != data_href:
            _drop(data_href, owner)
        raise
    if before is not None and before != data_href:
        _drop(before, owner)
    link_items(address, [item_href], owner)
    return item_href


def _put_image(image: Path, folder: str, key: str, owner: Owner) -> str:
    """No file is replaced: an item says of it what is in it, and it may be that of another one."""
    href = f"{folder}/{key}.tif"
    try:
        put_file(image, href, owner, replace=False)
    except FileExistsError:
        href = f"{folder}/{key}-{secrets.token_hex(4)}.tif"
        put_file(image, href, owner, replace=False)
    return href


def _image_of(item_href: str, key: str, owner: Owner) -> str | None:
    """The image of our own that an item names, beside it; None where there is none."""
    try:
        found = json.loads(read_text(item_href, owner))["assets"][key]["href"]
        href = resolve(found, item_href)
    except (OSError, ValueError, LookupError, TypeError):
        return None
    own = parent(href) == parent(item_href) and href.endswith(".tif")
    return href if own else None


def _drop(href: str, owner: Owner) -> None:
    """Delete a file that no item names; it does no harm where that is refused."""
    try:
        remove(href, owner)
    except FileNotFoundError:
        return
    except OSError as error:
        _log.warning("%s is not needed any more, and could not be deleted: %s", href, error)


def _put_zarr(array: xr.DataArray, folder: str, key: str, owner: Owner) -> str:
    """A store of its own name: who reads an older one goes on reading it whole."""
    name = f"{key}.zarr"
    if exists(f"{folder}/{name}", owner):
        name = f"{key}-{secrets.token_hex(4)}.zarr"
    href = f"{folder}/{name}"
    write_zarr(
        array.rename(str(array.name or key)), href, storage_options=options_for(href, owner) or None
    )
    return href
