"""2 GiB each way through a transfer of the panel, against curl straight to the same door.

As `bench/transfer.py`, but by the way that the browser takes: a transfer is begun, and its bytes
are sent to or fetched from `transfers/{id}/content`, where they are counted and summed. Before a
direction's first round each way is gone once: the stand-in makes a file's sum when it is first
asked for it (a pool has it since the file came), the source is in memory then for both, and the
machine has pages for what is written. In further rounds, which are not timed, `api/transfers` is
asked 50 times a second, as pages do: while nothing goes on, while curl goes straight to the door,
and during a transfer. Who asks goes before all others on the cores, so that the time is the
server's and not its own.

In life curl, Jupyter and the door are three machines; here they share the cores. What that costs
shows a bare relay (`bench/relay.py`) in the companion's place: curl sends the same bytes through it
to the door's pool, in rounds of their own in the same run.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from bench.measured import Measured, Rounds, load, rounds_of, show, spread
from bench.relay import relay
from bench.stand import Jupyter, stand
from bench.transfer import FILE, MEMORY_BAR_MIB, Case, rates

ROUNDS = 4
MIB = 2048
BAR = 0.9
SLOWER_BAR = 2.0
ASKED_ROUNDS = 3
_ASK_S = 0.02
_IDLE_S = 6.0
_FIRST = -10
_BARE = "curl through a bare relay"


def measure(rounds: int = ROUNDS, mib: int = MIB) -> list[Measured]:
    """Compare; a line for each direction, one for the memory, one for other requests."""
    before = load()
    down, up, bare_down, bare_up = Rounds(), Rounds(), Rounds(), Rounds()
    with (
        stand() as place,
        place.door() as dcache,
        place.jupyter() as server,
        relay(dcache.pool_url) as port,
    ):
        case = Content.make(place, dcache, server, mib)
        # What is meant for the pool goes to the relay (man curl).
        through = ("--connect-to", f"{urlsplit(dcache.pool_url).netloc}:127.0.0.1:{port}")
        case.download()
        case.download_straight()
        down.run(rounds, case.download, case.download_straight, f"{mib} MiB down")
        bare_down.run(
            rounds,
            case.download,
            lambda: case.download_straight(through=through),
            f"{mib} MiB down, the other by a bare relay",
        )
        middle = load()
        case.upload()
        case.upload_straight()
        up.run(rounds, case.upload, case.upload_straight, f"{mib} MiB up")
        bare_up.run(
            rounds,
            case.upload,
            lambda: case.upload_straight(through=through),
            f"{mib} MiB up, the other by a bare relay",
        )
        after = load()
        idle, straight, bare, busy = (Asking(server) for _ in range(4))
        for _ in range(ASKED_ROUNDS):
            # In turn, as the answer grows with each transfer.
            with idle.going_on():
                time.sleep(_IDLE_S)
            with straight.going_on():
                case.download_straight()
                case.upload_straight()
            with bare.going_on():
                case.download_straight(through=through)
                case.upload_straight(through=through)
            with busy.going_on():
                case.download()
                case.upload()
    grown = max(case.grown_down), max(case.grown_up)
    transfers = len(case.grown_down) + len(case.grown_up)
    slower = busy.p99 / idle.p99
    return [
        rates("down, as a transfer,", down, f"{before} → {middle}", mib=mib, least=BAR),
        rates("up, as a transfer,", up, f"{middle} → {after}", mib=mib, least=BAR),
        rates("down, as a transfer,", bare_down, f"{before} → {middle}", mib=mib, peer=_BARE),
        rates("up, as a transfer,", bare_up, f"{middle} → {after}", mib=mib, peer=_BARE),
        Measured(
            f"The Jupyter server's memory in {transfers} transfers of {mib} MiB",
            f"{max(grown):.0f} MiB at most",
            "–",
            "–",
            f"≤ {MEMORY_BAR_MIB} MiB",
            max(grown) <= MEMORY_BAR_MIB,
            [f"Down {spread(case.grown_down, 0, ' MiB')}, up {spread(case.grown_up, 0, ' MiB')}."],
            f"{before} → {after}",
        ),
        Measured(
            "p99 of other requests during a transfer, idle = 1",
            f"{busy.p99 * 1000:.1f} ms",
            f"{idle.p99 * 1000:.1f} ms",
            f"{slower:.2f}",
            f"≤ {SLOWER_BAR}",
            slower <= SLOWER_BAR,
            [
                f"Medians {busy.median}, and {idle.median}.",
                f"While curl moves as much straight to the door: {straight.p99 * 1000:.1f} ms.",
                f"While it does so through a bare relay: {bare.p99 * 1000:.1f} ms.",
            ],
            f"{before} → {after}",
        ),
    ]


@dataclass
class Asking:
    """Asks for the list of transfers all the time; seconds that it took."""

    server: Jupyter
    took: list[float] = field(default_factory=list)

    @property
    def p99(self) -> float:
        """Of a hundred requests one takes longer."""
        return statistics.quantiles(self.took, n=100)[98]

    @property
    def median(self) -> str:
        """Of how many."""
        return f"{statistics.median(self.took) * 1000:.1f} ms of {len(self.took)} requests"

    @contextlib.contextmanager
    def going_on(self) -> Iterator[None]:
        """While the block runs."""
        over = threading.Event()
        asking = threading.Thread(target=self._ask, args=(over,))
        asking.start()
        try:
            yield
        finally:
            over.set()
            asking.join()

    def _ask(self, over: threading.Event) -> None:
        with contextlib.suppress(PermissionError):  # only root may
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _FIRST)
        while not over.wait(_ASK_S):
            began = time.monotonic()
            self.server.ask("GET", "api/transfers")
            self.took.append(time.monotonic() - began)


@dataclass(frozen=True)
class Content(Case):
    """By the way of transfers."""

    def download(self, *, saved: bool = True) -> float:
        """Begin a download and fetch it."""
        side = {"endpoint": "bench", "paths": [FILE]}
        made = self.server.ask("POST", "api/transfers", {"kind": "download", "source": side})
        argv = ["-o", self.target(saved), f"{self.server.url}{made['content']}"]
        took = self.watched(self.grown_down, argv, self.to_server)
        self._check(made["id"])
        return took

    def upload(self) -> float:
        """Begin an upload and send it."""
        name = f"up-{time.monotonic_ns()}.bin"
        request = {
            "kind": "upload",
            "destination": {"endpoint": "bench", "paths": ["/"]},
            "files": [{"path": name, "size": self.source.stat().st_size}],
        }
        made = self.server.ask("POST", "api/transfers", request)
        address = f"{self.server.url}{made['content']}?path={quote(name)}"
        argv = ["-o", os.devnull, "-T", str(self.source), address]
        took = self.watched(self.grown_up, argv, self.to_server)
        self._check(made["id"])
        self.remove(f"/{name}")
        return took

    def _check(self, id_: str) -> None:
        ended = self.server.ask("GET", f"api/transfers/{id_}")
        if (ended["state"], ended["verified"]) != ("done", "adler32"):
            raise RuntimeError(f"transfer {id_} is {ended['state']}: {ended['problem']}")


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
