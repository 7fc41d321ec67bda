"""The index of a catalog against PySTAC's walk: first rows, all of them, again, and questions.

    python bench/stac_index.py [--items 100000] [--peer-items 5000] [--folder DIR]

A catalog of one collection with each item in a folder of its own, as PySTAC writes it, on the local
disk. Every measured thing runs in a process of its own, so that memory is its own too. The peer is
`pystac.Catalog.get_items(recursive=True)`, which has nothing to open a second time.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

QUESTIONS = {
    "page, newest first": {},
    "page, sorted by id": {"sort": "id"},
    "page, last": {"offset": 10**9},
    "area": {"bbox": "-10,-60,10,60"},
    "time": {"datetime": "2024-03-01/2024-05-31"},
    "text": {"text": "0042"},
}


def measured_index(path: str) -> dict[str, Any]:
    """Open, wait for the first rows and for all, then ask."""
    import threading

    from rsdat.stac.index import open_index, parse_filter

    began_s = time.perf_counter()
    index = open_index(path)
    first_s = None
    while not index.settled:
        if first_s is None and len(index.table):
            first_s = time.perf_counter() - began_s
        threading.Event().wait(0.002)
    first_s = first_s or time.perf_counter() - began_s
    whole_s = time.perf_counter() - began_s
    if not index.complete:
        raise SystemExit(f"it is not complete: {index.failure}")
    rows = len(index.table)
    answers = {}
    for name, asked in QUESTIONS.items():
        answers[name] = timed(functools.partial(ask_page, index, rows, **asked))
    wanted = parse_filter()
    answers["summary"] = timed(lambda: index.summary(wanted))
    answers["footprints, 2000"] = timed(lambda: index.footprints(wanted, 2000))
    result = {
        "rows": rows,
        "first_s": first_s,
        "whole_s": whole_s,
        "kept_at": index.kept_at,
        "memory_mib": peak_mib(),
        "answers_ms": answers,
    }
    index.close()
    return result


def ask_page(
    index: Any, rows: int, sort: str = "-datetime", offset: int = 0, **asked: Any
) -> dict[str, Any]:
    """A page of 200, its filter read too."""
    from rsdat.stac.index import parse_filter

    page: dict[str, Any] = index.page(parse_filter(**asked), sort, min(offset, rows - 200))
    return page


def measured_peer(path: str) -> dict[str, Any]:
    """PySTAC's walk."""
    import pystac

    began_s = time.perf_counter()
    first_s, rows = None, 0
    for _ in pystac.Catalog.from_file(path).get_items(recursive=True):
        first_s = first_s or time.perf_counter() - began_s
        rows += 1
    whole_s = time.perf_counter() - began_s
    return {"rows": rows, "first_s": first_s, "whole_s": whole_s, "memory_mib": peak_mib()}


def timed(ask: Any) -> dict[str, float]:
    """Median and longest of eleven, the very first apart."""
    first = once(ask)
    later = [once(ask) for _ in range(11)]
    return {"first": first, "median": statistics.median(later), "longest": max(later)}


def once(ask: Any) -> float:
    """Milliseconds that one call takes."""
    began_s = time.perf_counter()
    ask()
    return round((time.perf_counter() - began_s) * 1000, 1)


def peak_mib() -> float:
    """The most memory that this process had."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def apart(what: str, path: Path, home: Path) -> dict[str, Any]:
    """One measurement in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--measure", what, "--folder", str(path)],
        env={**os.environ, "RSDAT_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    value: dict[str, Any] = json.loads(done.stdout)
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--peer-items", type=int, default=5_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--measure", choices=["index", "peer"])
    asked = parser.parse_args()
    if asked.measure:
        measure = measured_index if asked.measure == "index" else measured_peer
        print(json.dumps(measure(str(asked.folder))))
        return
    from tests.support.stac_catalog import item, write, write_deep

    folder = Path(tempfile.mkdtemp(prefix="rsdat-bench-", dir=asked.folder))
    try:
        large = write_deep(folder / "large", asked.items)
        small = write_deep(folder / "small", asked.peer_items)
        results = {
            "first opening": apart("index", large, folder / "home"),
            "second opening": apart("index", large, folder / "home"),
        }
        for number in range(100):
            name = f"scene-{number:06}"
            value = item(number, platform="changed")
            write(large.parent / "scenes" / name / f"{name}.json", value)
        results["100 items changed"] = apart("index", large, folder / "home")
        results[f"{asked.peer_items} items"] = apart("index", small, folder / "home2")
        results[f"PySTAC, {asked.peer_items} items"] = apart("peer", small, folder / "home2")
        kept = large.parent / "catalog.items.parquet"
        results["kept file, MiB"] = {"size": round(kept.stat().st_size / 2**20, 1)}
        print(json.dumps(results, indent=1))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
