"""2 000 files of 10 kB up and down: `put` and `get` of a folder against Debian's `rclone copy`.

With the same number of transfers at once, at the door that redirects (rclone does not ask to be
redirected when it writes) and over the same stand-in. rsdat writes each file to a temporary name,
compares dCache's checksum and renames it, and verifies each download; rclone's WebDAV does none of
that. Each upload goes to a new folder. The stand-in has movers without limit: rclone keeps its
connections to the pool open, and would stand still after 100 downloads.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from bench.measured import Measured, Rounds, load, rounds_of, show, spread
from bench.stand import CannotMeasureError, stand
from rsdat.dcache import DCacheFileSystem
from tests.support.door import Door, door

ROUNDS = 3
FILES = 2000
SIZE = 10_000
PARALLEL = 12
BAR = 0.8
LIMIT_S = 300


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Compare; one line for each direction.

    Raises:
        CannotMeasureError: rclone is not installed.
    """
    if shutil.which("rclone") is None:
        raise CannotMeasureError("rclone is not installed: apt-get install rclone")
    before = load()
    up, down = Rounds(), Rounds()
    with stand() as place, door(place.folder, movers=1_000_000) as dcache:
        case = _Case.make(place.folder, dcache)
        up.run(rounds, case.put, case.rclone_up, f"{FILES} files up")
        middle = load()
        down.run(rounds, case.get, case.rclone_down, f"{FILES} files down")
    return [
        _line("up", up, f"{before} → {middle}"),
        _line("down", down, f"{middle} → {load()}"),
    ]


def _line(direction: str, took: Rounds, load_then: str) -> Measured:
    medians, paired = 1 / took.median_ratio, 1 / took.paired_ratio
    return Measured(
        f"{FILES} files of 10 kB {direction}, {PARALLEL} at once, rclone's rate = 1",
        spread([FILES / seconds for seconds in took.ours], 0, " files/s"),
        spread([FILES / seconds for seconds in took.other], 0, " files/s"),
        f"{medians:.2f} (medians), {paired:.2f} (paired)",
        f"≥ {BAR}",
        min(medians, paired) >= BAR,
        (),
        load_then,
    )


@dataclass(frozen=True)
class _Case:
    folder: Path
    fs: DCacheFileSystem
    config: Path
    numbers: count[int]

    @classmethod
    def make(cls, folder: Path, dcache: Door) -> _Case:
        random = np.random.default_rng(1)
        source = folder / "source"
        source.mkdir()
        for number in range(FILES):
            (source / f"{number:04d}.bin").write_bytes(random.bytes(SIZE))
        config = folder / "rclone.conf"  # so that no token stands in a command line
        config.write_text(
            f"[door]\ntype = webdav\nurl = {dcache.webdav_url}\nvendor = other\n"
            f"bearer_token = {dcache.token}\n"
        )
        config.chmod(0o600)
        fs = DCacheFileSystem(
            api_url=dcache.api_url,
            webdav_url=dcache.webdav_url,
            token=dcache.token,
            batch_size=PARALLEL,
        )
        shutil.copytree(source, dcache.root / "down")
        return cls(folder, fs, config, count())

    def put(self) -> float:
        target = f"/up-{next(self.numbers)}"
        began = time.monotonic()
        self.fs.put(f"{self.folder}/source/", f"{target}/", recursive=True)
        took = time.monotonic() - began
        self._check(len(self.fs.ls(target)))
        return took

    def rclone_up(self) -> float:
        target = f"up-{next(self.numbers)}"
        took = self._rclone(f"{self.folder}/source", f"door:{target}")
        self._check(len(self.fs.ls(f"/{target}")))
        return took

    def get(self) -> float:
        target = self.folder / f"down-{next(self.numbers)}"
        began = time.monotonic()
        self.fs.get("/down/", f"{target}/", recursive=True)
        took = time.monotonic() - began
        self._check(sum(1 for _ in target.iterdir()))
        shutil.rmtree(target)
        return took

    def rclone_down(self) -> float:
        target = self.folder / f"down-{next(self.numbers)}"
        took = self._rclone("door:down", str(target))
        self._check(sum(1 for _ in target.iterdir()))
        shutil.rmtree(target)
        return took

    def _rclone(self, source: str, target: str) -> float:
        argv = ["rclone", "--config", str(self.config), "--transfers", str(PARALLEL)]
        argv += ["--checkers", str(PARALLEL), "--retries", "1", "copy", source, target]
        began = time.monotonic()
        subprocess.run(argv, check=True, timeout=LIMIT_S)
        return time.monotonic() - began

    def _check(self, found: int) -> None:
        if found != FILES:
            raise AssertionError(f"{found} of {FILES} files came")


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
