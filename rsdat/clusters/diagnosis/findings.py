"""What can only be learned by asking around: signs in logs of jobs that run, and versions.

Asked in the background, seldom, and on a line of its own: nobody waits for it, and a worker that
does not answer must not make its scheduler look silent.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone

from rsdat.base.clock import Clock
from rsdat.base.errors import DoorBroken, NotFound
from rsdat.clusters.diagnosis.signs import Sign, awaits_a_kill, read_lines
from rsdat.clusters.diagnosis.versions import Mismatch, Versions, compare, own_versions
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.link import SchedulerLink, SchedulerSeen
from rsdat.clusters.logs import SCHEDULER, open_log

#: Logs are looked into so often, in seconds.
LOOK_S = 4.0
#: So many of them at one look, in turn.
_LOGS_A_LOOK = 200
_FIRST_BYTES = 8 * 1024
_MOST_BYTES = 64 * 1024
_MOST_TRIES = 3
#: In jobs that run, and in the scheduler's log: nothing else tells of these.
_TOLD_BY_LOGS = ("restart", "task")


@dataclass(frozen=True)
class Seen:
    """A sign in the log of `source`, `scheduler` or a job; how often, and when last."""

    source: str
    sign: Sign
    at: datetime
    count: int = 1


@dataclass(frozen=True)
class Findings:
    """What was learned so far. `trouble` is by source."""

    trouble: Mapping[str, Seen] = field(default_factory=dict)
    mismatch: Mismatch | None = None


class Inspector:
    """Learns the findings of one cluster. `close` it."""

    def __init__(self, folder: ClusterFolder, clock: Clock) -> None:
        self.findings = Findings()
        self._folder = folder
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._looked_s = float("-inf")
        self._offsets: dict[str, int] = {}
        self._turn = 0
        self._versions: dict[str, Versions] = {}
        self._scheduler: tuple[str, Versions | None] | None = None
        self._own: Versions = {}
        self._tries = 0

    def look(self, answer: SchedulerSeen | None, running: Sequence[str]) -> None:
        """Begin to look, unless that was done a moment ago or goes on still. Does not wait.

        Args:
            answer: What the scheduler said last.
            running: Ids of jobs that run.
        """
        busy = self._task is not None and not self._task.done()
        now_s = self._clock.monotonic_s()
        if busy or now_s - self._looked_s < LOOK_S:
            return
        self._looked_s = now_s
        self._task = asyncio.create_task(self._look(answer, running), name="rsdat looks into logs")

    async def close(self) -> None:
        """End what goes on."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _look(self, answer: SchedulerSeen | None, running: Sequence[str]) -> None:
        sources = [SCHEDULER, *self._next(running)]
        now = self._clock.now()
        seen = await asyncio.to_thread(self._read, sources, now)
        if seen:
            trouble = dict(self.findings.trouble)
            for each in seen:
                before = trouble.pop(each.source, None)
                count = each.count + (before.count if before else 0)
                trouble[each.source] = replace(each, count=count)  # and now the last
            self.findings = replace(self.findings, trouble=trouble)
        if answer is not None:
            await self._ask_versions(answer)

    def _next(self, running: Sequence[str]) -> Sequence[str]:
        if len(running) <= _LOGS_A_LOOK:
            return running
        self._turn = (self._turn + _LOGS_A_LOOK) % len(running)
        return [*running, *running][self._turn : self._turn + _LOGS_A_LOOK]

    def _read(self, sources: Sequence[str], now: datetime) -> list[Seen]:
        found = []
        for source in sources:
            try:
                with open_log(self._folder, source) as log:
                    facts = os.fstat(log.fileno())
                    first = source not in self._offsets
                    start = self._offsets.get(source, max(facts.st_size - _FIRST_BYTES, 0))
                    start = max(start, facts.st_size - _MOST_BYTES)
                    if facts.st_size <= start:
                        self._offsets[source] = facts.st_size  # also of a log begun anew
                        continue
                    text = os.pread(log.fileno(), facts.st_size - start, start)
            except (NotFound, OSError):
                continue
            # The rest of a line that is being written comes with the next look.
            whole = text.rpartition(b"\n")[0]
            before, _, last = whole.rpartition(b"\n")
            if awaits_a_kill(last.decode(errors="replace")):
                whole = before  # what it means is only told together with the next line
            self._offsets[source] = start + len(whole)
            signs = read_lines(whole.decode(errors="replace").splitlines())
            told = [sign for sign in signs if sign.kind in _TOLD_BY_LOGS]
            if told:
                # Of a log that was there before us we know no more than when it was written to.
                written = datetime.fromtimestamp(facts.st_mtime, timezone.utc)
                at = min(written, now) if first else now
                # That memory was exceeded says more than that somebody was killed thereupon.
                sign = next((each for each in told if "memory budget" in each.line), told[-1])
                restarts = sum("memory budget" not in each.line for each in told)
                found.append(Seen(source, sign, at, max(restarts, 1)))
        return found

    async def _ask_versions(self, answer: SchedulerSeen) -> None:
        here = {worker.address for worker in answer.workers}
        gone = set(self._versions) - here
        for address in gone:
            del self._versions[address]
        known = self._scheduler is not None and self._scheduler[0] == answer.dask_id
        new = sorted(here - set(self._versions))
        if known and not new and not gone:
            return
        link = await asyncio.to_thread(SchedulerLink.open, self._folder)
        if link is None or link.dask_id != answer.dask_id:
            return
        try:
            if not known:
                self._scheduler = (answer.dask_id, await link.versions())
                self._own = await asyncio.to_thread(own_versions)
            if new:
                told = await link.worker_versions(new)
                # Once: who did not answer is not asked again.
                self._versions |= {address: told.get(address) or {} for address in new}
        except DoorBroken:
            # Busy: with the next look. One that never answers must not be asked for ever.
            self._tries += 1
            if self._tries < _MOST_TRIES:
                return
            self._scheduler = self._scheduler or (answer.dask_id, None)
            self._versions |= {address: {} for address in new}
        else:
            self._tries = 0
        finally:
            await link.close()
        names = {worker.address: worker.name for worker in answer.workers}
        workers = {names[each]: told for each, told in self._versions.items() if told}
        scheduler = self._scheduler[1] if self._scheduler else None
        mismatch = compare(self._own, scheduler, workers)
        self.findings = replace(self.findings, mismatch=mismatch)
