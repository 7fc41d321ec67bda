"""The estimate before a copy of a catalog's assets, asked of a live Jupyter server.

The catalog lies in the stand-in as PySTAC writes it, each item in its folder beside its file, and
is read into its index before; what is timed is one POST as the dialog sends it. Of more than 500
items an even choice is looked at, and of their files 300 are asked about; then some first bytes are
read for at most two seconds, which is part of it. The stand-in answers at once; a real door takes
some ten milliseconds for each of these questions, of which 16 go side by side.
"""

from __future__ import annotations

import time
from typing import Any

from bench.measured import Measured, load, rounds_of, show, spread
from bench.stand import Jupyter, stand, until

ROUNDS = 5
ITEMS = 20_000
BAR_S = 10.0
LIMIT_S = 300.0
FILE_BYTES = 100_000


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Measure; one line."""
    from tests.support.stac_catalog import write_deep

    before = load()
    took: list[float] = []
    with stand() as place, place.door() as dcache:
        write_deep(dcache.root / "cat", ITEMS)
        for folder in (dcache.root / "cat" / "scenes").iterdir():
            if folder.is_dir():
                with (folder / f"{folder.name}-red.tif").open("wb") as file:
                    file.truncate(FILE_BYTES)
        (dcache.root / "to").mkdir()
        with place.jupyter() as server:
            href = "dcache://cat/catalog.json"
            until(lambda: _is_read(server, href), LIMIT_S, every_s=0.5)
            request = {
                "href": href,
                "endpoint": "bench",
                "assets": ["red"],
                "to": {"endpoint": "bench", "path": "/to/new"},
            }
            for number in range(rounds):
                began_s = time.monotonic()
                found = server.ask("POST", "api/stac/copies/estimate", request)
                took.append(time.monotonic() - began_s)
                print(f"{number + 1}/{rounds}: {took[-1]:.2f} s, load {load()}", flush=True)
    if (found["items"], found["files"], found["by_doors"]) != (ITEMS, ITEMS, ITEMS):
        raise RuntimeError(f"that is another catalog: {found}")
    return [
        Measured(
            f"Estimate of a copy of {ITEMS} items in the stand-in",
            spread(took),
            "–",
            "–",
            f"≤ {BAR_S:g} s",
            max(took) <= BAR_S,
            (),
            f"{before} → {load()}",
        )
    ]


def _is_read(server: Jupyter, href: str) -> bool:
    page: dict[str, Any] = server.ask(
        "GET", f"api/stac/items?href={href}&endpoint=bench&offset=0&limit=1"
    )
    return bool(page["complete"])


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
