"""Scrolling the dCache panel through 200 000 entries, in Chromium.

The page gets each page of the listing from here, made up; what is measured is the page alone: how
long each frame took while the list is turned by the wheel through thousands of rows and then flown
through by its scroll bar, and how many elements the panel has. Without a GPU Chromium draws by the
processor, which no user's does; the main thread's time a frame says what 60 Hz would leave.
"""

from __future__ import annotations

from bench.measured import Measured, load, rounds_of, show, spread
from bench.page import measured_in_page, needs_chromium
from bench.stand import stand

ROUNDS = 5
ENTRIES = 200_000
FRAME_MS = 1000 / 60
MAX_NODES = 1000
LIMIT_S = 300


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Measure; two lines."""
    needs_chromium()
    before = load()
    with stand() as place, place.jupyter() as server:
        found = measured_in_page("panel_scroll", server, ENTRIES, rounds, limit_s=LIMIT_S)
    work = sorted(found["work_ms"])
    worst = work[min(len(work) - 1, int(0.95 * len(work)))]
    return [
        Measured(
            f"Scrolling {ENTRIES:,} entries: work of a frame, 95 % of {len(work)} frames",
            spread(work, 1, " ms"),
            "–",
            f"{worst:.1f} ms",
            f"≤ {FRAME_MS:.1f} ms (60 Hz)",
            worst <= FRAME_MS,
            (
                f"frames drawn: {found['fps']:.0f} a second, without a GPU",
                f"longest frame's work: {work[-1]:.1f} ms",
            ),
            f"{before} → {load()}",
        ),
        Measured(
            f"Elements of the panel with {ENTRIES:,} entries",
            str(found["nodes"]),
            "–",
            "–",
            f"< {MAX_NODES}",
            found["nodes"] < MAX_NODES,
            (),
            f"{before} → {load()}",
        ),
    ]


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
