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
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rsdat.base.clock import Clock, SystemClock, to_iso
from rsdat.base.errors import Conflict, InvalidInput, NotFound, QueueSilent, RsdatError
from rsdat.base.files import private_folder
from rsdat.base.secret import Secret
from rsdat.clusters.folder import ClusterFolder, cluster_folders
from rsdat.clusters.keeper import Keeper
from rsdat.clusters.limits import core_hours, find_problems, site_dict
from rsdat.clusters.logs import LogPart, read_part
from rsdat.clusters.naming import JOB_PREFIX, is_id, parse_job_name
from rsdat.clusters.options import read_options
from rsdat.clusters.record import Record
from rsdat.clusters.register import check_free, make_cluster, names_held
from rsdat.clusters.renderer import slurm_job_class
from rsdat.clusters.request import Request, apply_size, read_change, read_request
from rsdat.clusters.rhythm import WATCHED_S, queue_pause_s, turn_pause_s
from rsdat.clusters.scheduler import listen_host
from rsdat.clusters.script import ScriptPaths, render_script
from rsdat.presets import fitting_preset, job_settings, load_presets
from rsdat.queue.interface import Job, Queue, Site

_log = logging.getLogger(__name__)

_FIRST_LOOK_S = 2.0
_SITE_KEPT_S = 300.0


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
        self._jobs: tuple[Job, ...] = ()
        self._queue_seen: datetime | None = None
        self._queue_problem: RsdatError | None = None
        self._silences = 0
        self._queue_due_s = 0.0
        self._watched_s = float("-inf")
        self._changed_s = self._clock.monotonic_s()
        self._site: tuple[float, Site] | None = None

    async def start(self) -> None:
        """Find the clusters in their folders and begin to look after them.

        Does not wait for the queue. What an earlier companion left half done goes on.
        """
        await asyncio.to_thread(private_folder, self._home / "clusters")
        await self._scan()
        self._loop = asyncio.create_task(self._run(), name="rsdat clusters")
        # The first click should not wait for it.
        self._warm_up = asyncio.create_task(self._prepare())

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
        for keeper in self._keepers.values():
            await keeper.close()

    # -- asking ---------------------------------------------------------------------------------

    async def list(self) -> dict[str, Any]:
        """The `ClusterList` of docs/api.yaml: all clusters that are not stopped, oldest first."""
        await self._watch()
        problem = self._queue_problem
        keepers = [each for each in self._keepers.values() if each.record.phase != "stopped"]
        keepers.sort(key=lambda each: (each.record.created, each.record.id))
        return {
            "clusters": [keeper.view() for keeper in keepers],
            "queue_problem": (
                {"message": problem.message, "hint": problem.hint} if problem else None
            ),
            "queue_seen": to_iso(self._queue_seen) if self._queue_seen else None,
        }

    async def get(self, cluster_id: str) -> dict[str, Any]:
        """The `Cluster` of docs/api.yaml; stopped ones too.

        Raises:
            NotFound: There is no such cluster.
        """
        await self._watch()
        return (await self._keeper(cluster_id)).view()

    async def site(self) -> dict[str, Any]:
        """The `Site` of docs/api.yaml.

        Raises:
            QueueSilent: The queue does not answer.
        """
        site = await self._ask_site()
        presets = load_presets()
        shown = []
        for preset in presets.values():
            # A preset may leave out what every request then has to say.
            settings = {"cores": 1, "memory": "2GiB", **_set(job_settings(preset))}
            with contextlib.suppress(InvalidInput):
                options = read_options(settings, {})
                shown.append(
                    {"name": preset.name, "title": preset.title, "options": options.as_request()}
                )
        return {
            "queue": self._queue.kind,
            "name": site.name,
            "partitions": site_dict(site),
            "accounts": list(site.accounts),
            "presets": shown,
            "preset": fitting_preset(presets, self._queue.kind, site.name),
        }

    async def preview(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The `Preview` of docs/api.yaml; nothing is submitted.

        Raises:
            InvalidInput: The request makes no sense.
        """
        request = await self._read(body)
        folder = ClusterFolder(self._home / "clusters" / "preview")
        script = await asyncio.to_thread(self._render, folder, request)
        problems: list[str] = []
        estimate = None
        try:
            problems += find_problems(request.options, await self._ask_site())
            answer = await self._queue.estimate(script, tasks=max(request.workers, 1))
            estimate = answer.start
            problems += [answer.problem] if answer.problem else []
        except QueueSilent as error:
            problems.append(error.message)
        return {
            "script": script,
            "start_estimate": to_iso(estimate) if estimate else None,
            "core_hours": core_hours(request.options, request.workers),
            "problems": problems,
        }

    async def log(self, cluster_id: str, source: str, offset: int = 0) -> LogPart:
        """A part of the log of `scheduler` or of a job; see `logs.read_part`.

        Raises:
            NotFound: There is no such cluster or log.
        """
        keeper = await self._keeper(cluster_id)
        return await asyncio.to_thread(read_part, keeper.folder, source, offset)

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
        request = await self._read(body)
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
        """Scale, adapt or rename.

        Raises:
            InvalidInput: The change makes no sense.
            NotFound: There is no such cluster.
            Conflict: The name is taken, or the cluster is not up.
        """
        key, value = read_change(body)
        keeper = await self._keeper(cluster_id)

        def apply(record: Record) -> None:
            if record.phase in ("stopping", "stopped"):
                raise Conflict(f"'{record.name}' is {record.phase}", code="not_up")
            if key == "name":
                record.name = value
            elif record.phase == "failed":
                raise Conflict(
                    f"'{record.name}' has failed",
                    hint="Shut it down and make a new one.",
                    code="not_up",
                )
            else:
                apply_size(record, key, value, self._clock.now())

        def write() -> None:
            if key == "name":
                with names_held(self._home) as taken:
                    taken.pop(cluster_id, None)
                    check_free(value, taken)
                    keeper.folder.update(apply)
            else:
                keeper.folder.update(apply)
                keeper.folder.add_event(self._clock.now(), "asked", **{key: value})

        await asyncio.to_thread(write)
        await keeper.refresh()
        self._note_change(keeper)
        self._look_now()
        return keeper.view()

    async def shutdown(self, cluster_id: str) -> dict[str, Any]:
        """End a cluster: returns at once, the rest happens in the background.

        Raises:
            NotFound: There is no such cluster.
        """
        keeper = await self._keeper(cluster_id)

        def write() -> None:
            if keeper.folder.read_record().phase in ("stopping", "stopped"):
                return
            keeper.folder.stopping_file.touch(mode=0o600)
            keeper.folder.update(lambda r: _begin_to_stop(r, self._clock.now()))
            keeper.folder.add_event(self._clock.now(), "asked", stop=True)

        await asyncio.to_thread(write)
        await keeper.refresh()
        self._note_change(keeper)
        self._look_now()
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
        with contextlib.suppress(QueueSilent):
            await self._ask_site()
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
            await asyncio.wait(running, timeout=_FIRST_LOOK_S)

    def _begin_turn(self, keeper: Keeper, jobs: Sequence[Job] | None) -> None:
        cluster_id = keeper.folder.id
        running = self._turns.get(cluster_id)
        if running is not None and not running.done():
            if jobs is not None:
                self._queue_due_s = 0.0  # what it has to say is still to be heard
            return
        self._turns[cluster_id] = asyncio.create_task(
            self._turn(keeper, jobs), name=f"rsdat {cluster_id}"
        )

    async def _turn(self, keeper: Keeper, jobs: Sequence[Job] | None) -> None:
        try:
            await keeper.turn(jobs)
        except QueueSilent as silence:
            self._note_silence(silence)
        except RsdatError as error:
            _log.warning("Cluster %s: %s", keeper.folder.id, error.message)
        except Exception:  # noqa: BLE001 - a bug, told once a turn, must not end the turns
            _log.exception("Looking after cluster %s failed", keeper.folder.id)
            self._queue_due_s = self._clock.monotonic_s() + 10.0
        self._note_change(keeper)
        if keeper.acted:
            self._queue_due_s = min(self._queue_due_s, self._clock.monotonic_s() + 0.5)
            self._wake.set()

    async def _scan(self) -> None:
        folders = await asyncio.to_thread(cluster_folders, self._home)
        here = {folder.id for folder in folders}
        for gone in set(self._keepers) - here:
            await self._keepers.pop(gone).close()
            self._tell(gone)
        for folder in folders:
            known = self._keepers.get(folder.id)
            if known is not None:
                if await known.reload():
                    self._note_change(known)
                continue
            try:
                record = await asyncio.to_thread(folder.read_record)
            except NotFound:
                continue  # being made by another companion
            except RsdatError as error:
                _log.warning("Cluster %s can't be read: %s", folder.id, error.message)
                continue
            if record.phase != "stopped":
                self._adopt(folder, record)

    def _adopt(self, folder: ClusterFolder, record: Record) -> Keeper:
        keeper = Keeper(folder, record, self._home, self._queue, self._clock)
        self._keepers[folder.id] = keeper
        self._note_change(keeper)
        return keeper

    async def _ask_queue(self) -> Sequence[Job] | None:
        now_s = self._clock.monotonic_s()
        if not self._live() or now_s < self._queue_due_s:
            return None
        if self._queue_pause_s() is None and self._queue_seen is not None:
            return None
        try:
            jobs = await self._queue.jobs(JOB_PREFIX)
        except RsdatError as silence:
            self._note_silence(silence)
            return None
        self._silences = 0
        self._queue_seen = self._clock.now()
        if self._queue_problem is not None:
            self._queue_problem = None
            for cluster_id in self._keepers:
                self._tell(cluster_id)
        self._queue_due_s = self._clock.monotonic_s() + (self._queue_pause_s() or 0.0)
        return jobs

    def _note_silence(self, silence: RsdatError) -> None:
        self._silences += 1
        first = self._queue_problem is None
        self._queue_problem = silence
        self._queue_due_s = self._clock.monotonic_s() + (self._queue_pause_s() or 0.0)
        if first:
            for cluster_id in self._keepers:
                self._tell(cluster_id)

    def _live(self) -> tuple[Keeper, ...]:
        return tuple(each for each in self._keepers.values() if each.record.phase != "stopped")

    def _mood(self) -> dict[str, Any]:
        live = self._live()
        now_s = self._clock.monotonic_s()
        return {
            "moving": any(keeper.moving for keeper in live),
            "adapting": any(keeper.record.adapt for keeper in live),
            "watched": now_s - self._watched_s < WATCHED_S and bool(live),
            "quiet_s": now_s - self._changed_s,
        }

    def _queue_pause_s(self) -> float | None:
        return queue_pause_s(**self._mood(), silences=self._silences)

    def _pause_s(self) -> float:
        pause_s = turn_pause_s(**self._mood())
        if self._queue_pause_s() is not None:
            pause_s = min(pause_s, max(self._queue_due_s - self._clock.monotonic_s(), 0.05))
        return pause_s

    def _look_now(self) -> None:
        self._queue_due_s = 0.0
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
            await asyncio.wait_for(self._looked_once.wait(), _FIRST_LOOK_S)

    def _note_change(self, keeper: Keeper) -> None:
        if keeper.changed():
            self._changed_s = self._clock.monotonic_s()
            self._tell(keeper.folder.id)

    def _tell(self, cluster_id: str) -> None:
        if self._on_change is not None:
            self._on_change(cluster_id)

    # -- helpers --------------------------------------------------------------------------------

    async def _keeper(self, cluster_id: str) -> Keeper:
        keeper = self._keepers.get(cluster_id)
        if keeper is not None:
            return keeper
        if not is_id(cluster_id):
            raise NotFound(f"There is no cluster '{cluster_id}'")
        folder = ClusterFolder(self._home / "clusters" / cluster_id)
        return self._adopt(folder, await asyncio.to_thread(folder.read_record))

    async def _ask_site(self) -> Site:
        now_s = self._clock.monotonic_s()
        if self._site is None or now_s - self._site[0] > _SITE_KEPT_S:
            self._site = (now_s, await self._queue.site())
        return self._site[1]

    async def _read(self, body: Mapping[str, Any]) -> Request:
        presets = load_presets()
        name = None
        if not body.get("preset"):
            # A silent queue must not keep a cluster from being made: then the site is unknown.
            with contextlib.suppress(QueueSilent):
                name = (await self._ask_site()).name
        fitting = fitting_preset(presets, self._queue.kind, name)
        return await asyncio.to_thread(read_request, body, presets, fitting)

    def _render(self, folder: ClusterFolder, request: Request) -> str:
        paths = ScriptPaths.of(folder, self._home)
        return render_script(folder.id, request.options, paths)


def _begin_to_stop(record: Record, now: datetime) -> None:
    if record.phase != "stopped":
        record.phase = "stopping"
        record.stop_asked = now
        record.adapt = None
        record.wanted = 0


def _jobs_of(cluster_id: str, jobs: Sequence[Job]) -> tuple[Job, ...]:
    return tuple(
        job
        for job in jobs
        if (parsed := parse_job_name(job.name)) is not None and parsed[0] == cluster_id
    )


def _set(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if value is not None}
