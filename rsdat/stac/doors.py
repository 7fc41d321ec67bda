"""Web addresses of files that are in dCache: of the WebDAV door of an endpoint that we know.

Catalogs name files as `https://webdav.example.org:2880/pnfs/…`, as stac2dcache wrote them. To
anybody else that is a web page; here it is `dcache://pnfs/…`, read with the endpoint's credential.
No other host, port or path prefix ever gets it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from rsdat.base.errors import RsdatError
from rsdat.base.files import rsdat_home
from rsdat.dcache.configured import FILE, load_endpoints
from rsdat.dcache.shared import FOLDER, VARIABLE, shared_endpoints

_WEB = ("http", "https")
_PORTS = {"http": 80, "https": 443}
# What endpoints are made of is read again after so long; endpoints.json itself when it changes.
_FRESH_S = 10.0

#: Scheme, host, port and path of a web address.
_Place = tuple[str, str, int, str]
#: Scheme, host, port and path prefix of a door, and the options of its file system.
_Door = tuple[str, str, int, str, Mapping[str, Any]]

#: Doors, the default endpoint's name, and frontends by name.
_Known = tuple[list[_Door], str | None, dict[str, str]]

_known: tuple[Any, float, _Known] | None = None
_reading = threading.Lock()


def in_dcache(
    href: str, said: Mapping[str, Mapping[str, Any]]
) -> tuple[str, Mapping[str, Any]] | None:
    """The `dcache://` address of a web address, and the options to open it with.

    Asks nobody. An address with a query is signed, and left to whom it was made for; so is one
    with a user's name.

    Args:
        href: Any address.
        said: Options by protocol. Those for the address's own protocol say how it is opened; those
            for `dcache` count where they are of the same door.

    Returns:
        None for all that is not at the door of an endpoint.
    """
    if said.get(href.partition("://")[0]):
        return None
    place = _unsigned(href)
    if place is None:
        return None
    for door in _doors_of(said.get("dcache") or {}):
        inside = _inside(place, door)
        if inside is not None:
            return inside, door[-1]
    return None


def at_door(href: str, webdav_url: str) -> str | None:
    """The `dcache://` address of a web address at this one door; None for all others."""
    place, door = _unsigned(href), _door(webdav_url, {})
    return None if place is None or door is None else _inside(place, door)


def _unsigned(href: str) -> _Place | None:
    """Where a web address leads; None for what is none, or is for somebody else."""
    if href.partition("://")[0] not in _WEB or "::" in href:
        return None
    try:
        parts = urlsplit(href)
        place = _place(parts)
    except ValueError:
        return None  # no port that can be: told by who opens it
    if place is None or parts.query or "@" in parts.netloc:
        return None
    return (*place, unquote(parts.path))


def _inside(place: _Place, door: _Door) -> str | None:
    path, prefix = place[3], door[3]
    if place[:3] != door[:3] or not (path == prefix or path.startswith(f"{prefix}/")):
        return None
    return "dcache://" + path[len(prefix) :].lstrip("/")


def _doors_of(own: Mapping[str, Any]) -> Sequence[_Door]:
    """What was said of dCache first; it is another way to a door that is configured, too."""
    configured, default, frontends = _doors()
    name = own.get("endpoint")
    if name:
        named = [door for door in configured if door[-1]["endpoint"] == name]
        return [*named, *configured]
    door = _door(str(own.get("webdav_url") or ""), own)
    if door is not None:
        return [door, *configured]
    if not own:
        return configured
    # A login alone is for the default endpoint, one for a frontend for that of the same.
    api = str(own.get("api_url") or "").rstrip("/")
    meant = [each for each in frontends if frontends[each] == api] if api else [default]
    mine = [(*door[:-1], own) for door in configured if door[-1]["endpoint"] in meant]
    return [*mine, *configured]


def _doors() -> _Known:
    global _known  # a cache of this process
    home = rsdat_home()
    shared = os.environ.get(VARIABLE)
    files = [home / FILE, *([Path(shared) / FOLDER / FILE] if shared else [])]
    key = (home, shared, [_signature(file) for file in files])
    with _reading:
        if _known is None or _known[0] != key or time.monotonic() - _known[1] > _FRESH_S:
            _known = (key, time.monotonic(), _read(home))
        return _known[2]


def _signature(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _read(home: Path) -> _Known:
    try:
        endpoints = [*shared_endpoints(), *load_endpoints(home)]
    except (RsdatError, OSError):
        endpoints = shared_endpoints()  # a broken set-up is told by who needs it
    found = [_door(each.webdav_url, {"endpoint": each.name}) for each in endpoints]
    return (
        [door for door in found if door is not None],
        endpoints[0].name if endpoints else None,
        {each.name: each.api_url.rstrip("/") for each in reversed(endpoints)},
    )


def _door(webdav_url: str, options: Mapping[str, Any]) -> _Door | None:
    try:
        parts = urlsplit(webdav_url)
        place = _place(parts)
    except ValueError:
        return None
    return None if place is None else (*place, unquote(parts.path).rstrip("/"), options)


def _place(parts: SplitResult) -> tuple[str, str, int] | None:
    if parts.scheme not in _WEB or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]
