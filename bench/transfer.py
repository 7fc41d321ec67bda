"""512 MiB down and up: curl through the companion against curl straight to the same door.

Straight means as a person would: the door redirects to its pool. Uploads get a fresh name each
time; through the companion they are written safely (temporary name, checksum compared, renamed).
Downloads are saved on disk. Thrown away (/dev/null) they show the relay alone: straight, the kernel
copies each byte from the page cache to curl and nobody else touches it; any relay reads and sends
it once more, for which a bare loop of recv and send needs as much time as the companion does.
Memory is the Jupyter server's: its highest after a transfer less what it held before.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.measured import Measured, Rounds, load, rounds_of, show, spread
from bench.stand import Jupyter, Stand, stand
from tests.support.door import Door

if TYPE_CHECKING:
    from typing_extensions import Self

ROUNDS = 6
MIB = 512
BAR = 0.8
MEMORY_BAR_MIB = 64
LIMIT_S = 300
FILE = "/big.bin"


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Compare; one line for each direction and one for the memory."""
    before = load()
    down, up, away = Rounds(), Rounds(), Rounds()
    with stand() as place, place.door() as dcache, place.jupyter() as server:
        case = Case.make(place, dcache, server, MIB)
        down.run(rounds, case.download, case.download_straight, f"{MIB} MiB down")
        middle = load()
        away.run(
            rounds,
            lambda: case.download(saved=False),
            lambda: case.download_straight(saved=False),
            f"{MIB} MiB thrown away",
        )
        up.run(rounds, case.upload, case.upload_straight, f"{MIB} MiB up")
        after = load()
    grown = max(case.grown_down), max(case.grown_up)
    return [
        rates("down to disk", down, f"{before} → {middle}", least=BAR),
        rates("up", up, f"{middle} → {after}", least=BAR),
        rates("down, thrown away,", away, f"{middle} → {after}"),
        Measured(
            f"The Jupyter server's memory in {3 * rounds} transfers of {MIB} MiB",
            f"{max(grown):.0f} MiB at most",
            "–",
            "–",
            f"≤ {MEMORY_BAR_MIB} MiB",
            max(grown) <= MEMORY_BAR_MIB,
            [f"Down {spread(case.grown_down, 0, ' MiB')}, up {spread(case.grown_up, 0, ' MiB')}."],
            f"{before} → {after}",
        ),
    ]


def rates(
    direction: str,
    took: Rounds,
    load_then: str,
    *,
    mib: int = MIB,
    least: float | None = None,
    peer: str = "curl to the door",
) -> Measured:
    """One line of the table; without `least` there is no bar."""
    medians, paired = 1 / took.median_ratio, 1 / took.paired_ratio
    return Measured(
        f"{mib} MiB {direction} through the companion, {peer} = 1",
        spread([mib / seconds for seconds in took.ours], 0, " MiB/s"),
        spread([mib / seconds for seconds in took.other], 0, " MiB/s"),
        f"{medians:.2f} (medians), {paired:.2f} (paired)",
        "" if least is None else f"≥ {least}",
        None if least is None else min(medians, paired) >= least,
        (),
        load_then,
    )


@dataclass(frozen=True)
class Case:
    """Both ways of both directions."""

    dcache: Door
    server: Jupyter
    source: Path
    to_door: Path
    to_server: Path
    grown_down: list[float]
    grown_up: list[float]

    @classmethod
    def make(cls, place: Stand, dcache: Door, server: Jupyter, mib: int) -> Self:
        """With a file of so many MiB at both ends."""
        random = np.random.default_rng(1)
        source = place.folder / "big.bin"
        with source.open("wb") as file:
            for _ in range(mib):
                file.write(random.bytes(2**20))
        shutil.copyfile(source, dcache.root / FILE[1:])
        # In files, so that no token stands in a command line.
        to_door, to_server = place.folder / "door.header", place.folder / "server.header"
        to_door.write_text(f"Authorization: Bearer {dcache.token}\n")
        to_server.write_text(f"Authorization: token {server.token}\n")
        return cls(dcache, server, source, to_door, to_server, [], [])

    def download(self, *, saved: bool = True) -> float:
        """Through the companion; the seconds."""
        argv = ["-o", self.target(saved), self._companion(FILE)]
        return self.watched(self.grown_down, argv, self.to_server)

    def download_straight(self, *, saved: bool = True, through: Sequence[str] = ()) -> float:
        """From the door; `through` are options of curl."""
        argv = ["-L", "--location-trusted", *through, "-o", self.target(saved)]
        return _curl([*argv, self.dcache.path_url(FILE)], self.to_door)

    def upload(self) -> float:
        """Through the companion."""
        path = f"/up-{time.monotonic_ns()}.bin"
        argv = ["-o", os.devnull, "-T", str(self.source), self._companion(path)]
        took = self.watched(self.grown_up, argv, self.to_server)
        self.remove(path)
        return took

    def upload_straight(self, *, through: Sequence[str] = ()) -> float:
        """To the door; `through` are options of curl."""
        path = f"/up-{time.monotonic_ns()}.bin"
        argv = ["-L", "--location-trusted", "-H", "Expect: 100-continue", "-o", os.devnull]
        argv += through
        took = _curl([*argv, "-T", str(self.source), self.dcache.path_url(path)], self.to_door)
        self.remove(path)
        return took

    def target(self, saved: bool) -> str:
        """Where a download goes."""
        if not saved:
            return os.devnull
        target = self.source.with_name("down.bin")
        target.unlink(missing_ok=True)
        return str(target)

    def _companion(self, path: str) -> str:
        return f"{self.server.url}rsdat/files/bench{path}"

    def watched(self, grown: list[float], argv: Sequence[str], header: Path) -> float:
        """Run curl, and note how much the server's memory grew meanwhile; the seconds."""
        process = Path(f"/proc/{self.server.process.pid}")
        (process / "clear_refs").write_text("5")  # the highest begins anew (man 5 proc)
        held = _status_mib(process, "VmRSS")
        took = _curl(argv, header)
        grown.append(_status_mib(process, "VmHWM") - held)
        return took

    def remove(self, path: str) -> None:
        """Delete what was uploaded."""
        request = urllib.request.Request(
            self.dcache.path_url(path), method="DELETE", headers=self.dcache.headers
        )
        with urllib.request.urlopen(request, timeout=LIMIT_S):
            pass


def _curl(argv: Sequence[str], header: Path) -> float:
    """Transfer; the seconds. A status of 400 and more is an error."""
    began = time.monotonic()
    command = ["curl", "--silent", "--show-error", "--fail", "-H", f"@{header}"]
    subprocess.run([*command, *argv], check=True, timeout=LIMIT_S)
    took = time.monotonic() - began
    # Written pages of one transfer must not be paid for by the next one.
    subprocess.run(["sync"], check=True, timeout=LIMIT_S)
    time.sleep(0.5)
    return took


def _status_mib(process: Path, key: str) -> float:
    for line in (process / "status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == key:
            return int(value.split()[0]) / 1024
    raise KeyError(key)


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
