"""The server's end: every part is closed, whatever the others do, and nothing is opened again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rsdat.base.clock import SystemClock
from rsdat.base.errors import Conflict
from rsdat.base.files import private_folder, write_json
from rsdat.clusters.pulse import Pulses
from rsdat.clusters.rounds import Rounds
from rsdat.server.app import RsdatApp
from rsdat.server.companion import Companion
from rsdat.server.credentials import CredentialWatch
from rsdat.server.listings import Listings
from rsdat.server.notifier import Notifier
from rsdat.server.opening import Opening, close_all
from rsdat.server.storage import Storage
from rsdat.server.watching import Watching

DOORS = {"api_url": "http://127.0.0.1:9/api/v1", "webdav_url": "http://127.0.0.1:9"}


class Manager:
    """In the place of a cluster manager: it only ends, at once or when it is told."""

    def __init__(self) -> None:
        self.stopped = False
        self.stopping = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def stop(self) -> None:
        self.stopping.set()
        await self.may_end.wait()
        self.stopped = True


class Opened:
    def __init__(self) -> None:
        self.manager = Manager()


def companion_of(home: Path, opened: list[Opened]) -> Companion:
    async def open_(_home: Path, _tell: Callable[[str], None]) -> Any:
        opened.append(Opened())
        return opened[-1]

    return Companion(home, Notifier(lambda _: None), open_, lambda: (home, False))


def tasks() -> list[str]:
    """What still runs."""
    here = asyncio.current_task()
    return [task.get_coro().__qualname__ for task in asyncio.all_tasks() if task is not here]


# -- openings -----------------------------------------------------------------------------------


def test_what_was_opened_is_closed() -> None:
    async def main() -> list[str]:
        closed: list[str] = []

        async def open_() -> str:
            return "it"

        async def close(opened: str) -> None:
            closed.append(opened)

        opening = Opening(open_)
        assert await opening.get() == "it"
        await opening.close(close)
        with pytest.raises(Conflict) as caught:
            await opening.get()
        assert caught.value.code == "ending"
        return closed

    assert asyncio.run(main()) == ["it"]


def test_an_opening_under_way_is_given_up() -> None:
    async def main() -> None:
        async def open_() -> str:
            await asyncio.Event().wait()
            return "never"

        async def close(_opened: str) -> None:
            pytest.fail("nothing was opened")

        opening = Opening(open_)
        asked = asyncio.create_task(opening.get())
        await asyncio.sleep(0)
        await opening.close(close)
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(main())


def test_one_that_fails_keeps_no_other_open(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> list[str]:
        closed: list[str] = []

        async def fails() -> None:
            raise RuntimeError("can't start new thread")

        async def closes() -> None:
            await asyncio.sleep(0)
            closed.append("it")

        await close_all(("first", fails), ("second", closes))
        return closed

    with caplog.at_level(logging.ERROR):
        assert asyncio.run(main()) == ["it"]
    assert "first could not be closed" in caplog.text
    assert "can't start new thread" in caplog.text


# -- the companion ------------------------------------------------------------------------------


def test_the_end_raises_nothing_and_closes_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jupyter would go on for ever after an error."""

    async def fails() -> None:
        raise RuntimeError("a bug")

    async def main() -> tuple[list[Opened], bool]:
        opened: list[Opened] = []
        companion = companion_of(private_folder(tmp_path / "home"), opened)
        await companion.clusters()
        closed = asyncio.Event()
        close = companion.storage.close

        async def noted() -> None:
            await close()
            closed.set()

        monkeypatch.setattr(companion.storage, "close", noted)
        for part in (companion.credentials, companion.stac, companion.watching):
            monkeypatch.setattr(part, "stop" if hasattr(part, "stop") else "close", fails)
        await companion.stop()
        return opened, closed.is_set()

    opened, closed = asyncio.run(main())
    assert [each.manager.stopped for each in opened] == [True]
    assert closed


def test_catalogs_end_after_the_transfers_that_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of assets would be noted as failed, and not be taken up by the next server."""

    async def main() -> list[str]:
        ended: list[str] = []

        class Transfers:
            async def stop(self) -> None:
                await asyncio.sleep(0.01)
                ended.append("transfers")

        async def open_() -> Any:
            return Transfers()

        async def catalogs() -> None:
            ended.append("catalogs")

        companion = companion_of(private_folder(tmp_path / "home"), [])
        companion._transfers = Opening(open_)
        await companion.transfers()
        monkeypatch.setattr(companion.stac, "close", catalogs)
        await companion.stop()
        return ended

    assert asyncio.run(main()) == ["transfers", "catalogs"]


def test_nothing_is_opened_while_it_ends(tmp_path: Path) -> None:
    """Pages ask on, over connections that are open, until Jupyter's kernels have ended too."""

    async def main() -> int:
        opened: list[Opened] = []
        home = private_folder(tmp_path / "home")
        write_json(
            home / "endpoints.json",
            {"endpoints": [{"name": "mine", **DOORS, "token": "t"}]},
            format_version=1,
        )
        companion = companion_of(home, opened)
        await companion.clusters()
        manager = opened[0].manager
        manager.may_end.clear()
        stop = asyncio.create_task(companion.stop())
        await manager.stopping.wait()

        async def refused() -> None:
            for ask in (
                companion.clusters,
                companion.transfers,
                companion.orders,
                companion.previews,
                lambda: companion.storage.client("mine"),
            ):
                with pytest.raises(Conflict) as caught:
                    await ask()
                assert caught.value.code == "ending"

        await refused()
        manager.may_end.set()
        await stop
        await refused()
        assert tasks() == []
        return len(opened)

    assert asyncio.run(main()) == 1


def test_writes_are_cut_off_once_and_may_tidy_up(tmp_path: Path) -> None:
    async def main() -> list[str]:
        told: list[str] = []
        tidied = asyncio.Event()
        storage = Storage(tmp_path)

        async def write() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                told.append("cut off")
                await tidied.wait()
                told.append("tidied up")

        writing = asyncio.create_task(write())
        storage.own(writing)
        await asyncio.sleep(0)
        storage.end()
        closing = asyncio.create_task(storage.close())
        await asyncio.sleep(0.01)
        late = asyncio.create_task(asyncio.Event().wait())
        storage.own(late)
        tidied.set()
        await closing
        await asyncio.wait({late})
        assert late.cancelled()
        return told

    assert asyncio.run(main()) == ["cut off", "tidied up"]


@pytest.mark.parametrize("error", [PermissionError(1, "Not permitted"), ValueError("a bug")])
def test_what_can_not_be_opened_keeps_nothing_else_from_beginning(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    told: list[str] = []

    async def clusters() -> None:
        raise error

    async def orders() -> None:
        begun.append("orders")

    async def transfers() -> None:
        begun.append("transfers")

    companion = SimpleNamespace(
        clusters=clusters,
        orders=orders,
        transfers=transfers,
        credentials=SimpleNamespace(start=lambda: begun.append("credentials")),
    )
    app = SimpleNamespace(
        companion=companion,
        log=SimpleNamespace(
            warning=lambda words, *facts: told.append(words % facts),
            exception=lambda words, *facts: told.append(words % facts),
        ),
    )
    monkeypatch.setattr(app, "_begin", partial(RsdatApp._begin, app), raising=False)
    asyncio.run(RsdatApp._start(app))  # type: ignore[arg-type]
    assert begun == ["credentials", "orders", "transfers"]
    assert len(told) == 1
    assert "clusters can't be managed yet" in told[0]


# -- parts --------------------------------------------------------------------------------------


class Keeper:
    """In the place of one that waits for its scheduler's line to close."""

    def __init__(self, name: str, may_end: asyncio.Event, error: Exception | None = None) -> None:
        self.folder = SimpleNamespace(id=name)
        self.record = SimpleNamespace(phase="up")
        self.closed = False
        self._may_end = may_end
        self._error = error

    async def close(self) -> None:
        await self._may_end.wait()
        if self._error is not None:
            raise self._error
        self.closed = True


def test_rounds_end_though_a_cluster_comes_meanwhile(tmp_path: Path) -> None:
    async def main() -> None:
        may_end = asyncio.Event()
        rounds = Rounds(
            tmp_path,
            SimpleNamespace(kind="local"),  # type: ignore[arg-type]
            SystemClock(),
            on_change=None,
            on_damage=lambda _: None,
        )
        keepers = [
            Keeper("a", may_end),
            Keeper("b", may_end, OSError("broken pipe")),
            Keeper("c", may_end),
        ]
        rounds._keepers = {each.folder.id: each for each in keepers}  # type: ignore[misc]
        stop = asyncio.create_task(rounds.stop())
        await asyncio.sleep(0.01)
        # As a request to make a cluster does that was under way.
        late = Keeper("d", may_end)
        rounds._keepers["d"] = late  # type: ignore[assignment]
        rounds._begin_turn(late, ())  # type: ignore[arg-type]
        may_end.set()
        await stop
        assert [each.closed for each in keepers] == [True, False, True]
        assert not rounds._turns

    asyncio.run(main())


def test_pulses_end_though_a_line_breaks() -> None:
    class Watched:
        def __init__(self, error: Exception | None = None) -> None:
            self.closed = False
            self._error = error

        async def close(self) -> None:
            if self._error is not None:
                raise self._error
            self.closed = True

    async def main() -> None:
        pulses = Pulses(lambda: ())
        good = Watched()
        pulses._watched = {"a": Watched(OSError("no")), "b": good}  # type: ignore[dict-item]
        await pulses.close()
        assert good.closed

    asyncio.run(main())


def test_events_that_come_as_watching_ends_begin_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        watching = Watching(Storage(tmp_path), Listings(), lambda _e, _f: None, lambda _e, _f: None)

        class Watcher:
            async def close(self) -> None:
                await asyncio.sleep(0)
                watching._told(("mine", "/d"), "x")

        watching._watchers["mine"] = (None, Watcher())  # type: ignore[assignment]
        await watching.close()
        assert tasks() == []

    asyncio.run(main())


def test_listings_begin_nothing_after_their_end() -> None:
    async def main() -> None:
        listings = Listings()
        loading = asyncio.Event()

        async def load(_limit: int | None) -> Any:
            loading.set()
            await asyncio.Event().wait()

        query = {"refresh": "", "sort": "name", "filter": "", "hidden": "", "find": ""}
        first = asyncio.create_task(listings.page("mine", "/d", load, query))
        await loading.wait()
        await listings.close()
        with pytest.raises((Conflict, asyncio.CancelledError)):
            await first
        with pytest.raises(Conflict) as caught:
            await listings.page("mine", "/d", load, query)
        assert caught.value.code == "ending"
        assert tasks() == []

    asyncio.run(main())


def test_credentials_are_watched_on_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rsdat.server.credentials.EVERY_S", 0.01)

    async def main() -> None:
        asked = 0
        again = asyncio.Event()

        async def shared() -> list[Path]:
            nonlocal asked
            asked += 1
            if asked > 4:
                again.set()
            if asked >= 2:
                raise OSError(5, "Input/output error")
            return []

        watch = CredentialWatch(Storage(tmp_path), shared, lambda _: None)
        watch.start()
        await asyncio.wait_for(again.wait(), 20)
        await watch.stop()

    asyncio.run(main())
