"""Who is asked how busy it is, when, and what is told of those that do not answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rsdat.base.errors import DoorBroken
from rsdat.clusters import pulse
from rsdat.clusters.link import SchedulerLink, SchedulerSeen, WorkerSeen
from rsdat.clusters.pulse import Pulses
from rsdat.clusters.pulse_history import HISTORY_S, History
from rsdat.clusters.pulse_seen import of_look, of_preload

GIB = 2**30


def told(processing: int = 0, **more: Any) -> dict[str, Any]:
    """As the preload answers."""
    return {
        "id": "Scheduler-1",
        "load": [2, 0, 8, 200.0, GIB, 4 * GIB, 0],
        "tasks": [processing, 3 * bool(processing), 0, 0, 5, 1],
        "run": [6, 10, 1, bool(processing)],
        "names": [["inc", processing, 6, 10, 1]] if processing else [],
        "seconds": 12.34,
        **more,
    }


class FakeLink:
    """The line to a scheduler; the boundary to other processes."""

    def __init__(self) -> None:
        self.asked = 0
        self.closed = 0
        self.answer: Any = told()
        self.hold: asyncio.Event | None = None

    async def pulse(self, limit_s: float) -> Any:
        self.asked += 1
        if self.hold is not None:
            await self.hold.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def close(self) -> None:
        self.closed += 1


class Site:
    """Clusters of which only what a pulse reads is there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int = 1) -> None:
        self.links = {f"c{number}": FakeLink() for number in range(count)}
        self.keepers = [_keeper(cluster_id) for cluster_id in self.links]
        self.pulses = Pulses(lambda: self.keepers)
        self.now_s = 1000.0
        monkeypatch.setattr(
            SchedulerLink, "open", staticmethod(lambda folder: self.links[folder.id])
        )
        monkeypatch.setattr(pulse, "time", SimpleNamespace(monotonic=lambda: self.now_s))

    async def tell(self, cursor: str | None = None) -> dict[str, Any]:
        """The answer, by cluster."""
        answer = await self.pulses.tell(cursor)
        return {**answer, **{each["id"]: each for each in answer["clusters"]}}


def _keeper(cluster_id: str, **more: Any) -> Any:
    return SimpleNamespace(
        folder=SimpleNamespace(id=cluster_id, path=Path("/nowhere")),
        record=SimpleNamespace(phase="up", attached=None),
        observed=SimpleNamespace(scheduler="up", answer=None),
    )


def test_asked_as_often_as_something_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """An idle cluster every five seconds, one that computes every two; never twice for two tabs."""

    async def look() -> None:
        site = Site(monkeypatch)
        link = site.links["c0"]
        answer = await site.tell()
        assert (answer["whole"], answer["next"], link.asked) == (True, pulse.CALM_S, 1)
        assert answer["c0"]["state"] == "live"
        await site.tell()
        site.now_s += pulse.BUSY_S
        await site.tell()
        assert link.asked == 1
        site.now_s += pulse.CALM_S - pulse.BUSY_S
        link.answer = told(processing=4)
        answer = await site.tell()
        assert (answer["next"], link.asked) == (pulse.BUSY_S, 2)
        site.now_s += pulse.BUSY_S
        await asyncio.gather(site.tell(), site.tell())
        assert link.asked == 3
        await site.pulses.close()

    asyncio.run(look())


def test_other_workers_are_asked_about_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for each look of the cluster that shows another count than the scheduler told last."""

    def workers(count: int) -> SchedulerSeen:
        one = WorkerSeen("w", "tcp://10.0.0.2:1", 1, GIB, 0, "running", 0.0)
        return SchedulerSeen("Scheduler-1", "tcp://10.0.0.1:1", None, (one,) * count)

    async def look() -> None:
        site = Site(monkeypatch)
        link, [keeper] = site.links["c0"], site.keepers
        assert (await site.tell())["c0"]["now"]["workers"] == 2
        keeper.observed.answer = workers(2)
        await site.tell()
        assert link.asked == 1
        keeper.observed.answer = workers(3)
        await site.tell()
        assert link.asked == 2
        # Whatever the scheduler says: the same look makes it due once.
        await site.tell()
        assert link.asked == 2
        keeper.observed.answer = workers(0)
        link.answer = told(load=[0, 0, 0, 0.0, 0, 0, 0])
        assert (await site.tell())["c0"]["now"]["workers"] == 0
        assert link.asked == 3
        await site.pulses.close()

    asyncio.run(look())


def test_only_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a cursor nothing comes twice; without, or with a foreign one, the last minutes do."""

    async def look() -> None:
        site = Site(monkeypatch, count=2)
        first = await site.tell()
        assert [len(first[each]["samples"]) for each in ("c0", "c1")] == [1, 1]
        nothing = await site.tell(first["cursor"])
        assert (nothing["whole"], nothing["clusters"]) == (False, [])
        site.links["c0"].answer = told(processing=1)
        site.now_s += pulse.CALM_S
        second = await site.tell(first["cursor"])
        assert [each["samples"][0][0] for each in second["clusters"]] == [0.0, 0.0]
        site.now_s += pulse.BUSY_S
        third = await site.tell(second["cursor"])
        assert [each["id"] for each in third["clusters"]] == ["c0"]
        for foreign in (None, "0badcafe.1", "nonsense", first["cursor"] + "000"):
            whole = await site.tell(foreign)
            assert whole["whole"]
            assert [len(whole[each]["samples"]) for each in ("c0", "c1")] == [3, 2]
            assert [sample[0] for sample in whole["c0"]["samples"]] == [7.0, 2.0, 0.0]
        site.keepers.pop()
        assert [each["id"] for each in (await site.tell())["clusters"]] == ["c0"]
        assert site.links["c1"].closed == 1
        await site.pulses.close()

    asyncio.run(look())


def test_one_that_hangs_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are told; it is silent after a while, and live again when it answers."""
    monkeypatch.setattr(pulse, "_PATIENCE_S", 0.05)

    async def look() -> None:
        site = Site(monkeypatch, count=2)
        await site.tell()
        slow = site.links["c0"]
        slow.hold = asyncio.Event()
        site.now_s += pulse.CALM_S
        answer = await site.tell()
        assert (answer["c0"]["state"], answer["c0"]["age"]) == ("live", 5.0)
        assert answer["c1"]["age"] == 0.0
        site.now_s += 4
        answer = await site.tell()
        assert (answer["c0"]["state"], answer["c0"]["age"], slow.asked) == ("silent", 9.0, 2)
        assert answer["c0"]["now"] is not None
        slow.hold.set()
        site.now_s += 1
        assert (await site.tell())["c0"]["state"] == "live"
        await site.pulses.close()

    asyncio.run(look())


def test_no_answer_and_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that broke is opened anew, when the cluster is due again."""

    async def look() -> None:
        site = Site(monkeypatch)
        link = site.links["c0"]
        await site.tell()
        link.answer = DoorBroken("away")
        site.now_s += pulse.CALM_S
        answer = await site.tell()
        assert (answer["c0"]["state"], link.closed) == ("silent", 1)
        link.answer = told()
        assert (await site.tell())["c0"]["state"] == "silent"
        site.now_s += pulse.CALM_S
        assert (await site.tell())["c0"]["state"] == "live"
        await site.pulses.close()

    asyncio.run(look())


@pytest.mark.parametrize(
    ("phase", "scheduler", "state"),
    [
        ("up", "none", "none"),
        ("up", "starting", "none"),
        ("up", "dead", "none"),
        ("up", "silent", "silent"),
        ("stopping", "up", "none"),
        ("failed", "up", "none"),
    ],
)
def test_whose_scheduler_is_not_there(
    phase: str, scheduler: str, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not asked, and no old number is told as if it were one of now."""

    async def look() -> None:
        site = Site(monkeypatch)
        await site.tell()
        site.keepers[0].record.phase = phase
        site.keepers[0].observed.scheduler = scheduler
        site.now_s += 60
        answer = await site.tell()
        assert (answer["c0"]["state"], site.links["c0"].asked) == (state, 1)
        assert (answer["c0"]["now"] is None) == (state == "none")
        assert (await site.tell(answer["cursor"]))["clusters"] == []
        await site.pulses.close()

    asyncio.run(look())


@pytest.mark.parametrize("attached", [True, False])
def test_without_our_preload(attached: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its looks showed is told, each once; what nobody tells is not known."""

    async def look() -> None:
        site = Site(monkeypatch)
        link, keeper = site.links["c0"], site.keepers[0]
        if attached:
            keeper.record.attached = SimpleNamespace()
        # A scheduler that does not know the question.
        link.answer = None
        worker = WorkerSeen("a", "tls://a", 4, 4 * GIB, GIB, 100.0, "running", 2, 3)
        keeper.observed.answer = SchedulerSeen("Scheduler-1", "tls://s", None, (worker,))
        answer = await site.tell()
        assert answer["c0"]["samples"] == [[0.0, 25.0, 25.0, 5, None, None]]
        assert answer["c0"]["now"]["tasks"]["erred"] is None
        assert answer["c0"]["now"]["run"] is None
        site.now_s += 60
        answer = await site.tell(answer["cursor"])
        assert (answer["clusters"], link.asked) == ([], 0 if attached else 1)
        keeper.observed.answer = SchedulerSeen("Scheduler-1", "tls://s", None, ())
        answer = await site.tell(answer["cursor"])
        assert answer["c0"]["samples"] == [[0.0, None, None, 0, None, None]]
        await site.pulses.close()

    asyncio.run(look())


def test_lines_are_closed_when_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what was seen is still known to who comes back."""
    monkeypatch.setattr(pulse, "LINGER_S", 0.05)

    async def look() -> None:
        site = Site(monkeypatch)
        await site.tell()
        while not site.links["c0"].closed:
            await asyncio.sleep(0.01)
        site.now_s += 60
        answer = await site.tell()
        assert [sample[0] for sample in answer["c0"]["samples"]] == [60.0, 0.0]
        await site.pulses.close()
        assert site.links["c0"].closed == 2

    asyncio.run(look())


def test_history_forgets_what_is_old() -> None:
    """Three minutes, and gaps where nobody looked."""
    history = History()
    seen = of_preload(told())
    for tick, at_s in enumerate([0.0, 10.0, HISTORY_S, HISTORY_S + 5.0], 1):
        history.add(tick, at_s, seen)
    now_s = HISTORY_S + 10.0
    assert [row[0] for row in history.since(-1, now_s)] == [HISTORY_S, 10.0, 5.0]
    assert [row[0] for row in history.since(3, now_s)] == [5.0]
    assert history.since(-1, 10 * HISTORY_S) == []


def test_what_the_preload_says_in_words() -> None:
    """Each number where it belongs."""
    seen = of_preload(told(processing=4))
    assert (seen.workers, seen.cores, seen.cpu, seen.memory_percent) == (2, 8, 25.0, 25.0)
    assert (seen.tasks.processing, seen.tasks.to_come, seen.tasks.erred) == (4, 3, 1)
    assert seen.run is not None
    assert (seen.run.done, seen.run.total, seen.run.seconds) == (6, 10, 12.3)
    assert seen.run.parts[0].name == "inc"
    assert seen.busy
    assert not of_preload(told()).busy


@pytest.mark.parametrize(
    "nonsense",
    [
        {},
        {"load": "much", "tasks": None, "run": 3, "names": {"a": 1}},
        {"load": [float("nan"), -3, "x", None, [], {}, 1e300], "run": [float("inf")] * 4},
        {"run": [1, 2, 0, True], "names": [[], 3, "inc", [None], ["x" * 999, "a"]]},
    ],
)
def test_nonsense_is_nothing(nonsense: dict[str, Any]) -> None:
    """The scheduler runs users' code: what it says is not believed blindly."""
    seen = of_preload(nonsense)
    assert (seen.cpu, seen.memory, seen.tasks.processing) == (None, 0, 0)
    for part in seen.run.parts if seen.run else ():
        assert len(part.name) <= 80
        assert part.total == 0


def test_no_limit_is_no_percentage() -> None:
    """Where one worker may take all, memory has no share."""
    workers = (
        WorkerSeen("a", "x", 1, GIB, GIB // 2),
        WorkerSeen("b", "y", 1, 0, GIB, 50.0, "paused"),
    )
    seen = of_look(SchedulerSeen("Scheduler-1", "tls://s", None, workers))
    assert (seen.memory_limit, seen.memory_percent, seen.paused) == (None, None, 1)
