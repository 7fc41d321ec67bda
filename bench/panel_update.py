"""One update of the Clusters panel with 50 clusters and 2 000 jobs, in Chromium.

The page gets the companion's answer in two versions in turn, in which every job and every worker
has changed; then, with the same clusters standing still, a look at how busy each of them is, which
all sparklines and progress bars follow. What counts is what the main thread works for script, style
and layout, less what it does in as long a time without an update.
"""

from __future__ import annotations

import copy
import json
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench import reconcile_pass
from bench.measured import Measured, load, rounds_of, show, spread
from bench.page import measured_in_page, needs_chromium
from bench.stand import Jupyter, stand

ROUNDS = 12
BAR_MS = 16.0
LIMIT_S = 400
#: As the companion looks at schedulers that compute, and as many looks as the lines show.
LOOK_S = 2
LOOKS = 88


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Measure; a line for the clusters and one for their sparklines."""
    needs_chromium()
    clusters = reconcile_pass.views()
    many = f"{reconcile_pass.CLUSTERS} clusters"
    jobs = f"with {reconcile_pass.JOBS} jobs that all changed"
    with stand() as place, place.jupyter() as server:
        file = place.folder / "answers.json"
        file.write_text(
            json.dumps({"clusters": _changing(clusters), "pulse": [_pulse([], ())] * 2})
        )
        lines = [_line(f"Update of the panel, {many} {jobs}", server, file, "clusters", rounds)]
        still = _changing(clusters)[0]
        # No sample is too old for the page before the end: each look adds to what is drawn.
        earlier = _pulse(clusters, range(LOOKS * LOOK_S, 0, -LOOK_S))
        looks = [_pulse(clusters, [0], done) for done in range(3)]
        file.write_text(json.dumps({"clusters": [still, still], "pulse": [earlier, *looks]}))
        lines.append(_line(f"Update of the sparklines, {many}", server, file, "pulse", rounds))
    return lines


def _line(what: str, server: Jupyter, file: Path, measured: str, rounds: int) -> Measured:
    before = load()
    took = sorted(measured_in_page("panel_update", server, file, measured, rounds, limit_s=LIMIT_S))
    return Measured(
        what,
        spread(took, 1).replace(" s", " ms"),
        "–",
        "–",
        f"≤ {BAR_MS:g} ms",
        statistics.median(took) <= BAR_MS,
        (),
        f"{before} → {load()}",
    )


def _changing(clusters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first = copy.deepcopy(clusters)
    # So that the page asks again soon.
    first[0]["state"] = "starting"
    changed = copy.deepcopy(first)
    for cluster in changed:
        cluster["cost"]["core_hours"] += 1
        for job in cluster["jobs"]:
            job["time_left"] -= 5
            for worker in job["workers"]:
                worker["memory"] += 2**20
                worker["cpu"] = 42.0
    rest: dict[str, Any] = {"damaged": [], "queue_problem": None, "queue_seen": None}
    return [{"clusters": each, **rest} for each in (first, changed, first)]


def _pulse(clusters: list[dict[str, Any]], ages: Iterable[int], done: int = 0) -> dict[str, Any]:
    """A look at clusters that compute; all that is known if there is more than one sample."""
    samples = [[age, 40 + (age + done) % 50, 55, 40, 500 - done, 0] for age in ages]
    tasks = {"processing": 40, "queued": 500 - done, "no_worker": 0, "waiting": 100}
    run = {"running": True, "done": 100 + done, "total": 1000, "erred": 0, "seconds": 60 + done}
    part = {"name": "mean", "processing": 40, "done": 100 + done, "total": 1000, "erred": 0}
    now = {
        "workers": 40,
        "paused": 0,
        "cores": 160,
        "cpu": 50 + done,
        "memory": 2**34 + done,
        "memory_limit": 2**38,
        "spilled": 0,
        "tasks": {**tasks, "in_memory": 100 + done, "erred": 0},
        "run": {**run, "parts": [part]},
    }
    one = {"state": "live", "age": 0, "now": now, "samples": samples}
    return {
        "cursor": f"look-{done}",
        "whole": len(samples) != 1,
        "next": LOOK_S,
        "clusters": [{"id": cluster["id"], **one} for cluster in clusters],
    }


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
