"""A small file replaced in one step, and changed by several writers at once without losing any.

`write.py` never lets dCache replace anything: it moves the old file aside, so for a moment nothing
has the name. For a catalog, which others read all the time and whose writer may be killed in just
that moment, this is one moment too many. REST's `mv` onto a file is one transaction of dCache's
name space (JdbcFs.renameEntry, dCache 11.2): readers find the old file or the new one. It replaces
only for who may also delete (PnfsManagerV3.rename): with a macaroon without DELETE it refuses.

`mv` replaces whatever is there. So that no writer replaces what he has not read, writers take turns
by a lock that is a folder, and that fences:

1. Prepare a folder with a folder of a random name in it, and MOVE it to the lock's name. That fails
   if there is one. From now on the path `lock/random` exists exactly as long as the lock is ours.
2. Read, change, upload, and MOVE the upload to `lock/random/…`.
3. `mv lock/random/… file`. If somebody has taken the lock away meanwhile, this path does not exist
   any more, and dCache itself refuses. No clock and no pause of ours can change that.
4. Delete the lock.

Who waits longer than `TAKEOVER_S` for one and the same lock moves it away: its owner has died, or
will start anew. A lock with an age alone, or comparing and then writing, would let a writer who
was stopped between two steps overwrite what others have written since.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterable, Callable
from contextlib import suppress

from rsdat.base.errors import (
    Conflict,
    DoorBroken,
    NotFound,
    NotPermitted,
    Refused,
    RsdatError,
)
from rsdat.dcache import paths, rest, webdav
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.http import Http
from rsdat.dcache.local import one_chunk
from rsdat.dcache.locknames import lock_of, waiting_lock
from rsdat.dcache.write import Upload

#: A change takes some tenths of a second. Who is slower than this may lose his turn, never data.
TAKEOVER_S = 20.0
#: In all.
WAIT_S = 300.0
_LOOK_EVERY_S = (0.02, 0.3)
_READ_ROUNDS = 5

#: Makes the new bytes out of the old ones (None: there is no file); None: leave it as it is.
Change = Callable[[bytes | None], bytes | None]


class Changed(Conflict):
    """The file is not the one any more that was looked at."""


async def put(client: DCacheClient, path: str, chunks: AsyncIterable[bytes], size: int) -> None:
    """Write a file, folders included; the name never has nothing, nor a part.

    Of several who write at once the last one wins: see `update`.

    Args:
        client: The endpoint.
        path: Literal path.
        chunks: The bytes.
        size: How many.

    Raises:
        Conflict: There is a folder.
        RsdatError: dCache refused, or gave no usable answer; the old file stands.
    """
    sent = await client.upload(path, chunks, size, replace=True, parents=True)
    try:
        if not sent.expected:
            with suppress(Conflict):
                await _surely(client.http, sent, sent.path)
                return
        await _place(client.http, sent, sent.entry.path)
    except BaseException:
        await sent.discard()
        raise


async def update(
    client: DCacheClient, path: str, change: Change, *, takeover_s: float = TAKEOVER_S
) -> bool:
    """Read a file, change it, and write it, as if nobody else did so at the same time.

    Args:
        client: The endpoint.
        path: Literal path.
        change: May be called several times, in a thread; what it raises ends all.
        takeover_s: How long one and the same lock is waited for.

    Returns:
        Whether anything was written.

    Raises:
        Conflict: Others have held the lock for five minutes on end (`contended`).
        RsdatError: dCache refused, or gave no usable answer; the file is whole, old or new.
    """
    client_paths = await _Paths.of(client, path)
    ends = time.monotonic() + WAIT_S
    while time.monotonic() < ends:
        token = secrets.token_hex(8)
        await _take(client, client_paths, token, takeover_s, ends)
        try:
            done = await _change(client, client_paths, token, change)
        finally:
            await _release(client, client_paths, token)
        if done is not None:
            return done
    raise _contended(path)


class _Paths:
    """The names that matter for one file, in the spelling that dCache has them."""

    def __init__(self, folder: str, name: str) -> None:
        self.file = paths.join(folder, name)
        self.lock = paths.join(folder, lock_of(name))
        self.folder = folder

    @classmethod
    async def of(cls, client: DCacheClient, path: str) -> _Paths:
        folder = paths.parent_of(path)
        there = await client.find(folder)
        if there is None:
            await client.make_folders(folder)
            there = await client.info(folder)
        return cls(there.path, paths.name_of(path))

    def waiting(self, token: str) -> str:
        return paths.join(self.folder, waiting_lock(token))


async def _change(client: DCacheClient, names: _Paths, token: str, change: Change) -> bool | None:
    """With the lock: True or False as `update`; None if the lock or the file was lost."""
    http = client.http
    old, pnfs_id = await _read(client, names.file)
    new = await asyncio.to_thread(change, old)
    if new is None or new == old:
        return False
    sent = await client.upload(names.file, one_chunk(new), len(new), replace=True)
    inside = f"{names.lock}/{token}/{paths.name_of(names.file)}"
    try:
        await _surely(http, sent, inside)
        now = await rest.find(http, names.file)
        if (now.pnfs_id if now else None) != pnfs_id:
            # Somebody who knows nothing of the lock.
            raise Changed(f"'{names.file}' was changed meanwhile", code="changed_since")
        await _place(http, sent, inside)
    except BaseException as error:
        for path in (inside, sent.entry.path):
            with suppress(RsdatError):
                await rest.remove(http, path)
        if isinstance(error, NotFound | Changed):
            return None
        raise
    return True


async def _place(http: Http, sent: Upload, source: str) -> None:
    """`mv` an upload onto its name; also when the answer is lost."""
    request = {"action": "mv", "destination": sent.path}
    try:
        await http.ask(
            "POST",
            http.rest_url("namespace", source),
            doing=f"write '{sent.path}'",
            path=source,
            ok=(200, 201),
            json=request,
        )
    except DoorBroken:
        there = await rest.find(http, sent.path)
        if there is None or there.pnfs_id != sent.entry.pnfs_id:
            raise
    except Refused as error:
        there = await rest.find(http, sent.path)
        if there is None or there.is_folder:
            raise
        raise NotPermitted(
            f"'{sent.path}' may not be replaced with this login",
            hint="It needs the right to delete as well: a macaroon with the activity DELETE.",
            code="no_delete",
            path=sent.path,
        ) from error
    finally:
        sent.placed(sent.path)


async def _surely(http: Http, sent: Upload, destination: str) -> None:
    """MOVE an upload; also when the answer is lost."""
    try:
        await webdav.move(http, sent.entry.path, destination)
    except DoorBroken:
        there = await rest.find(http, destination)
        if there is None or there.pnfs_id != sent.entry.pnfs_id:
            raise
    finally:
        sent.placed(sent.path)


async def _read(client: DCacheClient, path: str) -> tuple[bytes | None, str | None]:
    """A file's bytes and dCache's id of it; both None if there is none."""
    for _ in range(_READ_ROUNDS - 1):
        with suppress(Changed):
            return await _read_once(client, path)
    return await _read_once(client, path)


async def _read_once(client: DCacheClient, path: str) -> tuple[bytes | None, str | None]:
    try:
        async with client.open_read(path) as download:
            data = b"".join([chunk async for chunk in download])
            return data, download.entry.pnfs_id
    except NotFound:
        return None, None
    except Conflict as error:
        if error.code == "changed":
            raise Changed(error.message, hint=error.hint, code=error.code) from error
        raise


async def _take(
    client: DCacheClient, names: _Paths, token: str, takeover_s: float, ends: float
) -> None:
    """Wait for the lock and take it."""
    http = client.http
    prepared = names.waiting(token)
    await rest.mkdir(http, prepared)
    try:
        await rest.mkdir(http, f"{prepared}/{token}")
        seen: tuple[str | None, float] = (None, 0.0)
        while True:
            try:
                await webdav.move(http, prepared, names.lock)
            except Conflict:
                pass
            except (DoorBroken, NotFound):
                # An answer that was lost; or the one to the first of two.
                if await rest.find(http, f"{names.lock}/{token}") is None:
                    raise
                return
            else:
                return
            if time.monotonic() > ends:
                raise _contended(names.file)
            there = await rest.find(http, names.lock)
            now = time.monotonic()
            if there is not None:
                if there.pnfs_id != seen[0]:
                    seen = (there.pnfs_id, now)
                elif now - seen[1] > takeover_s:
                    await _move_away(client, names)
            await asyncio.sleep(random.uniform(*_LOOK_EVERY_S))  # noqa: S311 - no secret
    except BaseException:
        with suppress(RsdatError):
            await client.delete(prepared, recursive=True)
        raise


async def _move_away(client: DCacheClient, names: _Paths) -> None:
    away = names.waiting(secrets.token_hex(8))
    with suppress(NotFound):  # its owner was alive, or another was faster
        await webdav.move(client.http, names.lock, away)
        with suppress(RsdatError):  # it may not be deleted, and no longer bars the way
            await client.delete(away, recursive=True)


async def _release(client: DCacheClient, names: _Paths, token: str) -> None:
    """Delete the lock if it is ours; where that is not allowed, move it away."""
    try:
        await rest.remove(client.http, f"{names.lock}/{token}")
        await rest.remove(client.http, names.lock)
    except NotFound:
        return  # somebody has taken it away
    except RsdatError:
        # What stays, others take away later.
        with suppress(RsdatError):
            if await rest.find(client.http, f"{names.lock}/{token}") is not None:
                away = names.waiting(token)
                await webdav.move(client.http, names.lock, away)


def _contended(path: str) -> Conflict:
    return Conflict(
        f"Others have been writing '{path}' for minutes",
        hint="Try again later.",
        code="contended",
        path=path,
    )
