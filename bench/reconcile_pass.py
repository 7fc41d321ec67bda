"""One look after 50 clusters with 2 000 jobs: the CPU time it takes in the Jupyter server.

All of it: the jobs as squeue prints them are read, each scheduler is asked over TLS, the books are
brought up to date, and what is to be done is decided. Schedulers are stand-ins in another process,
whose answers are as large as those of real ones. At each look every job has less time left, and
every worker uses another share of its core and its memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.measured import Measured, load, rounds_of, show, spread
from bench.stand import REPOSITORY, stand
from rsdat.base import process
from rsdat.base.clock import SystemClock
from rsdat.base.files import private_folder
from rsdat.base.run import Completed
from rsdat.base.units import format_walltime
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.naming import job_name
from rsdat.clusters.record import Record, SchedulerProcess, Submission
from rsdat.clusters.register import make_cluster
from rsdat.clusters.request import read_request
from rsdat.clusters.rounds import Rounds
from rsdat.presets import load_presets
from rsdat.queue.slurm.queue import SlurmQueue

ROUNDS = 40
CLUSTERS = 50
JOBS = 2000
BAR_MS = 50.0
SETTLED_S = 60.0
TOKEN = "0badcafe"
#: Looks are so many seconds apart, and of so many squeue prints something of its own.
EVERY_S = 5
LOOKS = 50


def printing_queue(texts: Sequence[str]) -> SlurmQueue:
    """Slurm, whose squeue prints these texts in turn."""
    printed = itertools.cycle(texts)

    async def run(argv: Sequence[str], **_: object) -> Completed:
        if argv[0] == "squeue":
            return Completed(tuple(argv), 0, next(printed), "")
        return Completed(tuple(argv), 0, "MaxArraySize = 1001\n", "")

    return SlurmQueue(run)


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Measure; one line."""
    before = load()
    with settled() as (home, printed):
        took_ms = [1000 * each for each in asyncio.run(_passes(home, printed, rounds))]
    middle = sorted(took_ms)[len(took_ms) // 2]
    return [
        Measured(
            f"CPU of one look after {CLUSTERS} clusters with {JOBS} jobs",
            spread(took_ms, 1).replace(" s", " ms"),
            "–",
            "–",
            f"≤ {BAR_MS:g} ms",
            middle <= BAR_MS,
            (),
            f"{before} → {load()}",
        )
    ]


def views() -> list[dict[str, Any]]:
    """These clusters as the REST interface shows them."""
    with settled() as (home, printed):
        return asyncio.run(_shown(home, printed))


@contextlib.contextmanager
def settled() -> Iterator[tuple[Path, list[str]]]:
    """The clusters' home folder, and what squeue prints of their jobs."""
    with stand() as place:
        made = _make(place.home)
        argv = [sys.executable, "-m", "bench.stub_schedulers", str(place.home)]
        with subprocess.Popen(
            [*argv, str(JOBS // CLUSTERS)], stdout=subprocess.PIPE, cwd=REPOSITORY, text=True
        ) as stub:
            try:
                assert stub.stdout is not None
                stub.stdout.readline()
                _settle(made, stub.pid)
                yield place.home, [_printed(made, EVERY_S * look) for look in range(LOOKS)]
            finally:
                stub.terminate()


def _make(home: Path) -> list[ClusterFolder]:
    private_folder(home / "clusters")
    clock = SystemClock()
    presets = load_presets()
    made = []
    for number in range(CLUSTERS):
        body = {"name": f"cluster {number}", "workers": JOBS // CLUSTERS}
        folder, _ = make_cluster(home, read_request(body, presets, "generic"), clock)
        made.append(folder)
    return sorted(made, key=lambda folder: folder.id)


def _settle(made: Sequence[ClusterFolder], pid: int) -> None:
    """As they are an hour after they were scaled: all jobs run, all workers are connected."""
    now = SystemClock().now()
    birth = process.birth(pid) or ""
    for number, folder in enumerate(made):
        array = str(1000 + number)

        def settle(record: Record, array: str = array) -> None:
            record.scheduler = SchedulerProcess(
                process.this_host(), pid, birth, now, f"Scheduler-{record.id}"
            )
            submitted = now - timedelta(hours=1)
            tasks = JOBS // CLUSTERS
            record.submissions = [Submission(TOKEN, tasks, submitted, array)]

        folder.update(settle)


def _printed(made: Sequence[ClusterFolder], passed_s: int) -> str:
    # No two jobs of a cluster have begun together, so none has as much time left as another.
    now = int(time.time())
    return "\n".join(
        f"{1000 + number}_{task}|RUNNING|None|{now - 3500 + task}|"
        f"{format_walltime(18000 + 61 * task + number - passed_s)}|n{task % 9}|"
        f"{job_name(folder.id, TOKEN)}"
        for number, folder in enumerate(made)
        for task in range(JOBS // CLUSTERS)
    )


async def _passes(home: Path, printed: Sequence[str], rounds: int) -> list[float]:
    took = []
    async with looked_after(home, printed) as work:
        for _ in range(rounds):
            work.look_now()
            began = time.process_time()
            await work.look_once()
            took.append(time.process_time() - began)
    return took


async def _shown(home: Path, printed: Sequence[str]) -> list[dict[str, Any]]:
    async with looked_after(home, printed) as work:
        return [keeper.view() for keeper in work.live()]


@contextlib.asynccontextmanager
async def looked_after(home: Path, printed: Sequence[str]) -> AsyncIterator[Rounds]:
    # Without its loop: we say when to look.
    work = Rounds(
        home, printing_queue(printed), SystemClock(), on_change=None, on_damage=lambda _: None
    )
    try:
        deadline = time.monotonic() + SETTLED_S
        while not _all_well(work):
            if time.monotonic() > deadline:
                raise TimeoutError("the clusters did not settle")
            work.look_now()
            await work.look_once()
        yield work
    finally:
        await work.stop()


def _all_well(work: Rounds) -> bool:
    views = [keeper.view() for keeper in work.live()]
    return len(views) == CLUSTERS and all(
        view["workers"]["connected"] == JOBS // CLUSTERS and view["diagnosis"] is None
        for view in views
    )


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
