"""Assets that are read whole: text, JSON, GeoJSON, and bytes of any kind."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

from rsdat.base.errors import InvalidInput
from rsdat.stac.access import Access
from rsdat.stac.again import again
from rsdat.stac.hrefs import shown
from rsdat.stac.naming import named

MOST_BYTES = 2**30


def read_whole(href: str, access: Access, label: str) -> bytes:
    """The file's bytes.

    Raises:
        InvalidInput: It has more than 1 GiB.
        NotFound: It is gone.
    """
    with named(label, href):
        filesystem, path = access.place(href)
        size = filesystem.info(path).get("size")
        if size is not None and size > MOST_BYTES:
            raise InvalidInput(
                f"it has {size / 2**30:.1f} GiB, and its media type is none that is read in parts",
                hint="Open it with fsspec and read what you need.",
                code="too_large",
            )
        return bytes(again(lambda: filesystem.cat_file(path)))


def read_text(href: str, access: Access, label: str) -> str:
    """UTF-8 text; XML too.

    Raises:
        InvalidInput: It is not UTF-8.
    """
    try:
        return read_whole(href, access, label).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{label} is no UTF-8 text ({shown(href)})", code="asset_broken"
        ) from error


def read_json(href: str, access: Access, label: str) -> Any:
    """What the JSON says.

    Raises:
        InvalidInput: It is not JSON.
    """
    text = read_text(href, access, label)
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidInput(
            f"{label} is not JSON: {error} ({shown(href)})", code="asset_broken"
        ) from error


def read_geojson(href: str, access: Access, label: str) -> Any:
    """A geopandas GeoDataFrame of its features; what the JSON says where geopandas is missing.

    Raises:
        InvalidInput: It is not JSON.
    """
    value = read_json(href, access, label)
    try:
        geopandas = import_module("geopandas")
    except ImportError:
        return value
    if not isinstance(value, dict) or not isinstance(value.get("features"), list):
        return value
    # GeoJSON is always in degrees (RFC 7946).
    return geopandas.GeoDataFrame.from_features(value["features"], crs="EPSG:4326")
