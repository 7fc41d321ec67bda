"""The main job: a radar stack's mean amplitude on 1, 2 and 4 workers, read from the stand-in.

What examples/mean-reflectance.ipynb computes, on a stack that takes one worker tens of seconds.
Workers, scheduler and the stand-in share this machine's cores, so n workers can be at most
min(n, cores) times as fast as one, and less where the stand-in needs a core of its own.
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path
from typing import Any

import xarray as xr

import rsdat.clusters
from bench.measured import Measured, load, rounds_of, show
from bench.stand import stand
from rsdat.demo.sample import make_radar_stack, mean_amplitude
from rsdat.stac import get_asset, read_catalog

ROUNDS = 3
WORKERS = (1, 2, 4)
IMAGES, SIZE = 96, 2048
LARGEST_ERROR = 1e-5
LIMIT_S = 300.0


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Measure; one line for each number of workers."""
    before = load()
    cores = len(os.sched_getaffinity(0))
    took: dict[int, list[float]] = {}
    busy: dict[int, list[float]] = {}
    with stand() as place, place.slurm(), place.door() as dcache:
        make_radar_stack(str(dcache.root / "radar"), n=IMAGES, size=SIZE)
        cluster = rsdat.clusters.create(cores=1, memory="1500MiB", workers=WORKERS[0])
        try:
            with cluster.client() as client:
                for workers in WORKERS:
                    cluster.scale(workers)
                    cluster.wait_for_workers(workers, LIMIT_S)
                    _job()  # imports
                    for _ in range(rounds):
                        client.run(lambda: None)
                        idle = _cpu_s()
                        began = time.monotonic()
                        _job()
                        took.setdefault(workers, []).append(time.monotonic() - began)
                        share = (_cpu_s() - idle) / cores / took[workers][-1]
                        busy.setdefault(workers, []).append(share)
                        print(
                            f"{workers} workers: {took[workers][-1]:.1f} s, cores busy {share:.0%}"
                        )
        finally:
            cluster.close()
    middle = {workers: statistics.median(times) for workers, times in took.items()}
    mib = IMAGES * SIZE * SIZE * 8 / 2**20
    lines = []
    for workers in WORKERS:
        gain = middle[1] / middle[workers]
        most = min(workers, cores)
        lines.append(
            Measured(
                f"Mean amplitude of {IMAGES} images ({mib:.0f} MiB), workers: {workers}",
                f"{middle[workers]:.1f} s",
                f"{middle[1]:.1f} s with one",
                f"×{gain:.2f}, efficiency {gain / workers:.0%}",
                notes=[
                    f"Efficiency can be at most {most / workers:.0%} on {cores} cores.",
                    f"The cores were {statistics.median(busy[workers]):.0%} busy.",
                ],
                load=f"{before} → {load()}",
            )
        )
    return lines


def _job() -> None:
    radar = read_catalog("dcache:///radar/catalog.json")
    images = [get_asset(radar, "slc", item.id) for item in radar.get_items(recursive=True)]
    mean: Any = abs(xr.concat(images, "time")).mean("time").compute()
    error = float(abs(mean / mean_amplitude(SIZE) - 1).max())
    if not error < LARGEST_ERROR:
        raise ArithmeticError(f"the map is wrong by {error:.1e}")


def _cpu_s() -> float:
    """Seconds that all cores of the machine together have worked."""
    user, nice, system, *_ = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
