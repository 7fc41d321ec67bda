"""Who may act on something that lies on disk: the holder of an flock, which the kernel frees.

Where other computers do not see it, a lease besides (lease.py).
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from rsdat.base.errors import Conflict
from rsdat.base.files import PRIVATE_FILE, room_for
from rsdat.base.lease import Lease
from rsdat.base.mounts import flock_is_local
from rsdat.base.run import handed_on

T = TypeVar("T")


class Lock:
    """An flock on a file, tried without waiting."""

    def __init__(self, descriptor: int, lease: Lease | None = None) -> None:
        self._descriptor = descriptor
        self._lease = lease

    @classmethod
    def take(cls, path: Path) -> Lock | None:
        """The lock, or None while somebody else has it. None, too, where the folder is gone.

        Raises:
            Conflict: This file system has no locks.
        """
        try:
            with room_for(path):
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError as error:
            os.close(descriptor)
            if error.errno not in (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK):
                raise
            raise Conflict(
                f"The file system of {path.parent} has no locks (flock: {error.strerror})",
                hint="Set RSDAT_HOME to a folder on another one that the nodes share.",
                code="no_locks",
            ) from error
        if not flock_is_local(path.parent):
            return cls(descriptor)
        try:
            lease = Lease.take(path)
        except BaseException as error:
            os.close(descriptor)
            if isinstance(error, FileNotFoundError):
                return None
            raise
        if lease is None:
            os.close(descriptor)
            return None
        return cls(descriptor, lease)

    @classmethod
    async def take_aside(cls, path: Path) -> Lock | None:
        """`take`, without stopping the event loop; see `taken_aside`."""
        return await taken_aside(lambda: cls.take(path), _release_any)

    def handed_on(self) -> AbstractContextManager[None]:
        """Commands run inside hold it too, until they end, even where we are killed."""
        return handed_on(self._descriptor)

    def release(self) -> None:
        """Let others have it."""
        if self._lease is not None:
            self._lease.release()
        os.close(self._descriptor)


async def taken_aside(take: Callable[[], T], give_back: Callable[[T], None]) -> T:
    """What `take` takes in a thread.

    The thread can't be called back: who is cancelled meanwhile must not leave it what nobody ever
    releases. That is given to `give_back`.
    """
    taking = asyncio.create_task(asyncio.to_thread(take))
    try:
        return await asyncio.shield(taking)
    except asyncio.CancelledError:
        taking.add_done_callback(lambda done: _give_back(done, give_back))
        raise


def _give_back(taking: asyncio.Task[T], give_back: Callable[[T], None]) -> None:
    if not taking.cancelled() and taking.exception() is None:
        give_back(taking.result())


def _release_any(lock: Lock | None) -> None:
    if lock is not None:
        lock.release()
