"""What was asked for, checked against both ends, as the record of a new transfer."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from rsdat.base.clock import to_iso_ms
from rsdat.base.errors import InvalidInput, NotFound
from rsdat.dcache import paths, rest
from rsdat.dcache.read import check_readable
from rsdat.dcache.transfers.items import Item
from rsdat.dcache.transfers.live import Shared
from rsdat.dcache.transfers.record import Record, Side
from rsdat.dcache.transfers.uploading import check_files, title

_NEEDED = {
    "upload": ("destination", "files"),
    "download": ("source",),
    "copy": ("source", "destination"),
}
#: What may be said, by kind, beside `kind` and `conflict`.
_KNOWN = ("source", "destination", "format", "files")


async def record_of(request: Mapping[str, Any], shared: Shared) -> tuple[Record, list[Item]]:
    """The record of a new transfer, and the files of an upload or of a single download.

    Raises:
        InvalidInput: The request makes no sense.
        NotFound: There is no such endpoint, destination or file.
        Conflict: The destination is no folder.
        OnTape: The one file of a download is on tape.
    """
    kind = request["kind"]
    _check_parts(request, kind)
    format_ = (request.get("format") or "file") if kind == "download" else None
    source = await _source(request, shared)
    destination = await _destination(request, shared)
    items: list[Item] = []
    if kind == "upload":
        items = await asyncio.to_thread(check_files, request["files"])
        name = title(items)
    elif source is not None:
        first = paths.name_of(source.paths[0].rstrip("/")) or source.paths[0]
        more = len(source.paths) - 1
        name = f"{first} and {more} more" if more else first
        if kind == "download":
            items = await _single(source, format_, shared)
        elif destination is not None:
            _check_apart(source, destination)
    record = Record(
        id=secrets.token_hex(8),
        kind=kind,
        source=source,
        destination=destination,
        format=format_,
        conflict=request.get("conflict", "ask"),
        title=name,
        created=to_iso_ms(datetime.now(timezone.utc)),
    )
    return record, items


def _check_parts(request: Mapping[str, Any], kind: str) -> None:
    given = {part for part in _KNOWN if request.get(part) is not None}
    needed = set(_NEEDED[kind])
    for part in _KNOWN:
        if part in needed - given:
            raise InvalidInput(f"A transfer of kind {kind} needs '{part}'")
        if part in given - needed and (part, kind) != ("format", "download"):
            raise InvalidInput(f"A transfer of kind {kind} has no '{part}'")


async def _source(request: Mapping[str, Any], shared: Shared) -> Side | None:
    side = request.get("source")
    if side is None:
        return None
    endpoint, given = side["endpoint"], side["paths"]
    if endpoint is None:
        if request["kind"] == "download":
            raise InvalidInput("Files of the workspace are downloaded by Lab's own file browser")
        for path in given:
            shared.workspace.place(path)
        found = [path.strip("/") for path in given]
        if "" in found:
            raise InvalidInput("The whole workspace can't be copied: choose files or folders in it")
    else:
        await shared.client(endpoint)
        found = [paths.parse(path) for path in given]
    return Side(endpoint, tuple(dict.fromkeys(found)))


async def _destination(request: Mapping[str, Any], shared: Shared) -> Side | None:
    side = request.get("destination")
    if side is None:
        return None
    endpoint, given = side["endpoint"], side["paths"]
    if len(given) != 1:
        raise InvalidInput("The destination is one folder")
    if endpoint is None:
        if request["kind"] == "upload":
            raise InvalidInput("Uploads into the workspace are done by Lab's own file browser")
        place = shared.workspace.place(given[0])
        path = "/" + given[0].strip("/")
        there = await shared.workspace.find(place, path)
        if there is None:
            raise NotFound(f"There is no folder '{path}' in the workspace")
        folder = there.folder
    else:
        client = await shared.client(endpoint)
        entry = await client.info(given[0])
        path, folder = entry.path, entry.is_folder
    if not folder:
        raise rest.not_a_folder(path)
    return Side(endpoint, (path,))


async def _single(source: Side, format_: str | None, shared: Shared) -> list[Item]:
    """The one file of a download that is no archive."""
    if format_ != "file":
        return []
    if len(source.paths) != 1 or source.endpoint is None:
        raise InvalidInput("Several files are downloaded as zip or tar")
    entry = await (await shared.client(source.endpoint)).info(source.paths[0])
    if entry.is_folder:
        raise InvalidInput(f"'{entry.path}' is a folder: download it as zip or tar")
    return [Item(entry.path, entry.name, check_readable(entry))]


def _check_apart(source: Side, destination: Side) -> None:
    if source.endpoint is None and destination.endpoint is None:
        raise InvalidInput("Within the workspace files are copied by Lab's own file browser")
    if source.endpoint == destination.endpoint:
        for path in source.paths:
            if paths.is_inside(destination.folder, path):
                raise InvalidInput(f"'{path}' can't be copied into itself", code="into_itself")
