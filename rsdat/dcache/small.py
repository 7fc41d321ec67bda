"""Small files, each in one request instead of two, where none of them can be on tape.

Before a GET we ask for the file's locality: the GET of a file on tape stages it, and blocks for
minutes. For the hundred thousand items of a catalog, which are read once, this is half of all
requests. A file whose locality is ONLINE has no copy on tape, by the storage class of its folder;
so have its neighbours. After a few such files of a folder the others are just read, under a limit
of time. What is not as it should be then is asked about as ever: whoever is wrong about a folder
stages a few small files, and waits some seconds.

Source: dCache 11.2.5, as seen; `fileLocality` is ONLINE where the pool's copy is the only one, and
ONLINE_AND_NEARLINE where there is another on tape. A file comes with `Content-Disposition`, from a
door and from a pool; a folder's page does not.
"""

from __future__ import annotations

import asyncio
import time

import aiohttp

from rsdat.base.errors import (
    Conflict,
    DoorBroken,
    NoCredential,
    NotFound,
    NotPermitted,
    Refused,
    RsdatError,
)
from rsdat.base.limit import within
from rsdat.dcache import paths, read, webdav
from rsdat.dcache.http import Http

#: Files of a folder that must have been on disk alone, one after another.
SURE_AFTER = 4
#: For so long a folder counts as it was.
SURE_FOR_S = 600.0
#: A file that has not come by then is asked about.
LIMIT_S = 10.0
_MOST_FOLDERS = 1000


class SmallFiles:
    """Reads small files of one endpoint.

    Args:
        http: The endpoint.
    """

    def __init__(self, http: Http) -> None:
        self._http = http
        #: By folder: how many files in a row were on disk alone, and when the last was seen.
        self._seen: dict[str, tuple[int, float]] = {}

    async def read(self, path: str, most: int | None) -> bytes:
        """A whole file.

        Args:
            path: Literal path.
            most: Bytes; a larger one is refused. None: no limit.

        Raises:
            OnTape: Its only copy is on tape.
            Refused: It is larger than `most` (`too_large`).
            RsdatError: As `rsdat.dcache.read.open_read`.
        """
        # Where each file has a folder of its own, as PySTAC writes items, the one above counts.
        folder = paths.parent_of(paths.parent_of(path))
        if self._is_sure(folder):
            data = await self._at_once(path, most)
            if data is not None:
                return data
            self._seen.pop(folder, None)
        async with read.open_read(self._http, path) as download:
            self._note(folder, download.entry.locality)
            _check(path, download.size, most)
            return b"".join([chunk async for chunk in download])

    def _is_sure(self, folder: str) -> bool:
        count, seen_s = self._seen.get(folder, (0, 0.0))
        return count >= SURE_AFTER and time.monotonic() - seen_s < SURE_FOR_S

    def _note(self, folder: str, locality: str | None) -> None:
        count, _ = self._seen.pop(folder, (0, 0.0))
        # Those that were asked about longest ago go first.
        while len(self._seen) >= _MOST_FOLDERS:
            del self._seen[next(iter(self._seen))]
        self._seen[folder] = (count + 1 if locality == "ONLINE" else 0, time.monotonic())

    async def _at_once(self, path: str, most: int | None) -> bytes | None:
        """The file by its GET alone; None where it has to be asked about."""
        try:
            return await within(LIMIT_S, self._got(path, most))
        except (NotFound, NotPermitted, NoCredential):
            raise
        except Refused as error:
            if error.code == "too_large":
                raise
        except (asyncio.TimeoutError, RsdatError):
            pass
        return None

    async def _got(self, path: str, most: int | None) -> bytes:
        async with webdav.get(self._http, path) as response:
            length = response.headers.get("Content-Length", "")
            if not length.isdigit() or "Content-Disposition" not in response.headers:
                raise Conflict(f"'{path}' is no file", code="not_a_file")
            size = int(length)
            _check(path, size, most)
            try:
                data = await response.content.read(size + 1) if size else b""
                while 0 < len(data) < size and (more := await response.content.read(size)):
                    data += more
            except (aiohttp.ClientError, OSError) as error:
                raise DoorBroken(f"'{path}' broke off", code="cut") from error
            if len(data) != size:
                raise read.wrong_length(path)
            return data


def _check(path: str, size: int, most: int | None) -> None:
    if most is not None and size > most:
        raise Refused(f"'{path}' is larger than {most >> 20} MiB", code="too_large", path=path)
