"""How often Slurm is asked with 10 clusters and 3 browser tabs, and when nobody looks.

Slurm's commands are wrapped by a script on the PATH that writes down each call. Three tabs read the
list of clusters as the panel does while nothing moves, every 30 s. First while they look, then
after they were closed: what nobody looks at must not be asked for.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import Counter
from pathlib import Path

from bench.measured import Measured, load, rounds_of, show
from bench.stand import CannotMeasureError, Jupyter, Stand, stand, until

ROUNDS = 1
CLUSTERS = 10
TABS = 3
#: As the panel does while nothing moves (src/clusters/model.ts).
TAB_S = 30.0
BAR = 6.0
#: After a change it is looked at more often for a while; then for so long it is counted.
CALM_S = 120.0
WATCHED_S = 180.0
FORGOTTEN_S = 60.0
UNWATCHED_S = 90.0
LIMIT_S = 240.0
COMMANDS = ("squeue", "sacct", "scontrol", "sinfo", "sacctmgr", "sbatch", "scancel")
OPTIONS = {"cores": 1, "memory": "600MiB", "walltime": "01:00:00"}


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Count; two lines."""
    before = load()
    with stand() as place, place.slurm():
        calls = _wrap(place)
        with place.jupyter() as server:
            for _ in range(CLUSTERS):
                server.ask("POST", "api/clusters", {"workers": 1, "options": OPTIONS})
            until(lambda: _all_connected(server), LIMIT_S, 1.0)
            watched, unwatched = [], []
            for _ in range(rounds):
                with _Tabs(server):
                    time.sleep(CALM_S)
                    watched.append(_counted(calls, WATCHED_S))
                time.sleep(FORGOTTEN_S)
                unwatched.append(_counted(calls, UNWATCHED_S))
    seen, unseen = sum(watched, Counter()), sum(unwatched, Counter())
    per_minute = sum(seen.values()) / (rounds * WATCHED_S / 60)
    after = f"{before} → {load()}"
    return [
        Measured(
            f"Slurm's commands a minute, {CLUSTERS} clusters × {TABS} tabs",
            f"{per_minute:.1f}",
            "–",
            "–",
            f"≤ {BAR:g}",
            per_minute <= BAR,
            [_told(seen)],
            after,
        ),
        Measured(
            f"Slurm's commands in {UNWATCHED_S:g} s in which nobody looks",
            str(sum(unseen.values())),
            "–",
            "–",
            "0",
            not unseen,
            [_told(unseen)] if unseen else (),
            after,
        ),
    ]


def _wrap(place: Stand) -> Path:
    """Put a script before each of Slurm's commands; returns the file that lists the calls."""
    folder, calls = place.folder / "wrapped", place.folder / "calls"
    folder.mkdir()
    calls.touch()
    for name in COMMANDS:
        program = shutil.which(name)
        if program is None:
            raise CannotMeasureError(f"{name} is not installed")
        script = folder / name
        script.write_text(f'#!/bin/sh\necho {name} >> {calls}\nexec {program} "$@"\n')
        script.chmod(0o755)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return calls


def _counted(calls: Path, seconds: float) -> Counter[str]:
    before = len(calls.read_text().split())
    time.sleep(seconds)
    return Counter(calls.read_text().split()[before:])


def _told(calls: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in calls.most_common()) + "."


def _all_connected(server: Jupyter) -> bool:
    clusters = server.ask("GET", "api/clusters")["clusters"]
    return len(clusters) == CLUSTERS and all(each["workers"]["connected"] == 1 for each in clusters)


class _Tabs:
    """Browser tabs that look at the clusters, until the end of a `with` block."""

    def __init__(self, server: Jupyter) -> None:
        self._server = server
        self._closed = threading.Event()
        self._threads = [threading.Thread(target=self._look) for _ in range(TABS)]

    def _look(self) -> None:
        while not self._closed.is_set():
            self._server.ask("GET", "api/clusters")
            self._closed.wait(TAB_S)

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *exception: object) -> None:
        self._closed.set()
        for thread in self._threads:
            thread.join()


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
