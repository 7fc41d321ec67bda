"""Receives the files of an upload, one request each, in any order, several at once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any

from rsdat.base.errors import Conflict, DoorBroken, InvalidInput, NotFound, RsdatError
from rsdat.dcache import paths
from rsdat.dcache.entry import Entry
from rsdat.dcache.transfers import folders
from rsdat.dcache.transfers.carry import counted
from rsdat.dcache.transfers.conflicts import Question
from rsdat.dcache.transfers.items import DONE, FAILED, PENDING, SKIPPED, Item
from rsdat.dcache.transfers.live import Transfer
from rsdat.dcache.transfers.patience import Patience, is_away, telling
from rsdat.dcache.transfers.plan import is_fatal, numbered
from rsdat.dcache.transfers.record import Choice, diagnosis
from rsdat.dcache.transfers.workspace import Found
from rsdat.dcache.wire import Chunk

MOST_FILES = 100_000
MOST_NUMBERS = 1000
#: A file is asked for so often, if the door breaks off in the middle of it.
MOST_TRIES = 3
#: So many files in a row that fail because of the door, and the rest is not asked for any more.
MOST_BROKEN = 8


def check_files(files: Any) -> list[Item]:
    """What an upload will send, as items.

    Blocks for a while when they are many: call it in a thread.

    Raises:
        InvalidInput: It is not what the contract asks for.
    """
    if not isinstance(files, list) or not 1 <= len(files) <= MOST_FILES:
        raise InvalidInput(f"An upload has a list of 1 to {MOST_FILES} files")
    items: dict[str, Item] = {}
    for file in files:
        size = file.get("size") if isinstance(file, dict) else None
        path = file.get("path") if isinstance(file, dict) else None
        whole = isinstance(size, int) and not isinstance(size, bool) and size >= 0
        if not whole or not isinstance(path, str) or set(file) - {"path", "size"}:
            raise InvalidInput("Each of the files has a path and a size in bytes, and no more")
        if path in items:
            raise InvalidInput(f"The upload names '{path}' twice")
        items[path] = Item("", path, size)
    return list(items.values())


async def plan(transfer: Transfer, items: list[Item]) -> None:
    """Note what will be sent; names that dCache breaks fail at once.

    Raises:
        NoSpace: There is no room to note it.
    """
    record = transfer.record
    await transfer.items.extend(items)
    record.total = len(items)
    record.total_bytes = sum(item.size or 0 for item in items)
    record.planned = True
    for number, error in await asyncio.to_thread(_bad_paths, items):
        transfer.settle(number, FAILED, error=error)
    if transfer.items.left() == 0:
        transfer.finish()


def _bad_paths(items: list[Item]) -> list[tuple[int, InvalidInput]]:
    found = ((number, _bad_path(item.target)) for number, item in enumerate(items))
    return [(number, error) for number, error in found if error is not None]


def _bad_path(target: str) -> InvalidInput | None:
    if any(name in ("", ".", "..") for name in target.split("/")):
        return InvalidInput(f"'{target}' is no path below the destination", code="bad_path")
    try:
        paths.parse(target)
    except InvalidInput as error:
        return error
    return None


class Uploading:
    """Takes the files of one upload.

    Args:
        transfer: Whose.
    """

    def __init__(self, transfer: Transfer) -> None:
        destination = transfer.record.destination
        if destination is None or destination.endpoint is None:
            raise InvalidInput("Uploads go to a dCache endpoint; Lab itself uploads to its files")
        self._transfer = transfer
        self._endpoint = destination.endpoint
        self._base = destination.folder
        self._folders: folders.Folders | None = None
        self._patience = Patience(self._tell_patience)
        self._tries: Counter[int] = Counter()
        self._broken = 0
        #: Why nothing more is taken, while files that are under way are let finish.
        self._stopping: RsdatError | None = None
        #: Files that the page sends no more, while we still take what has come of them.
        self._given_up: set[int] = set()

    def target(self, path: str) -> str:
        """The path that a question is about, given that or the path as the upload lists it."""
        listed = self._transfer.number_of(path) is not None
        return paths.join(self._base, path) if listed else path

    def number(self, path: str) -> int:
        """The number of a file that may be sent now.

        Raises:
            NotFound: The upload lists no such file.
            Conflict: The upload has ended, or this file has.
        """
        transfer = self._transfer
        number = transfer.number_of(path)
        if number is None:
            raise _not_listed(path)
        # A page that tries a failed file again by itself need not say so first.
        if not transfer.record.active and transfer.record.state not in ("interrupted", "failed"):
            raise Conflict(
                f"This upload is {transfer.record.state}",
                hint="Retry it to send what is missing.",
                code=transfer.record.state,
            )
        if transfer.items.state(number) in (DONE, SKIPPED):
            what = "sent" if transfer.items.state(number) == DONE else "skipped"
            raise Conflict(f"'{path}' is {what} already", code=what)
        if transfer.progress.has(number):
            raise Conflict(f"'{path}' is being sent already", code="being_sent")
        return number

    def check(self, path: str, size: int) -> None:
        """Whether a file of this size may be sent now.

        Raises:
            NotFound: The upload lists no such file.
            Conflict: The upload has ended, or this file has, or it is not the one that is listed
                (`other_size`): then it counts as failed.
        """
        number = self.number(path)
        listed = self._transfer.items[number].size
        if listed in (None, size):
            return
        error = Conflict(
            f"'{path}' has {size:,} bytes now, but {listed:,} when the upload began",
            hint="It is another file, or has changed since: upload it anew.",
            code="other_size",
        )
        self._transfer.settle(number, FAILED, error=error)
        self.look_whether_done()
        raise error

    def missing(self, path: str | None = None) -> list[dict[str, Any]]:
        """The files that are neither in dCache nor skipped, as they are listed; or one of them.

        Blocks for a moment when they are many: call it in a thread.
        """
        items = self._transfer.items
        numbers: Iterable[int] = range(len(items))
        if path is not None:
            number = self._transfer.number_of(path)
            numbers = () if number is None else (number,)
        return [
            {"path": items[number].target, "size": items[number].size or 0}
            for number in numbers
            if items.state(number) in (PENDING, FAILED)
        ]

    async def receive(
        self, path: str, chunks: AsyncIterable[Chunk], size: int, conflict: str
    ) -> tuple[Entry, bool]:
        """Write one file; its folder is made if it is missing.

        Args:
            path: As the upload lists it.
            chunks: The bytes, asked for only when dCache wants them.
            size: How many.
            conflict: refuse, replace or keep-both: what to do if the name is taken. Refused, the
                transfer asks; an answer to that, or for all, counts when the file is sent again.

        Returns:
            The file as it is now, and whether the name is new.

        Raises:
            Conflict: The name is taken (`exists`, `is_a_folder`), or is to be skipped (`skipped`).
            RsdatError: dCache refused, or gave no usable answer, also after waiting for it; the
                file counts as failed. Its details say if the whole upload ends with it and those
                under way (`stopped`), or if the file should be sent once more (`again`): then it
                has not failed.
        """
        transfer = self._transfer
        number = self.number(path)
        target = paths.join(self._base, path)
        choice = transfer.conflicts.choice(target)
        if conflict != "refuse":
            transfer.conflicts.withdraw(target)
            choice = "replace" if conflict == "replace" else "keep-both"
        if not transfer.record.active:
            self.begin_anew()
        self._given_up.discard(number)
        transfer.begin()
        self._tell_patience()
        transfer.progress.begin(number, path)
        body = _Body(chunks)
        comes_again = False
        try:
            entry, created = await self._patiently(number, target, body, size, choice)
        except Conflict as error:
            self._heard_of(number)
            if error.code == "skipped":
                transfer.settle(number, SKIPPED)
            elif error.code in ("exists", "is_a_folder") and choice == "ask":
                await self._ask(target, size)
            else:
                transfer.settle(number, FAILED, error=error)
            raise
        except RsdatError as error:
            if error.code == "cut_off":
                self._cut(number)
                raise
            comes_again = self._comes_again(number, error, body)
            if comes_again:
                transfer.cut = True
                raise telling(error, "again") from error
            raise self._failed(number, error, body) from error
        except asyncio.CancelledError:
            self._cut(number)
            raise
        else:
            self._broken = 0
            self._heard_of(number)
            self._patience.came_through()
            transfer.conflicts.forget(target)
            transfer.wrote(entry.path)
            transfer.settle(number, DONE, checksum="adler32")
            return entry, created
        finally:
            transfer.progress.end(number)
            if not transfer.progress.busy and not comes_again:
                self._patience.rest()
            self.look_whether_done()

    def look_whether_done(self) -> None:
        """End the upload if all of its files have ended, or no more are taken."""
        transfer = self._transfer
        if not transfer.record.active:
            return
        if transfer.items.left() == 0:
            transfer.finish()
        elif self._stopping is not None and not transfer.progress.busy:
            transfer.end("failed", self._stopping)

    def begin_anew(self) -> None:
        """It is taken up after its end: what was tried and waited before counts no more."""
        self._tries.clear()
        self._broken = 0
        self._stopping = None
        self._patience.begin_anew()

    def give_up(self, path: str) -> None:
        """The page sends a file no more: it counts as failed, unless it has ended otherwise.

        Raises:
            NotFound: The upload lists no such file.
        """
        transfer = self._transfer
        number = transfer.number_of(path)
        if number is None:
            raise _not_listed(path)
        if not transfer.record.active or transfer.items.state(number) != PENDING:
            return
        if transfer.progress.has(number):
            # We may notice later than the page that its connection broke, or get it all the same.
            self._given_up.add(number)
            return
        self._settle_given_up(number)
        self.look_whether_done()

    def skip(self, targets: Iterable[str]) -> None:
        """Files that are not to be sent: paths below the destination, or as they are asked for."""
        transfer = self._transfer
        for target in targets:
            prefix = self._base.rstrip("/") + "/"
            number = transfer.number_of(target.removeprefix(prefix))
            if number is None or transfer.progress.has(number):
                continue  # what is being sent was answered otherwise
            if transfer.items.state(number) in (PENDING, FAILED):
                transfer.settle(number, SKIPPED)
            transfer.conflicts.skipped(paths.join(self._base, transfer.items[number].target))
        self.look_whether_done()

    def _heard_of(self, number: int) -> None:
        """Something became of a file: how often it was tried counts no more."""
        self._tries.pop(number, None)
        self._patience.forget(number)

    def _cut(self, number: int) -> None:
        """The page's request broke off. It comes again, or has given the file up."""
        self._transfer.cut = True
        if number in self._given_up:
            self._settle_given_up(number)

    def _settle_given_up(self, number: int) -> None:
        self._given_up.discard(number)
        self._heard_of(number)
        error = RsdatError(
            "The file did not come through from the browser",
            hint="Retry it when the connection to Jupyter is better.",
            code="given_up",
        )
        self._transfer.settle(number, FAILED, error=error)

    def _comes_again(self, number: int, error: RsdatError, body: _Body) -> bool:
        """Whether the page should send a file once more."""
        if self._stopping is not None or number in self._given_up:
            return False
        if not body.begun:
            # The door is waited for, but not by this request.
            return error.details.get("again") is True
        if not is_away(error) or self._tries[number] + 1 >= MOST_TRIES:
            return False
        # Its bytes are gone. The page has them still.
        self._tries[number] += 1
        return True

    def _failed(self, number: int, error: RsdatError, body: _Body) -> RsdatError:
        """A file has failed; where the others would fail in the same way all of it ends."""
        self._transfer.settle(number, FAILED, error=error)
        self._broken = self._broken + 1 if isinstance(error, DoorBroken) else 0
        if is_away(error):
            # One pool that breaks off is not the door, nor one name at which it is always away.
            nothing = not body.begun and not self._patience.is_alone(number)
            stops = nothing and error.code != "cut"
        else:
            stops = is_fatal(error)
        self._heard_of(number)
        if not stops and self._broken < MOST_BROKEN:
            return error
        self._stopping = error
        return telling(error, "stopped")

    def _tell_patience(self) -> None:
        """Show that a door is waited for, or that it is no more."""
        transfer, record, error = self._transfer, self._transfer.record, self._patience.error
        if not record.active:
            return
        if error is not None:
            record.problem = diagnosis(error) | {"hint": "It is waited for, for about a minute."}
            record.state = "waiting" if record.state == "running" else record.state
        elif record.problem is not None:
            record.problem = None
            record.state = "running" if record.state == "waiting" else record.state
        transfer.touch()

    async def _patiently(
        self, number: int, target: str, body: _Body, size: int, choice: Choice
    ) -> tuple[Entry, bool]:
        """Write a file; while nothing of it was taken, a door that is away is waited for."""
        begun_s, waits = time.monotonic(), 0
        while True:
            try:
                async with self._transfer.shared.uploads:
                    return await self._write(number, target, body, size, choice)
            except DoorBroken as error:  # noqa: PERF203 - each round asks dCache
                if body.begun or not is_away(error):
                    raise
                # In no slot: uploads to other doors go on.
                await self._patience.wait(number, error, waits, begun_s)
                waits += 1

    async def _write(
        self,
        number: int,
        target: str,
        chunks: AsyncIterable[Chunk],
        size: int,
        choice: Choice,
    ) -> tuple[Entry, bool]:
        transfer = self._transfer
        client = await transfer.shared.endpoint(self._endpoint)
        if self._folders is None:
            self._folders = folders.at_dcache(client, self._base, transfer.wrote)
        await self._folders.ensure(paths.parent_of(target))
        bytes_ = counted(chunks, lambda count: transfer.progress.at(number, count))
        path, numbers = target, 0
        while True:
            try:
                with transfer.shared.claims.hold(self._endpoint, path):
                    return await client.write(
                        path, bytes_, size, replace=choice == "replace", sparing=True
                    )
            except Conflict as error:  # noqa: PERF203 - each round asks dCache
                if error.code not in ("exists", "is_a_folder"):
                    raise
                if choice == "skip":
                    raise Conflict(
                        f"'{path}' is there already and skipped", code="skipped", path=path
                    ) from None
                numbers += 1
                begun = transfer.progress.moved(number) > 0
                if choice != "keep-both" or begun or numbers > MOST_NUMBERS:
                    raise
                path = paths.join(paths.parent_of(target), numbered(paths.name_of(target), numbers))

    async def _ask(self, target: str, size: int) -> None:
        client = await self._transfer.shared.endpoint(self._endpoint)
        entry = await client.find(target)
        found = None
        if entry is not None:
            found = Found(entry.size, entry.modified, entry.is_folder)
        self._transfer.conflicts.ask(Question(target, found, size))


class _Body:
    """A file's bytes, which come once: whether any have been asked for."""

    def __init__(self, chunks: AsyncIterable[Chunk]) -> None:
        self._chunks = chunks
        self.begun = False

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        self.begun = True
        async for chunk in self._chunks:
            yield chunk


def _not_listed(path: str) -> NotFound:
    return NotFound(f"This upload lists no file '{path}'", code="not_listed")


def title(files: list[Item]) -> str:
    """The file's name; a folder's, and how many files; of several the first and how many more."""
    tops = list(dict.fromkeys(item.target.partition("/")[0] for item in files))
    if len(tops) == 1 and "/" in files[0].target:
        return f"{tops[0]} ({len(files):,} {'file' if len(files) == 1 else 'files'})"
    name = f"{tops[0]} and {len(tops) - 1:,} more" if len(tops) > 1 else tops[0]
    return name if len(tops) == len(files) else f"{name} ({len(files):,} files)"
