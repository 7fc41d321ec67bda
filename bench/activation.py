"""What the extension costs while Lab starts, in Chromium.

The functions by which our plugins are activated are timed in the page, and so is running their
modules; the whole start, until Lab has restored its layout, is compared with that of the same page
without the extension, in turn. Everything comes from the browser's cache, as on most days.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
from pathlib import Path

from bench.measured import Measured, load, rounds_of, show, spread
from bench.stand import REPOSITORY, CannotMeasureError, stand

ROUNDS = 7
BAR_MS = 50.0
LIMIT_S = 900


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Measure; one line for our own functions, one for the start as a whole."""
    if shutil.which("node") is None or not Path("/usr/bin/chromium").exists():
        raise CannotMeasureError("there is no node or no chromium")
    if not (REPOSITORY / "ui-tests" / "node_modules").exists():
        raise CannotMeasureError("`npm test -- --only browser` has not set up ui-tests yet")
    before = load()
    with stand() as place, place.jupyter() as server:
        done = subprocess.run(
            [
                "node",
                str(REPOSITORY / "bench" / "activation.mjs"),
                f"{server.url}lab?token={server.token}",
                str(rounds),
            ],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(done.stderr)
    taken = {key: sorted(each) for key, each in json.loads(done.stdout.splitlines()[-1]).items()}
    activate, without = (statistics.median(taken[key]) for key in ("activate", "without"))
    ratio = statistics.median(taken["withUs"]) / without
    loads = f"{before} → {load()}"
    return [
        Measured(
            "Activation of all plugins",
            _ms(taken["activate"]),
            "–",
            "–",
            f"≤ {BAR_MS:g} ms",
            activate <= BAR_MS,
            (f"Running their modules before that takes {_ms(taken['evaluate'])}.",),
            loads,
        ),
        Measured(
            "Lab's start until its layout is restored, without the extension = 1",
            _ms(taken["withUs"]),
            _ms(taken["without"]),
            f"{ratio:.2f} (medians)",
            "–",
            None,
            (),
            loads,
        ),
    ]


def _ms(values: list[float]) -> str:
    return spread(values, 1, " ms")


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
