"""1 000 random reads of 64 KiB from one file: rsdat against dcachefs and fsspec's HTTPFileSystem.

At a door that redirects to its pool and at one that moves the bytes itself; from an open file as
everybody opens it, from one without a cache, part by part by name (`cat_file`), and as
`cat_ranges`. The same call is compared, and the faster of the two others counts. All bytes are
compared. At a door that moves the bytes itself, reads by name or without a cache cost everybody one
request each, so there is no bar. The stand-in charges for the start of each mover what the real
server did: 14 ms, two at once, which make its reads 17 ms one after the other and 9 ms side by
side; another range from a pool that has its mover already costs nothing (0.6 ms in all). It has
movers without limit, because the others never give theirs back and would stand still after 93.
"""

from __future__ import annotations

import importlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.measured import Measured, load, rounds_of, show, spread
from bench.stand import CannotMeasureError, stand
from rsdat.dcache import DCacheFileSystem
from tests.support.door import Door, door

ROUNDS = 3
READS = 1000
SIZE = 64 * 1024
MIB = 200
MOVER_MS = 14
BARS = {"redirecting": 10.0, "proxying": 1.2}
FILE = "/big.bin"
OTHERS = ("dcachefs==0.2.0", "urlpath==2.0.0")
INSTALL_S = 180.0

Way = Callable[[Sequence[int]], list[bytes]]


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Compare; one line for each door and way of reading.

    Raises:
        CannotMeasureError: dcachefs can't be had.
    """
    arguments = ("--mover-cost-ms", str(MOVER_MS))
    with (
        stand() as place,
        door(place.folder, movers=1_000_000, arguments=arguments) as dcache,
    ):
        dcachefs = _dcachefs(place.folder / "others")
        data = np.random.default_rng(1).bytes(MIB * 2**20)
        (dcache.root / FILE[1:]).write_bytes(data)
        return [
            line
            for name, url in (("redirecting", dcache.webdav_url), ("proxying", dcache.proxy_url))
            for line in _Case(dcache, dcachefs, url, data).lines(name, rounds)
        ]


@dataclass(frozen=True)
class _Case:
    dcache: Door
    dcachefs: Any
    door_url: str
    data: bytes

    def lines(self, name: str, rounds: int) -> list[Measured]:
        from fsspec.implementations.http import HTTPFileSystem

        where = {"api_url": self.dcache.api_url, "webdav_url": self.door_url}
        fresh = {"token": self.dcache.token, "skip_instance_cache": True}
        ours = DCacheFileSystem(**where, **fresh)
        old = self.dcachefs.dCacheFileSystem(**where, **fresh)
        plain = HTTPFileSystem(
            client_kwargs={"headers": self.dcache.headers}, skip_instance_cache=True
        )
        clients: dict[str, tuple[Any, str]] = {
            "rsdat": (ours, FILE),
            "dcachefs": (old, FILE),
            "HTTPFileSystem": (plain, self.door_url + FILE),
        }

        def each(way: Callable[..., Way], **options: Any) -> dict[str, Way]:
            return {who: way(fs, path, **options) for who, (fs, path) in clients.items()}

        bar = BARS[name]
        request_bar = bar if name == "redirecting" else None
        return [
            self._line(f"open, {name} door", each(_opened), rounds, bar),
            self._line(
                f"open without a cache, {name} door",
                each(_opened, cache_type="none"),
                rounds,
                request_bar,
            ),
            self._line(f"cat_file, {name} door", each(_by_name), rounds, request_bar),
            self._line(f"cat_ranges, {name} door", each(_together), rounds, bar),
        ]

    def _line(self, what: str, ways: dict[str, Way], rounds: int, bar: float | None) -> Measured:
        before = load()
        random = np.random.default_rng(2)
        for way in ways.values():
            self._took(way, random, 20)  # connections, imports
        took: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(rounds):
            for name, way in ways.items():
                took[name].append(self._took(way, random, READS))
            figures = ", ".join(f"{name} {times[-1]:.2f} s" for name, times in took.items())
            print(f"{what} {number + 1}/{rounds}: {figures}, load {load()}", flush=True)
        best = min(list(ways)[1:], key=lambda name: statistics.median(took[name]))
        medians = statistics.median(took[best]) / statistics.median(took["rsdat"])
        pairs = zip(took[best], took["rsdat"], strict=True)
        paired = statistics.median(theirs / mine for theirs, mine in pairs)
        return Measured(
            f"{READS} random reads of 64 KiB, {what}: how many times as fast",
            spread(took["rsdat"]),
            f"{best}: {spread(took[best])}",
            f"{medians:.1f} (medians), {paired:.1f} (paired)",
            "" if bar is None else f"≥ {bar:g}",
            None if bar is None else min(medians, paired) >= bar,
            (),
            f"{before} → {load()}",
        )

    def _took(self, way: Way, random: np.random.Generator, reads: int) -> float:
        starts = [int(each) for each in random.integers(0, len(self.data) - SIZE, reads)]
        began = time.monotonic()
        found = way(starts)
        took = time.monotonic() - began
        for start, part in zip(starts, found, strict=True):
            if part != self.data[start : start + SIZE]:
                raise AssertionError(f"wrong bytes at {start}")
        return took


def _opened(fs: Any, path: str, **options: Any) -> Way:
    def read(starts: Sequence[int]) -> list[bytes]:
        found = []
        with fs.open(path, "rb", **options) as file:
            for start in starts:
                file.seek(start)
                found.append(file.read(SIZE))
        return found

    return read


def _by_name(fs: Any, path: str) -> Way:
    return lambda starts: [fs.cat_file(path, start, start + SIZE) for start in starts]


def _together(fs: Any, path: str) -> Way:
    def read(starts: Sequence[int]) -> list[bytes]:
        ends = [start + SIZE for start in starts]
        found: list[bytes] = fs.cat_ranges([path] * len(starts), list(starts), ends)
        return found

    return read


def install_dcachefs(folder: Path) -> None:
    """Put it into a folder that is thrown away: installed, it would claim our protocol.

    Raises:
        CannotMeasureError: It can't be had.
    """
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    try:
        subprocess.run([*argv, *OTHERS], check=True, capture_output=True, timeout=INSTALL_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise CannotMeasureError(f"{OTHERS[0]} can't be installed from PyPI") from error


def _dcachefs(folder: Path) -> Any:
    """The module."""
    install_dcachefs(folder)
    sys.path.append(str(folder))
    try:
        return importlib.import_module("dcachefs.dcachefs")
    finally:
        sys.path.remove(str(folder))


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
