"""Runs a copy: finds out what there is, then carries several files at once until all have ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

from rsdat.base.clock import from_iso
from rsdat.base.errors import Conflict, DoorBroken, InvalidInput, RsdatError
from rsdat.dcache import paths
from rsdat.dcache.transfers import carry, folders
from rsdat.dcache.transfers.conflicts import Question
from rsdat.dcache.transfers.items import DONE, FAILED, SKIPPED, Item, Items
from rsdat.dcache.transfers.live import FILES_AT_ONCE, Transfer
from rsdat.dcache.transfers.plan import (
    Trouble,
    is_fatal,
    numbered,
    of_dcache,
    of_workspace,
)
from rsdat.dcache.transfers.record import Choice, Record, Side
from rsdat.dcache.transfers.thirdparty import Copied
from rsdat.dcache.transfers.workspace import Found, Workspace
from rsdat.dcache.write import TEMPORARY_PREFIX

#: So many files in a row that fail because of the door, and the rest is not tried any more.
MOST_BROKEN = 8
MOST_NUMBERS = 1000


async def plan(transfer: Transfer) -> None:
    """List the source's files.

    Raises:
        RsdatError: That is not possible at all.
    """
    record = transfer.record
    if record.planned:
        return
    source = _side(record.source)
    await transfer.items.clear()
    record.total = record.total_bytes = None
    record.done = record.skipped = record.failed = record.done_bytes = 0
    record.by_doors = record.streamed = 0
    record.failures, record.reasons = [], []
    trouble: list[Trouble] = []
    listed, size = 0, 0
    async for batch in _listing(transfer, source, trouble):
        await transfer.items.extend(batch)
        listed += len(batch)
        size += sum(item.size or 0 for item in batch)
        transfer.touch()
    first = await transfer.items.extend([item for item, _ in trouble])
    record.total, record.total_bytes = listed + len(trouble), size
    for number, (_, error) in enumerate(trouble, first):
        transfer.settle(number, FAILED, error=error)
    record.planned = True
    transfer.touch()


def _listing(transfer: Transfer, source: Side, trouble: list[Trouble]) -> AsyncIterator[list[Item]]:
    if source.endpoint is None:
        return of_workspace(transfer.shared.workspace, source.paths, trouble)
    return _listing_of(transfer, source.endpoint, source.paths, trouble)


async def _listing_of(
    transfer: Transfer, endpoint: str, sources: tuple[str, ...], trouble: list[Trouble]
) -> AsyncIterator[list[Item]]:
    client = await transfer.shared.endpoint(endpoint)
    async for batch in of_dcache(client, sources, trouble):
        yield batch


def _side(side: Side | None) -> Side:
    if side is None:
        raise TypeError("a copy has two sides")
    return side


class Copying:
    """One run of a copy.

    Args:
        transfer: Whose.
    """

    def __init__(self, transfer: Transfer) -> None:
        self._transfer = transfer
        self._shared = transfer.shared
        self._source = _side(transfer.record.source)
        self._destination = _side(transfer.record.destination)
        self._holds_slot = False
        self._asking = 0
        self._broken = 0
        self._pending: Iterator[int] = iter(())
        self._folders: folders.Folders

    async def run(self) -> None:
        """Until all files have ended, or nothing more can be done.

        Cancelled, or failed, it takes back what is under way, but for what it could go on from: see
        `clean`.
        """
        transfer = self._transfer
        await self._shared.slots.acquire()
        self._holds_slot = True
        try:
            transfer.begin()
            await plan(transfer)
            # Before anything is written: whoever takes this up must know what to go on from.
            await self._shared.save(transfer)
            await self._carry_all()
            transfer.finish()
        except RsdatError as error:
            transfer.end("failed", error)
        finally:
            if self._holds_slot:
                self._shared.slots.release()

    async def _carry_all(self) -> None:
        base = self._destination.folder
        if self._destination.endpoint is None:
            self._folders = folders.at_workspace(self._shared.workspace, base)
        else:
            client = await self._shared.endpoint(self._destination.endpoint)
            self._folders = folders.at_dcache(client, base, self._transfer.wrote)
        self._pending = self._transfer.items.pending()
        workers = [asyncio.create_task(self._work()) for _ in range(FILES_AT_ONCE)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.wait(workers)

    async def _work(self) -> None:
        transfer = self._transfer
        for number in self._pending:
            item = transfer.items[number]
            transfer.progress.begin(number, transfer.shown_path(number))
            try:
                await self._one(number, item)
                self._broken = 0
            except RsdatError as error:
                self._broken = self._broken + 1 if isinstance(error, DoorBroken) else 0
                if is_fatal(error) or self._broken >= MOST_BROKEN:
                    raise
                transfer.settle(number, FAILED, error=error)
            finally:
                transfer.progress.end(number)

    async def _one(self, number: int, item: Item) -> None:
        target = paths.join(self._destination.folder, item.target)
        self._check_name(item)
        if item.size is None:
            item = await self._look_again(number, item)
        if item.folder:
            await self._folders.ensure(target)
            self._transfer.settle(number, DONE)
            return
        await self._folders.ensure(paths.parent_of(target))
        await self._file(number, item, target)

    def _check_name(self, item: Item) -> None:
        if self._destination.endpoint is not None:
            paths.parse(item.target)  # names that dCache breaks are refused in words
        else:
            # What was chosen must not be hidden; what lies in it may be.
            self._shared.workspace.place(item.target.partition("/")[0])

    async def _look_again(self, number: int, item: Item) -> Item:
        """What could not be listed: a folder's content is added at the end."""
        trouble: list[Trouble] = []
        record = self._transfer.record
        side = Side(self._source.endpoint, (item.source,))
        name = paths.name_of(item.source)
        found: Item | None = None
        async for batch in _listing(self._transfer, side, trouble):
            # Listed alone its name is its own; here it may be a numbered one, or deeper.
            named = [each._replace(target=item.target + each.target[len(name) :]) for each in batch]
            if found is None:
                found = named.pop(0)
            await self._transfer.items.extend(named)
            record.total = (record.total or 0) + len(named)
            record.total_bytes = (record.total_bytes or 0) + sum(e.size or 0 for e in named)
        for _, error in trouble:
            raise error
        return found if found is not None else item

    async def _file(self, number: int, item: Item, wanted: str) -> None:
        transfer, path, numbers = self._transfer, wanted, 0
        while True:
            choice = transfer.conflicts.choice(wanted)
            replace = choice == "replace" and not self._is_itself(item, path)
            try:
                with self._shared.claims.hold(self._destination.endpoint, path):
                    copied = await self._carry(number, item, path, replace=replace)
                break
            except Conflict as error:
                if error.code not in ("exists", "is_a_folder") or error.details.get("path") not in (
                    path,
                    paths.composed(path),
                ):
                    raise
                claimed = bool(error.details.get("claimed"))
                may_be_ours = transfer.record.resumed and not claimed
                if may_be_ours and await self._is_there(item, path, new=numbers > 0):
                    copied = Copied("adler32")
                    break
                choice = await self._choice(item, wanted, path)
                if choice == "skip":
                    transfer.settle(number, SKIPPED)
                    return
                if choice == "replace":
                    self._check_replace(item, path, error, claimed=claimed)
                    continue
                numbers += 1
                if numbers > MOST_NUMBERS:
                    raise
                name = numbered(paths.name_of(wanted), numbers)
                path = paths.join(paths.parent_of(wanted), name)
        transfer.wrote(path)
        transfer.record.add_reason(copied.streamed)
        transfer.settle(number, DONE, checksum=copied.checksum, way=copied.way)

    def _check_replace(self, item: Item, path: str, error: Conflict, *, claimed: bool) -> None:
        if self._is_itself(item, path):
            raise InvalidInput(f"'{path}' can't be replaced by itself", code="itself")
        if claimed or error.code == "is_a_folder":
            raise error

    def _is_itself(self, item: Item, path: str) -> bool:
        return self._source.endpoint == self._destination.endpoint and item.source == path

    async def _choice(self, item: Item, wanted: str, path: str) -> Choice:
        conflicts = self._transfer.conflicts
        known = conflicts.choice(wanted)
        if known != "ask":
            return known
        question = Question(wanted, await self._found(path), item.size)
        async with self._slot_given_up():
            return await conflicts.decide(question)

    @contextlib.asynccontextmanager
    async def _slot_given_up(self) -> AsyncIterator[None]:
        """Others may run while somebody thinks."""
        self._asking += 1
        # One who was just answered may be waiting for it still.
        if self._asking == 1 and self._holds_slot:
            self._holds_slot = False
            self._shared.slots.release()
        try:
            yield
        finally:
            self._asking -= 1
        if self._asking == 0 and not self._holds_slot:
            await self._shared.slots.acquire()
            self._holds_slot = True

    async def _found(self, path: str) -> Found | None:
        if self._destination.endpoint is None:
            workspace = self._shared.workspace
            return await workspace.find(workspace.inside(path), path)
        entry = await (await self._shared.endpoint(self._destination.endpoint)).find(path)
        if entry is None:
            return None
        return Found(entry.size, entry.modified, entry.is_folder)

    async def _is_there(self, item: Item, path: str, *, new: bool) -> bool:
        """Whether an earlier life of this copy has written the file already.

        Args:
            item: The file.
            path: Where it might be.
            new: What is older than the copy is not of it, whatever its bytes: under a numbered
                name an earlier copy of the same file may lie, and who copies again wants two.
        """
        if self._is_itself(item, path):
            return False
        if new and not await self._is_younger(path):
            return False
        workspace = self._shared.workspace
        source, destination = self._source.endpoint, self._destination.endpoint
        if destination is None or source is None:
            client = await self._shared.endpoint(destination or source or "")
            there, place = (path, item.source) if source is None else (item.source, path)
            entry = await client.info(there, checksums=True)
            return await carry.same_as_disk(entry, workspace.inside(place))
        origin, client = (
            await self._shared.endpoint(source),
            await self._shared.endpoint(destination),
        )
        one = await origin.info(item.source, checksums=True)
        other = await client.info(path, checksums=True)
        # Two endpoints may be one dCache.
        is_itself = one.pnfs_id is not None and one.pnfs_id == other.pnfs_id
        return not is_itself and carry.same_entries(one, other)

    async def _is_younger(self, path: str) -> bool:
        found = await self._found(path)
        modified = None if found is None else found.modified
        return modified is not None and modified >= from_iso(self._transfer.record.created)

    async def _carry(self, number: int, item: Item, path: str, *, replace: bool) -> Copied:
        shared, workspace = self._shared, self._shared.workspace
        progress = self._transfer.progress

        def arrived(count: int) -> None:
            progress.at(number, count)

        if self._destination.endpoint is None:
            place = workspace.inside(path)
            found = await workspace.find(place, path)
            if found is not None and (not replace or found.folder):
                raise Conflict(
                    f"'{path}' exists already in the workspace",
                    code="is_a_folder" if found.folder else "exists",
                    path=path,
                )
            client = await shared.endpoint(self._source.endpoint or "")
            part = place.with_name(part_name(self._transfer.id, number))
            kind = await carry.to_workspace(
                client, item.source, part, place, path, replace=replace, arrived=arrived
            )
            return Copied(kind)
        client = await shared.endpoint(self._destination.endpoint)
        if self._source.endpoint is None:
            place = workspace.inside(item.source)
            kind = await carry.to_dcache(
                workspace, item.source, place, client, path, replace=replace, arrived=arrived
            )
            return Copied(kind)
        origin = await shared.endpoint(self._source.endpoint)
        return await shared.third_party.copy(
            origin, item.source, client, path, replace=replace, arrived=arrived
        )


def part_name(id_: str, number: int) -> str:
    """What a file of a copy into the workspace is called until it is whole."""
    return f"{TEMPORARY_PREFIX}{id_}-{number}.part"


async def clean(transfer: Transfer) -> None:
    """Remove what a copy kept in the workspace in order to go on from it."""
    workspace = transfer.shared.workspace
    await asyncio.to_thread(remove_parts, workspace, transfer.record, transfer.items)


def remove_parts(workspace: Workspace, record: Record, items: Items) -> None:
    """As `clean`, of any copy; blocks."""
    destination = record.destination
    if record.kind != "copy" or destination is None or destination.endpoint is not None:
        return
    for number in range(len(items)):
        if items.state(number) != DONE and not items[number].folder:
            target = workspace.inside(paths.join(destination.folder, items[number].target))
            with contextlib.suppress(OSError):
                target.with_name(part_name(record.id, number)).unlink(missing_ok=True)
