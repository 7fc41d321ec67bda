"""One file of a catalog changed by several people at once, without losing what any of them did."""

from __future__ import annotations

import contextlib
import os
import random
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsspec.asyn import sync
from fsspec.implementations.local import LocalFileSystem

from rsdat.base.errors import Conflict
from rsdat.base.files import write_bytes as write_local_bytes
from rsdat.base.lock import Lock
from rsdat.dcache import DCacheFileSystem, swap
from rsdat.dcache.oserrors import file_errors
from rsdat.stac.store import Owner, filesystem_of, mode_of

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

WAIT_S = 300.0
_LOOK_EVERY_S = (0.005, 0.05)
_ITEMS_LOCK = ".items.lock"
#: Makes the new bytes out of the old ones (None: there is no file); None: leave it as it is.
Change = Callable[[bytes | None], bytes | None]

_here = threading.Lock()
_locks: dict[tuple[str, str], threading.Lock] = {}


def update(href: str, change: Change, owner: Owner = None) -> bool:
    """Read a file, change it, write it: as if nobody else did so at the same time.

    Readers find the old file or the new one, never a part. On dCache a lock fences off writers that
    were stopped or cut off (`rsdat.dcache.swap` says how); in local folders it is an flock beside
    the file (see `update_item_on` for items), and a lease where flock does not reach other
    computers. Other file systems (S3, memory) have neither: there only the threads of this process
    take turns.

    Args:
        href: Address of the file; folders are made.
        change: May be called several times.
        owner: Whose credentials to use.

    Returns:
        Whether anything was written.

    Raises:
        Conflict: Others have held the lock for five minutes.
        OSError: The store refused; the file is whole, old or new.
    """
    return update_on(*filesystem_of(href, owner), change)


def update_on(filesystem: AbstractFileSystem, path: str, change: Change) -> bool:
    """As `update`, of a path of a file system. Not in the file system's own event loop."""
    if isinstance(filesystem, DCacheFileSystem):

        async def on_dcache() -> bool:
            with file_errors():
                return await swap.update(await filesystem.connect(), path, change)

        found: bool = sync(filesystem.loop, on_dcache)
        return found
    if isinstance(filesystem, LocalFileSystem):
        local = Path(path)
        return _update_local(local, change, local.with_name(f".{local.name}.lock"))
    with _here:
        turn = _locks.setdefault((str(filesystem.protocol), path), threading.Lock())
    with turn:
        return _update_here(filesystem, path, change)


def update_item_on(filesystem: AbstractFileSystem, path: str, change: Change) -> bool:
    """As `update_on`, of an item's file: in local folders all items of a catalog share one lock.

    A lock stays where it is, as removing it would let two have it; and catalogs have very many
    items. Only who changes items in this way takes turns with others that do.
    """
    if not isinstance(filesystem, LocalFileSystem):
        return update_on(filesystem, path, change)
    local = Path(path)
    local.parent.mkdir(parents=True, exist_ok=True)
    beside = _catalog_of(local) / _ITEMS_LOCK
    with _here:
        turn = _locks.setdefault(("file", str(beside)), threading.Lock())
    with turn:
        # Or the threads of one copy would all look again and again whether they may.
        return _update_local(local, change, beside)


def _catalog_of(path: Path) -> Path:
    """The folder whose lock an item's file shares: all must come to the same one."""
    folder = path.parent
    if folder.name != path.stem and not folder.name.endswith(f"~{path.stem}"):
        return folder
    own, above = folder.stat(), folder.parent.stat()
    # Who may write there may also write above only where both have the same rights.
    rights = [(each.st_uid, each.st_gid, each.st_mode & 0o222) for each in (own, above)]
    return folder.parent if rights[0] == rights[1] else folder


def _update_local(path: Path, change: Change, beside: Path) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _flock(path, beside):
        try:
            old: bytes | None = path.read_bytes()
        except FileNotFoundError:
            old = None
        new = change(old)
        if new is None or new == old:
            return False
        write_local_bytes(path, new, mode=mode_of(path))
        return True


def _update_here(filesystem: AbstractFileSystem, path: str, change: Change) -> bool:
    try:
        old: Any = filesystem.cat_file(path)
    except FileNotFoundError:
        old = None
    new = change(old)
    if new is None or new == old:
        return False
    filesystem.makedirs(filesystem._parent(path), exist_ok=True)  # noqa: SLF001 - no public name
    filesystem.pipe_file(path, new)
    return True


@contextlib.contextmanager
def _flock(path: Path, beside: Path) -> Iterator[None]:
    _make(beside)
    ends = time.monotonic() + WAIT_S
    while (lock := Lock.take(beside)) is None:
        if time.monotonic() > ends:
            raise Conflict(
                f"Others have been writing '{path}' for minutes",
                hint=f"Try again later; who holds it has locked '{beside}'.",
                code="contended",
            )
        time.sleep(random.uniform(*_LOOK_EVERY_S))  # noqa: S311 - no secret
    try:
        yield
    finally:
        lock.release()


def _make(beside: Path) -> None:
    """A lock that those can take who may write into the folder."""
    try:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w"):
        folder = stat.S_IMODE(beside.parent.stat().st_mode)
        mode = 0o600 | (0o060 if folder & 0o020 else 0) | (0o006 if folder & 0o002 else 0)
        os.fchmod(descriptor, mode)
