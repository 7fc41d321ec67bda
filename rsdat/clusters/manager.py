"""All clusters of a user: the one door for the server, notebooks and the shell.

Everything is in the clusters' folders and in the queue; a manager only looks and acts, and several
may work on one home folder. What it keeps in memory is what it saw last.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rsdat.base.clock import Clock
from rsdat.base.errors import Conflict, InvalidInput, NoSpace, RsdatError
from rsdat.base.files import private_folder
from rsdat.base.secret import Secret
from rsdat.clusters.attached.look import AttachedLook
from rsdat.clusters.attached.register import make_attached
from rsdat.clusters.attached.request import attach_again, read_attach
from rsdat.clusters.attic import Attic
from rsdat.clusters.clients import clients_of, compare_versions
from rsdat.clusters.diskclock import DiskClock
from rsdat.clusters.keeper import Keeper
from rsdat.clusters.logaccess import LogAccess
from rsdat.clusters.logs import LogPart
from rsdat.clusters.naming import check_name
from rsdat.clusters.offers import Offers
from rsdat.clusters.pulse import Pulses
from rsdat.clusters.register import make_cluster
from rsdat.clusters.request import read_change
from rsdat.clusters.rounds import Rounds
from rsdat.clusters.scheduler import listen_host
from rsdat.clusters.wishes import (
    check_ours,
    wish_change,
    wish_end,
    wish_group,
    wish_job_gone,
    wish_no_group,
)
from rsdat.queue.interface import Queue

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DashboardTarget:
    """Where the scheduler's own pages are, and what opens them."""

    host: str
    port: int
    #: None where the scheduler is somebody else's, and asks for none of ours.
    secret: Secret | None


class ClusterManager:
    """Makes, lists, changes and ends clusters.

    Call `start` before anything else and `stop` at the end, in the same event loop. `stop` ends
    the work in the background only: clusters live on.

    Args:
        home: `$RSDAT_HOME`; on a file system that the nodes share.
        clock: By default that of the file system.
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
        self._clock = clock or DiskClock(home / "clusters")
        self._rounds = Rounds(
            home, queue, self._clock, on_change=on_change, on_damage=self._note_damage
        )
        self._offers = Offers(home, queue, self._rounds.outlook)
        #: Logs of all clusters.
        self.logs = LogAccess(home, self._rounds.jobs_seen)
        #: How busy they are, for who looks.
        self.pulses = Pulses(self._rounds.live)
        #: Past and damaged clusters.
        self.attic = Attic(home, queue, self._clock, self._rounds.tell)

    async def start(self) -> None:
        """Find the clusters in their folders and begin to look after them.

        Does not wait for the queue. What an earlier companion left half done goes on.
        """
        await asyncio.to_thread(private_folder, self._home / "clusters")
        if isinstance(self._clock, DiskClock):
            await asyncio.to_thread(self._clock.measure)
        await self._rounds.start()
        self.attic.start()

    async def stop(self) -> None:
        """End the work in the background. Clusters live on."""
        await self.attic.stop()
        await self._offers.close()
        await self.pulses.close()
        await self._rounds.stop()

    # -- asking ---------------------------------------------------------------------------------

    async def list(self) -> dict[str, Any]:
        """The `ClusterList` of docs/api.yaml: all clusters that are not stopped, oldest first."""
        await self._rounds.watch()
        keepers = sorted(
            self._rounds.live(), key=lambda each: (each.record.created, each.record.id)
        )
        return {
            "clusters": [keeper.view() for keeper in keepers],
            "damaged": self.attic.damaged(),
            **self._rounds.outlook.as_dict(),
        }

    async def get(self, cluster_id: str) -> dict[str, Any]:
        """The `Cluster` of docs/api.yaml; stopped ones too.

        Raises:
            NotFound: There is no such cluster.
        """
        await self._rounds.watch()
        return (await self._rounds.keeper(cluster_id)).view()

    def shared_folders(self) -> Sequence[Path]:
        """Where the jobs of each live cluster find what is given to them (`RSDAT_SHARED`)."""
        return [each.folder.shared for each in self._rounds.live() if not each.record.attached]

    async def site(self) -> dict[str, Any]:
        """The `Site` of docs/api.yaml; see `Offers.site`."""
        return await self._offers.site()

    async def site_name(self) -> str | None:
        """The site's own name; None where it has none, or does not tell it within a moment."""
        site = await self._rounds.outlook.known_site()
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
        keeper = await self._rounds.keeper(cluster_id)
        answer = keeper.observed.answer
        secret = await asyncio.to_thread(keeper.folder.read_secret)
        locked = secret is None and keeper.record.attached is None
        if keeper.record.phase != "up" or answer is None or locked:
            raise Conflict("The scheduler is not up", code="scheduler_not_up")
        host = urlsplit(answer.address).hostname
        if answer.dashboard_port is None or host is None:
            raise Conflict("The scheduler has no dashboard", code="no_dashboard")
        return DashboardTarget(host, answer.dashboard_port, secret)

    async def clients(self, cluster_id: str) -> dict[str, Any]:
        """The `Clients` of docs/api.yaml; see `clients_of`.

        Raises:
            NotFound: There is no such cluster.
        """
        keeper = await self._rounds.keeper(cluster_id)
        return await clients_of(keeper.folder, keeper.record)

    async def compare_versions(
        self, cluster_id: str, notebook: Mapping[str, str | None]
    ) -> dict[str, Any]:
        """The `VersionsCompared` of docs/api.yaml; see `clients.compare_versions`.

        Raises:
            NotFound: There is no such cluster.
        """
        keeper = await self._rounds.keeper(cluster_id)
        return await compare_versions(keeper.folder, keeper.record, notebook)

    # -- changing -------------------------------------------------------------------------------

    async def create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make a cluster; returns at once, while it is starting.

        Raises:
            InvalidInput: The request makes no sense.
            Conflict: A cluster of that name exists.
            DoorBroken: The scheduler that is to be attached does not answer.
        """
        body = await asyncio.to_thread(attach_again, self._home, body)
        if body.get("attach") is not None:
            return await self._attach(body)
        request = await self._offers.read(body)
        if request.scheduler is None:
            # So that an interface that does not exist is refused here and not in the background.
            # Those of a node can only be looked for there.
            await asyncio.to_thread(
                listen_host, local=self._queue.kind == "local", interface=request.options.interface
            )
        folder, record = await asyncio.to_thread(make_cluster, self._home, request, self._clock)
        keeper = self._rounds.begin(folder, record)
        await self._offers.remember(body)
        return keeper.view()

    async def save_preset(self, name: str, body: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """Save a `PresetRequest` of docs/api.yaml; see `Offers.save_preset`."""
        return await self._offers.save_preset(name, body)

    async def delete_preset(self, name: str) -> None:
        """Delete a saved preset; see `Offers.delete_preset`."""
        await self._offers.delete_preset(name)

    async def change(self, cluster_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Scale, adapt, rename, or change what else `ClusterChange` of docs/api.yaml names.

        Raises:
            InvalidInput: The change makes no sense.
            NotFound: There is no such cluster or group.
            Conflict: The name is taken, or the cluster is not up.
        """
        change = read_change(body)
        keeper = await self._rounds.keeper(cluster_id)
        queued = keeper.queued(change.group)
        now = self._clock.now()
        await asyncio.to_thread(wish_change, self._home, keeper.folder, change, now, queued=queued)
        return await self._wished(keeper)

    async def add_group(self, cluster_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Add workers of another kind, a `GroupRequest` of docs/api.yaml.

        Raises:
            InvalidInput: The request makes no sense.
            NotFound: There is no such cluster.
            Conflict: It has such a group, or is not up.
        """
        keeper = await self._rounds.keeper(cluster_id)
        check_ours(keeper.record)
        request = await self._offers.read_group(body, keeper.record.preset)
        await asyncio.to_thread(wish_group, self._home, keeper.folder, request, self._clock.now())
        return await self._wished(keeper)

    async def remove_group(self, cluster_id: str, name: str) -> dict[str, Any]:
        """Let the workers of a group go and forget it; the rest happens in the background.

        Raises:
            InvalidInput: It is the first group.
            NotFound: There is no such cluster or group.
            Conflict: The cluster is not up.
        """
        keeper = await self._rounds.keeper(cluster_id)
        await asyncio.to_thread(wish_no_group, keeper.folder, name, self._clock.now())
        return await self._wished(keeper)

    async def act_on_job(self, cluster_id: str, job_id: str, action: str) -> dict[str, Any]:
        """`cancel`, `hold` or `release` one job that waits or runs.

        Raises:
            InvalidInput: There is no such action.
            NotFound: There is no such cluster, or it has no such job now.
            Conflict: That can't be done to the job as it is.
            QueueSilent: The queue did not answer.
            NoSpace: It was cancelled, and another will take its place once there is room.
        """
        if action not in ("cancel", "hold", "release"):
            raise InvalidInput(f"A job can't be told to {action}")
        keeper = await self._rounds.keeper(cluster_id)
        row = keeper.job_row(job_id)
        if action not in row["actions"]:
            raise Conflict(f"Job {job_id} is {row['state']}: it can't be told to {action}")
        if action == "cancel":
            now = self._clock.now()
            try:
                await asyncio.to_thread(wish_job_gone, keeper.folder, job_id, row["group"], now)
            except NoSpace as problem:
                await self._queue.cancel([job_id])
                raise NoSpace(
                    f"Job {job_id} is cancelled, but that no other takes its place could not be "
                    f"written down: {problem.message}",
                    hint=problem.hint,
                ) from problem
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
        keeper = await self._rounds.keeper(cluster_id)
        now = self._clock.now()
        try:
            await asyncio.to_thread(wish_end, keeper.folder, now)
        except NoSpace:
            keeper.end_unwritten(now)
        return await self._wished(keeper)

    async def _attach(self, body: Mapping[str, Any]) -> dict[str, Any]:
        if set(body) - {"attach", "name"}:
            raise InvalidInput("A scheduler that is attached takes no options")
        name = None if body.get("name") is None else check_name(body["name"])
        attached = await asyncio.to_thread(read_attach, body["attach"])
        look = AttachedLook()
        try:
            # Now, so that a wrong address is told to whoever gave it.
            seen = await look.look(attached)
        finally:
            await look.close()
        attached.dask_id = seen.dask_id or None
        folder, record = await asyncio.to_thread(
            make_attached, self._home, attached, seen.address, name, self._clock
        )
        return self._rounds.begin(folder, record).view()

    async def _wished(self, keeper: Keeper) -> dict[str, Any]:
        await self._rounds.wished(keeper)
        return keeper.view()

    def _note_damage(self, damaged: Mapping[str, RsdatError | OSError]) -> None:
        for cluster_id, error in damaged.items():
            self.attic.note_damage(cluster_id, error)
        self.attic.note_rest_readable(damaged)
