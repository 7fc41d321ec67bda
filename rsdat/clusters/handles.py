"""Clusters for notebooks and scripts: plain calls that wait, over one manager in a thread.

They are the same clusters as in the panel: both only look into the folders and the queue.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from rsdat.base.errors import Conflict, RsdatError
from rsdat.base.files import rsdat_home
from rsdat.clusters.connect import connect, find
from rsdat.clusters.manager import ClusterManager
from rsdat.queue.detect import detect_queue

_T = TypeVar("_T")
_CALL_S = 60.0
_POLL_S = 0.2
_END_S = 5.0


class Cluster:
    """One cluster. Ending Python does not end it: `close()` does."""

    def __init__(self, office: _Office, cluster_id: str) -> None:
        self._office = office
        self.id = cluster_id

    def __repr__(self) -> str:
        state = self.state()
        workers = state["workers"]
        return (
            f"<rsdat cluster {state['name']!r}: {state['state']}, "
            f"{workers['connected']} of {workers['wanted']} workers>"
        )

    def state(self) -> dict[str, Any]:
        """All there is to know, as the REST interface has it (docs/api.yaml, Cluster).

        Raises:
            NotFound: The cluster is gone.
        """
        return self._office.call(self._office.manager.get(self.id))

    def scale(self, workers: int) -> None:
        """Want so many workers; ends `adapt`. Returns at once.

        Raises:
            InvalidInput: The number makes no sense.
            Conflict: The cluster is not up.
        """
        self._change({"workers": workers})

    def adapt(self, minimum: int, maximum: int) -> None:
        """Want as many workers as the work needs, within these bounds. Returns at once.

        Raises:
            InvalidInput: The bounds make no sense.
            Conflict: The cluster is not up.
        """
        self._change({"adapt": {"minimum": minimum, "maximum": maximum}})

    def wait_for_workers(self, workers: int, timeout_s: float = 600.0) -> None:
        """Wait until so many workers are connected.

        Raises:
            Conflict: They are not, after `timeout_s` seconds or because the cluster failed; in
                the words of the diagnosis.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            state = self.state()
            if state["workers"]["connected"] >= workers:
                return
            if state["state"] in ("failed", "stopping", "stopped") or time.monotonic() > deadline:
                diagnosis = state["diagnosis"] or {}
                raise Conflict(
                    diagnosis.get("message")
                    or f"{state['workers']['connected']} of {workers} workers are connected",
                    hint=diagnosis.get("hint"),
                    code="no_workers",
                )
            time.sleep(_POLL_S)

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
        self._office.call(self._office.manager.shutdown(self.id))
        deadline = time.monotonic() + timeout_s
        while self.state()["state"] != "stopped":
            if time.monotonic() > deadline:
                raise Conflict("The cluster is still stopping", hint="Look at the panel.")
            time.sleep(_POLL_S)

    def _change(self, change: dict[str, Any]) -> None:
        self._office.call(self._office.manager.change(self.id, change))


def create(
    name: str | None = None,
    *,
    preset: str | None = None,
    workers: int = 0,
    **options: Any,
) -> Cluster:
    """Make a cluster. Returns while it is starting; `client()` waits for its scheduler.

    Args:
        name: Chosen for you if left out.
        preset: Site defaults; the fitting ones if left out.
        workers: How many to want.
        options: What one worker asks for: `cores`, `memory`, `walltime`, `partition`, `account`,
            `interface`, `local_directory`, `prologue`, `directives`.

    Raises:
        InvalidInput: The request makes no sense.
        Conflict: A cluster of that name exists.
    """
    request: dict[str, Any] = {"workers": workers, "options": options}
    if name is not None:
        request["name"] = name
    if preset is not None:
        request["preset"] = preset
    office = _office()
    return Cluster(office, office.call(office.manager.create(request))["id"])


def get(name: str | None = None) -> Cluster:
    """The cluster of that name or id; the only one, if left out.

    Raises:
        NotFound: There is no such cluster.
        Conflict: There are several, and `name` is None.
    """
    office = _office()
    folder, _ = find(office.home, name)
    return Cluster(office, folder.id)


def list_clusters() -> list[Cluster]:
    """All clusters that are not stopped, oldest first."""
    office = _office()
    clusters = office.call(office.manager.list())["clusters"]
    return [Cluster(office, cluster["id"]) for cluster in clusters]


class _Office:
    """A manager with an event loop of its own in a thread, for callers that wait."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.manager = ClusterManager(home, detect_queue(home))
        self._loop = asyncio.new_event_loop()
        # A daemon: the program may end while a queue is silent.
        self._thread = threading.Thread(target=self._serve, name="rsdat", daemon=True)
        self._thread.start()
        self.call(self.manager.start())

    def _serve(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(_end_all())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    def call(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do it in the loop and wait for it."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(_CALL_S)
        except concurrent.futures.TimeoutError as error:
            future.cancel()
            raise RsdatError(
                f"No answer within {_CALL_S:g} s",
                hint="Is the disk with your home folder away? What was asked may have happened.",
            ) from error

    def close(self) -> None:
        """End the work in the background; clusters live on."""
        if self._loop.is_running():
            stopping = asyncio.run_coroutine_threadsafe(self.manager.stop(), self._loop)
            # Nobody is there any more to read that it took too long.
            concurrent.futures.wait([stopping], _END_S)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_END_S)


async def _end_all() -> None:
    # Calls of other threads that end with the program.
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _at_exit(close: Callable[[], None]) -> None:
    # `atexit` comes too late: before it, Python ends its thread pools, and the loop, still at work,
    # could not read a file any more. threading's own hooks run first, the youngest before all.
    register = getattr(threading, "_register_atexit", atexit.register)
    register(close)


_offices: dict[Path, _Office] = {}
_offices_lock = threading.Lock()


def _office() -> _Office:
    home = rsdat_home()
    with _offices_lock:
        if home not in _offices:
            office = _Office(home)
            _at_exit(office.close)
            _offices[home] = office
        return _offices[home]
