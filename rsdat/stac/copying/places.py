"""The two ends of copies: which file system an address is on, and what is done there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from fsspec.implementations.local import LocalFileSystem

from rsdat.base.errors import Conflict, InvalidInput, RsdatError
from rsdat.dcache import swap
from rsdat.dcache.endpoint import Endpoint
from rsdat.dcache.fs import DCacheFileSystem
from rsdat.dcache.local import one_chunk
from rsdat.dcache.paths import encode
from rsdat.dcache.transfers.thirdparty import ThirdParty
from rsdat.stac.copying.sources import DCacheSource, LocalSource, OtherSource, Source, WebSource
from rsdat.stac.copying.targets import DCacheTarget, LocalTarget, OtherTarget, Target
from rsdat.stac.doors import at_door, in_dcache
from rsdat.stac.hrefs import scheme_of, shown
from rsdat.stac.store import filesystem_of, write_on
from rsdat.stac.swap import Change, update_item_on

_WEB = ("http", "https")
#: Where the first part after `://` is a host of its own.
_HOSTLESS = ("", "file", "local", "dcache", "memory", *_WEB)


class Places:
    """File systems by address, each made once.

    fsspec keeps one instance a thread, and each instance of dCache's has connections of its own.

    Args:
        options: Options of file systems by protocol, for what is read.
        target_options: For what is written; those of `options` if None.
        reads: The one file system that is read from, whatever the addresses; None: what they say.
        writes: As `reads`, for what is written.
    """

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        target_options: Mapping[str, Any] | None = None,
        reads: Any = None,
        writes: Any = None,
    ) -> None:
        self._given = {False: reads, True: writes}
        self._options = {
            False: options or {},
            True: (options or {}) if target_options is None else target_options,
        }
        #: What is written is written with these.
        self.target_options = self._options[True]
        #: What is known of doors that copy by themselves.
        self.third_party = ThirdParty()
        self._made: dict[tuple[bool, str], Any] = {}
        self._making = asyncio.Lock()
        self._default_made: Any = None
        self._default_known = False
        self._above: Places | None = None
        self._others: dict[str, Places] = {}

    def reading(self, options: Mapping[str, Any] | None) -> Places:
        """The same, but what is read is read with these options; None: with its own."""
        if options is None or options == self._options[False] or self._given[False] is not None:
            return self
        key = json.dumps(options, sort_keys=True, default=repr)
        found = self._others.get(key)
        if found is None:
            found = Places(options, self.target_options)
            found._above = self
            found.third_party = self.third_party
            found = self._others.setdefault(key, found)
        return found

    async def source(self, href: str) -> Source:
        """Something to read.

        Raises:
            RsdatError, ValueError, ImportError: There is no such file system, or no way in.
        """
        filesystem, href = await self._opened(href, target=False)
        path = filesystem._strip_protocol(href)  # noqa: SLF001 - fsspec's documented hook
        if isinstance(filesystem, DCacheFileSystem):
            return DCacheSource(filesystem, path)
        if isinstance(filesystem, LocalFileSystem):
            return LocalSource(path)
        if scheme_of(href) in _WEB:
            return WebSource(filesystem, href)
        return OtherSource(filesystem, path)

    async def target(self, href: str) -> Target:
        """Something to write.

        Raises:
            InvalidInput: Nothing can be written there.
        """
        filesystem, href = await self._opened(href, target=True)
        if _on_web(href) and self._given[True] is None:
            raise InvalidInput(
                f"Nothing can be written to {shown(href)}",
                hint="Give a folder of dCache as dcache:///…, or a local one.",
            )
        path = filesystem._strip_protocol(href)  # noqa: SLF001 - fsspec's documented hook
        if isinstance(filesystem, DCacheFileSystem):
            return DCacheTarget(filesystem, path)
        if isinstance(filesystem, LocalFileSystem):
            return LocalTarget(path)
        return OtherTarget(filesystem, path)

    async def in_dcache(self, href: str) -> tuple[DCacheFileSystem, str] | None:
        """The file system and path of a file in dCache; None for one elsewhere."""
        filesystem, href = await self._opened(href, target=False)
        if scheme_of(href) != "dcache":
            return None
        return filesystem, filesystem._strip_protocol(href)  # noqa: SLF001 - fsspec's hook

    async def change(self, href: str, change: Change, *, target: bool) -> None:
        """Write a small file, made of what is there, as if nobody else did so at the same time.

        Args:
            href: Its address; folders are made.
            change: As for `rsdat.stac.swap.update`.
            target: With the options of what is written, else with those of what is read.

        Raises:
            RsdatError, OSError: The store refused; the file is whole, old or new.
        """
        filesystem, href = await self._opened(href, target=target)
        path = filesystem._strip_protocol(href)  # noqa: SLF001 - fsspec's documented hook
        if not isinstance(filesystem, DCacheFileSystem):
            await asyncio.to_thread(_change, filesystem, path, change)
            return
        # Not in a thread: each would wait for another one that `swap.update` calls `change` in.
        client = await filesystem.connect()
        try:
            old: bytes | None = await filesystem.cat_small_async(path)
        except FileNotFoundError:
            old = None
        new = change(old)
        if new is None or new == old:
            return
        if old is None:
            # A lock costs ten requests: most files are new, and need none.
            try:
                sent = await client.upload(
                    path, one_chunk(new), len(new), replace=False, parents=True
                )
                await sent.place()
            except Conflict:
                pass
            else:
                return
        await swap.update(client, path, change)

    async def as_read(self, href: str, *, by: str, target: bool) -> str:
        """An address of one end as a file of the other one has to name it.

        `dcache://` means the endpoint that a reader has. Where that is another dCache than the one
        that is meant, the file gets the address at its door, which all know.

        Args:
            href: The address, absolute.
            by: Address of the file that names it.
            target: Whether that file is one that is written, which names what is read.

        Raises:
            InvalidInput: The dCache that is meant has no address of its own.
        """
        if scheme_of(href) != "dcache" or "::" in href:
            return href
        meant, _ = await self._opened(href, target=not target)
        if not isinstance(meant, DCacheFileSystem):
            return href
        reader: Any = None
        with suppress(RsdatError, OSError, ValueError):
            if target and scheme_of(by) != "dcache":
                # Who opens a catalog in a folder says nothing of dCache.
                reader = await self._default()
            else:
                reader = await self.filesystem(href, target=target)
        if isinstance(reader, DCacheFileSystem) and _is_same(meant.endpoint, reader.endpoint):
            return href
        # It may be found from the other door.
        door = meant.endpoint.webdav_url or (await meant.connect()).endpoint.webdav_url
        if not door:
            raise InvalidInput(
                f"{shown(href)} is in another dCache than {shown(by)}, and has no web address",
                hint="Give its endpoint a WebDAV door.",
            )
        path: str = meant._strip_protocol(href)  # noqa: SLF001 - fsspec's documented hook
        return door.rstrip("/") + encode(path)

    async def _default(self) -> Any:
        """The file system of `dcache://` where nothing is said; None if there is no endpoint."""
        async with self._making:
            if not self._default_known:
                with suppress(RsdatError, OSError, ValueError):
                    made, _ = await asyncio.to_thread(filesystem_of, "dcache:///", {})
                    self._default_made = made
                self._default_known = True
        return self._default_made

    async def is_where_written(self, href: str) -> bool:
        """Whether an address that is read is in the dCache that is written to."""
        if scheme_of(href) != "dcache" or "::" in href:
            return False
        with suppress(RsdatError, OSError, ValueError):
            read, _ = await self._opened(href, target=False)
            written, _ = await self._opened(href, target=True)
            return _is_same(read.endpoint, written.endpoint)
        return False

    async def filesystem(self, href: str, *, target: bool = False) -> Any:
        """The file system that an address is on."""
        return (await self._opened(href, target=target))[0]

    async def _opened(self, href: str, *, target: bool) -> tuple[Any, str]:
        """The file system that an address is on, and the address as that one takes it."""
        if target and self._above is not None:
            return await self._above._opened(href, target=True)  # noqa: SLF001 - of our own kind
        given = self._given[target]
        if given is not None:
            # One for dCache also has what catalogs name by its door's web address.
            door = isinstance(given, DCacheFileSystem) and at_door(href, given.endpoint.webdav_url)
            return given, door or href
        options = self._options[target]
        key: tuple[bool, str]
        by_door = await asyncio.to_thread(in_dcache, href, options) if _on_web(href) else None
        if by_door is not None:
            # At the door of another endpoint than the one that dcache:// means here, perhaps.
            href, options = by_door[0], {"dcache": by_door[1]}
            key = (target, f"door:{by_door[1].get('endpoint', '')}")
        else:
            scheme = scheme_of(href)
            place = "" if scheme in _HOSTLESS else urlsplit(href).netloc
            key = (target, href if "::" in href else f"{scheme}://{place}")
        async with self._making:
            if key not in self._made:
                made, _ = await asyncio.to_thread(filesystem_of, href, options)
                self._made[key] = made
        return self._made[key], href

    async def host(self, href: str) -> str:
        """What an address shares its connections with."""
        if scheme_of(href) == "dcache" or _on_web(href):
            filesystem, _ = await self._opened(href, target=False)
            if isinstance(filesystem, DCacheFileSystem):
                return f"dcache:{filesystem.endpoint.name}"
        scheme = scheme_of(href)
        return scheme if scheme in ("", "file", "local") else f"{scheme}://{urlsplit(href).netloc}"


def _on_web(href: str) -> bool:
    return scheme_of(href) in _WEB


def _is_same(one: Endpoint, other: Endpoint) -> bool:
    """Whether two endpoints are ways to one dCache: their logins may differ."""
    return (one.webdav_url != "" and one.webdav_url == other.webdav_url) or (
        one.api_url != "" and one.api_url == other.api_url
    )


def _change(filesystem: Any, path: str, change: Change) -> None:
    try:
        old: bytes | None = bytes(filesystem.cat_file(path))
    except FileNotFoundError:
        old = None
    new = change(old)
    if new is None or new == old:
        return
    if old is None:
        # Most files are new, and need no lock.
        try:
            write_on(filesystem, path, new, replace=False)
        except FileExistsError:
            pass
        else:
            return
    update_item_on(filesystem, path, change)
