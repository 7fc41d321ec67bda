"""The frontend's REST interface: the name space.

Source: dCache 12.1 FileResources.java; answers as seen on 11.2.5.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from rsdat.base.errors import Conflict, DoorBroken, NotFound, Refused, RsdatError
from rsdat.dcache import paths
from rsdat.dcache.answers import Answer
from rsdat.dcache.entry import Entry, children_from_rest, entry_from_rest
from rsdat.dcache.http import LISTING, Http

# Above this a listing is parsed in a thread: 50 000 entries are 17 MB of JSON.
_PARSE_ASIDE_BYTES = 256 * 1024


@dataclass(frozen=True)
class Folder:
    """A path and, if it is a folder, what it holds (in dCache's order, which is none)."""

    entry: Entry
    children: list[Entry] | None


async def info(http: Http, path: str, *, checksums: bool = False) -> Entry:
    """What dCache knows of one path.

    Args:
        http: The endpoint.
        path: Literal path.
        checksums: Ask for the stored checksums too.

    Raises:
        NotFound: There is no such path.
        RsdatError: dCache refused, or gave no usable answer.
    """
    query = "locality=true" + ("&checksum=true" if checksums else "")
    answer = await http.ask(
        "GET", http.rest_url("namespace", path, query), doing=f"look at '{path}'", path=path
    )
    return entry_from_rest(path, json_object(answer))


async def find(http: Http, path: str) -> Entry | None:
    """As `info`, with None when there is no such path."""
    try:
        return await info(http, path)
    except NotFound:
        return None


async def folder(http: Http, path: str, *, offset: int = 0, limit: int | None = None) -> Folder:
    """A path and its children, parsed off the event loop when they are many.

    All at once costs dCache half of what pages of 1000 cost together; a first page comes
    sooner. The order is dCache's and may change between pages when the folder changes.

    Args:
        http: The endpoint.
        path: Literal path.
        offset: Children to leave out at the start.
        limit: At most so many children; all if not given.
    """
    query = f"children=true&locality=true&offset={offset}"
    if limit is not None:
        query += f"&limit={limit}"
    answer = await http.ask(
        "GET",
        http.rest_url("namespace", path, query),
        doing=f"list '{path}'",
        path=path,
        timeout=LISTING,
    )
    if len(answer.body) < _PARSE_ASIDE_BYTES:
        return _folder(path, answer)
    return await asyncio.to_thread(_folder, path, answer)


async def children(
    http: Http, path: str, *, offset: int = 0, limit: int | None = None
) -> list[Entry]:
    """What is in a folder; `offset` and `limit` as in `folder`.

    Raises:
        Conflict: It is no folder (`not_a_folder`).
    """
    found = await folder(http, path, offset=offset, limit=limit)
    if found.children is None:
        raise not_a_folder(path)
    return found.children


async def mkdir(http: Http, path: str, *, exist_ok: bool = False) -> None:
    """Make one folder; its parent must be there.

    Args:
        http: The endpoint.
        path: Literal path.
        exist_ok: Whether a folder of that name may be there already.

    Raises:
        Conflict: Something of that name is there already (`exists`).
        NotFound: Its parent does not exist.
    """
    parent, name = paths.parent_of(path), paths.name_of(path)
    try:
        await http.ask(
            "POST",
            http.rest_url("namespace", parent),
            doing=f"make the folder '{path}'",
            path=parent,
            ok=(201,),
            json={"action": "mkdir", "name": name},
        )
    except Refused:
        # One status, 400, for "exists" and for everything else: look, rather than read its words.
        there = await find(http, path)
        if there is None:
            raise
        if not (exist_ok and there.is_folder):
            raise exists(path) from None


async def make_folders(http: Http, path: str) -> None:
    """Make a folder and those above it, as far as they are missing.

    Raises:
        Conflict: One of them is a file (`not_a_folder`).
    """
    missing: list[str] = []
    while (entry := await find(http, path)) is None:
        missing.append(path)
        path = paths.parent_of(path)
    if not entry.is_folder:
        raise not_a_folder(path)
    for each in reversed(missing):
        await mkdir(http, each, exist_ok=True)


async def remove(http: Http, path: str) -> None:
    """Delete one file, link or empty folder.

    Never over WebDAV, where DELETE of a folder is recursive.

    Raises:
        Conflict: The folder holds something (`not_empty`).
    """
    try:
        await http.ask(
            "DELETE", http.rest_url("namespace", path), doing=f"delete '{path}'", path=path
        )
    except Refused:
        if (await folder(http, path, limit=1)).children:
            raise Conflict(
                f"The folder '{path}' is not empty",
                hint="Delete it with everything in it, or empty it first.",
                code="not_empty",
                path=path,
            ) from None
        raise


async def user(http: Http) -> dict[str, Any]:
    """Who dCache says the user is: `status`, `uid`, `gids`, `username`, `rootDirectory` and more.

    Raises:
        RsdatError: dCache refused, or gave no usable answer.
    """
    return json_object(await http.ask("GET", http.rest_url("user"), doing="ask who you are"))


async def login_root(http: Http) -> str:
    """What the bulk service wants in front of a path; empty, or a path without slash at its end.

    It does not apply the root of a macaroon or login to its targets (dCache issues 7506, 7883).
    """
    return str((await user(http)).get("rootDirectory") or "/").rstrip("/")


def exists(path: str) -> RsdatError:
    """The error for a name that is taken."""
    return Conflict(f"'{path}' exists already", code="exists", path=path)


def not_a_folder(path: str) -> RsdatError:
    """The error for a file where a folder is needed."""
    return Conflict(f"'{path}' is not a folder", code="not_a_folder", path=path)


def _folder(path: str, answer: Answer) -> Folder:
    attributes = json_object(answer)
    return Folder(entry_from_rest(path, attributes), children_from_rest(path, attributes))


def json_object(answer: Answer) -> dict[str, Any]:
    """The object in an answer.

    Raises:
        DoorBroken: It is something else (`not_dcache`).
    """
    try:
        # A name in it that is no UTF-8 is kept, and can't be asked for (`paths.encode`).
        value = json.loads(answer.body.decode("utf-8", "surrogateescape"))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise DoorBroken(
            "What answers at the configured address is no dCache frontend",
            hint="api_url must end in /api/v1.",
            code="not_dcache",
        )
    return value


def json_list(answer: Answer) -> list[Any]:
    """The list in an answer.

    Raises:
        DoorBroken: It is something else (`not_understood`).
    """
    try:
        value = json.loads(answer.body)
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise DoorBroken(
            "dCache answered in a way rsdat does not understand", code="not_understood"
        )
    return value
