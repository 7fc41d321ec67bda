"""What is written: files in dCache, on this computer, or anywhere that fsspec can write.

A copy has its name only when it is whole and verified; an old file stands until then.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import IO, Any, Protocol

from rsdat.base.errors import NotFound
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.fs import DCacheFileSystem
from rsdat.dcache.write import Upload
from rsdat.stac.copying.facts import BLOCK_BYTES, Facts
from rsdat.stac.copying.sources import facts_of, local_facts, other_facts
from rsdat.stac.copying.sums import Sums
from rsdat.stac.copying.trouble import Damaged

_PART = ".rsdat-part"
# In the name of a part that is not gone on with.
_ONCE = "once-"
#: The file system has no flock.
_NO_LOCKS = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)


class Writing(Protocol):
    """A copy in the making. What is not placed is taken back."""

    @property
    def start(self) -> int:
        """Bytes that an earlier try has left, which need not come again."""
        ...

    def old(self) -> AsyncIterator[bytes]:
        """Those bytes."""
        ...

    async def restart(self) -> None:
        """They are of no use."""
        ...

    async def send(self, chunks: AsyncIterator[bytes]) -> None:
        """Take the rest."""
        ...

    async def place(self) -> Facts:
        """Give the copy its name; what it is now.

        Raises:
            Damaged: The store has another number of bytes.
        """
        ...


class Target(Protocol):
    """A name at which a copy is to stand."""

    async def look(self) -> Facts | None:
        """What stands there; None for nothing."""
        ...

    async def sums(self, kinds: Iterable[str]) -> dict[str, str]:
        """Checksums that can be computed of what stands there without moving it."""
        ...

    async def leftovers(self) -> bool:
        """Whether an earlier try may have left something that can be gone on with."""
        ...

    def write(self, identity: str | None) -> AbstractAsyncContextManager[Writing]:
        """Begin a copy.

        Args:
            identity: What tells the source's content from any other; None: nothing does.
        """
        ...


class DCacheTarget:
    """A file in dCache. It can't be appended to: a broken upload begins anew."""

    def __init__(self, filesystem: DCacheFileSystem, path: str) -> None:
        self._filesystem = filesystem
        self._path = path

    @property
    def path(self) -> str:
        """Its literal path."""
        return self._path

    async def client(self) -> DCacheClient:
        """Its endpoint's."""
        return await self._filesystem.connect()

    async def look(self) -> Facts | None:
        """As `Target`."""
        client = await self.client()
        try:
            entry = await client.info(self._path, checksums=True)
        except NotFound:
            return None
        if entry.is_folder:
            raise IsADirectoryError(self._path)
        return facts_of(entry)

    async def sums(self, kinds: Iterable[str]) -> dict[str, str]:
        """As `Target`: only those that dCache told already."""
        return {}

    async def leftovers(self) -> bool:
        """As `Target`."""
        return False

    @asynccontextmanager
    async def write(self, identity: str | None) -> AsyncIterator[Writing]:
        """As `Target`."""
        writing = _DCacheWriting(self._filesystem, self._path)
        try:
            yield writing
        finally:
            await writing.close()


class _Anew:
    """Nothing is left of an earlier try."""

    start = 0

    async def old(self) -> AsyncIterator[bytes]:
        nothing: tuple[bytes, ...] = ()
        for chunk in nothing:
            yield chunk

    async def restart(self) -> None:
        return


class _DCacheWriting(_Anew):
    def __init__(self, filesystem: DCacheFileSystem, path: str) -> None:
        self._filesystem = filesystem
        self._path = path
        self._upload: Upload | None = None

    async def send(self, chunks: AsyncIterator[bytes]) -> None:
        # Compares size and ADLER32 with what dCache has stored.
        self._upload = await self._filesystem.upload(chunks, self._path, None, True)

    async def place(self) -> Facts:
        upload, self._upload = self._upload, None
        assert upload is not None  # noqa: S101 - `send` came before
        entry, _ = await upload.place()
        return facts_of(entry)

    async def close(self) -> None:
        if self._upload is not None:
            await self._upload.discard()


class LocalTarget:
    """A file on this computer. A copy that breaks off leaves a hidden part, and goes on there."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    async def look(self) -> Facts | None:
        """As `Target`."""
        try:
            return await asyncio.to_thread(local_facts, self._path)
        except FileNotFoundError:
            return None

    async def sums(self, kinds: Iterable[str]) -> dict[str, str]:
        """As `Target`, by reading it."""
        sums = Sums(kinds)
        file = await asyncio.to_thread(self._path.open, "rb")
        try:
            while chunk := await asyncio.to_thread(file.read, BLOCK_BYTES):
                await sums.add(chunk)
        finally:
            await asyncio.to_thread(file.close)
        return sums.values()

    async def leftovers(self) -> bool:
        """As `Target`."""
        return bool(await asyncio.to_thread(self._parts))

    @asynccontextmanager
    async def write(self, identity: str | None) -> AsyncIterator[Writing]:
        """As `Target`."""
        writing = await asyncio.to_thread(self._begin, identity)
        try:
            yield writing
        except BaseException as error:
            await asyncio.to_thread(writing.close, keep=_worth_keeping(error))
            raise
        await asyncio.to_thread(writing.close, keep=False)

    def _parts(self) -> list[Path]:
        if not self._path.parent.is_dir():
            return []
        start = self._stem()
        return [
            each
            for each in self._path.parent.iterdir()
            if each.name.startswith(start) and each.name.endswith(_PART)
        ]

    def _stem(self) -> str:
        name = self._path.name
        digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
        return f".{name[:40]}.{digest}."

    def _begin(self, identity: str | None) -> _LocalWriting:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if identity is not None:
            known = hashlib.sha256(identity.encode()).hexdigest()[:12]
            found = self._claim(f"{self._stem()}{known}{_PART}")
            if found is not None:
                return found
        # Nothing to go on with later, or another copy of the same is under way.
        new = self._claim(f"{self._stem()}{_ONCE}{secrets.token_hex(6)}{_PART}")
        assert new is not None  # noqa: S101 - the name is new
        return new

    def _claim(self, name: str) -> _LocalWriting | None:
        """The right to write a part; None while another copy has it, or may have."""
        part = self._path.with_name(name)
        file = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it may have placed it between our two steps.
            if os.fstat(file.fileno()).st_nlink:
                return _LocalWriting(self._path, part, file)
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                file.close()
                raise
            # As on Lustre mounted without: only what has a name of its own is surely ours.
            if _ONCE in name:
                return _LocalWriting(self._path, part, file)
            if not os.fstat(file.fileno()).st_size:
                part.unlink(missing_ok=True)
        file.close()
        return None


class _LocalWriting:
    def __init__(self, path: Path, part: Path, file: IO[bytes]) -> None:
        self._path = path
        self._part = part
        self._file = file
        self._placed = False
        self.start = os.fstat(file.fileno()).st_size

    async def old(self) -> AsyncIterator[bytes]:
        await asyncio.to_thread(self._file.seek, 0)
        left = self.start
        while left:
            chunk = await asyncio.to_thread(self._file.read, min(left, BLOCK_BYTES))
            if not chunk:
                raise Damaged(f"What was there of '{self._path}' became shorter", code="cut")
            left -= len(chunk)
            yield chunk

    async def restart(self) -> None:
        await asyncio.to_thread(self._file.truncate, 0)
        self.start = 0

    async def send(self, chunks: AsyncIterator[bytes]) -> None:
        await asyncio.to_thread(self._file.seek, self.start)
        async for chunk in chunks:
            await asyncio.to_thread(self._file.write, chunk)

    async def place(self) -> Facts:
        return await asyncio.to_thread(self._place)

    def _place(self) -> Facts:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._part.replace(self._path)
        self._placed = True
        for stale in LocalTarget(str(self._path))._parts():  # noqa: SLF001 - of this module
            self._remove_unless_used(stale)
        return local_facts(self._path)

    @staticmethod
    def _remove_unless_used(part: Path) -> None:
        with suppress(OSError), part.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()

    def close(self, *, keep: bool) -> None:
        with suppress(OSError):
            if not self._placed and not (keep and _ONCE not in self._part.name):
                self._part.unlink()
        with suppress(OSError):  # what is buffered may not fit any more
            self._file.close()


def _worth_keeping(error: BaseException) -> bool:
    """Whether a part may be gone on with: not where it is wrong, or takes the last room."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return not full and not isinstance(error, Damaged)


class OtherTarget:
    """A file on any other file system of fsspec's: there when it is closed, as that one can."""

    def __init__(self, filesystem: Any, path: str) -> None:
        self._filesystem = filesystem
        self._path = path

    async def look(self) -> Facts | None:
        """As `Target`."""
        try:
            return other_facts(await asyncio.to_thread(self._filesystem.info, self._path))
        except FileNotFoundError:
            return None

    async def sums(self, kinds: Iterable[str]) -> dict[str, str]:
        """As `Target`."""
        return {}

    async def leftovers(self) -> bool:
        """As `Target`."""
        return False

    @asynccontextmanager
    async def write(self, identity: str | None) -> AsyncIterator[Writing]:
        """As `Target`."""
        writing = await asyncio.to_thread(self._begin)
        try:
            yield writing
        finally:
            await asyncio.to_thread(writing.close)

    def _begin(self) -> _OtherWriting:
        parent = self._filesystem._parent(self._path)  # noqa: SLF001 - no public name
        self._filesystem.makedirs(parent, exist_ok=True)
        file = self._filesystem.open(self._path, "wb", autocommit=False)
        return _OtherWriting(self._filesystem, self._path, file)


class _OtherWriting(_Anew):
    def __init__(self, filesystem: Any, path: str, file: Any) -> None:
        self._filesystem = filesystem
        self._path = path
        self._file = file
        self._placed = False
        self._sent = 0

    async def send(self, chunks: AsyncIterator[bytes]) -> None:
        async for chunk in chunks:
            await asyncio.to_thread(self._file.write, chunk)
            self._sent += len(chunk)

    async def place(self) -> Facts:
        await asyncio.to_thread(self._commit)
        facts = other_facts(await asyncio.to_thread(self._filesystem.info, self._path))
        if facts.size not in (None, self._sent):
            raise Damaged(
                f"{facts.size} of the {self._sent} bytes of '{self._path}' were stored", code="cut"
            )
        return facts

    def _commit(self) -> None:
        self._file.close()
        self._file.commit()
        self._placed = True

    def close(self) -> None:
        if not self._placed:
            with suppress(Exception):  # the first failure is the one that is told
                self._file.discard()
            with suppress(Exception):
                self._file.close()
