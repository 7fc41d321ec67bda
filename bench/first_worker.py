"""Click to first worker: the companion against a scheduler and an sbatch written by hand.

Clicking is what the panel does: one POST to a live Jupyter server. By hand: `dask scheduler`, and
in the same moment `sbatch` of `dask worker`, without encryption. Both end when the scheduler knows
the worker, which is asked in the same way every 20 ms. The pauses between are random, because
Slurm starts jobs in a rhythm of its own.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from distributed.core import rpc
from distributed.security import Security

from bench.measured import Measured, Rounds, load, rounds_of, show, spread
from bench.stand import VENV_BIN, Jupyter, Stand, shut_down, stand, until
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.link import security
from tests.support.slurm_site import SlurmSite

ROUNDS = 8
BAR = 1.05
LIMIT_S = 90.0
LOOK_S = 0.02
# Slurm's own rhythm in the private site is one second; several of them are crossed.
PHASE_S = 3.0
OPTIONS = {"cores": 1, "memory": "1GiB", "walltime": "00:30:00"}
SCRIPT = """\
#!/usr/bin/env bash
#SBATCH -J by-hand -n 1 --cpus-per-task=1 --mem=1024M -t 00:30:00
#SBATCH -o {folder}/worker.log
exec {dask} worker --scheduler-file {folder}/scheduler.json --nthreads 1 --memory-limit 768MiB \
--no-dashboard --death-timeout 60
"""


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Compare; one line."""
    before = load()
    compared = Rounds()
    shown: list[float] = []
    answered: list[float] = []
    with stand() as place, place.slurm() as site, place.jupyter() as server:
        compared.run(
            rounds,
            lambda: _click(place, site, server, answered, shown),
            lambda: _by_hand(place, site),
            "first worker",
        )
    ratio = max(compared.median_ratio, compared.paired_ratio)
    return [
        Measured(
            "Click → first worker connected, by hand = 1",
            spread(compared.ours),
            spread(compared.other),
            f"{compared.median_ratio:.2f} (medians), {compared.paired_ratio:.2f} (paired)",
            f"≤ {BAR}",
            ratio <= BAR,
            [
                f"The POST was answered after {spread(answered, 3)}.",
                f"The card said so after {spread(shown)}.",
            ],
            f"{before} → {load()}",
        )
    ]


def _click(
    place: Stand, site: SlurmSite, server: Jupyter, answered: list[float], shown: list[float]
) -> float:
    _rest(site)
    began = time.monotonic()
    cluster = server.ask("POST", "api/clusters", {"workers": 1, "options": OPTIONS})["id"]
    answered.append(time.monotonic() - began)
    folder = ClusterFolder(place.home / "clusters" / cluster)
    took = asyncio.run(_until_known(folder.scheduler_file, lambda: security(folder))) - began
    until(
        lambda: server.ask("GET", f"api/clusters/{cluster}")["workers"]["connected"] == 1, LIMIT_S
    )
    shown.append(time.monotonic() - began)
    shut_down(server, cluster)
    return took


def _by_hand(place: Stand, site: SlurmSite) -> float:
    folder = place.folder / f"by-hand-{time.monotonic_ns()}"
    folder.mkdir()
    script = folder / "worker.sh"
    script.write_text(SCRIPT.format(folder=folder, dask=VENV_BIN / "dask"))
    argv = [str(VENV_BIN / "dask"), "scheduler", "--port", "0", "--dashboard-address", ":0"]
    argv += ["--scheduler-file", str(folder / "scheduler.json")]
    _rest(site)
    began = time.monotonic()
    with (folder / "scheduler.log").open("wb") as log:
        scheduler = subprocess.Popen(argv, stdout=log, stderr=log)
    try:
        job = site.command("sbatch", "--parsable", str(script)).stdout.strip()
        took = asyncio.run(_until_known(folder / "scheduler.json", Security)) - began
        site.command("scancel", job)
    finally:
        scheduler.terminate()
        scheduler.wait(LIMIT_S)
    return took


def _rest(site: SlurmSite) -> None:
    """Until nothing of the last round runs, and then to a random phase of Slurm's rhythm."""
    site.wait_idle()
    time.sleep(random.uniform(0.5, 0.5 + PHASE_S))


async def _until_known(file: Path, keys: Callable[[], Security]) -> float:
    """The moment at which the scheduler of this file knows a worker."""

    async def look() -> float:
        while not (address := _address(file)):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(LOOK_S)
        arguments = keys().get_connection_args("client")
        async with rpc(address, connection_args=arguments) as line:
            while not (await line.identity())["workers"]:  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(LOOK_S)
            return time.monotonic()

    return await asyncio.wait_for(look(), LIMIT_S)


def _address(file: Path) -> str | None:
    try:
        return str(json.loads(file.read_text())["address"])
    except (OSError, ValueError):
        return None


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
