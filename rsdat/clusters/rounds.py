"""Looks after all clusters in the background: when to look, at what, and who is told.

The folders and the queue hold the truth; what is kept here is what was seen last.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rsdat.base.clock import Clock
from rsdat.base.errors import NotFound, QueueSilent, RsdatError
from rsdat.base.limit import within
from rsdat.clusters.attached.keeper import AttachedKeeper
from rsdat.clusters.caps import Usage, total
from rsdat.clusters.deadlines import JupyterJob
from rsdat.clusters.folder import ClusterFolder, cluster_folders
from rsdat.clusters.keeper import Keeper
from rsdat.clusters.naming import cluster_of_job, is_id
from rsdat.clusters.outlook import PATIENCE_S, Outlook
from rsdat.clusters.record import Record
from rsdat.clusters.renderer import slurm_job_class
from rsdat.clusters.rhythm import IDLE_TURN_S, WATCHED_S, queue_pause_s, turn_pause_s
from rsdat.queue.interface import Job, Queue

_log = logging.getLogger(__name__)


class Rounds:
    """The clusters that live, and the work on them. `start` it, and `stop` it.

    Args:
        home: `$RSDAT_HOME`.
        on_change: Called in the event loop with the id of a cluster that looks different now.
        on_damage: Called after each look at the folders with those that can't be read, and why.
    """

    def __init__(
        self,
        home: Path,
        queue: Queue,
        clock: Clock,
        *,
        on_change: Callable[[str], None] | None,
        on_damage: Callable[[Mapping[str, RsdatError | OSError]], None],
    ) -> None:
        self._home = home
        self._queue = queue
        self._clock = clock
        self._on_change = on_change
        self._on_damage = on_damage
        self._keepers: dict[str, Keeper] = {}
        self._turns: dict[str, asyncio.Task[None]] = {}
        self._loop: asyncio.Task[None] | None = None
        self._warm_up: asyncio.Task[Any] | None = None
        self._stopped = False
        self._wake = asyncio.Event()
        self._looked_once = asyncio.Event()
        #: What the queue last said.
        self.outlook = Outlook(queue, clock, on_trouble=self._tell_all, on_answer=self._wake.set)
        self._jupyter = JupyterJob(os.environ, queue, clock)
        self._own_end: asyncio.Task[Any] | None = None
        #: Stopped clusters: nothing of them changes any more.
        self._over: set[str] = set()
        #: What was last said of a cluster in the log, so that it is said once.
        self._told: dict[str, set[str]] = {}
        self._queue_due_s = 0.0
        #: Something was asked or done since the last look: another is due, whatever that showed.
        self._look_owed = False
        self._watched_s = float("-inf")
        self._changed_s = clock.monotonic_s()

    async def start(self) -> None:
        """Find the clusters in their folders and begin. Does not wait for the queue."""
        await asyncio.to_thread(self._tighten)
        await self._scan()
        self._loop = asyncio.create_task(self._run(), name="rsdat clusters")
        # The first click should not wait for it.
        self._warm_up = asyncio.create_task(self._prepare())

    def _tighten(self) -> None:
        for folder in cluster_folders(self._home):
            try:
                opened = folder.tighten()
            except OSError as error:
                self._complain(folder.id, f"its files can't be made private: {error.strerror}")
                continue
            if opened:
                self._complain(
                    folder.id,
                    f"others could read {', '.join(opened)}, which is private again; shut the "
                    "cluster down if they may have: its keys are in there",
                )

    async def stop(self) -> None:
        """End the work. Clusters live on."""
        own = (self._loop, self._warm_up, self._own_end)
        tasks = [task for task in (*own, *self._turns.values()) if task is not None]
        self._loop = None
        self._stopped = True
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._turns.clear()
        await self.outlook.close()
        # A request under way may bring one more meanwhile: it has no line yet, nor gets a turn.
        keepers = list(self._keepers.values())
        told = await asyncio.gather(*(each.close() for each in keepers), return_exceptions=True)
        for keeper, error in zip(keepers, told, strict=True):
            if error is not None:
                self._complain(keeper.folder.id, f"its line can't be closed: {error}")

    # -- for the manager ------------------------------------------------------------------------

    def live(self) -> tuple[Keeper, ...]:
        """Those of all clusters that are not stopped."""
        return tuple(each for each in self._keepers.values() if each.record.phase != "stopped")

    async def keeper(self, cluster_id: str) -> Keeper:
        """That of one cluster; stopped ones too.

        Raises:
            NotFound: There is no such cluster.
        """
        keeper = self._keepers.get(cluster_id)
        if keeper is not None:
            return keeper
        if not is_id(cluster_id):
            raise NotFound(f"There is no cluster '{cluster_id}'")
        folder = ClusterFolder(self._home / "clusters" / cluster_id)
        record = await asyncio.to_thread(folder.read_record)
        if record.phase == "stopped":
            # To be shown; there is nothing to keep.
            return self._new(folder, record)
        return self._keepers.get(cluster_id) or self._adopt(folder, record)

    def usage_but(self, cluster_id: str) -> Usage:
        """What all clusters but one want and have taken, as last seen."""
        return total(keeper.usage() for keeper in self.live() if keeper.folder.id != cluster_id)

    def jobs_seen(self, cluster_id: str) -> Sequence[Job]:
        """The jobs of a cluster as the queue last listed them; none of one that stopped."""
        keeper = self._keepers.get(cluster_id)
        return keeper.observed.jobs if keeper else ()

    def begin(self, folder: ClusterFolder, record: Record) -> Keeper:
        """Look after a cluster that was made just now."""
        keeper = self._adopt(folder, record)
        self._queue_due_s = self._clock.monotonic_s() + 1.0
        # Nothing of it can be in the queue: act without asking first.
        self._begin_turn(keeper, ())
        self._wake.set()
        return keeper

    async def wished(self, keeper: Keeper) -> None:
        """Something of a cluster was asked for: act upon it, and show it."""
        # Already before it is read again: what is wished is looked into meanwhile.
        self.look_now()
        await keeper.refresh()
        self._note_change(keeper)

    async def watch(self) -> None:
        """Somebody looks: look too, and go on for a while."""
        now_s = self._clock.monotonic_s()
        unwatched = now_s - self._watched_s > WATCHED_S
        self._watched_s = now_s
        if unwatched:
            self._wake.set()
        with contextlib.suppress(asyncio.TimeoutError):
            # Just started: the first look is under way, and worth a moment.
            await within(PATIENCE_S, self._looked_once.wait())

    def tell(self, cluster_id: str) -> None:
        """Say that a cluster looks different now."""
        if self._on_change is not None:
            self._on_change(cluster_id)

    # -- the work -------------------------------------------------------------------------------

    async def _run(self) -> None:
        # A flag besides the cancel, which distributed's own waiting can swallow (base/limit).
        while not self._stopped:
            self._wake.clear()
            try:
                await self.look_once()
            except Exception:  # noqa: BLE001
                # The last line of defence of a loop that must not end; a bug, so with its trace.
                _log.exception("Looking after the clusters failed")
            self._looked_once.set()
            with contextlib.suppress(asyncio.TimeoutError):
                await within(self._sure_pause_s(), self._wake.wait())

    def _sure_pause_s(self) -> float:
        try:
            return self._pause_s()
        except Exception:  # noqa: BLE001 - as above
            _log.exception("When to look after the clusters again is not known")
            return IDLE_TURN_S

    async def _prepare(self) -> None:
        await self.outlook.known_site()
        await asyncio.to_thread(slurm_job_class)

    async def look_once(self) -> None:
        """Look after all clusters, as the work in the background does by itself."""
        damaged = await self._scan()
        jobs = await self._ask_queue()
        self._ask_own_end()
        by_cluster = None if jobs is None else jobs_by_cluster(jobs)
        for cluster_id, keeper in list(self._keepers.items()):
            mine = None if by_cluster is None else by_cluster.get(cluster_id, ())
            self._begin_turn(keeper, mine, reloaded=cluster_id not in damaged)
        running = [task for task in self._turns.values() if not task.done()]
        if running:
            # A turn may take long (data are handed over); the others don't wait for it.
            await asyncio.wait(running, timeout=PATIENCE_S)

    def _begin_turn(
        self, keeper: Keeper, jobs: Sequence[Job] | None, *, reloaded: bool = False
    ) -> None:
        cluster_id = keeper.folder.id
        if self._stopped:
            return
        running = self._turns.get(cluster_id)
        if running is not None and not running.done():
            if jobs is not None:
                # What it has to say is still to be heard.
                self._queue_due_s = 0.0
                self._look_owed = True
            return
        keeper.others = partial(self.usage_but, cluster_id)
        keeper.jupyter_ends = self._jupyter.ends_at
        self._turns[cluster_id] = asyncio.create_task(
            self._turn(keeper, jobs, reloaded=reloaded), name=f"rsdat {cluster_id}"
        )

    async def _turn(self, keeper: Keeper, jobs: Sequence[Job] | None, *, reloaded: bool) -> None:
        was_moving = keeper.moving
        try:
            await keeper.turn(jobs, reloaded=reloaded)
        except QueueSilent as silence:
            self.outlook.note_silence(silence)
            self._queue_due_s = self._clock.monotonic_s() + (self._queue_pause_s() or 0.0)
        except RsdatError as error:
            self._complain(keeper.folder.id, error.message)
        except Exception as error:  # noqa: BLE001 - a bug must not end the turns
            self._complain(keeper.folder.id, f"looking after it failed: {error!r}", trace=True)
            self._queue_due_s = self._clock.monotonic_s() + 10.0
        else:
            self._told.pop(keeper.folder.id, None)
        self._note_change(keeper)
        if keeper.moving and not was_moving:
            # As when a worker is gone: the queue knows why, and was not to be asked for long.
            self._queue_due_s = min(self._queue_due_s, self._clock.monotonic_s() + 1.0)
            self._wake.set()
        if keeper.acted:
            self._look_owed = True
            self._queue_due_s = min(self._queue_due_s, self._clock.monotonic_s() + 0.5)
            self._wake.set()

    async def _scan(self) -> Collection[str]:
        """Look into all folders; returns the ids of those that can't be read."""
        # Before the look at the folders: what is made meanwhile may be missing in it.
        known = dict(self._keepers)
        folders, stamps = await asyncio.to_thread(_folders_and_stamps, self._home)
        here = {folder.id for folder in folders}
        self._over &= here
        for gone in set(known) - here:
            await self._drop(gone)
        damaged: dict[str, RsdatError | OSError] = {}
        for folder in folders:
            if folder.id not in self._over:
                try:
                    await self._look_into(folder, stamps[folder.id])
                except (RsdatError, OSError) as error:
                    # The others must not suffer from it.
                    damaged[folder.id] = error
                    self._complain(folder.id, f"can't be read: {error}")
        self._on_damage(damaged)
        return damaged.keys()

    async def _look_into(self, folder: ClusterFolder, stamp: int) -> None:
        keeper = self._keepers.get(folder.id)
        if keeper is None:
            try:
                record = await asyncio.to_thread(folder.read_record)
            except NotFound:
                return  # being made by another companion
            if record.phase == "stopped":
                self._over.add(folder.id)
            elif folder.id not in self._keepers:
                self._adopt(folder, record)
            return
        if stamp != keeper.stamp and await keeper.reload(stamp):
            self._note_change(keeper)
        turn = self._turns.get(folder.id)
        if keeper.record.phase == "stopped" and (turn is None or turn.done()):
            self._over.add(folder.id)
            await self._drop(folder.id)

    async def _drop(self, cluster_id: str) -> None:
        """Forget a cluster that has ended or is gone."""
        keeper = self._keepers.pop(cluster_id)
        turn = self._turns.pop(cluster_id, None)
        if turn is not None:
            turn.cancel()
            await asyncio.wait({turn})
        self._told.pop(cluster_id, None)
        await keeper.close()
        self.tell(cluster_id)

    def _adopt(self, folder: ClusterFolder, record: Record) -> Keeper:
        keeper = self._keepers[folder.id] = self._new(folder, record)
        self._note_change(keeper)
        return keeper

    def _new(self, folder: ClusterFolder, record: Record) -> Keeper:
        kind = Keeper if record.attached is None else AttachedKeeper
        return kind(folder, record, self._home, self._queue, self._clock)

    async def _ask_queue(self) -> Sequence[Job] | None:
        now_s = self._clock.monotonic_s()
        if now_s < self._queue_due_s and not self.outlook.asking:
            return None
        if all(each.record.attached for each in self.live()) and self.outlook.problem is None:
            return None
        if self._queue_pause_s() is None and self.outlook.seen is not None:
            return None
        owed, self._look_owed = self._look_owed, False
        jobs = await self.outlook.jobs()
        self._look_owed = self._look_owed or (owed and jobs is None)
        self._queue_due_s = self._clock.monotonic_s() + (self._queue_pause_s() or 0.0)
        return jobs

    def _ask_own_end(self) -> None:
        """Ask beside when the job ends that this process runs in, while anybody might see it."""
        done = self._own_end is None or self._own_end.done()
        if done and self.live() and self._queue_pause_s() is not None:
            self._own_end = asyncio.create_task(self._jupyter.look(), name="rsdat own end")

    def _mood(self) -> dict[str, Any]:
        live = self.live()
        concerned = bool(live) or self.outlook.problem is not None
        now_s = self._clock.monotonic_s()
        return {
            "moving": bool(live) and (self._look_owed or any(keeper.moving for keeper in live)),
            "adapting": any(keeper.record.adapting for keeper in live),
            "watched": now_s - self._watched_s < WATCHED_S and concerned,
            "quiet_s": now_s - self._changed_s,
        }

    def _queue_pause_s(self, mood: Mapping[str, Any] | None = None) -> float | None:
        return queue_pause_s(**(mood or self._mood()), silences=self.outlook.silences)

    def _pause_s(self) -> float:
        mood = self._mood()
        pause_s = turn_pause_s(**mood)
        # While it is asked, its answer wakes us.
        if self._queue_pause_s(mood) is not None and not self.outlook.asking:
            pause_s = min(pause_s, max(self._queue_due_s - self._clock.monotonic_s(), 0.05))
        return pause_s

    def look_now(self) -> None:
        """The next look is due, and so is the queue's answer."""
        self._queue_due_s = 0.0
        self._look_owed = True
        self._changed_s = self._clock.monotonic_s()
        self._wake.set()

    def _note_change(self, keeper: Keeper) -> None:
        if keeper.changed():
            self._changed_s = self._clock.monotonic_s()
            self.tell(keeper.folder.id)

    def _tell_all(self) -> None:
        for cluster_id in self._keepers:
            self.tell(cluster_id)

    def _complain(self, cluster_id: str, words: str, *, trace: bool = False) -> None:
        said = self._told.setdefault(cluster_id, set())
        if words not in said:
            said.add(words)
            _log.warning("Cluster %s: %s", cluster_id, words, exc_info=trace)


def _folders_and_stamps(home: Path) -> tuple[list[ClusterFolder], dict[str, int]]:
    # In one go: a thread for each of fifty folders costs more than all of them.
    folders = cluster_folders(home)
    return folders, {folder.id: folder.record_stamp() for folder in folders}


def jobs_by_cluster(jobs: Sequence[Job]) -> dict[str, list[Job]]:
    """The jobs by the cluster that their names tell; other people's are left out."""
    found: dict[str, list[Job]] = {}
    for job in jobs:
        cluster_id = cluster_of_job(job.name)
        if cluster_id is not None:
            found.setdefault(cluster_id, []).append(job)
    return found
