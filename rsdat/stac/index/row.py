"""What the index keeps of an item: read leniently, for catalogs are written by many hands."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, NamedTuple

from rsdat.base.errors import RsdatError
from rsdat.stac.index.footprint import Ring, box_of, rings_of

#: A time that nobody told; before all others.
NO_TIME = -(2**63)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
#: Of the years that Python and people's clocks know, in UTC.
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999
_FRACTION = re.compile(r"\.(\d+)")
_MS = timedelta(milliseconds=1)
_PICTURES = ("image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp")

Box = tuple[float, float, float, float]


class AssetWords(NamedTuple):
    """What is said of an asset beside its address."""

    title: str | None
    type: str | None
    roles: tuple[str, ...]


class Row(NamedTuple):
    """One item.

    Attributes:
        id: Its id.
        href: Absolute address.
        collection: Id of its collection.
        start: Its moment, or the begin of its interval: milliseconds since 1970, or `NO_TIME`.
        end: End of its interval, or `NO_TIME`.
        bbox: West, south, east, north in degrees; west > east crosses the antimeridian.
        cloud: `eo:cloud_cover` in percent, or NaN.
        rings: Simplified outer rings of its geometry, longitude and latitude in degrees.
        assets: What is said of its assets, by key.
        thumbnail: Absolute address of a picture.
    """

    id: str
    href: str
    collection: str | None
    start: int
    end: int
    bbox: Box | None
    cloud: float
    rings: tuple[Ring, ...]
    assets: Mapping[str, AssetWords]
    thumbnail: str | None


def row_of(item: Mapping[str, Any], href: str, resolve: Callable[[str, str], str]) -> Row:
    """The row of an item.

    Args:
        item: Its JSON.
        href: Where it was read.
        resolve: Makes an href in it absolute; see `rsdat.stac.hrefs.resolve`.

    Raises:
        ValueError: It is no item.
    """
    if item.get("type") != "Feature" or not isinstance(item.get("id"), str | int):
        raise ValueError("it is no STAC item" if item.get("type") else "it has no type")
    properties = item.get("properties")
    if not isinstance(properties, Mapping):
        properties = {}
    rings = rings_of(item.get("geometry"))
    start, end = _times(properties)
    assets = item.get("assets")
    if not isinstance(assets, Mapping):
        assets = {}
    assets = {key: each for key, each in assets.items() if isinstance(each, Mapping)}
    picture = _picture(assets)
    collection = item.get("collection") or properties.get("collection")  # there before STAC 0.9
    cloud = properties.get("eo:cloud_cover")
    return Row(
        clean(str(item["id"])),
        clean(href),
        clean(str(collection)) if collection is not None else None,
        start,
        end,
        box_from(item.get("bbox")) or box_of(rings),
        _percent(cloud),
        rings,
        {clean(key): _words(asset) for key, asset in assets.items()},
        None if picture is None else _shown(picture, href, resolve),
    )


def clean(text: str) -> str:
    """Text that UTF-8 can hold: JSON may escape half a letter, which Arrow refuses."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()


def _percent(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return math.nan
    return float(value) if -1e6 < value < 1e6 else math.nan


def _shown(picture: str, href: str, resolve: Callable[[str, str], str]) -> str | None:
    try:
        return clean(resolve(picture, href))
    except (RsdatError, ValueError):
        return None  # an item is one without its picture too


def box_from(value: Any) -> Box | None:
    """West, south, east, north of a STAC bbox with or without heights; None if it is none."""
    if not isinstance(value, list | tuple) or len(value) not in (4, 6):
        return None
    try:
        numbers = [float(each) for each in value if isinstance(each, int | float)]
    except OverflowError:
        return None
    if len(numbers) != len(value) or not all(map(math.isfinite, numbers)):
        return None
    west, south, east, north = numbers if len(value) == 4 else (*numbers[:2], *numbers[3:5])
    if south > north or not -360 <= west <= 360 or not -360 <= east <= 360:
        return None
    if west < -180 or east < -180 or west > 180 or east > 180:
        # Longitudes from 0 to 360, as climate data have them.
        if east - west >= 360:
            return -180.0, south, 180.0, north
        west, east = _turned(west, up_to=False), _turned(east, up_to=True)
    return west, south, east, north


def _turned(longitude: float, *, up_to: bool) -> float:
    """The same longitude from -180 to 180; where both mean it, 180 for an east end."""
    turned = (longitude + 180.0) % 360.0 - 180.0
    return 180.0 if up_to and turned == -180.0 else turned


def to_ms(value: Any) -> int:
    """A time of an item in milliseconds since 1970; `NO_TIME` for what is none."""
    if not isinstance(value, str):
        return NO_TIME
    text = value.strip().upper().replace("Z", "+00:00")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        # Python 3.10 takes fractions of three or six digits only.
        text = _FRACTION.sub(lambda match: f".{match[1]:0<6.6}", text, count=1)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return NO_TIME
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    ms = (moment - _EPOCH) // _MS
    return ms if _FIRST_MS <= ms <= _LAST_MS else NO_TIME


def to_text(ms: int) -> str | None:
    """ISO 8601 in UTC, with milliseconds only where there are any; None for `NO_TIME`."""
    if ms == NO_TIME:
        return None
    moment = (_EPOCH + timedelta(milliseconds=ms)).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds" if ms % 1000 else "seconds") + "Z"


def _times(properties: Mapping[str, Any]) -> tuple[int, int]:
    start, end = to_ms(properties.get("start_datetime")), to_ms(properties.get("end_datetime"))
    moment = to_ms(properties.get("datetime"))
    if NO_TIME < start <= end:
        return start, end
    if moment != NO_TIME:
        return moment, NO_TIME
    return max(start, end), NO_TIME


def _words(asset: Mapping[str, Any]) -> AssetWords:
    title, kind, roles = asset.get("title"), asset.get("type"), asset.get("roles")
    return _asset_words(
        title if isinstance(title, str) else None,
        kind if isinstance(kind, str) else None,
        tuple([each for each in roles if isinstance(each, str)]) if isinstance(roles, list) else (),
    )


@lru_cache(1024)
def _asset_words(title: str | None, kind: str | None, roles: tuple[str, ...]) -> AssetWords:
    # The same in most items of a catalog.
    return AssetWords(
        None if title is None else clean(title),
        None if kind is None else clean(kind),
        tuple(clean(each) for each in roles),
    )


def _picture(assets: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The href of the picture that shows an item: by role, else by key, browsers' formats only."""
    best: tuple[int, str] | None = None
    for key, asset in assets.items():
        href, kind = asset.get("href"), asset.get("type")
        if not isinstance(href, str) or (isinstance(kind, str) and kind not in _PICTURES):
            continue
        roles = asset.get("roles")
        roles = roles if isinstance(roles, list) else []
        if "thumbnail" in roles:
            rank = 0
        elif key == "thumbnail":
            rank = 1
        elif "overview" in roles and kind in _PICTURES:
            rank = 2
        else:
            continue
        if best is None or rank < best[0]:
            best = rank, href
    return None if best is None else best[1]
