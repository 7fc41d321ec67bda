"""All transfers of a home folder, as the server's routes see them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rsdat.base.errors import Conflict, NotFound, RsdatError
from rsdat.base.files import write_json
from rsdat.base.lock import Lock
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.transfers import copying, outside, uploading, work
from rsdat.dcache.transfers.asked import record_of
from rsdat.dcache.transfers.downloading import ARCHIVE_HINT, FILE_HINT, Downloading
from rsdat.dcache.transfers.items import Items
from rsdat.dcache.transfers.live import Shared, Transfer
from rsdat.dcache.transfers.record import BY_ITSELF, Record
from rsdat.dcache.transfers.store import Store
from rsdat.dcache.transfers.uploading import Uploading
from rsdat.dcache.transfers.workspace import Workspace

_log = logging.getLogger(__name__)

#: At most so often a transfer's progress is told, and written down.
TELL_S = 0.5
SAVE_S = 5.0
#: Without a byte for so long, a transfer that lives on the page is interrupted: after a request
#: of it was cut off, and else. While a question is open the page tells every 30 s that it is there;
#: in the background browsers let it do so, and see that another page answered, once a minute.
CUT_S = 60.0
GONE_S = 120.0
#: Who asks for a transfer in order to act has so long to begin.
WANTED_S = 10.0
#: Downloads that were broken off are remembered, so that they can be verified when they go on.
MOST_DOWNLOADS = 50
#: So often we look for transfers of companions that have died.
ADOPT_S = 30.0


class TransferManager:
    """Begins, shows, cancels and takes up transfers. `await start()`, at last `await stop()`.

    Args:
        home: `$RSDAT_HOME`.
        client: Gives the client of an endpoint.
        workspace: Jupyter's files.
        changed: Told the id of a transfer that is not what it was, at most twice a second each.
        folder_changed: Told endpoint and folder in which something is new.
        assets: Does copies of STAC assets, by processes of their own.
    """

    def __init__(
        self,
        home: Path,
        client: Callable[[str], Awaitable[DCacheClient]],
        workspace: Workspace,
        changed: Callable[[str], None],
        folder_changed: Callable[[str, str], None],
        assets: outside.Outside | None = None,
    ) -> None:
        self._assets = assets
        self._store = Store(home)
        self._changed = changed
        self._awake = asyncio.Event()
        self._shared = Shared(client, workspace, folder_changed, self._awake.set, self._save)
        self._live: dict[str, Transfer] = {}
        self._uploads: dict[str, Uploading] = {}
        self._downloads: dict[str, Downloading] = {}
        self._looking: asyncio.Task[None] | None = None
        self._adopted_s = -ADOPT_S
        self._adopting = asyncio.Lock()

    async def start(self) -> None:
        """Take up what companions that are gone have left, and begin to tell of progress."""
        try:
            await asyncio.to_thread(self._tidy)
            await self._adopt()
        except BaseException:
            # Nobody stops what has not started.
            await self.stop()
            raise
        self._looking = asyncio.create_task(self._look_on())

    async def stop(self) -> None:
        """Leave everything so that the next companion can go on."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})
        leaving = list(self._live.values())
        # What goes wrong with one must not keep the others.
        ended = await asyncio.gather(*map(self._leave, leaving), return_exceptions=True)
        for transfer, error in zip(leaving, ended, strict=True):
            if isinstance(error, Exception):
                _log.error("Leaving transfer %s failed", transfer.id, exc_info=error)

    def _tidy(self) -> None:
        self._store.tidy(datetime.now(timezone.utc), self._forget_parts)

    def _forget_parts(self, record: Record) -> None:
        # What is forgotten without being told so leaves nothing behind either.
        items = Items(self._store.folder(record.id))
        try:
            items.read()
            copying.remove_parts(self._shared.workspace, record, items)
        except (RsdatError, OSError, ValueError) as error:
            _log.warning("Parts of transfer %s may be left: %s", record.id, error)

    async def _leave(self, transfer: Transfer) -> None:
        transfer.cancelling = True
        try:
            await transfer.halt()
            if transfer.record.active and transfer.record.kind == "copy":
                transfer.record.state = "waiting"
            await self._save(transfer)
        finally:
            self._drop(transfer)

    async def all(self) -> list[dict[str, Any]]:
        """All that are not forgotten, the latest first."""
        if time.monotonic() - self._adopted_s > ADOPT_S:
            await self._adopt()
        return await self._views()

    async def _views(self) -> list[dict[str, Any]]:
        before = dict(self._live)
        records = await asyncio.to_thread(self._load_all)
        views = {record.id: record.shown(ours=not record.active) for record in records}
        # One that ended meanwhile may have been read as it was before its end.
        known = {id_: each for id_, each in before.items() if id_ in views} | self._live
        views.update({id_: transfer.view() for id_, transfer in known.items()})
        return sorted(views.values(), key=lambda view: (view["created"], view["id"]), reverse=True)

    def _load_all(self) -> list[Record]:
        found = (self._store.load(id_) for id_ in self._store.ids())
        return [record for record in found if record is not None]

    async def get(self, id_: str) -> dict[str, Any]:
        """One of them.

        Raises:
            NotFound: There is no such transfer.
        """
        transfer = self._live.get(id_)
        if transfer is not None:
            return transfer.view()
        record = await asyncio.to_thread(self._store.load, id_)
        if record is None:
            raise _unknown(id_)
        return record.shown(ours=not record.active)

    async def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Begin one; `request` is a TransferRequest of `docs/api.yaml`.

        Raises:
            InvalidInput: It makes no sense.
            NotFound: There is no such endpoint, folder or file.
            OnTape: The one file of a download is on tape.
            NoSpace: It can't be noted.
        """
        record, items = await record_of(request, self._shared)
        await asyncio.to_thread(self._tidy)
        lock = await asyncio.to_thread(self._store.make, record)
        transfer = self._add(record, lock)
        try:
            if record.kind == "upload":
                await uploading.plan(transfer, items)
            elif record.format == "file":
                await transfer.items.extend(items)
                record.total, record.total_bytes, record.planned = 1, items[0].size, True
            else:
                work.begin(transfer, self._assets)
        except BaseException:
            self._drop(transfer)
            await asyncio.to_thread(self._store.remove, record.id)
            raise
        transfer.touch()
        return transfer.view()

    async def begin_assets(self, record: Record, request: Mapping[str, Any]) -> dict[str, Any]:
        """Begin a copy of STAC assets.

        Args:
            record: Of kind `assets`.
            request: What its process is prepared with, in `request.json` of its folder.

        Raises:
            NoSpace: It can't be noted.
        """
        await asyncio.to_thread(self._tidy)
        lock = await asyncio.to_thread(self._store.make, record)
        transfer = self._add(record, lock)
        try:
            path = self._store.folder(record.id) / "request.json"
            await asyncio.to_thread(write_json, path, dict(request), format_version=1)
        except BaseException:
            self._drop(transfer)
            await asyncio.to_thread(self._store.remove, record.id)
            raise
        work.begin(transfer, self._assets)
        transfer.touch()
        return transfer.view()

    async def answer(self, id_: str, path: str, choice: Any, for_all: bool) -> dict[str, Any]:
        """Say what becomes of a file whose name is taken.

        Raises:
            InvalidInput: Nothing was asked.
            Conflict: It has ended, or another Jupyter server acts for it.
        """
        transfer = self._live.get(id_)
        if transfer is None:
            await self.get(id_)
            raise Conflict("This transfer asks nothing (any more)", code="not_asked")
        upload = self._uploads.get(id_)
        if upload is not None:
            path = upload.target(path)
        settled = transfer.conflicts.answer(path, choice, for_all=for_all)
        if upload is not None and choice == "skip":
            upload.skip(settled)
        return transfer.view()

    async def cancel(self, id_: str) -> dict[str, Any]:
        """End it; what is half done is taken back.

        Raises:
            Conflict: It has ended, or another Jupyter server acts for it.
        """
        transfer = await self._ours(id_)
        if not transfer.record.active:
            raise Conflict(f"This transfer is {transfer.record.state} already", code="ended")
        transfer.cancelling = True
        await transfer.halt()
        await work.take_back(transfer)
        if transfer.record.active:
            transfer.end("cancelled")
        transfer.cancelling = False
        return transfer.view()

    async def retry(self, id_: str) -> dict[str, Any]:
        """Take up what failed, was cancelled or interrupted: only what is not done.

        Raises:
            Conflict: It goes on, is done, or another Jupyter server acts for it.
        """
        transfer = await self._ours(id_)
        if transfer.record.active or transfer.record.state == "done":
            raise Conflict(f"This transfer is {transfer.record.state}", code="not_failed")
        upload = self._uploads.get(id_)
        if upload is not None:
            upload.begin_anew()
        transfer.again()
        if transfer.is_all_sent:
            transfer.recount()
            transfer.finish()
        if transfer.record.kind == "assets":
            await asyncio.to_thread(outside.forget_end, self._store.folder(id_))
        if transfer.record.kind in BY_ITSELF:
            work.begin(transfer, self._assets)
        return transfer.view()

    async def seen(self, id_: str) -> dict[str, Any]:
        """Note that the user was told how it ended."""
        transfer = await self._ours(id_)
        transfer.record.seen = True
        transfer.touch()
        return transfer.view()

    async def here(self, id_: str) -> dict[str, Any]:
        """Note that the page which has an upload's files is still there."""
        transfer = await self._ours(id_)
        transfer.progress.last_s = time.monotonic()
        return transfer.view()

    async def forget(self, id_: str) -> None:
        """Cancel it if it goes on, and forget it."""
        transfer = await self._ours(id_)
        transfer.cancelling = True
        await transfer.halt()
        await work.take_back(transfer)
        async with transfer.saving:
            transfer.forgotten = True
            await asyncio.to_thread(self._store.remove, id_)
        self._drop(transfer)
        self._downloads.pop(id_, None)
        self._changed(id_)

    async def upload(self, id_: str) -> Uploading:
        """What receives the files of an upload.

        Raises:
            NotFound: There is no such upload.
        """
        transfer = await self._ours(id_)
        if transfer.record.kind != "upload":
            raise NotFound(f"'{id_}' is no upload")
        receiver = self._uploads.get(id_)
        if receiver is None:
            receiver = self._uploads[id_] = Uploading(transfer)
        return receiver

    async def download(self, id_: str) -> Downloading:
        """What gives the bytes of a download.

        Raises:
            NotFound: There is no such download.
        """
        transfer = await self._ours(id_)
        if transfer.record.kind != "download":
            raise NotFound(f"'{id_}' is no download")
        giver = self._downloads.get(id_)
        if giver is None:
            giver = self._downloads[id_] = Downloading(transfer)
        giver.transfer = transfer
        return giver

    def own(self, id_: str, work: asyncio.Task[Any]) -> None:
        """Let a request's work end with its transfer."""
        transfer = self._live.get(id_)
        if transfer is not None:
            transfer.own(work)

    async def _ours(self, id_: str) -> Transfer:
        """The transfer, with the right to act for it.

        Raises:
            NotFound: There is none.
            Conflict: Another Jupyter server acts for it.
        """
        async with self._adopting:
            transfer = self._live.get(id_)
            if transfer is not None:
                transfer.wanted_until_s = time.monotonic() + WANTED_S
                return transfer
            if await asyncio.to_thread(self._store.load, id_) is None:
                raise _unknown(id_)
            taken = await self._take(id_)
        if taken is None:
            raise Conflict(
                "Another Jupyter server of yours acts for this transfer",
                hint="Open the page of that server.",
                code="not_ours",
            )
        return taken

    async def _take(self, id_: str) -> Transfer | None:
        lock = await self._store.take_aside(id_)
        if lock is None:
            return None
        try:
            # Only now nobody else changes it.
            record = await asyncio.to_thread(self._store.load, id_)
            if record is None:
                raise _unknown(id_)
            transfer = Transfer(record, self._store.folder(id_), lock, self._shared)
            await transfer.items.load()
        except BaseException:
            lock.release()
            raise
        transfer.wanted_until_s = time.monotonic() + WANTED_S
        self._live[id_] = transfer
        return transfer

    async def _adopt(self) -> None:
        """Go on with what nobody acts for any more."""
        async with self._adopting:
            self._adopted_s = time.monotonic()
            for record in await asyncio.to_thread(self._load_all):
                if not record.active or record.id in self._live:
                    continue
                try:
                    transfer = await self._take(record.id)
                except (RsdatError, OSError, ValueError) as error:
                    _log.warning("Transfer %s can't be taken up: %s", record.id, error)
                    continue
                if transfer is not None:
                    self._take_up_guarded(transfer)

    def _take_up_guarded(self, transfer: Transfer) -> None:
        try:
            self._take_up(transfer)
        except Exception as error:  # noqa: BLE001 - one that makes no sense must not hide the rest
            transfer.broke(error)

    def _take_up(self, transfer: Transfer) -> None:
        record = transfer.record
        if not record.active:
            return
        record.resumed = True
        transfer.recount()
        if record.kind in BY_ITSELF:
            record.state = "waiting"
            work.begin(transfer, self._assets)
            transfer.touch()
            return
        if transfer.is_all_sent:
            transfer.finish()
            return
        what = "sent" if record.kind == "upload" else "fetched"
        transfer.interrupt(
            f"The Jupyter server was restarted before everything was {what}", _hint(record)
        )

    def _add(self, record: Record, lock: Lock) -> Transfer:
        transfer = Transfer(record, self._store.folder(record.id), lock, self._shared)
        self._live[record.id] = transfer
        return transfer

    def _drop(self, transfer: Transfer) -> None:
        if self._live.get(transfer.id) is not transfer:
            return
        del self._live[transfer.id]
        self._uploads.pop(transfer.id, None)
        may_go_on = transfer.record.state in ("interrupted", "failed", "done")
        if not may_go_on or transfer.record.format != "file":
            self._downloads.pop(transfer.id, None)
        while len(self._downloads) > MOST_DOWNLOADS:
            self._downloads.pop(next(iter(self._downloads)))
        transfer.lock.release()

    async def _look_on(self) -> None:
        """Tell and save what has changed, end what lost its page; sleeps while nothing lives."""
        saved_s = time.monotonic()
        while True:
            if not self._live:
                await self._awake.wait()
            self._awake.clear()
            saving = time.monotonic() - saved_s >= SAVE_S
            if saving:
                saved_s = time.monotonic()
            for transfer in list(self._live.values()):
                await self._look_guarded(transfer, saving=saving)
            await asyncio.sleep(TELL_S)

    async def _look_guarded(self, transfer: Transfer, *, saving: bool) -> None:
        try:
            await self._look_after(transfer, saving=saving)
        except Exception:  # noqa: BLE001
            # The last line of defence of a loop that must not end; a bug, so with its trace.
            _log.exception("Looking after transfer %s failed", transfer.id)

    async def _look_after(self, transfer: Transfer, *, saving: bool) -> None:
        self._look_at(transfer)
        if transfer.progress.dirty:
            transfer.progress.dirty = False
            self._changed(transfer.id)
            transfer.tell_folders()
        if transfer.unsaved or saving or transfer.over:
            saved = await self._save(transfer)
            # It may have ended while it was being written: then its end is not on disk.
            if saved and transfer.over and not transfer.unsaved:
                self._drop(transfer)

    def _look_at(self, transfer: Transfer) -> None:
        record, progress = transfer.record, transfer.progress
        is_moved = record.kind in BY_ITSELF or progress.busy or transfer.task is not None
        if is_moved or not record.active:
            return
        if time.monotonic() - progress.last_s > (CUT_S if transfer.cut else GONE_S):
            transfer.interrupt("The page that it was on is gone", _hint(record))

    async def _save(self, transfer: Transfer) -> bool:
        """Write it down; False if that failed: nothing needs it to go on or to end."""
        async with transfer.saving:
            if transfer.forgotten:
                return False
            transfer.unsaved = False
            try:
                await transfer.items.flush()
                await asyncio.to_thread(self._store.save, transfer.record)
            except Exception as error:  # noqa: BLE001 - a thread may be refused, too
                transfer.unsaved = True
                known = isinstance(error, (RsdatError, OSError))
                _log.warning(
                    "Transfer %s can't be noted: %s", transfer.id, error, exc_info=not known
                )
                return False
            return True


def _hint(record: Record) -> str:
    if record.kind == "upload":
        return "Start over with the same files, or retry from the page that has them."
    return FILE_HINT if record.format == "file" else ARCHIVE_HINT


def _unknown(id_: str) -> NotFound:
    return NotFound(f"There is no transfer '{id_}' (any more)")
