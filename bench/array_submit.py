"""A hundred worker jobs: rsdat's one array against dask-jobqueue's hundred jobs.

Both clusters stand and have no workers; both are scaled by their call in a notebook. The clock
stops when squeue lists all jobs. They are submitted held, so that none starts meanwhile. Half of
rsdat's figure is the looking: one squeue takes about as long as one sbatch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import dask.config
from dask_jobqueue.slurm import SLURMCluster

import rsdat.clusters
from bench.measured import Measured, Rounds, load, rounds_of, show, spread
from bench.stand import Stand, stand, until
from tests.support.slurm_site import SlurmSite

ROUNDS = 8
JOBS = 100
BAR = 15
LIMIT_S = 120.0
# What the making of the cluster set going is over.
REST_S = 2.0


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Compare; one line."""
    before = load()
    compared = Rounds()
    with stand() as place, place.slurm() as site:
        compared.run(rounds, lambda: _array(site), lambda: _one_by_one(place, site), f"{JOBS} jobs")
    paired = 1 / compared.paired_ratio
    medians = 1 / compared.median_ratio
    return [
        Measured(
            f"{JOBS} worker jobs in the queue, dask-jobqueue = 1",
            spread(compared.ours, 3),
            spread(compared.other, 3),
            f"1/{medians:.0f} (medians), 1/{paired:.0f} (paired)",
            f"≤ 1/{BAR}",
            min(paired, medians) >= BAR,
            (),
            f"{before} → {load()}",
        )
    ]


def _array(site: SlurmSite) -> float:
    cluster = rsdat.clusters.create(cores=1, memory="1GiB", directives=["--hold"])
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
            cores=1,
            memory="1GiB",
            walltime="01:00:00",
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
