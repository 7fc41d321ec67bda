"""How many local jobs run at once: slots that the kernel frees when their holder dies."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from pathlib import Path
from typing import IO

from rsdat.base.files import private_folder

#: Locks are not there on every file system (Lustre without `flock`); then nothing is limited.
_NO_LOCKS = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)


def slot_count() -> int:
    """A laptop may well run twice as many workers as it has cores, but not hundreds."""
    return max(8, 2 * len(os.sched_getaffinity(0)))


class Slots:
    """The slots of this computer, shared by all runners of one home folder."""

    def __init__(self, root: Path, count: int) -> None:
        self._folder = private_folder(root / "slots" / socket.gethostname())
        self._count = count

    def take(self) -> IO[bytes] | None:
        """A free slot, None if there is none. It is given back by closing the file."""
        for number in range(self._count):
            file = (self._folder / str(number)).open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno in _NO_LOCKS:
                    return file
                file.close()
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    raise
            else:
                return file
        return None
