"""What the extension costs while Lab starts, in Chromium.

The functions by which our plugins are activated are timed in the page, and so is running their
modules; the whole start, until Lab has restored its layout, is compared with that of the same page
without the extension, in turn. Everything comes from the browser's cache, as on most days.
"""

from __future__ import annotations

import statistics

from bench.measured import Measured, load, rounds_of, show, spread
from bench.page import measured_in_page, needs_chromium
from bench.stand import stand

ROUNDS = 7
BAR_MS = 50.0
LIMIT_S = 900


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Measure; one line for our own functions, one for the start as a whole."""
    needs_chromium()
    before = load()
    with stand() as place, place.jupyter() as server:
        told = measured_in_page("activation", server, rounds, limit_s=LIMIT_S)
    taken = {key: sorted(each) for key, each in told.items()}
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
