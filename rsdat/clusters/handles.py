"""Clusters for notebooks and scripts: calls that wait, or coroutines for who has an event loop.

They are the same clusters as in the panel: both only look into the folders and the queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from rsdat.base.errors import InvalidInput
from rsdat.clusters.connect import connect, connect_async, find
from rsdat.clusters.deeds import Deeds
from rsdat.clusters.office import Office, office
from rsdat.clusters.showing import cluster_html, cluster_text

if TYPE_CHECKING:
    from typing_extensions import Self

#: Beyond what a deed may take by itself.
_MARGIN_S = 30.0


class _Handle:
    def __init__(self, place: Office, cluster_id: str) -> None:
        self._office = place
        self._deeds = Deeds(place.manager, cluster_id)
        self.id = cluster_id

    def __repr__(self) -> str:
        return cluster_text(self._office.call(self._deeds.state()))

    def _repr_html_(self) -> str:
        return cluster_html(self._office.call(self._deeds.state()))


class Cluster(_Handle):
    """One cluster. Ending Python does not end it: `close()` does, and so does a `with` block.

    Every method raises `NotFound` when the cluster is gone.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def state(self) -> dict[str, Any]:
        """All there is to know, as the REST interface has it (docs/api.yaml, Cluster)."""
        return self._office.call(self._deeds.state())

    def scale(self, workers: int, *, group: str | None = None) -> None:
        """Want so many workers (of that group); ends `adapt`. Returns at once.

        Raises:
            InvalidInput: The number makes no sense.
            Conflict: The cluster is not up, or a cap is in the way.
        """
        self._change({"workers": workers, "group": group})

    def adapt(self, minimum: int, maximum: int, *, group: str | None = None) -> None:
        """Want as many workers as the work needs, within these bounds. Returns at once.

        Raises:
            InvalidInput: The bounds make no sense.
            Conflict: The cluster is not up.
        """
        self._change({"adapt": {"minimum": minimum, "maximum": maximum}, "group": group})

    def drop_queued(self, *, group: str | None = None) -> None:
        """Cancel the jobs that wait, and want that many workers less. Returns at once."""
        self._change({"drop_queued": True, "group": group})

    def add_group(self, name: str, **request: Any) -> None:
        """Add workers of another kind; each has the Dask resource `group-<name>`.

        Args:
            name: Letters, digits, `-` and `_`.
            request: `workers` or `adapt=(minimum, maximum)`, `preset`, `resources`, and options as
                `create` takes them.

        Raises:
            InvalidInput: The request makes no sense.
            Conflict: There is such a group already, or the cluster is not up.
        """
        self._office.call(self._deeds.add_group(_group_request(name, request)))

    def remove_group(self, name: str) -> None:
        """Let the workers of a group go, their data handed over, and forget it."""
        self._office.call(self._deeds.remove_group(name))

    def cancel(self, job: str) -> None:
        """End one job, its data handed over, and want one worker less."""
        self._office.call(self._deeds.cancel(job))

    def keep(self) -> None:
        """Begin the countdown to the idle shutdown anew."""
        self._change({"keep": True})

    def jobs(self) -> list[dict[str, Any]]:
        """The batch jobs behind the workers (docs/api.yaml, Job)."""
        jobs: list[dict[str, Any]] = self.state()["jobs"]
        return jobs

    def logs(self, source: str = "scheduler") -> str:
        """The end, at most 256 KiB, of the log of the scheduler or of a job."""
        return self._office.call(self._deeds.logs(source))

    def wait_for_workers(self, workers: int, timeout_s: float = 600.0) -> None:
        """Wait until so many workers are connected.

        Raises:
            Conflict: They are not, after `timeout_s` seconds or because the cluster failed; in
                the words of the diagnosis.
        """
        self._office.call(self._deeds.wait_for_workers(workers, timeout_s), timeout_s + _MARGIN_S)

    def client(self) -> Any:
        """A connected `distributed.Client`.

        Raises:
            Conflict: The scheduler is not up.
        """
        return connect(self.id, home=self._office.home)

    def close(self, timeout_s: float = 60.0) -> None:
        """End the cluster and wait until nothing of it is left.

        Raises:
            Conflict: Something is left after `timeout_s` seconds; it is still being worked on.
        """
        self._office.call(self._deeds.close(timeout_s), timeout_s + _MARGIN_S)

    def _change(self, change: Mapping[str, Any]) -> None:
        self._office.call(self._deeds.change(change))


class AsyncCluster(_Handle):
    """As `Cluster`, for code with an event loop: every method is a coroutine."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def state(self) -> dict[str, Any]:
        """See `Cluster.state`."""
        return await self._office.await_call(self._deeds.state())

    async def scale(self, workers: int, *, group: str | None = None) -> None:
        """See `Cluster.scale`."""
        await self._change({"workers": workers, "group": group})

    async def adapt(self, minimum: int, maximum: int, *, group: str | None = None) -> None:
        """See `Cluster.adapt`."""
        await self._change({"adapt": {"minimum": minimum, "maximum": maximum}, "group": group})

    async def drop_queued(self, *, group: str | None = None) -> None:
        """See `Cluster.drop_queued`."""
        await self._change({"drop_queued": True, "group": group})

    async def add_group(self, name: str, **request: Any) -> None:
        """See `Cluster.add_group`."""
        await self._office.await_call(self._deeds.add_group(_group_request(name, request)))

    async def remove_group(self, name: str) -> None:
        """See `Cluster.remove_group`."""
        await self._office.await_call(self._deeds.remove_group(name))

    async def cancel(self, job: str) -> None:
        """See `Cluster.cancel`."""
        await self._office.await_call(self._deeds.cancel(job))

    async def keep(self) -> None:
        """See `Cluster.keep`."""
        await self._change({"keep": True})

    async def jobs(self) -> list[dict[str, Any]]:
        """See `Cluster.jobs`."""
        jobs: list[dict[str, Any]] = (await self.state())["jobs"]
        return jobs

    async def logs(self, source: str = "scheduler") -> str:
        """See `Cluster.logs`."""
        return await self._office.await_call(self._deeds.logs(source))

    async def wait_for_workers(self, workers: int, timeout_s: float = 600.0) -> None:
        """See `Cluster.wait_for_workers`."""
        waiting = self._deeds.wait_for_workers(workers, timeout_s)
        await self._office.await_call(waiting, timeout_s + _MARGIN_S)

    async def client(self) -> Any:
        """A connected, asynchronous `distributed.Client`; see `Cluster.client`."""
        return await connect_async(self.id, home=self._office.home)

    async def close(self, timeout_s: float = 60.0) -> None:
        """See `Cluster.close`."""
        await self._office.await_call(self._deeds.close(timeout_s), timeout_s + _MARGIN_S)

    async def _change(self, change: Mapping[str, Any]) -> None:
        await self._office.await_call(self._deeds.change(change))


#: What a request has beside the options of its worker jobs.
_OF_CLUSTER = frozenset({"scheduler", "idle_after", "renew", "attach", "again"})
_OF_GROUP = frozenset({"preset", "workers", "adapt", "resources"})


@overload
def create(
    name: str | None = None, *, asynchronous: Literal[False] = False, **request: Any
) -> Cluster: ...


@overload
def create(
    name: str | None = None, *, asynchronous: Literal[True], **request: Any
) -> AsyncCluster: ...


def create(
    name: str | None = None, *, asynchronous: bool = False, **request: Any
) -> Cluster | AsyncCluster:
    """Make a cluster. Returns while it is starting; `client()` waits for its scheduler.

    Args:
        name: Chosen for you if left out.
        asynchronous: Return a handle whose methods are coroutines.
        request: `preset`, the site's own if left out; `workers`, or `adapt=(minimum, maximum)`;
            `scheduler`, `"beside"` (on this computer), `"job"`, or a SchedulerRequest of
            docs/api.yaml; `idle_after` seconds without work it shuts itself down; `renew=True`
            replaces workers before their walltime; everything else is what one worker job asks
            for: `cores`, `memory`, `walltime`, `partition`, … (docs/api.yaml, Options).

    Raises:
        InvalidInput: The request makes no sense.
        Conflict: A cluster of that name exists, or a cap is in the way.
    """
    body = _body(request, _OF_GROUP - {"resources"} | _OF_CLUSTER)
    if isinstance(body.get("scheduler"), str):
        body["scheduler"] = {"mode": body["scheduler"]}
    if name is not None:
        body["name"] = name
    place = office()
    cluster_id = place.call(place.manager.create(body))["id"]
    return AsyncCluster(place, cluster_id) if asynchronous else Cluster(place, cluster_id)


@overload
def get(name: str | None = None, *, asynchronous: Literal[False] = False) -> Cluster: ...


@overload
def get(name: str | None = None, *, asynchronous: Literal[True]) -> AsyncCluster: ...


def get(name: str | None = None, *, asynchronous: bool = False) -> Cluster | AsyncCluster:
    """The cluster of that name or id; the only one, if left out.

    Raises:
        NotFound: There is no such cluster.
        Conflict: There are several, and `name` is None.
    """
    place = office()
    folder, _ = find(place.home, name)
    return AsyncCluster(place, folder.id) if asynchronous else Cluster(place, folder.id)


def list_clusters() -> list[Cluster]:
    """All clusters that are not stopped, oldest first."""
    place = office()
    clusters = place.call(place.manager.list())["clusters"]
    return [Cluster(place, cluster["id"]) for cluster in clusters]


def _group_request(name: str, request: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, **_body(request, _OF_GROUP)}


def _body(request: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """A request of docs/api.yaml; what is not its own is an option of the worker jobs."""
    body = {key: value for key, value in request.items() if key in known and value is not None}
    options = {key: value for key, value in request.items() if key not in known}
    if options:
        body["options"] = options
    adapt = body.get("adapt")
    if adapt is not None and not isinstance(adapt, Mapping):
        try:
            minimum, maximum = adapt
        except (TypeError, ValueError) as error:
            raise InvalidInput("adapt is a pair: (minimum, maximum)") from error
        body["adapt"] = {"minimum": minimum, "maximum": maximum}
    return body
