"""The seed's job on real Slurm: mean reflectance of images in dCache, and what the door can give.

A stack of raw complex images, opened with `open_stack`; the mean of their amplitudes is compared
with the truth. Where the door is the limit (8 MiB/s a connection, 32 MiB/s in all), efficiency is
the time that the same bytes take without any work, over as many plain connections as there are
workers, by the time of the job; both in turn, in one run. The door's rate is measured with the
first 16 images and counted for all of them. A worker of ours opens a second connection where the
first is slow, so more than 1 is possible as long as the door has more to give. Beside it the same
job as people do it today: a plain script that downloads one file after the other and averages it
with numpy, and dcachefs with dask on the same workers, which reads whole files. Both are given the
paths of the files; our job finds them in the catalog and looks where each lies, for tape. The time
that the catalog takes is told, and left out where we are held against dcachefs. Nobody looks for
values that are no data: there are none.

Where the cores are the limit (no limit at the door, 48 times the arithmetic with the same result)
efficiency is the time of the arithmetic alone, on values that are there already, by the time of the
job, on the same workers; as many as the machine has cores, of which the stand-in needs a part.

A job has about a second that doesn't grow with it: the catalog, the graph, and at the end the
partial means, 8 MiB each, that the workers send to each other when the last image has come. Real
jobs take minutes to hours. Sixteen images took four seconds, of which that second was a quarter;
40 images, for all parties, take ten at the full rate of the door, and the arithmetic ten on one
worker. More would show less of what a job costs, and takes too long with one connection: what one
and two workers do takes a minute a round, varies least, and is measured once.
"""

from __future__ import annotations

import concurrent.futures
import importlib
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import cloudpickle
import dask
import dask.array
import numpy as np
from dask.delayed import delayed

import rsdat.clusters
from bench.measured import Measured, load, rounds_of, show, spread
from bench.random_reads import OTHERS, install_dcachefs
from bench.stand import stand
from rsdat.demo.sample import make_radar_stack, mean_amplitude
from rsdat.stac import open_stack, read_catalog
from tests.support.door import Door

ROUNDS = 3
#: With so many workers and more; fewer, and the plain script, take longest and vary least.
MANY = 4
CORES_ROUNDS = 2
WORKERS = (1, 2, 4, 8)
IMAGES, SIZE = 40, 1024
#: Of these the door's own rate is measured with the first.
RATED = 16
EACH_MIB_S, TOTAL_MIB_S = 8, 32
BAR = 0.85
WORK = 48
LARGEST_ERROR = 1e-4
LIMIT_S = 300.0
CATALOG = "/radar/catalog.json"
IMAGE_BYTES = 8 * SIZE * SIZE
MIB = IMAGES * IMAGE_BYTES / 2**20


@dataclass
class _Times:
    """Seconds of each round, by who did it."""

    door: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    catalog: list[float] = field(default_factory=list)
    dcachefs: list[float] = field(default_factory=list)

    @property
    def efficiency(self) -> tuple[float, float]:
        """By the medians, and the median of the rounds' own."""
        paired = statistics.median(
            door / ours for door, ours in zip(self.door, self.ours, strict=True)
        )
        return statistics.median(self.door) / statistics.median(self.ours), paired

    @property
    def given_paths(self) -> list[float]:
        """Ours without the reading of the catalog: what dcachefs's job is."""
        return [job - catalog for job, catalog in zip(self.ours, self.catalog, strict=True)]


@dataclass
class _Work:
    """Seconds of each round: the arithmetic, and the job that has so much of it."""

    alone: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Measure; a line for each number of workers, for each other way, and for the cores.

    Raises:
        CannotMeasureError: There is no Slurm, or dcachefs can't be had.
    """
    before = load()
    # Workers can't import what is no package: its functions travel whole.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    cores = len(os.sched_getaffinity(0))
    rates = ("--rate", str(TOTAL_MIB_S * 2**20), "--rate-each", str(EACH_MIB_S * 2**20))
    # dcachefs never gives a mover back.
    limits = (*rates, "--movers", "1000000")
    by_door = {workers: _Times() for workers in WORKERS}
    script: list[float] = []
    by_cores = {workers: _Work() for workers in WORKERS if workers <= cores}
    with stand() as place, place.slurm(), place.door(*limits) as dcache:
        others = place.folder / "others"
        install_dcachefs(others)
        make_radar_stack(str(dcache.root / "radar"), n=IMAGES, size=SIZE)
        cluster = rsdat.clusters.create(cores=1, memory="700MiB", workers=WORKERS[0])
        try:
            with cluster.client() as client:
                for workers in WORKERS:
                    cluster.scale(workers)
                    cluster.wait_for_workers(workers, LIMIT_S)
                    client.run(_first_uses)
                    _small_job()
                    many = rounds if workers >= MANY else 1
                    for number in range(many):
                        times = by_door[workers]
                        times.door.append(_bytes_alone(dcache, workers))
                        times.ours.append(_took(partial(_job, catalog=times.catalog)))
                        times.dcachefs.append(_took(lambda: _dcachefs_job(dcache, others)))
                        _say(f"{workers} workers, round {number + 1}/{many}", vars(times))
                script.append(_took(lambda: _script(dcache, place.folder)))
                _say("plain script", {"script": script})
                dcache.configure(bytes_per_s=None, bytes_per_s_each=None)
                for workers in by_cores:
                    cluster.scale(workers)
                    cluster.wait_for_workers(workers, LIMIT_S)
                    _small_job()
                    many = min(rounds, CORES_ROUNDS)
                    for number in range(many):
                        work = by_cores[workers]
                        work.alone.append(_took(_arithmetic_alone))
                        work.ours.append(_took(partial(_job, WORK)))
                        _say(f"{workers} workers, much work {number + 1}/{many}", vars(work))
        finally:
            cluster.close()
    loads = f"{before} → {load()}"
    return [
        *(_door_line(workers, times, loads) for workers, times in by_door.items()),
        *_other_lines(by_door, script, loads),
        *(_cores_line(workers, by_cores, loads) for workers in by_cores),
    ]


def _door_line(workers: int, times: _Times, loads: str) -> Measured:
    medians, paired = times.efficiency
    rate = MIB / statistics.median(times.door)
    return Measured(
        f"Mean reflectance of {IMAGES} images ({MIB:.0f} MiB), door limited to {EACH_MIB_S} MiB/s "
        f"a connection and {TOTAL_MIB_S} in all, workers: {workers}",
        spread(times.ours, 1),
        f"the bytes alone: {spread(times.door, 1)}, {rate:.0f} MiB/s",
        f"efficiency {medians:.2f} (medians), {paired:.2f} (paired)",
        f"≥ {BAR:g}",
        min(medians, paired) >= BAR,
        [f"of it the catalog: {spread(times.catalog, 1)}"],
        loads,
    )


def _other_lines(by_door: dict[int, _Times], script: list[float], loads: str) -> list[Measured]:
    most = max(by_door)
    ours = statistics.median(by_door[most].ours)
    lines = [
        Measured(
            f"The same against a plain script (download, then numpy), workers: {most}",
            spread(by_door[most].ours, 1),
            f"script: {spread(script, 1)}",
            f"×{statistics.median(script) / ours:.1f} as fast",
            load=loads,
        )
    ]
    for workers, times in by_door.items():
        medians = statistics.median(times.dcachefs) / statistics.median(times.given_paths)
        lines.append(
            Measured(
                f"The same against {OTHERS[0].replace('==', ' ')} and dask, which are given the "
                f"paths (ours without the catalog's reading), workers: {workers}",
                spread(times.given_paths, 1),
                f"dcachefs: {spread(times.dcachefs, 1)}",
                f"×{medians:.2f} as fast",
                load=loads,
            )
        )
    return lines


def _cores_line(workers: int, by_cores: dict[int, _Work], loads: str) -> Measured:
    work = by_cores[workers]
    medians = statistics.median(work.alone) / statistics.median(work.ours)
    paired = statistics.median(a / b for a, b in zip(work.alone, work.ours, strict=True))
    gain = statistics.median(by_cores[1].ours) / statistics.median(work.ours)
    return Measured(
        f"Mean reflectance with {WORK} times the arithmetic, no limit at the door, "
        f"workers: {workers}",
        spread(work.ours, 1),
        f"the arithmetic alone: {spread(work.alone, 1)}",
        f"efficiency {medians:.2f} (medians), {paired:.2f} (paired)",
        f"≥ {BAR:g}",
        min(medians, paired) >= BAR,
        [f"×{gain:.2f} as fast as one worker; the stand-in works on the same cores."],
        loads,
    )


def _job(work: int = 1, catalog: list[float] | None = None) -> None:
    """The whole job; notes in `catalog` the seconds that reading that took of it."""
    began = time.monotonic()
    items = list(read_catalog(f"dcache://{CATALOG}").get_items(recursive=True))
    if catalog is not None:
        catalog.append(time.monotonic() - began)
    stack: Any = open_stack(items, "slc")
    amplitude = abs(stack) if work == 1 else stack.data.map_blocks(_amplitude, work, dtype="f4")
    mean = amplitude.mean("time", skipna=False) if work == 1 else amplitude.mean(0)
    _check(np.asarray(mean))


def _small_job() -> None:
    """A few rows of each image: what only first uses cost is paid by nobody's round."""
    stack: Any = open_stack(f"dcache://{CATALOG}", "slc", chunks={"y": 8})
    abs(stack[:, :8]).mean("time", skipna=False).compute()


def _arithmetic_alone() -> None:
    shape, chunks = (IMAGES, SIZE, SIZE), (1, SIZE, SIZE)
    values = dask.array.full(shape, 1 + 1j, chunks=chunks, dtype="c8")
    mean = values.map_blocks(_amplitude, WORK, dtype="f4").mean(0).compute()
    if not np.allclose(mean, np.sqrt(2)):
        raise ArithmeticError("the arithmetic is wrong")


def _amplitude(block: Any, work: int) -> Any:
    """The amplitude, by way of decibels, so many times; each of them gives the same."""
    for _ in range(work):
        decibels = 10 * np.log10(np.abs(block) ** 2)
    return 10 ** (decibels / 20)


def _check(mean: Any) -> None:
    error = float(abs(mean / mean_amplitude(SIZE) - 1).max())
    if not error < LARGEST_ERROR:
        raise ArithmeticError(f"the map is wrong by {error:.1e}")


def _paths(dcache: Door) -> list[str]:
    files = sorted((dcache.root / "radar").glob("slc-stack/*/slc.raw"))
    return [f"/{file.relative_to(dcache.root)}" for file in files]


def _bytes_alone(dcache: Door, connections: int) -> float:
    """Seconds for the bytes of all images, at the door's own rate over so many connections."""
    return _took(partial(_door_alone, dcache, connections)) * IMAGES / RATED


def _door_alone(dcache: Door, connections: int) -> None:
    """The bytes of the first images, over so many connections, and thrown away."""

    def read(path: str) -> int:
        request = urllib.request.Request(dcache.path_url(path), headers=dcache.headers)
        size = 0
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
            while chunk := answer.read(2**20):
                size += len(chunk)
        return size

    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        if sum(pool.map(read, _paths(dcache)[:RATED])) != RATED * IMAGE_BYTES:
            raise AssertionError("the door gave other bytes than there are")


def _dcachefs_job(dcache: Door, others: Path) -> None:
    """One task an image, as stac2dcache's users write it: the whole file, then numpy."""
    options = {"api_url": dcache.api_url, "webdav_url": dcache.webdav_url}
    token_file = str(others.parent / "home" / "bench.token")
    image = delayed(_read_by_dcachefs)
    images = [image(path, str(others), token_file, options) for path in _paths(dcache)]
    arrays = [dask.array.from_delayed(each, (SIZE, SIZE), "f4") for each in images]
    _check(dask.array.stack(arrays).mean(0).compute())


def _read_by_dcachefs(path: str, others: str, token_file: str, options: dict[str, str]) -> Any:
    sys.path.append(others)
    try:
        module = importlib.import_module("dcachefs.dcachefs")
    finally:
        sys.path.remove(others)
    filesystem = module.dCacheFileSystem(**options, token=Path(token_file).read_text().strip())
    with filesystem.open(path, "rb", block_size=0) as file:
        data = file.read()
    return np.abs(np.frombuffer(data, "<c8").reshape(SIZE, SIZE))


_SCRIPT = """
import os, sys, urllib.request
import numpy as np
from dask.delayed import delayed

header = {"Authorization": "Bearer " + os.environ["TOKEN"]}

size, folder, output, *urls = sys.argv[1:]
total = 0
for url in urls:
    request = urllib.request.Request(url, headers=header)
    file = os.path.join(folder, "image.raw")
    with urllib.request.urlopen(request, timeout=300) as answer, open(file, "wb") as target:
        while chunk := answer.read(2**20):
            target.write(chunk)
    total = total + np.abs(np.fromfile(file, "<c8").reshape(int(size), int(size)))
np.save(output, total / len(urls))
"""


def _script(dcache: Door, folder: Path) -> None:
    output = folder / "mean.npy"
    urls = [dcache.path_url(path) for path in _paths(dcache)]
    argv = [sys.executable, "-c", _SCRIPT, str(SIZE), str(folder), str(output), *urls]
    env = {**os.environ, "TOKEN": dcache.token}
    subprocess.run(argv, check=True, timeout=LIMIT_S, env=env)
    _check(np.load(output))


def _first_uses() -> None:
    """In each worker, which then has its imports and its connection, whoever gets which task."""
    with dask.config.set(scheduler="synchronous"):
        _small_job()


def _took(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _say(what: str, times: dict[str, list[float]]) -> None:
    figures = ", ".join(f"{name} {values[-1]:.1f} s" for name, values in times.items())
    print(f"{what}: {figures}, load {load()}", flush=True)


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
