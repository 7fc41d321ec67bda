"""Where the companion reads catalogs: dCache by an endpoint's client, the workspace, the web.

Addresses have the form of the contract here: `dcache:///pnfs/…`, `workspace:/…`, `http(s)://…`.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rsdat.base.errors import Conflict, DoorBroken, InvalidInput, NotFound, RsdatError
from rsdat.base.limit import within
from rsdat.dcache import paths
from rsdat.dcache.transfers.workspace import Workspace, in_words
from rsdat.stac import hrefs
from rsdat.stac.doors import in_dcache
from rsdat.stac.index.source import (
    MOST_BYTES,
    Listed,
    listed_stamps,
    local_read,
    local_stamps,
    local_upload,
)
from rsdat.stac.index.web import WebSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from rsdat.dcache.client import DCacheClient

T = TypeVar("T")
WORKSPACE = "workspace:"
DCACHE = "dcache:"
WEB = ("http://", "https://")
_CHUNK_BYTES = 1024 * 1024
#: What is larger waits on the local disk.
_IN_MEMORY_BYTES = 16 * 1024 * 1024
#: One request may take so long; the client's own limits are below it.
_ANSWER_S = 300.0
#: Listings of large folders.
_LISTING_S = 900.0


def normal(href: str) -> str:
    """The one form of an address.

    Raises:
        InvalidInput: It is no address of the contract, or its path makes no sense.
    """
    if href.startswith(WEB):
        return href
    if href.startswith(DCACHE):
        return f"dcache://{paths.parse('/' + href.removeprefix(DCACHE).lstrip('/'))}"
    if href.startswith(WORKSPACE):
        names = [name for name in href.removeprefix(WORKSPACE).split("/") if name not in ("", ".")]
        return "workspace:/" + "/".join(names)
    raise InvalidInput(f"'{href[:200]}' is neither in dCache, nor in the workspace, nor on the web")


def dcache_path(href: str) -> str | None:
    """The literal path of a dCache address; None for others."""
    return href.removeprefix("dcache://") if href.startswith("dcache:///") else None


def workspace_path(href: str) -> str | None:
    """The path below Jupyter's root of a workspace address; None for others."""
    return href.removeprefix("workspace:/") if href.startswith("workspace:/") else None


class CompanionSource:
    """Reads for an index; called from its threads, never on the event loop.

    Args:
        href: Of the catalog.
        client: The client of the endpoint that `dcache:` addresses mean; None if there is none.
        workspace: Jupyter's files.
        loop: Where the client lives.
        written: Told the folder of a file that was written in dCache.
        endpoint: Name of the endpoint of the client.
    """

    def __init__(
        self,
        href: str,
        client: DCacheClient | None,
        workspace: Workspace,
        loop: asyncio.AbstractEventLoop,
        written: Callable[[str], None] = lambda _folder: None,
        endpoint: str = "",
    ) -> None:
        self._endpoint = endpoint
        self._root = href
        self._client = client
        self._workspace = workspace
        self._loop = loop
        self._web = WebSource()
        self._written = written
        self.readers = 12 if href.startswith(DCACHE) else 8 if href.startswith(WEB) else 2

    def resolve(self, href: str, base: str) -> str:
        """See `rsdat.stac.index.source.Source`; what is nowhere of ours stays as it is."""
        if href.startswith(WORKSPACE):
            return normal(href)
        if base.startswith(WORKSPACE):
            folder = str(self._workspace.root / (workspace_path(base) or ""))
            return self._outward(hrefs.resolve(href, folder))
        if base.startswith(WEB):
            return self._outward(self._web.resolve(href, base))
        return self._outward(
            hrefs.resolve(href, f"dcache://{(dcache_path(base) or '').lstrip('/')}")
        )

    def _outward(self, href: str) -> str:
        if href.startswith("dcache://"):
            return f"dcache:///{href.removeprefix('dcache://').lstrip('/')}"
        if href.startswith(WEB) and self._endpoint and not self._root.startswith(WEB):
            # stac2dcache's catalogs name files by the web address of dCache's door.
            found = in_dcache(href, {"dcache": {"endpoint": self._endpoint}})
            if found is not None and found[1].get("endpoint") == self._endpoint:
                return normal(found[0])
        if href.startswith("/"):
            for folder, name in self._folders:
                if href.startswith(folder):
                    return f"workspace:/{name}{href.removeprefix(folder)}"
        return href

    @functools.cached_property
    def _folders(self) -> list[tuple[str, str]]:
        """Folders as catalogs name them, with a `/` at the end, and what they are in the workspace.

        Where the catalog's folder is a link, or lies below one, its files may name what the link
        leads to.
        """
        root = self._workspace.root
        found = [(str(root), ""), (os.path.realpath(root), "")]
        path = workspace_path(self._root)
        if path is not None and ".." not in path.split("/"):
            name = path.rpartition("/")[0]
            found.append((os.path.realpath(root / name), f"{name}/" if name else ""))
        return [(f"{folder.rstrip('/')}/", name) for folder, name in found]

    def read(self, href: str, stamp: str | None) -> tuple[bytes | None, str | None]:
        """See `rsdat.stac.index.source.Source`."""
        if href.startswith(WEB):
            return self._web.read(href, stamp)
        path = self._own_path(href)
        if path is not None:
            return self._ask(self._needed().read_small(path, MOST_BYTES)), stamp
        place = self._file(href)
        with in_words(workspace_path(href) or href):
            return local_read(str(place))

    def chunks(self, href: str) -> Iterator[bytes]:
        """See `rsdat.stac.index.source.Source`."""
        if href.startswith(WEB):
            yield from self._web.chunks(href)
            return
        path = self._own_path(href)
        if path is None:
            yield from self._read_workspace(href)
            return
        with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as file:
            self._ask(self._fetch_dcache(path, file), _LISTING_S)
            file.seek(0)
            while data := file.read(_CHUNK_BYTES):
                yield data

    def stamps(self, wanted: Sequence[str]) -> dict[str, str]:
        """See `rsdat.stac.index.source.Source`."""
        found = listed_stamps([href for href in wanted if dcache_path(href)], self._listing)
        places = {}
        for href in wanted:
            if workspace_path(href) is not None:
                try:
                    places[str(self._place(href))] = href
                except RsdatError:
                    continue
        for place, stamp in local_stamps(list(places)).items():
            found[places[place]] = stamp
        return found

    def tells(self, href: str) -> bool:
        """See `rsdat.stac.index.source.Source`."""
        return href.startswith(WEB) or workspace_path(href) is not None

    def download(self, href: str, path: Path) -> None:
        """See `rsdat.stac.index.source.Source`."""
        with path.open("wb") as file:
            for data in self.chunks(href):
                file.write(data)

    def upload(self, path: Path, href: str) -> None:
        """See `rsdat.stac.index.source.Source`."""
        target = self._own_path(href)
        if target is None:
            with in_words(href):
                local_upload(path, self._place(href))
            return

        async def chunks() -> AsyncIterator[bytes]:
            with path.open("rb") as file:
                while data := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                    yield data

        client = self._needed()
        self._ask(client.write(target, chunks(), path.stat().st_size, replace=True), _LISTING_S)
        self._loop.call_soon_threadsafe(self._written, paths.parent_of(target))

    def _own_path(self, href: str) -> str | None:
        if self._root.startswith(WEB):
            raise InvalidInput(
                f"A catalog on the web may not lead to {href[:200]}",
                hint="Copy the catalog to dCache or to the workspace.",
                code="leads_inside",
            )
        return dcache_path(href)

    # ---------------------------------------------------------------- dCache

    def _needed(self) -> DCacheClient:
        if self._client is None:
            raise NotFound(
                "There is no dCache endpoint",
                hint="Add one in the dCache panel.",
                code="no_endpoint",
            )
        return self._client

    def _ask(self, answer: Awaitable[T], limit_s: float = _ANSWER_S) -> T:
        asked = asyncio.run_coroutine_threadsafe(within(limit_s, answer), self._loop)
        try:
            return asked.result(limit_s + 10)
        except (TimeoutError, asyncio.TimeoutError, concurrent.futures.TimeoutError) as error:
            raise DoorBroken(
                f"dCache did not answer within {limit_s:.0f} s", hint="Try again.", code="timeout"
            ) from error
        except concurrent.futures.CancelledError as error:
            raise DoorBroken("The server is ending", code="ending") from error

    async def _fetch_dcache(self, path: str, file: Any) -> None:
        async with self._needed().open_read(path) as download:
            async for chunk in download:
                await asyncio.to_thread(file.write, chunk)

    def _listing(self, folder: str) -> Listed:
        try:
            rows = self._ask(self._needed().rows(dcache_path(folder) or "/"), _LISTING_S)
        except (RsdatError, TimeoutError):
            return {}, {}
        stamps = [f"{rows.modified[n]} {rows.sizes[n]}" for n in range(len(rows))]
        files = {name: stamps[n] for n, name in enumerate(rows.names) if rows.types[n] != 1}
        # dCache's files can't be changed, only replaced, which changes their folder.
        folders = {name: stamps[n] for n, name in enumerate(rows.names) if rows.types[n] == 1}
        return files, folders

    # ---------------------------------------------------------------- the workspace

    def size(self, href: str) -> int | None:
        """Bytes of a file in the workspace; None if there is none. Blocks."""
        try:
            place = self._place(href)
            return place.stat().st_size if place.is_file() else None
        except (OSError, RsdatError):
            return None

    def _place(self, href: str) -> Path:
        path = workspace_path(href)
        if path is None:
            raise NotFound(
                f"'{href[:200]}' is not in the workspace",
                hint="Jupyter shows nothing above its root.",
            )
        # What a catalog links may be hidden; the catalog itself only where Jupyter shows that.
        # Links on disk are followed, as Jupyter follows them: users link project folders into home.
        return self._workspace.place(path) if href == self._root else self._workspace.inside(path)

    def _read_workspace(self, href: str) -> Iterator[bytes]:
        place = self._file(href)
        with in_words(workspace_path(href) or href), place.open("rb") as file:
            while data := file.read(_CHUNK_BYTES):
                yield data

    def _file(self, href: str) -> Path:
        place = self._place(href)
        with in_words(workspace_path(href) or href):
            if not place.is_file():
                # Opening a pipe would wait for somebody at its other end.
                place.stat()
                raise Conflict(f"'{workspace_path(href)}' is no file", code="not_a_file")
        return place
