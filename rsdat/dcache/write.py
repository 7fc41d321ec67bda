"""The safe write: never half a file under its name; the old file stands until the new is whole.

1. The bytes go to a temporary name in the same folder.
2. 201 and size and dCache's own adler32 must fit; a broken upload can look whole in each alone.
3. MOVE with `Overwrite: F` gives it its name. To replace, the old file is moved aside first and
   deleted last; if the new one can't be moved in, the old one is moved back.
4. After any failure or cancel the temporary entry is deleted: dCache keeps broken uploads, and
   some become readable later.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import mimetypes
import re
import secrets
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

from rsdat.base.errors import Conflict, DoorBroken, InvalidInput, NotFound, RsdatError
from rsdat.dcache import paths, rest, webdav
from rsdat.dcache.body import UploadBody
from rsdat.dcache.entry import Entry
from rsdat.dcache.http import Http
from rsdat.dcache.wire import Chunk

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

TEMPORARY_PREFIX = ".rsdat-"
_UPLOAD_NAME = re.compile(re.escape(TEMPORARY_PREFIX) + r"[0-9a-f]{16}\.part")
_ASIDE_NAME = re.compile(re.escape(TEMPORARY_PREFIX) + r"[0-9a-f]{16}\.(.+)\.old", re.DOTALL)
# Of a file's own name in that of the file moved aside; what is longer is cut.
_ASIDE_ROOM = paths.MAX_NAME - len(TEMPORARY_PREFIX) - 16 - len("..old")
# Between attempts to tidy up behind a failure.
_PAUSES_S = (0.5, 2.0)
_MAX_ROUNDS = 10


async def write(
    http: Http,
    path: str,
    chunks: AsyncIterable[Chunk],
    size: int | None,
    *,
    replace: bool,
    unchanged_since: datetime | None = None,
    parents: bool = False,
) -> tuple[Entry, bool]:
    """Write a file.

    When it is cancelled the file is either as before or wholly the new one.

    Args:
        http: The endpoint.
        path: Literal path.
        chunks: The bytes; read once, not closed.
        size: How many there are; None if that shows only at the end.
        replace: Whether a file of this name may be replaced.
        unchanged_since: Replace only the file that was last modified then, to the millisecond.
        parents: Whether to make folders that are missing.

    Returns:
        The file as it is now, and whether the name is new.

    Raises:
        Conflict: `exists`, `is_a_folder`, `changed_since`.
        NotFound: The folder does not exist.
        InvalidInput: More or fewer bytes came than were announced (`wrong_length`).
        RsdatError: dCache refused, or gave no usable answer.
    """
    sent = await upload(
        http,
        path,
        chunks,
        size,
        replace=replace,
        unchanged_since=unchanged_since,
        parents=parents,
    )
    return await sent.place()


@dataclasses.dataclass(frozen=True)
class Upload:
    """A file that is whole on dCache, under a temporary name. `place` or `discard` it.

    Attributes:
        path: The name that it is to get.
        entry: As it lies there now.
        placed: Told the name when something may have come to stand there.
    """

    http: Http
    path: str
    entry: Entry
    replace: bool
    unchanged_since: datetime | None
    expected: bool
    placed: Callable[[str], None]

    async def place(self, *, look: bool = True) -> tuple[Entry, bool]:
        """Give it its name; on failure nothing of it is left.

        Args:
            look: Ask once more what stands there then. A new name changes nothing else of a file.

        Returns:
            The file as it is now, and whether the name is new.

        Raises:
            Conflict: `exists`, `is_a_folder`, `changed_since`, `old_kept`.
            RsdatError: dCache refused, or gave no usable answer.
        """
        try:
            # Once begun, the renaming goes on to its end, whoever is cancelled meanwhile.
            created = await _to_the_end(_put_in_place(self))
        except BaseException as error:
            if not (isinstance(error, RsdatError) and error.code == "old_kept"):
                await self._clean_after(error)
            raise
        finally:
            self.placed(self.path)
        if look:
            return await _look(self.http, self.path, self.entry), created
        return _renamed(self.entry, self.path), created

    async def discard(self) -> bool:
        """Delete it; False if it could not be."""
        return await _to_the_end(_clean(self.http, self.entry.path))

    async def _clean_after(self, error: BaseException) -> None:
        if not await self.discard() and isinstance(error, RsdatError):
            error.details["left_behind"] = self.entry.path


async def upload(
    http: Http,
    path: str,
    chunks: AsyncIterable[Chunk],
    size: int | None,
    *,
    replace: bool,
    unchanged_since: datetime | None = None,
    parents: bool = False,
    folder_known: bool = False,
    placed: Callable[[str], None] = lambda _: None,
) -> Upload:
    """Bring a file's bytes to dCache under a temporary name, and make sure that they are there.

    Without a size the bytes go chunked: a door takes a cut one for a whole one, but then neither
    the number of bytes nor the checksum fits.

    Args:
        http: As all these, as for `write`.
        path: The name that it will get.
        chunks: The bytes.
        size: How many.
        replace: Whether a file of this name may be replaced.
        unchanged_since: Only the file that was last modified then.
        parents: Whether to make folders that are missing.
        folder_known: The caller has made sure that the folder is there.
        placed: Told the name when something may have come to stand there.

    Raises:
        RsdatError: As `write`.
    """
    body = UploadBody(chunks, size)
    # dCache keeps the type of the upload, also under the later name.
    mime = mimetypes.guess_type(path)[0] or "application/octet-stream"

    async def send(temporary: str) -> Entry:
        await body.watch(webdav.put(http, temporary, body, size=size, mime=mime))
        uploaded = await rest.info(http, temporary, checksums=True)
        _check_upload(path, uploaded, body.sent, body.adler32)
        return uploaded

    return await bring(
        http,
        path,
        send,
        replace=replace,
        unchanged_since=unchanged_since,
        parents=parents,
        folder_known=folder_known,
        placed=placed,
        began=lambda: body.started,
    )


async def bring(
    http: Http,
    path: str,
    send: Callable[[str], Awaitable[Entry]],
    *,
    replace: bool,
    unchanged_since: datetime | None = None,
    parents: bool = False,
    folder_known: bool = False,
    placed: Callable[[str], None] = lambda _: None,
    began: Callable[[], bool] = lambda: True,
) -> Upload:
    """As `upload`, whoever sends the bytes.

    Args:
        http: As all these, as for `upload`.
        path: The name that it will get.
        send: Brings the bytes to a temporary path, and makes sure that they are there.
        replace: Whether a file of this name may be replaced.
        unchanged_since: Only the file that was last modified then.
        parents: Whether to make folders that are missing.
        folder_known: The caller has made sure that the folder is there.
        placed: Told the name when something may have come to stand there.
        began: Whether, after a refusal, there may be something to delete.

    Raises:
        RsdatError: As `write`, and what `send` raises.
    """
    existing = await rest.find(http, path)
    _check_target(path, existing, replace, unchanged_since)
    folder = paths.parent_of(path)
    unsure = existing is None and not folder_known
    if unsure and parents:
        await rest.make_folders(http, folder)
    elif unsure and not (await rest.info(http, folder)).is_folder:
        # A PUT itself would make missing folders, and leave them behind when it fails.
        raise rest.not_a_folder(folder)
    temporary = _temporary(folder, "part")
    try:
        uploaded = await send(temporary)
    except BaseException as error:
        if isinstance(error, RsdatError):
            error.message = error.message.replace(temporary, path)
        refused = isinstance(error, RsdatError) and not isinstance(error, DoorBroken)
        if began() or not refused:
            left = not await _to_the_end(_clean(http, temporary, in_flight=True))
            if left and isinstance(error, RsdatError):
                error.details["left_behind"] = temporary
        raise
    return Upload(http, path, uploaded, replace, unchanged_since, existing is not None, placed)


async def _look(http: Http, path: str, uploaded: Entry) -> Entry:
    """Our file at its name, even if another writer has already moved it away."""
    try:
        there = await rest.find(http, path)
    except RsdatError as error:
        # It stands there: who is told of a failure now would write it again, or over another's.
        _log.info("%s is written, but dCache could not be asked for it: %s", path, error)
        there = None
    if there is not None and there.pnfs_id == uploaded.pnfs_id:
        return there
    return _renamed(uploaded, path)


def _renamed(entry: Entry, path: str) -> Entry:
    return dataclasses.replace(entry, name=paths.name_of(path), path=path)


def is_upload_name(name: str) -> bool:
    """Whether `write` gives such a name to an upload that is under way."""
    return name.startswith(TEMPORARY_PREFIX) and _UPLOAD_NAME.fullmatch(name) is not None


def aside_of(name: str) -> tuple[str, bool] | None:
    """The name that a file had before `write` moved it aside under this one; None if it did not.

    Returns:
        The name, and whether it is whole: a long one may have been cut.
    """
    match = _ASIDE_NAME.fullmatch(name)
    if match is None:
        return None
    # One character takes up to four bytes.
    return match[1], len(match[1].encode("utf-8", "surrogatepass")) <= _ASIDE_ROOM - 4


def _temporary(folder: str, ending: str) -> str:
    return paths.join(folder, f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}.{ending}")


def _aside(existing: Entry) -> str:
    """A name that says what it is, in case that we die before the new file stands."""
    name = existing.name
    while len(name.encode("utf-8", "surrogatepass")) > _ASIDE_ROOM:
        name = name[:-1]
    return _temporary(paths.parent_of(existing.path), f"{name}.old")


def _check_target(
    path: str, existing: Entry | None, replace: bool, unchanged_since: datetime | None
) -> None:
    if path == "/":
        raise InvalidInput("The root is not a file", code="bad_path")
    if existing is not None and existing.is_folder:
        raise Conflict(f"'{path}' is a folder", code="is_a_folder", path=path)
    if existing is not None and not replace:
        raise rest.exists(path)
    if unchanged_since is not None:
        modified = None if existing is None else existing.modified
        if modified != unchanged_since:
            raise Conflict(
                f"'{path}' was {'deleted' if existing is None else 'changed'} by somebody else "
                "since it was opened",
                hint="Open it anew, or save under another name.",
                code="changed_since",
                path=path,
            )


def _check_upload(path: str, uploaded: Entry, size: int, adler32: str) -> None:
    stored = uploaded.checksums.get("ADLER32")
    if uploaded.size != size:
        raise DoorBroken(
            f"dCache stored {uploaded.size} of the {size} bytes of '{path}'",
            hint="Nothing was replaced. Try again.",
            code="broken_upload",
        )
    if stored is None:
        raise DoorBroken(
            f"dCache does not say which bytes of '{path}' it stored",
            hint="Nothing was replaced. This dCache keeps no ADLER32 checksums; ask its "
            "administrators to switch them on.",
            code="unverified",
        )
    if stored.lower().zfill(8) != adler32:
        raise DoorBroken(
            f"dCache stored other bytes of '{path}' than were sent (adler32 {stored}, not "
            f"{adler32})",
            hint="Nothing was replaced. Try again.",
            code="broken_upload",
        )


async def _put_in_place(sent: Upload) -> bool:
    """Give the upload its name; True if nothing had it before.

    `sent.expected`: something was there before. If not, the MOVE will tell by itself.
    """
    http, path = sent.http, sent.path
    asides: list[Entry] = []
    try:
        # Other writers may put something there, or move it away, between two of our steps.
        for round_number in range(_MAX_ROUNDS):
            looking = sent.expected or round_number > 0
            existing = await rest.find(http, path) if looking else None
            if looking and (existing is not None or not asides):
                _check_target(path, existing, sent.replace, sent.unchanged_since)
            last = round_number == _MAX_ROUNDS - 1
            if existing is not None and not await _move_aside(http, existing, asides):
                continue
            if await _move_in(http, sent.entry, path, raising=last):
                break
        else:
            raise Conflict(f"Too many others are writing '{path}'", code="contended", path=path)
    except BaseException as error:
        await _put_back(http, asides, path, error)
        raise
    for aside in asides:
        if not await _clean(http, aside.path):
            raise Conflict(
                f"'{path}' is written, but the file it replaced could not be deleted",
                hint=f"It is kept as '{aside.path}': delete it with a credential that may.",
                code="old_kept",
                left_behind=aside.path,
            )
    return not asides


async def _move_aside(http: Http, existing: Entry, asides: list[Entry]) -> bool:
    """Move a file out of the way and note where; False if it was gone."""
    aside = _aside(existing)
    asides.append(dataclasses.replace(existing, path=aside))  # the MOVE's answer may get lost
    try:
        await _move_surely(http, existing, aside)
    except NotFound:
        asides.pop()
        return False
    return True


async def _move_in(http: Http, uploaded: Entry, path: str, *, raising: bool) -> bool:
    """Give the upload its name; False if somebody has it by now."""
    try:
        await _move_surely(http, uploaded, path)
    except Conflict as error:
        if raising or error.code != "exists":
            raise
        return False
    return True


async def _put_back(http: Http, asides: list[Entry], path: str, error: BaseException) -> None:
    """Move the file that stood there last back to its name; on failure say where it is."""
    while asides:
        last = asides.pop()
        try:
            if await _move_back(http, last, path):
                break
        except RsdatError as problem:
            _log.warning("The old %s stays at %s: %s", path, last.path, problem)
            if isinstance(error, RsdatError):
                error.hint = f"The old file is kept as '{last.path}': move it back from there."
                error.details["old_kept_as"] = last.path
            return
    for aside in asides:
        await _clean(http, aside.path)


async def _move_back(http: Http, aside: Entry, path: str) -> bool:
    """Try for some seconds; False if it is not there."""
    try:
        for pause_s in _PAUSES_S:
            with contextlib.suppress(DoorBroken):
                await _move_surely(http, aside, path)
                return True
            await asyncio.sleep(pause_s)
        await _move_surely(http, aside, path)
    except NotFound:
        return False
    return True


async def _move_surely(http: Http, entry: Entry, destination: str) -> None:
    """Move, also when the answer is lost: dCache's id tells whether it happened."""
    try:
        await webdav.move(http, entry.path, destination)
    except DoorBroken:
        if await _is_at(http, entry, destination):
            return
    else:
        return
    try:
        await webdav.move(http, entry.path, destination)
    except (DoorBroken, NotFound, Conflict):
        # The first one may have come through after all.
        if not await _is_at(http, entry, destination):
            raise


async def _is_at(http: Http, entry: Entry, path: str) -> bool:
    there = await rest.find(http, path)
    return there is not None and there.pnfs_id == entry.pnfs_id is not None


async def _clean(http: Http, path: str, *, in_flight: bool = False) -> bool:
    """Delete an entry of ours; True when it is gone.

    Args:
        http: The endpoint.
        path: Its literal path.
        in_flight: An upload to it was cut: dCache may make the entry after our first question.
    """
    problem: RsdatError | None = None
    for pause_s in (*_PAUSES_S, 0.0):
        try:
            await rest.remove(http, path)
        except NotFound:
            if not in_flight:
                return True
            in_flight = False
        except DoorBroken as error:
            problem = error
        except RsdatError as error:
            problem = error
            break  # a refusal stays one, and a 401 counts against everybody on this computer
        else:
            return True
        await asyncio.sleep(pause_s)
    _log.warning("%s stays on dCache: %s", path, problem)
    return False


async def _to_the_end(work: Coroutine[Any, Any, _T]) -> _T:
    """Await something that a cancel must not interrupt; the cancel is raised when it has ended."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not task.cancelled() and task.exception() is not None:
            _log.warning("Failed while being cancelled: %s", task.exception())
        raise
