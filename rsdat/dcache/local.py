"""Local files at the other end of a transfer, read and written without blocking the event loop."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from rsdat.dcache.http import CHUNK_BYTES


async def file_chunks(
    file: IO[bytes], progress: Callable[[int], None] | None = None
) -> AsyncIterator[bytes]:
    """What is left of a file, in chunks of 1 MiB.

    Args:
        file: Open for reading; not closed.
        progress: Told the size of each chunk after it was taken.
    """
    while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
        yield chunk
        if progress is not None:
            progress(len(chunk))


async def save(
    chunks: AsyncIterable[bytes], file: IO[bytes], progress: Callable[[int], None]
) -> None:
    """Write a stream to a file.

    Args:
        chunks: The stream.
        file: Open for writing; not closed.
        progress: Told the size of each chunk after it was written.
    """
    async for chunk in chunks:
        await asyncio.to_thread(file.write, chunk)
        progress(len(chunk))


async def one_chunk(data: bytes) -> AsyncIterator[bytes]:
    """Bytes in memory as a stream."""
    yield data


@asynccontextmanager
async def whole_file(path: Path) -> AsyncIterator[IO[bytes]]:
    """A file to write that gets its name only when the block ends without an error."""
    target, special = await asyncio.to_thread(_look, path)
    if special:
        file = await asyncio.to_thread(target.open, "wb")
        try:
            yield file
        finally:
            await asyncio.to_thread(file.close)
        return
    beside = target.with_name(f".rsdat-{secrets.token_hex(8)}.part")
    file = await asyncio.to_thread(beside.open, "xb")
    try:
        try:
            yield file
        finally:
            await asyncio.to_thread(file.close)
        await asyncio.to_thread(beside.replace, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _look(path: Path) -> tuple[Path, bool]:
    """Where a link leads, and whether that is /dev/null, a pipe or the like."""
    target = path.resolve()
    return target, target.exists() and not target.is_file()
