"""A hundred worker jobs: rsdat's one array against dask-jobqueue's hundred jobs.

The clock stops when squeue lists all jobs; that look is half of rsdat's figure. They are submitted
held, so that none starts meanwhile. First the submission alone, as the queue's room does it: one
`sbatch --array`. Then all of `scale(100)`, in which rsdat also writes down the wish, looks at the
queue and at the scheduler, and writes down what it submits before it does so: that costs as much
for a hundred jobs as for one. dask-jobqueue's is `SLURMCluster.scale(jobs=100)` both times.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import dask.config
from dask_jobqueue.slurm import SLURMCluster

import rsdat.clusters
from bench.measured import Measured, Rounds, load, rounds_of, show, spread
from bench.stand import Stand, stand, until
from rsdat.clusters.manager import ClusterManager
from rsdat.queue.slurm.queue import SlurmQueue
from tests.support.slurm_site import SlurmSite

ROUNDS = 8
JOBS = 100
BAR = 15
LIMIT_S = 120.0
OPTIONS: dict[str, Any] = {"cores": 1, "memory": "1GiB", "walltime": "01:00:00"}
# What the making of the cluster set going is over.
REST_S = 2.0


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Compare; one line."""
    before = load()
    alone, whole = Rounds(), Rounds()
    with stand() as place, place.slurm() as site:
        script = asyncio.run(_script(place))
        alone.run(
            rounds,
            lambda: _one_array(place, site, script),
            lambda: _one_by_one(place, site),
            f"{JOBS} jobs",
        )
    middle = load()
    # On a Slurm of its own: for minutes squeue lists what ended, and reading that takes time.
    with stand() as place, place.slurm() as site:
        whole.run(rounds, lambda: _scale(site), lambda: _one_by_one(place, site), f"scale({JOBS})")
    return [
        _line(f"{JOBS} worker jobs in one array", alone, f"{before} → {middle}", bar=True),
        _line(f"scale({JOBS}) of a cluster", whole, f"{middle} → {load()}", bar=False),
    ]


def _line(what: str, took: Rounds, load_then: str, *, bar: bool) -> Measured:
    medians, paired = 1 / took.median_ratio, 1 / took.paired_ratio
    return Measured(
        f"{what}, dask-jobqueue's scale(jobs={JOBS}) = 1",
        spread(took.ours, 3),
        spread(took.other, 3),
        f"1/{medians:.0f} (medians), 1/{paired:.0f} (paired)",
        f"≤ 1/{BAR}" if bar else "",
        min(paired, medians) >= BAR if bar else None,
        (),
        load_then,
    )


async def _script(place: Stand) -> str:
    manager = ClusterManager(place.home, SlurmQueue())
    request = {"workers": JOBS, "options": {**OPTIONS, "directives": ["--hold"]}}
    script: str = (await manager.preview(request))["script"]
    await manager.stop()
    return script


def _one_array(place: Stand, site: SlurmSite, script: str) -> float:
    logs = place.folder / "logs"
    logs.mkdir(exist_ok=True)
    arrays: list[str] = []
    queue = SlurmQueue()

    async def submit() -> None:
        arrays.append(await queue.submit(script, name="bench", tasks=JOBS, log_folder=logs))

    # A companion has known Slurm's configuration since it started.
    asyncio.run(queue.array_limit())
    time.sleep(REST_S)
    took = _until_pending(site, lambda: asyncio.run(submit()))
    site.command("scancel", *arrays)
    until(lambda: _pending(site) == 0, LIMIT_S)
    return took


def _scale(site: SlurmSite) -> float:
    cluster = rsdat.clusters.create(**OPTIONS, directives=["--hold"])
    try:
        until(lambda: cluster.state()["state"] == "running", LIMIT_S)
        time.sleep(REST_S)
        took = _until_pending(site, lambda: cluster.scale(JOBS))
    finally:
        cluster.close()
    until(lambda: _pending(site) == 0, LIMIT_S)
    return took


def _one_by_one(place: Stand, site: SlurmSite) -> float:
    with (
        # What it writes lies in our folder: the logs, and where it would put keys.
        dask.config.set({"temporary-directory": str(place.folder)}),
        SLURMCluster(
            **OPTIONS,
            log_directory=str(place.folder / "dask-jobqueue"),
            job_extra_directives=["--hold"],
            scheduler_options={"dashboard_address": ":0"},
        ) as cluster,
    ):
        time.sleep(REST_S)
        took = _until_pending(site, lambda: cluster.scale(jobs=JOBS))
        cluster.scale(0)
        until(lambda: _pending(site) == 0, LIMIT_S)
    return took


def _until_pending(site: SlurmSite, scale: Callable[[], Any]) -> float:
    began = time.monotonic()
    scale()
    until(lambda: _pending(site) == JOBS, LIMIT_S, 0.002)
    return time.monotonic() - began


def _pending(site: SlurmSite) -> int:
    return len(site.command("squeue", "-h", "-r", "-t", "PENDING", "-o", "%i").stdout.split())


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
