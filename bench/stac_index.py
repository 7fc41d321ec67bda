"""The index of a catalog against PySTAC's walk, on the local disk and from the dCache stand-in.

A catalog of one collection with each item in a folder of its own, as PySTAC writes it. The peer is
`pystac.Catalog.get_items(recursive=True)`, which reads one item after another and has nothing to
open a second time; from dCache it reads through `DCacheFileSystem`, as the index does. Whole means
for ours that the index is kept, too. Each opening is a process of its own, so that memory is its
own; it has opened a small catalog before, because imports are not counted. A large catalog is
opened by ours alone.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.measured import Measured, Rounds, load, rounds_of, show, spread

ROUNDS = 3
LARGE = 100_000
LOCAL = 5_000
REMOTE = 1_000
CHANGED = 100
#: As many as the largest page that is asked for.
PRACTICE = 200
LIMIT_S = 900
WHOLE_S = 60.0
MEMORY_MIB = 300.0
AGAIN = 5.0
#: What the measured process may not find on its command line: it holds a token.
_OPTIONS = "RSDAT_BENCH_STORAGE"

QUESTIONS: dict[str, dict[str, Any]] = {
    "page, newest first": {},
    "page, sorted by id": {"sort": "id"},
    "page, last": {"offset": 10**9},
    "area": {"bbox": "-10,-60,10,60"},
    "time": {"datetime": "2024-03-01/2024-05-31"},
    "text": {"text": "0042"},
}


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Compare; lines for the local disk, the stand-in and a large catalog."""
    from tests.support.door import door
    from tests.support.stac_catalog import write_deep

    folder = Path(tempfile.mkdtemp(prefix="rsdat-bench-"))
    try:
        lines = _compared(
            f"{LOCAL} items on the local disk",
            _Case(str(write_deep(folder / "local", LOCAL)), folder / "local", folder),
            rounds,
        )
        with door(folder / "door", movers=1_000_000) as dcache:
            write_deep(dcache.root / "cat", REMOTE)
            options = {
                "api_url": dcache.api_url,
                "webdav_url": dcache.webdav_url,
                "token": dcache.token,
            }
            case = _Case("dcache://cat/catalog.json", dcache.root / "cat", folder, options)
            lines += _compared(f"{REMOTE} items in the stand-in", case, rounds)
        lines.append(_large(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return lines


class _Case:
    """A catalog that both open.

    Args:
        href: Of the catalog.
        folder: Where its files lie on this disk.
        home: Where `RSDAT_HOME` is made.
        options: For its file system.
    """

    def __init__(
        self, href: str, folder: Path, home: Path, options: dict[str, Any] | None = None
    ) -> None:
        self.href = href
        self._folder = folder
        self._home = home / "home"
        self._options = options or {}
        self.again_s: list[float] = []
        self.first_s: list[float] = []

    def ours(self) -> float:
        """Seconds for the whole of it; opened again for `again_s`."""
        self.forget()
        result = self.opened("index")
        self.first_s.append(result["first_s"])
        self.again_s.append(self.opened("index")["whole_s"])
        return float(result["whole_s"])

    def peer(self) -> float:
        """Seconds of PySTAC's walk."""
        return float(self.opened("peer")["whole_s"])

    def forget(self) -> None:
        """Nothing is kept any more."""
        for path in self._folder.glob("*.items.parquet"):
            path.unlink()

    def opened(self, what: str) -> dict[str, Any]:
        """One measurement in a process of its own."""
        done = subprocess.run(
            [sys.executable, __file__, "--measure", what, self.href],
            env={
                **os.environ,
                "RSDAT_HOME": str(self._home),
                _OPTIONS: json.dumps(self._options),
            },
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        value: dict[str, Any] = json.loads(done.stdout)
        return value


def _compared(what: str, case: _Case, rounds: int) -> list[Measured]:
    before, took = load(), Rounds()
    took.run(rounds, case.ours, case.peer, what)
    again = Rounds(case.again_s, took.other)
    after = f"{before} → {load()}"
    first = f"First rows after {spread(case.first_s)}."
    return [
        _line(f"{what}, all read, PySTAC's walk = 1", took, 1.0, after, first),
        _line(f"{what}, opened again, PySTAC's walk = 1", again, AGAIN, after),
    ]


def _line(what: str, took: Rounds, bar: float, load_then: str, *notes: str) -> Measured:
    medians, paired = 1 / took.median_ratio, 1 / took.paired_ratio
    return Measured(
        what,
        spread(took.ours),
        spread(took.other),
        f"{medians:.2f} (medians), {paired:.2f} (paired)",
        f"≥ {bar:g}",
        min(medians, paired) >= bar,
        notes,
        load_then,
    )


def _large(folder: Path) -> Measured:
    from tests.support.stac_catalog import item, write, write_deep

    path = write_deep(folder / "large", LARGE)
    case = _Case(str(path), folder / "large", folder)
    before = load()
    first = case.opened("index")
    print(f"{LARGE} items: {first['whole_s']:.1f} s, {first['memory_mib']} MiB", flush=True)
    again = case.opened("index")
    for number in range(CHANGED):
        name = f"scene-{number:06}"
        write(path.parent / "scenes" / name / f"{name}.json", item(number, platform="changed"))
    changed = case.opened("index")
    memory_mib = max(each["memory_mib"] for each in (first, again, changed))
    kept_mib = (path.parent / "catalog.items.parquet").stat().st_size / 2**20
    asked = "; ".join(f"{name} {ms['median']:.0f} ms" for name, ms in again["answers_ms"].items())
    reopened = (
        f"Opened again: first rows after {again['first_s']:.2f} s, looked through in "
        f"{again['whole_s']:.1f} s; with {CHANGED} changed {changed['whole_s']:.1f} s."
    )
    return Measured(
        f"{LARGE} items on the local disk, all read and kept; the most memory",
        f"{first['whole_s']:.1f} s; {memory_mib:.0f} MiB",
        "none",
        "",
        f"≤ {WHOLE_S:.0f} s, ≤ {MEMORY_MIB:.0f} MiB",
        first["whole_s"] <= WHOLE_S and memory_mib <= MEMORY_MIB,
        (
            f"First rows after {first['first_s']:.2f} s.",
            reopened,
            f"The kept file has {kept_mib:.1f} MiB.",
            f"Answers, medians of eleven: {asked}.",
        ),
        f"{before} → {load()}",
    )


# ------------------------------------------------------------------ in a process of its own


def measured_index(href: str, options: dict[str, Any]) -> dict[str, Any]:
    """Open, wait for the first rows and for all, then ask."""
    import threading

    from rsdat.stac.index import open_index, parse_filter

    began_s = time.perf_counter()
    index = open_index(href, storage_options=options or None)
    first_s = None
    while not index.settled:
        if first_s is None and len(index.table):
            first_s = time.perf_counter() - began_s
        threading.Event().wait(0.002)
    whole_s = time.perf_counter() - began_s
    if not index.complete or index.kept_at is None:
        raise SystemExit(f"it is not complete, or not kept: {index.failure}")
    rows = len(index.table)
    answers = {
        name: timed(functools.partial(ask_page, index, rows, **asked))
        for name, asked in QUESTIONS.items()
    }
    wanted = parse_filter()
    answers["summary"] = timed(lambda: index.summary(wanted))
    answers["footprints, 2000"] = timed(lambda: index.footprints(wanted, 2000))
    index.close()
    return {
        "rows": rows,
        "first_s": first_s or whole_s,
        "whole_s": whole_s,
        "memory_mib": peak_mib(),
        "answers_ms": answers,
    }


def ask_page(
    index: Any, rows: int, sort: str = "-datetime", offset: int = 0, **asked: Any
) -> dict[str, Any]:
    """A page of 200, its filter read too."""
    from rsdat.stac.index import parse_filter

    page: dict[str, Any] = index.page(parse_filter(**asked), sort, min(offset, rows - 200))
    return page


def measured_peer(href: str, options: dict[str, Any]) -> dict[str, Any]:
    """PySTAC's walk."""
    import pystac

    root = _through_dcache(href, options) if options else pystac.Catalog.from_file(href)
    began_s = time.perf_counter()
    rows = sum(1 for _ in root.get_items(recursive=True))
    return {"rows": rows, "whole_s": time.perf_counter() - began_s, "memory_mib": peak_mib()}


def _through_dcache(href: str, options: dict[str, Any]) -> Any:
    import pystac
    from pystac.stac_io import DefaultStacIO

    from rsdat.dcache import DCacheFileSystem

    fs = DCacheFileSystem(**options)

    class ByFsspec(DefaultStacIO):
        def read_text_from_href(self, href: str) -> str:
            return str(fs.cat_file(href.removeprefix("dcache:")).decode())

    # With one slash: PySTAC's own functions on URLs make that of it.
    return pystac.Catalog.from_file(f"/{href.removeprefix('dcache://')}", ByFsspec())


def timed(ask: Callable[[], Any]) -> dict[str, float]:
    """Median and longest of eleven in ms, the very first apart."""
    first = once(ask)
    later = [once(ask) for _ in range(11)]
    return {"first": first, "median": statistics.median(later), "longest": max(later)}


def once(ask: Callable[[], Any]) -> float:
    """Milliseconds that one call takes."""
    began_s = time.perf_counter()
    ask()
    return round((time.perf_counter() - began_s) * 1000, 1)


def peak_mib() -> float:
    """The most memory that this process had."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def import_all(work: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
    """What is imported on the first use, in a Jupyter server once for all catalogs."""
    from tests.support.stac_catalog import write_deep

    with tempfile.TemporaryDirectory(prefix="rsdat-bench-") as folder:
        work(str(write_deep(Path(folder) / "practice", PRACTICE)), {})


def main() -> None:
    """Measure in this process, or all of it."""
    if sys.argv[1:2] == ["--measure"]:
        parser = argparse.ArgumentParser()
        parser.add_argument("--measure", choices=["index", "peer"])
        parser.add_argument("href")
        asked = parser.parse_args()
        work = measured_index if asked.measure == "index" else measured_peer
        import_all(work)
        print(json.dumps(work(asked.href, json.loads(os.environ.get(_OPTIONS) or "{}"))))
    else:
        show(measure(rounds_of(__doc__, ROUNDS)))


if __name__ == "__main__":
    main()
