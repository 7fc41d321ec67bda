"""One file's bytes, gone on with where the connection broke."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, suppress

from rsdat.base.errors import Conflict, DoorBroken
from rsdat.stac.copying.facts import BLOCK_BYTES, Facts
from rsdat.stac.copying.sources import Opened, Source
from rsdat.stac.copying.trouble import passes, understood

#: Waits before a connection is made anew, so often without a block in between.
PAUSES_S = (0.2, 1.0, 3.0)


class Reader:
    """Reads a source from a byte on to its end. `await close()` it.

    Args:
        source: What is read.
        href: For words.
        known: What it was when its first bytes came, if some are here already.
        moved: Told the size of each chunk that came over the wire.
    """

    def __init__(
        self, source: Source, href: str, known: Facts | None, moved: Callable[[int], object]
    ) -> None:
        self._source = source
        self._href = href
        self._known = known
        self._moved = moved
        self._opening: AbstractAsyncContextManager[Opened] | None = None
        self._opened: Opened | None = None
        self._position = 0

    @property
    def facts(self) -> Facts:
        """What the file is."""
        assert self._known is not None  # noqa: S101 - begun
        return self._known

    @property
    def position(self) -> int:
        """Bytes that were given, and that came before."""
        return self._position

    async def begin(self, start: int) -> None:
        """Open it.

        Raises:
            Conflict: It is another file than `known` (`changed`).
        """
        self._position = start
        await self._open()

    async def _open(self) -> None:
        known, start = self._known, self._position
        opening = self._source.open(start, known)
        opened = await opening.__aenter__()
        self._opening, self._opened = opening, opened
        if known is None:
            self._known = opened.facts
        elif start and (
            opened.facts.same_again is None or opened.facts.same_again != known.same_again
        ):
            await self.close()
            raise Conflict(
                "The file was replaced while it was copied",
                hint="Run it again when nobody changes it any more.",
                code="changed",
            )

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes from the start on.

        Raises:
            DoorBroken: The connection breaks again and again.
            Conflict: The file became another one.
        """
        failures, resumed_at = 0, self._position
        while True:
            try:
                if self._opened is None:
                    await self._open()
                async for chunk in self._new():
                    yield chunk
                self._check_end()
            except (OSError, DoorBroken, asyncio.TimeoutError) as error:  # noqa: PERF203 - rare
                await self.close()
                ours = understood(error, self._href)
                if self._position - resumed_at >= BLOCK_BYTES:
                    failures = 0
                if not passes(ours) or not self._can_go_on() or failures >= len(PAUSES_S):
                    raise ours from error
                await asyncio.sleep(PAUSES_S[failures])
                failures += 1
                resumed_at = self._position
            else:
                return

    async def _new(self) -> AsyncIterator[bytes]:
        """What comes, without what is here already."""
        opened = self._opened
        assert opened is not None  # noqa: S101 - opened above
        twice = self._position - opened.start
        async for chunk in opened.chunks:
            self._moved(len(chunk))
            if twice >= len(chunk):
                twice -= len(chunk)
                continue
            new, twice = (chunk[twice:] if twice else chunk), 0
            self._position += len(new)
            yield new

    def _check_end(self) -> None:
        size = self.facts.size
        if size is not None and self._position != size:
            raise DoorBroken(f"{self._position} of {size} bytes came", code="cut")

    def _can_go_on(self) -> bool:
        return self._position == 0 or self.facts.same_again is not None

    async def close(self) -> None:
        """Close the connection."""
        opening, self._opening, self._opened = self._opening, None, None
        if opening is not None:
            with suppress(OSError):
                await opening.__aexit__(None, None, None)
