"""512 MiB down and up: curl through the companion against curl straight to the same door.

Straight means as a person would: the door redirects to its pool. Uploads get a fresh name each
time; through the companion they are written safely (temporary name, checksum compared, renamed).
Memory is the Jupyter server's: its highest after a transfer less what it held before.
"""

from __future__ import annotations

import subprocess
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.measured import Measured, Rounds, load, rounds_of, show, spread
from bench.stand import Jupyter, Stand, stand
from tests.support.door import Door

ROUNDS = 6
MIB = 512
BAR = 0.8
MEMORY_BAR_MIB = 64
LIMIT_S = 300
FILE = "/big.bin"


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Compare; one line for each direction and one for the memory."""
    before = load()
    down, up = Rounds(), Rounds()
    with stand() as place, place.door() as dcache, place.jupyter() as server:
        case = _Case.make(place, dcache, server)
        down.run(rounds, case.download, case.download_straight, f"{MIB} MiB down")
        middle = load()
        up.run(rounds, case.upload, case.upload_straight, f"{MIB} MiB up")
        after = load()
    grown = max(case.grown_down), max(case.grown_up)
    return [
        _rates("down", down, f"{before} → {middle}"),
        _rates("up", up, f"{middle} → {after}"),
        Measured(
            f"The Jupyter server's memory in {2 * rounds} transfers of {MIB} MiB",
            f"{max(grown):.0f} MiB at most",
            "–",
            "–",
            f"≤ {MEMORY_BAR_MIB} MiB",
            max(grown) <= MEMORY_BAR_MIB,
            [f"Down {spread(case.grown_down, 0, ' MiB')}, up {spread(case.grown_up, 0, ' MiB')}."],
            f"{before} → {after}",
        ),
    ]


def _rates(direction: str, took: Rounds, load_then: str) -> Measured:
    medians, paired = 1 / took.median_ratio, 1 / took.paired_ratio
    return Measured(
        f"{MIB} MiB {direction} through the companion, curl to the door = 1",
        spread([MIB / seconds for seconds in took.ours], 0, " MiB/s"),
        spread([MIB / seconds for seconds in took.other], 0, " MiB/s"),
        f"{medians:.2f} (medians), {paired:.2f} (paired)",
        f"≥ {BAR}",
        min(medians, paired) >= BAR,
        (),
        load_then,
    )


@dataclass(frozen=True)
class _Case:
    dcache: Door
    server: Jupyter
    source: Path
    to_door: Path
    to_server: Path
    grown_down: list[float]
    grown_up: list[float]

    @classmethod
    def make(cls, place: Stand, dcache: Door, server: Jupyter) -> _Case:
        random = np.random.default_rng(1)
        source = place.folder / "big.bin"
        with source.open("wb") as file:
            for _ in range(MIB):
                file.write(random.bytes(2**20))
        (dcache.root / FILE[1:]).write_bytes(source.read_bytes())
        # In files, so that no token stands in a command line.
        to_door, to_server = place.folder / "door.header", place.folder / "server.header"
        to_door.write_text(f"Authorization: Bearer {dcache.token}\n")
        to_server.write_text(f"Authorization: token {server.token}\n")
        return cls(dcache, server, source, to_door, to_server, [], [])

    def download(self) -> float:
        return self._watched(self.grown_down, [self._companion(FILE)], self.to_server)

    def download_straight(self) -> float:
        return _curl(["-L", "--location-trusted", self.dcache.path_url(FILE)], self.to_door)

    def upload(self) -> float:
        path = f"/up-{time.monotonic_ns()}.bin"
        argv = ["-T", str(self.source), self._companion(path)]
        took = self._watched(self.grown_up, argv, self.to_server)
        self._remove(path)
        return took

    def upload_straight(self) -> float:
        path = f"/up-{time.monotonic_ns()}.bin"
        argv = ["-L", "--location-trusted", "-T", str(self.source), self.dcache.path_url(path)]
        took = _curl([*argv, "-H", "Expect: 100-continue"], self.to_door)
        self._remove(path)
        return took

    def _companion(self, path: str) -> str:
        return f"{self.server.url}rsdat/files/bench{path}"

    def _watched(self, grown: list[float], argv: Sequence[str], header: Path) -> float:
        process = Path(f"/proc/{self.server.process.pid}")
        (process / "clear_refs").write_text("5")  # the highest begins anew (man 5 proc)
        held = _status_mib(process, "VmRSS")
        took = _curl(argv, header)
        grown.append(_status_mib(process, "VmHWM") - held)
        return took

    def _remove(self, path: str) -> None:
        request = urllib.request.Request(
            self.dcache.path_url(path), method="DELETE", headers=self.dcache.headers
        )
        with urllib.request.urlopen(request, timeout=LIMIT_S):
            pass


def _curl(argv: Sequence[str], header: Path) -> float:
    """Transfer; the seconds. A status of 400 and more is an error."""
    began = time.monotonic()
    command = ["curl", "--silent", "--show-error", "--fail", "-H", f"@{header}"]
    subprocess.run([*command, "-o", "/dev/null", *argv], check=True, timeout=LIMIT_S)
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
