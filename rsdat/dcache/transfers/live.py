"""A transfer that this companion acts for: its record, its files, its questions, its speed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rsdat.base.clock import to_iso
from rsdat.base.errors import NotFound, RsdatError
from rsdat.base.lock import Lock
from rsdat.dcache import paths
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.transfers.conflicts import Claims, Conflicts
from rsdat.dcache.transfers.items import DONE, FAILED, PENDING, SKIPPED, Items, Way
from rsdat.dcache.transfers.progress import Progress
from rsdat.dcache.transfers.record import Record, State, diagnosis
from rsdat.dcache.transfers.thirdparty import ThirdParty
from rsdat.dcache.transfers.workspace import Workspace

_log = logging.getLogger(__name__)

#: Copies that run at once, and files at once in each; files of all uploads at once.
COPIES_AT_ONCE = 3
FILES_AT_ONCE = 4
UPLOADS_AT_ONCE = 12
#: A cancel waits so long for what was begun to be taken back.
CLEAN_UP_S = 15.0


@dataclass
class Shared:
    """What all transfers of a companion share.

    Attributes:
        client: The client of an endpoint.
        workspace: Jupyter's files.
        folder_changed: Told the endpoint and folder in which something is new.
        wake: Called when a transfer is not what it was.
        save: Writes a transfer down, now; false if that failed.
    """

    client: Callable[[str], Awaitable[DCacheClient]]
    workspace: Workspace
    folder_changed: Callable[[str, str], None]
    wake: Callable[[], None]
    save: Callable[[Transfer], Awaitable[bool]]
    claims: Claims = field(default_factory=Claims)
    third_party: ThirdParty = field(default_factory=ThirdParty)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(COPIES_AT_ONCE))
    uploads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(UPLOADS_AT_ONCE))

    async def endpoint(self, name: str) -> DCacheClient:
        """The client of an endpoint.

        Raises:
            NotFound: It is not configured any more (`endpoint_gone`).
        """
        try:
            return await self.client(name)
        except NotFound as error:
            error.code = "endpoint_gone"
            raise


class Transfer:
    """One transfer under way, for as long as we hold its lock.

    Args:
        record: Its state.
        folder: Where it lies on disk.
        lock: Ours.
        shared: What all share.
    """

    def __init__(self, record: Record, folder: Path, lock: Lock, shared: Shared) -> None:
        self.record = record
        self.folder = folder
        self.lock = lock
        self.shared = shared
        self.items = Items(folder)
        self.progress = Progress()
        self.conflicts = Conflicts(record.conflict, self._asked)
        self.task: asyncio.Task[None] | None = None
        self.works: set[asyncio.Task[Any]] = set()
        self.unsaved = True
        self.cancelling = False
        #: Somebody is about to act: it is not given up before.
        self.wanted_until_s = 0.0
        #: It is forgotten: nothing is written any more.
        self.forgotten = False
        self.saving = asyncio.Lock()
        #: A request of the page was cut off, and none has come since.
        self.cut = False
        self.changed_folders: set[str] = set()
        self._numbers: dict[str, int] | None = None

    @property
    def id(self) -> str:
        """Its id."""
        return self.record.id

    @property
    def over(self) -> bool:
        """It has ended, nothing of it is under way any more, and nobody has just asked for it."""
        under_way = self.progress.busy or self.works or self.task
        return not (self.record.active or under_way or time.monotonic() < self.wanted_until_s)

    @property
    def is_all_sent(self) -> bool:
        """Nothing of an upload is left: if it has not ended, its end alone was not noted."""
        record = self.record
        return record.kind == "upload" and record.planned and self.items.left() == 0

    def view(self) -> dict[str, Any]:
        """As REST shows it."""
        question = self.conflicts.question
        others = max(self.items.left() - 1, 0) if question is not None else 0
        shown = self.record.shown(
            moving=self.progress.moving,
            rate=self.progress.rate if self.record.state == "running" else None,
            current=self.progress.current,
            question=None if question is None else question.as_dict(others),
        )
        if self.record.kind == "upload" and self.record.active:
            # The page that has the files may not be the one on which was answered.
            answers = self.conflicts.answers
            shown["conflict"] = self.conflicts.policy
            shown["answered"] = [{"path": path, "choice": choice} for path, choice in answers]
        return shown

    def touch(self) -> None:
        """Something of it is to be told and saved."""
        self.unsaved = True
        self.progress.touch()
        self.shared.wake()

    def _asked(self) -> None:
        asking = self.conflicts.question is not None
        if self.record.state in ("running", "asking", "waiting"):
            if asking:
                self.record.state = "asking"
            elif self.record.state == "asking":
                self.record.state = "running"
        self.record.conflict = self.conflicts.policy
        self.touch()

    def begin(self) -> None:
        """It moves now."""
        record = self.record
        self.cut = False
        if record.state != "asking":
            record.state = "running"
        record.started = record.started or now()
        record.ended = record.problem = None
        record.seen = False
        self.touch()

    def end(self, state: State, error: RsdatError | None = None) -> None:
        """It has ended."""
        self.record.state = state
        self.record.ended = now()
        self.record.problem = None if error is None else diagnosis(error)
        self.touch()

    def broke(self, error: Exception) -> None:
        """A bug ended it."""
        _log.error("Transfer %s broke", self.id, exc_info=error)
        kind = type(error).__name__
        hint = "The Jupyter server's log tells more."
        self.end("failed", RsdatError(f"Something went wrong inside rsdat ({kind})", hint=hint))

    def interrupt(self, words: str, hint: str) -> None:
        """The other side is gone in the middle."""
        self.end("interrupted", RsdatError(words, hint=hint))

    def settle(
        self,
        number: int,
        code: int,
        *,
        checksum: str | None = None,
        way: Way | None = None,
        error: RsdatError | None = None,
    ) -> None:
        """A file has ended.

        Args:
            number: Its number.
            code: DONE, SKIPPED or FAILED.
            checksum: Kind of the one that was compared; None: dCache had none.
            way: Which one it went, where that is known.
            error: Why it failed.
        """
        record, item = self.record, self.items[number]
        if self.items.state(number) == FAILED:
            record.failed -= 1
            path = self.shown_path(number)
            record.failures = [each for each in record.failures if each["path"] != path]
        compared = checksum or "" if code == DONE and not item.folder else None
        self.items.mark(number, code, compared, way)
        moved = self.progress.end(number)
        if code == DONE:
            record.done += 1
            size = moved or item.size
            record.done_bytes += size or 0
            record.by_doors += way == "doors"
            record.streamed += way == "here"
            if record.total_bytes is not None and size is not None:
                record.total_bytes += size - (item.size or 0)
            if not item.folder and checksum is None:
                record.unverified += 1
            elif checksum is not None and checksum not in record.sums:
                record.sums.append(checksum)
        elif code == SKIPPED:
            record.skipped += 1
            if record.total_bytes is not None:
                record.total_bytes -= item.size or 0
        else:
            record.failed += 1
            if error is not None:
                record.add_failure(self.shown_path(number), error)
        self.touch()

    def shown_path(self, number: int) -> str:
        """What a file is called in questions and failures."""
        item = self.items[number]
        return item.source or item.target

    def finish(self) -> None:
        """All files have ended: done, or failed if any did."""
        failed = self.record.failed
        if not failed:
            self.end("done")
            return
        one = self.record.failures[0] if self.record.failures else None
        if failed == 1 and one is not None:
            error = RsdatError(str(one["message"]), hint=one["hint"])
        else:
            error = RsdatError(
                f"{failed} of {self.record.total} files failed", hint="Retry takes only these."
            )
        self.end("failed", error)

    def recount(self) -> None:
        """Make the record's numbers those of its files, after others have worked on it."""
        record, items = self.record, self.items
        if not record.planned:
            return
        states = [items.state(number) for number in range(len(items))]
        record.done, record.skipped = states.count(DONE), states.count(SKIPPED)
        record.failed = states.count(FAILED)
        ended = [(items[number].size or 0, state) for number, state in enumerate(states)]
        record.done_bytes = sum(size for size, state in ended if state == DONE)
        record.total = len(items)
        record.total_bytes = sum(size for size, state in ended if state != SKIPPED)
        record.sums = sorted(set(items.compared) - {""})
        record.unverified = items.compared.count("")
        record.by_doors, record.streamed = items.ways.count("doors"), items.ways.count("here")

    def again(self) -> None:
        """What failed or is missing is to be done again."""
        again = self.items.again()
        record = self.record
        record.failed -= min(again, record.failed)
        record.failures = []
        record.state = "waiting"
        record.problem = record.ended = None
        record.seen = False
        # What was done last before it broke off may not be written down.
        record.resumed = True
        self.conflicts = Conflicts(record.conflict, self._asked)
        self.touch()

    def number_of(self, target: str) -> int | None:
        """The number of a file of an upload, by its path below the destination."""
        if self._numbers is None:
            self._numbers = {self.items[number].target: number for number in range(len(self.items))}
        return self._numbers.get(target)

    def wrote(self, path: str) -> None:
        """Something is new at a path of the destination."""
        self.changed_folders.add(paths.parent_of(path))

    def tell_folders(self) -> None:
        """Let the pages know the folders in which something is new."""
        folders, self.changed_folders = self.changed_folders, set()
        destination = self.record.destination
        if destination is not None and destination.endpoint is not None:
            for folder in folders:
                self.shared.folder_changed(destination.endpoint, folder)

    def own(self, work: asyncio.Task[Any]) -> None:
        """Let a write end with this transfer, when it is cancelled."""
        self.works.add(work)
        work.add_done_callback(self.works.discard)

    async def halt(self) -> None:
        """End what is being done; returns when it is taken back, or after some seconds."""
        running = [*self.works, *([] if self.task is None else [self.task])]
        for each in running:
            each.cancel()
        if running:
            _, late = await asyncio.wait(running, timeout=CLEAN_UP_S)
            if late:
                _log.warning("Transfer %s: cleaning up goes on in the background", self.id)


def now() -> str:
    """The time, as records have it."""
    return to_iso(datetime.now(timezone.utc))


__all__ = ["DONE", "FAILED", "PENDING", "SKIPPED", "Shared", "Transfer", "now"]
