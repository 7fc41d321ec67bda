"""How the Jupyter server answers while a cluster works through 100 000 tiny tasks.

`/api/status` is asked every 20 ms, whether earlier answers have come or not (so a freeze is met by
all requests in it), in the same moments at two servers: one with the cluster, and a control
without. Then the same with the scheduler in the server's own process, where dask-labextension puts
it: its manager too makes a `LocalCluster` in the server's event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.measured import Measured, load, rounds_of, show
from bench.stand import Jupyter, Stand, stand, until

ROUNDS = 1
TASKS = 100_000
WORKERS = 2
EVERY_S = 0.02
BAR = 1.2
LIMIT_S = 600.0
OPTIONS = {"cores": 2, "memory": "1500MiB", "walltime": "01:00:00"}
WORK = """\
import sys
import rsdat
from distributed import Client
name, address = sys.argv[1:]
with Client(address) if address else rsdat.connect(name) as client:
    print("begun", flush=True)
    futures = client.map(lambda number: number, range(%d), pure=False)
    print(sum(client.gather(futures)), flush=True)
"""
INSIDE = """\
import asyncio
from pathlib import Path
from distributed import LocalCluster

_kept = []


def _jupyter_server_extension_points():
    return [{"module": "bench_inside"}]


def _load_jupyter_server_extension(app):
    async def begin():
        cluster = await LocalCluster(
            n_workers=%d, threads_per_worker=2, asynchronous=True, dashboard_address=":0"
        )
        _kept.append(cluster)
        Path(%r).write_text(cluster.scheduler_address)

    _kept.append(asyncio.ensure_future(begin()))
"""


@dataclass(frozen=True)
class Answers:
    """How long answers took, in seconds, in the order of their questions."""

    took: list[float]

    @property
    def p99_s(self) -> float:
        """99 of 100 were as quick."""
        return sorted(self.took)[int(len(self.took) * 0.99)]

    @property
    def longest_s(self) -> float:
        """The slowest: the longest freeze, as nearly as one question every 20 ms tells."""
        return max(self.took)


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Compare; two lines for us, two for the scheduler inside."""
    before = load()
    lines = []
    with stand() as place, place.jupyter() as server, _control(place, "control") as control:
        ours = [_own(place, server, control) for _ in range(rounds)]
    middle = load()
    lines += _lines("its own process", ours, f"{before} → {middle}", bar=True)
    with (
        stand() as place,
        _inside(place) as (server, address),
        _control(place, "control") as control,
    ):
        inside = [_work(place, server, control, ["", address]) for _ in range(rounds)]
    lines += _lines("Jupyter's process", inside, f"{middle} → {load()}", bar=False)
    return lines


def _lines(
    where: str, measured: list[tuple[Answers, Answers]], load_then: str, *, bar: bool
) -> list[Measured]:
    with_, without = (
        Answers([each for pair in measured for each in pair[side].took]) for side in (0, 1)
    )
    lines = []
    for what, mine, other in (
        ("p99 of /api/status", with_.p99_s, without.p99_s),
        ("Longest freeze", with_.longest_s, without.longest_s),
    ):
        ratio = mine / other
        lines.append(
            Measured(
                f"{what} during {TASKS} tasks, scheduler in {where}, control = 1",
                f"{1000 * mine:.0f} ms",
                f"{1000 * other:.0f} ms",
                f"{ratio:.2f}",
                f"≤ {BAR}" if bar else "",
                ratio <= BAR if bar else None,
                (),
                load_then,
            )
        )
    return lines


def _own(place: Stand, server: Jupyter, control: Jupyter) -> tuple[Answers, Answers]:
    request = {"workers": WORKERS, "options": OPTIONS}
    cluster = server.ask("POST", "api/clusters", request)["id"]

    def connected() -> bool:
        answer = server.ask("GET", f"api/clusters/{cluster}")
        return bool(answer["workers"]["connected"] == WORKERS)

    until(connected, LIMIT_S, 0.5)
    try:
        return _work(place, server, control, [cluster, ""])
    finally:
        server.ask("DELETE", f"api/clusters/{cluster}")


def _work(
    place: Stand, server: Jupyter, control: Jupyter, arguments: list[str]
) -> tuple[Answers, Answers]:
    script = place.folder / "work.py"
    script.write_text(WORK % TASKS)
    with subprocess.Popen(
        [sys.executable, str(script), *arguments], stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdout is not None
        client.stdout.readline()
        took = asyncio.run(_ask_while(client, server, control))
        if client.wait() != 0:
            raise RuntimeError("the tasks failed")
    return took


async def _ask_while(
    client: subprocess.Popen[str], server: Jupyter, control: Jupyter
) -> tuple[Answers, Answers]:
    took: dict[str, list[float]] = {server.url: [], control.url: []}
    running: set[asyncio.Task[None]] = set()
    connector = aiohttp.TCPConnector(limit=0)
    patience = aiohttp.ClientTimeout(total=LIMIT_S, sock_connect=LIMIT_S)
    async with aiohttp.ClientSession(connector=connector, timeout=patience) as session:

        async def ask(asked: Jupyter) -> None:
            began = time.monotonic()
            headers = {"Authorization": f"token {asked.token}"}
            async with session.get(f"{asked.url}api/status", headers=headers) as answer:
                await answer.read()
            took[asked.url].append(time.monotonic() - began)

        due = time.monotonic()
        deadline = due + LIMIT_S
        while client.poll() is None and time.monotonic() < deadline:
            for asked in (server, control):
                task = asyncio.create_task(ask(asked))
                running.add(task)
                task.add_done_callback(running.discard)
            due += EVERY_S
            await asyncio.sleep(max(due - time.monotonic(), 0))
        await asyncio.gather(*running)
    return Answers(took[server.url]), Answers(took[control.url])


@contextlib.contextmanager
def _control(place: Stand, name: str) -> Iterator[Jupyter]:
    folder = place.folder / name
    (folder / "home").mkdir(parents=True)
    with Stand(folder).jupyter() as server:
        yield server


@contextlib.contextmanager
def _inside(place: Stand) -> Iterator[tuple[Jupyter, str]]:
    told = place.folder / "address"
    modules = place.folder / "modules"
    modules.mkdir()
    (modules / "bench_inside.py").write_text(INSIDE % (WORKERS, str(told)))
    with place.jupyter(modules=modules, extension="bench_inside") as server:
        until(told.exists, LIMIT_S)
        yield server, _read(told)


def _read(file: Path) -> str:
    return until(file.read_text, LIMIT_S)


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
