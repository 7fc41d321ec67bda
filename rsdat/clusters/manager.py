"""All clusters of a user: the one door for the server, notebooks and the shell.

Everything is in the clusters' folders and in the queue; a manager only looks and acts, and several
may work on one home folder. What it keeps in memory is what it saw last.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rsdat.base.clock import Clock, SystemClock
from rsdat.base.errors import Conflict, InvalidInput, NotFound, QueueSilent, RsdatError
from rsdat.base.files import private_folder
from rsdat.base.secret import Secret
from rsdat.clusters.attic import Attic
from rsdat.clusters.folder import ClusterFolder, cluster_folders
from rsdat.clusters.keeper import Keeper
from rsdat.clusters.logaccess import LogAccess
from rsdat.clusters.logs import LogPart
from rsdat.clusters.naming import is_id, parse_job_name
from rsdat.clusters.offers import Offers
from rsdat.clusters.outlook import PATIENCE_S, Outlook
from rsdat.clusters.record import Record
from rsdat.clusters.register import make_cluster
from rsdat.clusters.renderer import slurm_job_class
from rsdat.clusters.request import read_change
from rsdat.clusters.rhythm import WATCHED_S, queue_pause_s, turn_pause_s
from rsdat.clusters.scheduler import listen_host
from rsdat.clusters.wishes import (
    wish_change,
    wish_end,
    wish_group,
    wish_job_gone,
    wish_no_group,
)
from rsdat.queue.interface import Job, Queue

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DashboardTarget:
    """Where the scheduler's own pages are, and what opens them."""

    host: str
    port: int
    secret: Secret


class ClusterManager:
    """Makes, lists, changes and ends clusters.

    Call `start` before anything else and `stop` at the end, in the same event loop. `stop` ends
    the work in the background only: clusters live on.

    Args:
        home: `$RSDAT_HOME`; on a file system that the nodes share.
        on_change: Called in the event loop with the id of a cluster that looks different now.
    """

    def __init__(
        self,
        home: Path,
        queue: Queue,
        *,
        clock: Clock | None = None,
        on_change: Callable[[str], None] | None = None,
    ) -> None:
        self._home = home
        self._queue = queue
        self._clock = clock or SystemClock()
        self._on_change = on_change
        self._keepers: dict[str, Keeper] = {}
        self._turns: dict[str, asyncio.Task[None]] = {}
        self._loop: asyncio.Task[None] | None = None
        self._warm_up: asyncio.Task[Any] | None = None
        self._stopped = False
        self._wake = asyncio.Event()
        self._looked_once = asyncio.Event()
        self._outlook = Outlook(
            queue, self._clock, on_trouble=self._tell_all, on_answer=self._wake.set
        )
        self._offers = Offers(home, queue, self._outlook)
        #: Logs of all clusters; past and damaged ones.
        self.logs = LogAccess(home, self._jobs_seen)
        self.attic = Attic(home, queue, self._clock, self._tell)
        #: Stopped clusters: nothing of them changes any more.
        self._over: set[str] = set()
        #: What was last said of a cluster in the log, so that it is said once.
        self._told: dict[str, set[str]] = {}
        self._queue_due_s = 0.0
        #: Something was asked or done since the last look: another is due, whatever that showed.
        self._look_owed = False
        self._watched_s = float("-inf")
        self._changed_s = self._clock.monotonic_s()

    async def start(self) -> None:
        """Find the clusters in their folders and begin to look after them.

        Does not wait for the queue. What an earlier companion left half done goes on.
        """
        await asyncio.to_thread(private_folder, self._home / "clusters")
        await self._scan()
        self._loop = asyncio.create_task(self._run(), name="rsdat clusters")
        # The first click should not wait for it.
        self._warm_up = asyncio.create_task(self._prepare())
        self.attic.start()

    async def stop(self) -> None:
        """End the work in the background. Clusters live on."""
        tasks = [
            task for task in (self._loop, self._warm_up, *self._turns.values()) if task is not None
        ]
        self._loop = None
        self._stopped = True
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._turns.clear()
        await self.attic.stop()
        await self._outlook.close()
        for keeper in self._keepers.values():
            await keeper.close()

    # -- asking ---------------------------------------------------------------------------------

    async def list(self) -> dict[str, Any]:
        """The `ClusterList` of docs/api.yaml: all clusters that are not stopped, oldest first."""
        await self._watch()
        keepers = sorted(self._live(), key=lambda each: (each.record.created, each.record.id))
        return {
            "clusters": [keeper.view() for keeper in keepers],
            "damaged": self.attic.damaged(),
            **self._outlook.as_dict(),
        }

    async def get(self, cluster_id: str) -> dict[str, Any]:
        """The `Cluster` of docs/api.yaml; stopped ones too.

        Raises:
            NotFound: There is no such cluster.
        """
        await self._watch()
        return (await self._keeper(cluster_id)).view()

    async def site(self) -> dict[str, Any]:
        """The `Site` of docs/api.yaml; see `Offers.site`."""
        return await self._offers.site()

    async def site_name(self) -> str | None:
        """The site's own name; None where it has none, or does not tell it within a moment."""
        site = await self._outlook.known_site()
        return site.name if site else None

    async def preview(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The `Preview` of docs/api.yaml; see `Offers.preview`."""
        return await self._offers.preview(body)

    async def log(self, cluster_id: str, source: str, offset: int = 0) -> LogPart:
        """A part of the log of `scheduler` or of a job; see `logs.read_part`.

        Raises:
            NotFound: There is no such cluster or log.
        """
        return await self.logs.part(cluster_id, source, offset)

    async def dashboard(self, cluster_id: str) -> DashboardTarget:
        """Where the cluster's own pages are.

        Raises:
            NotFound: There is no such cluster.
            Conflict: Its scheduler is not up.
        """
        keeper = await self._keeper(cluster_id)
        answer = keeper.observed.answer
        secret = await asyncio.to_thread(keeper.folder.read_secret)
        if keeper.record.phase != "up" or answer is None or secret is None:
            raise Conflict("The scheduler is not up", code="scheduler_not_up")
        host = urlsplit(answer.address).hostname
        if answer.dashboard_port is None or host is None:
            raise Conflict("The scheduler has no dashboard", code="no_dashboard")
        return DashboardTarget(host, answer.dashboard_port, secret)

    # -- changing -------------------------------------------------------------------------------

    async def create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make a cluster; returns at once, while it is starting.

        Raises:
            InvalidInput: The request makes no sense.
            Conflict: A cluster of that name exists.
        """
        request = await self._offers.read(body)
        # So that an interface that does not exist is refused here and not in the background.
        await asyncio.to_thread(
            listen_host, local=self._queue.kind == "local", interface=request.options.interface
        )
        folder, record = await asyncio.to_thread(make_cluster, self._home, request, self._clock)
        keeper = Keeper(folder, record, self._home, self._queue, self._clock)
        self._keepers[keeper.folder.id] = keeper
        self._note_change(keeper)
        self._queue_due_s = self._clock.monotonic_s() + 1.0
        # Nothing of it can be in the queue: act without asking first.
        self._begin_turn(keeper, ())
        self._wake.set()
        return keeper.view()

    async def change(self, cluster_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Scale, adapt, rename, or change what else `ClusterChange` of docs/api.yaml names.

        Raises:
            InvalidInput: The change makes no sense.
            NotFound: There is no such cluster or group.
            Conflict: The name is taken, or the cluster is not up.
        """
        change = read_change(body)
        keeper = await self._keeper(cluster_id)
        queued = keeper.queued(change.group)
        now = self._clock.now()
        await asyncio.to_thread(wish_change, self._home, keeper.folder, change, now, queued)
        return await self._wished(keeper)

    async def add_group(self, cluster_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Add workers of another kind, a `GroupRequest` of docs/api.yaml.

        Raises:
            InvalidInput: The request makes no sense.
            NotFound: There is no such cluster.
            Conflict: It has such a group, or is not up.
        """
        keeper = await self._keeper(cluster_id)
        request = await self._offers.read_group(body, keeper.record.preset)
        await asyncio.to_thread(wish_group, keeper.folder, request, self._clock.now())
        return await self._wished(keeper)

    async def remove_group(self, cluster_id: str, name: str) -> dict[str, Any]:
        """Let the workers of a group go and forget it; the rest happens in the background.

        Raises:
            InvalidInput: It is the first group.
            NotFound: There is no such cluster or group.
            Conflict: The cluster is not up.
        """
        keeper = await self._keeper(cluster_id)
        await asyncio.to_thread(wish_no_group, keeper.folder, name, self._clock.now())
        return await self._wished(keeper)

    async def act_on_job(self, cluster_id: str, job_id: str, action: str) -> dict[str, Any]:
        """`cancel`, `hold` or `release` one job that waits or runs.

        Raises:
            InvalidInput: There is no such action.
            NotFound: There is no such cluster, or it has no such job now.
            Conflict: That can't be done to the job as it is.
            QueueSilent: The queue did not answer.
        """
        if action not in ("cancel", "hold", "release"):
            raise InvalidInput(f"A job can't be told to {action}")
        keeper = await self._keeper(cluster_id)
        row = keeper.job_row(job_id)
        if action not in row["actions"]:
            raise Conflict(f"Job {job_id} is {row['state']}: it can't be told to {action}")
        if action == "cancel":
            now = self._clock.now()
            await asyncio.to_thread(wish_job_gone, keeper.folder, job_id, row["group"], now)
        elif action == "hold":
            await self._queue.hold([job_id])
        else:
            await self._queue.release([job_id])
        return await self._wished(keeper)

    async def shutdown(self, cluster_id: str) -> dict[str, Any]:
        """End a cluster: returns at once, the rest happens in the background.

        Raises:
            NotFound: There is no such cluster.
        """
        keeper = await self._keeper(cluster_id)
        await asyncio.to_thread(wish_end, keeper.folder, self._clock.now())
        return await self._wished(keeper)

    async def _wished(self, keeper: Keeper) -> dict[str, Any]:
        # Already before the answer: what is wished is looked into while it is read.
        self._look_now()
        await keeper.refresh()
        self._note_change(keeper)
        return keeper.view()

    # -- in the background ----------------------------------------------------------------------

    async def _run(self) -> None:
        # A flag besides the cancel: until Python 3.12, wait_for swallows a cancel that comes in the
        # moment in which what it waits for is done (cpython issue 86296).
        while not self._stopped:
            self._wake.clear()
            try:
                await self._round()
            except Exception:  # noqa: BLE001
                # The last line of defence of a loop that must not end; a bug, so with its trace.
                _log.exception("Looking after the clusters failed")
            self._looked_once.set()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._pause_s())

    async def _prepare(self) -> None:
        await self._outlook.known_site()
        await asyncio.to_thread(slurm_job_class)

    async def _round(self) -> None:
        await self._scan()
        jobs = await self._ask_queue()
        for cluster_id, keeper in list(self._keepers.items()):
            mine = None if jobs is None else _jobs_of(cluster_id, jobs)
            self._begin_turn(keeper, mine)
        running = [task for task in self._turns.values() if not task.done()]
        if running:
            # A turn may take long (data are handed over); the others don't wait for it.
            await asyncio.wait(running, timeout=PATIENCE_S)

    def _begin_turn(self, keeper: Keeper, jobs: Sequence[Job] | None) -> None:
        cluster_id = keeper.folder.id
        running = self._turns.get(cluster_id)
        if running is not None and not running.done():
            if jobs is not None:
                # What it has to say is still to be heard.
                self._queue_due_s = 0.0
                self._look_owed = True
            return
        self._turns[cluster_id] = asyncio.create_task(
            self._turn(keeper, jobs), name=f"rsdat {cluster_id}"
        )

    async def _turn(self, keeper: Keeper, jobs: Sequence[Job] | None) -> None:
        try:
            await keeper.turn(jobs)
        except QueueSilent as silence:
            self._outlook.note_silence(silence)
            self._queue_due_s = self._clock.monotonic_s() + (self._queue_pause_s() or 0.0)
        except RsdatError as error:
            self._complain(keeper.folder.id, error.message)
        except Exception as error:  # noqa: BLE001 - a bug must not end the turns
            self._complain(keeper.folder.id, f"looking after it failed: {error!r}", trace=True)
            self._queue_due_s = self._clock.monotonic_s() + 10.0
        else:
            self._told.pop(keeper.folder.id, None)
        self._note_change(keeper)
        if keeper.acted:
            self._look_owed = True
            self._queue_due_s = min(self._queue_due_s, self._clock.monotonic_s() + 0.5)
            self._wake.set()

    async def _scan(self) -> None:
        # Before the look at the folders: what is made meanwhile may be missing in it.
        known = dict(self._keepers)
        folders = await asyncio.to_thread(cluster_folders, self._home)
        here = {folder.id for folder in folders}
        self._over &= here
        for gone in set(known) - here:
            await self._drop(gone)
        damaged = set()
        for folder in folders:
            if folder.id not in self._over:
                try:
                    await self._look_into(folder)
                except (RsdatError, OSError) as error:
                    # The others must not suffer from it.
                    damaged.add(folder.id)
                    self._complain(folder.id, f"can't be read: {error}")
                    self.attic.note_damage(folder.id, error)
        self.attic.note_rest_readable(damaged)

    async def _look_into(self, folder: ClusterFolder) -> None:
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
        if await keeper.reload():
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
        self._tell(cluster_id)

    def _adopt(self, folder: ClusterFolder, record: Record) -> Keeper:
        keeper = Keeper(folder, record, self._home, self._queue, self._clock)
        self._keepers[folder.id] = keeper
        self._note_change(keeper)
        return keeper

    async def _ask_queue(self) -> Sequence[Job] | None:
        now_s = self._clock.monotonic_s()
        if now_s < self._queue_due_s and not self._outlook.asking:
            return None
        if not self._live() and self._outlook.problem is None:
            return None
        if self._queue_pause_s() is None and self._outlook.seen is not None:
            return None
        owed, self._look_owed = self._look_owed, False
        jobs = await self._outlook.jobs()
        self._look_owed = self._look_owed or (owed and jobs is None)
        self._queue_due_s = self._clock.monotonic_s() + (self._queue_pause_s() or 0.0)
        return jobs

    def _live(self) -> tuple[Keeper, ...]:
        return tuple(each for each in self._keepers.values() if each.record.phase != "stopped")

    def _mood(self) -> dict[str, Any]:
        live = self._live()
        concerned = bool(live) or self._outlook.problem is not None
        now_s = self._clock.monotonic_s()
        return {
            "moving": bool(live) and (self._look_owed or any(keeper.moving for keeper in live)),
            "adapting": any(keeper.record.adapting for keeper in live),
            "watched": now_s - self._watched_s < WATCHED_S and concerned,
            "quiet_s": now_s - self._changed_s,
        }

    def _queue_pause_s(self) -> float | None:
        return queue_pause_s(**self._mood(), silences=self._outlook.silences)

    def _pause_s(self) -> float:
        pause_s = turn_pause_s(**self._mood())
        # While it is asked, its answer wakes us.
        if self._queue_pause_s() is not None and not self._outlook.asking:
            pause_s = min(pause_s, max(self._queue_due_s - self._clock.monotonic_s(), 0.05))
        return pause_s

    def _look_now(self) -> None:
        self._queue_due_s = 0.0
        self._look_owed = True
        self._changed_s = self._clock.monotonic_s()
        self._wake.set()

    async def _watch(self) -> None:
        now_s = self._clock.monotonic_s()
        unwatched = now_s - self._watched_s > WATCHED_S
        self._watched_s = now_s
        if unwatched:
            self._wake.set()
        with contextlib.suppress(asyncio.TimeoutError):
            # Just started: the first look is under way, and worth a moment.
            await asyncio.wait_for(self._looked_once.wait(), PATIENCE_S)

    def _note_change(self, keeper: Keeper) -> None:
        if keeper.changed():
            self._changed_s = self._clock.monotonic_s()
            self._tell(keeper.folder.id)

    def _tell_all(self) -> None:
        for cluster_id in self._keepers:
            self._tell(cluster_id)

    def _complain(self, cluster_id: str, words: str, *, trace: bool = False) -> None:
        said = self._told.setdefault(cluster_id, set())
        if words not in said:
            said.add(words)
            _log.warning("Cluster %s: %s", cluster_id, words, exc_info=trace)

    def _tell(self, cluster_id: str) -> None:
        if self._on_change is not None:
            self._on_change(cluster_id)

    # -- helpers --------------------------------------------------------------------------------

    def _jobs_seen(self, cluster_id: str) -> Sequence[Job]:
        keeper = self._keepers.get(cluster_id)
        return keeper.observed.jobs if keeper else ()

    async def _keeper(self, cluster_id: str) -> Keeper:
        keeper = self._keepers.get(cluster_id)
        if keeper is not None:
            return keeper
        if not is_id(cluster_id):
            raise NotFound(f"There is no cluster '{cluster_id}'")
        folder = ClusterFolder(self._home / "clusters" / cluster_id)
        record = await asyncio.to_thread(folder.read_record)
        if record.phase == "stopped":
            # To be shown; there is nothing to keep.
            return Keeper(folder, record, self._home, self._queue, self._clock)
        return self._keepers.get(cluster_id) or self._adopt(folder, record)


def _jobs_of(cluster_id: str, jobs: Sequence[Job]) -> tuple[Job, ...]:
    return tuple(
        job
        for job in jobs
        if (parsed := parse_job_name(job.name)) is not None and parsed[0] == cluster_id
    )
