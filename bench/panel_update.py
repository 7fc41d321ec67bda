"""One update of the Clusters panel with 50 clusters and 2 000 jobs, in Chromium.

The page gets the companion's answer in two versions in turn, in which every job and every worker
has changed. What counts is what the main thread works for script, style and layout, less what it
does in as long a time without an update.
"""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from bench import reconcile_pass
from bench.measured import Measured, load, rounds_of, show, spread
from bench.stand import REPOSITORY, CannotMeasureError, stand

ROUNDS = 12
BAR_MS = 16.0
LIMIT_S = 400


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Measure; one line."""
    if shutil.which("node") is None or not Path("/usr/bin/chromium").exists():
        raise CannotMeasureError("there is no node or no chromium")
    if not (REPOSITORY / "ui-tests" / "node_modules").exists():
        raise CannotMeasureError("`npm test -- --only browser` has not set up ui-tests yet")
    before = load()
    answers = _answers()
    with stand() as place, place.jupyter() as server:
        file = place.folder / "answers.json"
        file.write_text(json.dumps(answers))
        done = subprocess.run(
            [
                "node",
                str(REPOSITORY / "bench" / "panel_update.mjs"),
                f"{server.url}lab?token={server.token}",
                str(file),
                str(rounds),
            ],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(done.stderr)
    took = sorted(json.loads(done.stdout.strip().splitlines()[-1]))
    middle = took[len(took) // 2]
    return [
        Measured(
            f"Update of the panel, {reconcile_pass.CLUSTERS} clusters with "
            f"{reconcile_pass.JOBS} jobs that all changed",
            spread(took, 1).replace(" s", " ms"),
            "–",
            "–",
            f"≤ {BAR_MS:g} ms",
            middle <= BAR_MS,
            (),
            f"{before} → {load()}",
        )
    ]


def _answers() -> list[dict[str, Any]]:
    clusters = reconcile_pass.views()
    # So that the page asks again soon.
    clusters[0]["state"] = "starting"
    changed = copy.deepcopy(clusters)
    for cluster in changed:
        cluster["cost"]["core_hours"] += 1
        for job in cluster["jobs"]:
            job["time_left"] -= 5
            for worker in job["workers"]:
                worker["memory"] += 2**20
                worker["cpu"] = 42.0
    rest: dict[str, Any] = {"damaged": [], "queue_problem": None, "queue_seen": None}
    return [{"clusters": each, **rest} for each in (clusters, changed)]


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
