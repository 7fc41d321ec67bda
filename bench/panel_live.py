"""A change at the door to its row in the dCache panel, in Chromium.

Files of a folder that the panel shows are made and deleted at the door by its WebDAV side, past the
companion, with pauses of random length between. The clock starts when the request for the change is
sent, so that the door's own work is in it, and stops in the frame in which the row is drawn or
gone. Events of a folder are gathered for 0.2 s before the page is told.
"""

from __future__ import annotations

import json
import statistics

from bench.measured import Measured, load, rounds_of, show, spread
from bench.page import measured_in_page, needs_chromium
from bench.stand import stand

#: Changes; half of them make a file.
ROUNDS = 50
FILES = 20
BAR_S = 1.0
LIMIT_S = 400
FOLDER = "live"
#: What may not stand on a command line: it holds a token.
_DOOR = "RSDAT_BENCH_DOOR"


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Measure; one line."""
    needs_chromium()
    before = load()
    with stand() as place, place.door() as dcache:
        dcache.write_endpoint(place.home, name="bench", folder=f"/{FOLDER}")
        folder = dcache.root / FOLDER
        folder.mkdir()
        for number in range(FILES):
            (folder / f"scene-{number:02}.tif").write_bytes(b"x")
        with place.jupyter() as server:
            door = {"url": dcache.webdav_url, "token": dcache.token, "folder": FOLDER}
            took_ms = measured_in_page(
                "panel_live", server, rounds, limit_s=LIMIT_S, env={_DOOR: json.dumps(door)}
            )
    took = sorted(each / 1000 for each in took_ms)
    worst = took[min(len(took) - 1, int(0.95 * len(took)))]
    return [
        Measured(
            f"A change at the door → its row in the panel, 95 % of {len(took)} changes",
            spread(took),
            "–",
            f"{worst:.2f} s",
            f"≤ {BAR_S:g} s",
            max(worst, statistics.median(took)) <= BAR_S,
            (),
            f"{before} → {load()}",
        )
    ]


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
