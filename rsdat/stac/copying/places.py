"""The two ends of copies: which file system an address is on, and what is done there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fsspec.implementations.local import LocalFileSystem

from rsdat.base.errors import InvalidInput
from rsdat.base.files import write_bytes as write_local_bytes
from rsdat.dcache import swap
from rsdat.dcache.fs import DCacheFileSystem
from rsdat.dcache.local import one_chunk
from rsdat.dcache.transfers.thirdparty import ThirdParty
from rsdat.stac.copying.sources import DCacheSource, LocalSource, OtherSource, Source, WebSource
from rsdat.stac.copying.targets import DCacheTarget, LocalTarget, OtherTarget, Target
from rsdat.stac.doors import at_door, in_dcache
from rsdat.stac.hrefs import scheme_of, shown
from rsdat.stac.store import filesystem_of

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

    async def read(self, href: str) -> bytes:
        """A small file.

        Raises:
            FileNotFoundError: There is none.
        """
        filesystem, href = await self._opened(href, target=True)
        path = filesystem._strip_protocol(href)  # noqa: SLF001 - fsspec's documented hook
        if isinstance(filesystem, DCacheFileSystem):
            return await filesystem.cat_small_async(path)
        return bytes(await asyncio.to_thread(filesystem.cat_file, path))

    async def write(self, href: str, data: bytes) -> None:
        """A small file, its folders included: whole or not at all where the store can do that."""
        filesystem, href = await self._opened(href, target=True)
        path = filesystem._strip_protocol(href)  # noqa: SLF001 - fsspec's documented hook
        if isinstance(filesystem, DCacheFileSystem):
            await swap.put(await filesystem.connect(), path, one_chunk(data), len(data))
        else:
            await asyncio.to_thread(_write, filesystem, path, data)

    async def filesystem(self, href: str, *, target: bool = False) -> Any:
        """The file system that an address is on."""
        return (await self._opened(href, target=target))[0]

    async def _opened(self, href: str, *, target: bool) -> tuple[Any, str]:
        """The file system that an address is on, and the address as that one takes it."""
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


def _write(filesystem: Any, path: str, data: bytes) -> None:
    filesystem.makedirs(filesystem._parent(path), exist_ok=True)  # noqa: SLF001 - no public name
    if isinstance(filesystem, LocalFileSystem):
        write_local_bytes(Path(path), data, mode=0o644)
    else:
        filesystem.pipe_file(path, data)
