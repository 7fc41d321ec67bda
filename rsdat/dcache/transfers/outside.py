"""A transfer that a process of its own does, which outlives the companion: how it is followed.

Its folder holds, beside `transfer.json`, what the two tell each other: `progress.json` (the
process: how far it is, and how it ended), `process.json` (who it is), `work.lock` (held by it while
it works, so that no two do) and `stop` (the companion: end). A process that dies is started again:
what it does must skip what is done.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from rsdat.base import process
from rsdat.base.errors import RsdatError
from rsdat.base.files import read_json, write_json
from rsdat.base.lock import Lock
from rsdat.dcache.transfers.live import Transfer

_log = logging.getLogger(__name__)

FORMAT = 1
LOOK_S = 0.5
#: To take back what was begun, before it is killed.
STOP_S = 15.0
#: A process that dies is started again so often.
MOST_STARTS = 3
_NUMBER = 0


class Outside(Protocol):
    """Who knows what such a process does."""

    async def prepare(self, folder: Path) -> None:
        """Write down what it has to know; may be done again.

        Raises:
            RsdatError: It makes no sense any more.
        """
        ...

    def start(self, folder: Path) -> None:
        """Start the process, detached, and note who it is (`note_process`). Blocks."""
        ...


def note_process(folder: Path, pid: int) -> None:
    """Write down who works on a transfer."""
    born = process.birth(pid) or "gone"
    value = {"host": process.this_host(), "pid": pid, "born": born}
    write_json(folder / "process.json", value, format_version=FORMAT)


def work_lock(folder: Path) -> Lock | None:
    """The right to do the work; None while another process does it."""
    return Lock.take(folder / "work.lock")


def write_progress(folder: Path, progress: Mapping[str, Any]) -> None:
    """Tell how far the work is. `state` is running, done, failed or cancelled."""
    write_json(folder / "progress.json", dict(progress), format_version=FORMAT)


def read_progress(folder: Path) -> dict[str, Any] | None:
    """How far it is; None where nothing was told yet."""
    try:
        return read_json(folder / "progress.json", format_version=FORMAT)
    except (FileNotFoundError, RsdatError):
        return None


def asked_to_stop(folder: Path) -> bool:
    """Whether the work is to end."""
    return (folder / "stop").exists()


def forget_end(folder: Path) -> None:
    """What ended is to be done again."""
    for name in ("stop", "progress.json"):
        (folder / name).unlink(missing_ok=True)


async def stop(folder: Path) -> None:
    """End the process, if it lives: gently, then for certain."""
    await asyncio.to_thread(_ask_to_stop, folder)
    ends = time.monotonic() + STOP_S
    while await asyncio.to_thread(_works, folder):
        if time.monotonic() > ends:
            _log.warning("The process of transfer %s did not end when asked", folder.name)
            await asyncio.to_thread(_signal, folder, signal.SIGKILL)
            return
        await asyncio.sleep(0.1)


def _ask_to_stop(folder: Path) -> None:
    if folder.is_dir():
        (folder / "stop").touch()
        _signal(folder, signal.SIGTERM)


def _signal(folder: Path, number: signal.Signals) -> None:
    found = _process(folder)
    if found is not None:
        process.send_signal(*found, number)


def _process(folder: Path) -> tuple[str, int, str] | None:
    try:
        value = read_json(folder / "process.json", format_version=FORMAT)
        return value["host"], value["pid"], value["born"]
    except (FileNotFoundError, KeyError, RsdatError):
        return None


def _works(folder: Path) -> bool:
    """Whether a process does the work, or is about to."""
    found = _process(folder)
    alive = found is not None and process.alive(*found)
    if alive is not None:
        return alive
    # On another computer, where only its lock can be seen.
    lock = work_lock(folder)
    if lock is None:
        return folder.is_dir()
    lock.release()
    return False


class Following:
    """Starts such a process where none works, and follows it to its end."""

    def __init__(self, transfer: Transfer, folder: Path, outside: Outside) -> None:
        self._transfer = transfer
        self._folder = folder
        self._outside = outside
        self._arrived = 0
        self._current: str | None = None

    async def run(self) -> None:
        """Until it has ended, however it does."""
        transfer = self._transfer
        transfer.begin()
        try:
            for start in range(MOST_STARTS + 1):
                if await self._ended():
                    return
                if not await asyncio.to_thread(_works, self._folder):
                    if start == MOST_STARTS:
                        break
                    await self._outside.prepare(self._folder)
                    await asyncio.to_thread(self._outside.start, self._folder)
                await self._follow()
            transfer.interrupt(
                "The process that copied was ended again and again",
                "Retry goes on where it was. process.log in the transfer's folder may tell more.",
            )
        except RsdatError as error:
            transfer.end("failed", error)
        finally:
            transfer.progress.end(_NUMBER)
            transfer.tell_folders()

    async def _follow(self) -> None:
        while await asyncio.to_thread(_works, self._folder):
            await self._look()
            await asyncio.sleep(LOOK_S)

    async def _ended(self) -> bool:
        value = await self._look()
        if value is None or value["state"] == "running":
            return False
        transfer = self._transfer
        problem = value.get("problem")
        transfer.end(
            value["state"],
            None if problem is None else RsdatError(problem["message"], hint=problem["hint"]),
        )
        return True

    async def _look(self) -> dict[str, Any] | None:
        value = await asyncio.to_thread(read_progress, self._folder)
        if value is None:
            return None
        transfer, record = self._transfer, self._transfer.record
        before = record.as_dict()
        for name in ("total", "done", "skipped", "failed", "total_bytes", "done_bytes"):
            setattr(record, name, value[name])
        record.sums, record.unverified = list(value["sums"]), value["unverified"]
        record.failures = list(value["failures"])
        # A process that an earlier version started does not tell it.
        record.by_doors, record.streamed = value.get("by_doors", 0), value.get("streamed", 0)
        record.reasons = list(value.get("reasons", ()))
        if value["current"] != self._current:
            self._current = value["current"]
            transfer.progress.end(_NUMBER)
            if self._current is not None:
                transfer.progress.begin(_NUMBER, self._current)
        came, self._arrived = max(value["arrived"] - self._arrived, 0), value["arrived"]
        if came:
            transfer.progress.came(came)
        if record.as_dict() != before:
            if record.destination is not None and record.destination.endpoint is not None:
                transfer.changed_folders.add(record.destination.folder)
            transfer.touch()
        return value
