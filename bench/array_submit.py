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
from bench.stand import stand, until
from tests.support.slurm_site import SlurmSite

ROUNDS = 8
JOBS = 100
BAR = 15
LIMIT_S = 120.0


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Compare; one line."""
    before = load()
    compared = Rounds()
    with stand() as place, place.slurm() as site:
        ours = rsdat.clusters.create(cores=1, memory="1GiB", directives=["--hold"])
        try:
            until(lambda: ours.state()["state"] == "running", LIMIT_S)
            # What it writes lies in our folder: the logs, and where it would put keys.
            with (
                dask.config.set({"temporary-directory": str(place.folder)}),
                SLURMCluster(
                    cores=1,
                    memory="1GiB",
                    walltime="01:00:00",
                    log_directory=str(place.folder / "dask-jobqueue"),
                    job_extra_directives=["--hold"],
                    scheduler_options={"dashboard_address": ":0"},
                ) as other,
            ):
                compared.run(
                    rounds,
                    lambda: _scale(site, lambda: ours.scale(JOBS), lambda: ours.scale(0)),
                    lambda: _scale(site, lambda: other.scale(jobs=JOBS), lambda: other.scale(0)),
                    f"{JOBS} jobs",
                )
        finally:
            ours.close()
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


def _scale(site: SlurmSite, up: Callable[[], Any], down: Callable[[], Any]) -> float:
    began = time.monotonic()
    up()
    until(lambda: _pending(site) == JOBS, LIMIT_S, 0.002)
    took = time.monotonic() - began
    down()
    until(lambda: _pending(site) == 0, LIMIT_S)
    # What was set going by the end of the round is over.
    time.sleep(2)
    return took


def _pending(site: SlurmSite) -> int:
    return len(site.command("squeue", "-h", "-r", "-t", "PENDING", "-o", "%i").stdout.split())


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
