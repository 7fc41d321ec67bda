"""A copy by the workers of a Dask cluster."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
from distributed import Client, LocalCluster

from rsdat.base.errors import InvalidInput
from rsdat.stac import read_catalog
from rsdat.stac.copying import bar, copy_assets
from rsdat.stac.copying.facts import Job, Outcome
from rsdat.stac.copying.spread import Limits, Waiting
from tests.support.copies import item
from tests.support.door import Door
from tests.support.webfiles import WebFiles, web_files


@pytest.fixture
def web() -> Iterator[WebFiles]:
    with web_files() as served:
        yield served


@pytest.fixture
def client(dcache: Door) -> Iterator[Client]:
    """Two workers in processes of their own; they find the endpoint by `RSDAT_HOME`."""
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as connected,
    ):
        yield connected


def test_on_the_workers(
    web: WebFiles, dcache: Door, tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files = {f"/{n}": os.urandom(5000) for n in range(40)}
    items = [item(f"i{n}", {"a": f"{web.url}/{n}"}) for n in range(41)]
    to = f"dcache:///{tmp_path.name}"
    travelled: list[bytes] = []
    real = client.submit

    def submit(*args: Any, **options: Any) -> Any:
        travelled.append(cloudpickle.dumps((args, options)))
        return real(*args, **options)

    monkeypatch.setattr(client, "submit", submit)
    options = {"token": dcache.token, "api_url": dcache.api_url, "webdav_url": dcache.webdav_url}
    report = copy_assets(
        items,
        "a",
        to,
        client=client,
        target_options=options,
        write_catalog=True,
        progress=False,
    )
    assert (len(report.copied), len(report.failed)) == (40, 1), report
    assert report.verified == {"md5": 40}
    for n in range(40):
        assert (dcache.root / tmp_path.name / f"i{n}/{n}").read_bytes() == web.files[f"/{n}"]
    assert len(travelled) > 4
    # The token was one of a configured endpoint, whose name travelled instead.
    assert not any(dcache.token.encode() in data for data in travelled)
    assert (dcache.root / tmp_path.name / "catalog.json").exists()

    again = copy_assets(items, "a", to, client=client, progress=False)
    assert (len(again.skipped), len(again.failed)) == (40, 1)
    web.files["/40"] = b"late"
    assert len(again.retry().copied) == 1


def test_signatures_are_made_on_the_workers(web: WebFiles, tmp_path: Path, client: Client) -> None:
    web.files["/a"] = b"x"

    def check(handler: Any) -> bool:
        if "?sig=" not in handler.path:
            handler.plain(403)
            return True
        return False

    web.spoil = check

    def sign(found: Any) -> Any:
        for asset in found.assets.values():
            asset.href += f"?sig={os.getpid()}"
        return found

    one = item("i", {"a": f"{web.url}/a"})
    assert copy_assets(one, "a", str(tmp_path), client=client, modifier=sign, progress=False).ok
    assert copy_assets(one, "a", str(tmp_path / "b"), client=client, progress=False).failed


def test_limits_hold_on_all_workers_together(web: WebFiles, tmp_path: Path, client: Client) -> None:
    web.files = {f"/{n}": b"x" for n in range(24)}
    gate = threading.Barrier(3)

    def wait_for_others(handler: Any) -> bool:
        # Only if three are there at once does any of them go on.
        gate.wait(60)
        return False

    web.spoil = wait_for_others
    items = [item(f"i{n}", {"a": f"{web.url}/{n}"}) for n in range(24)]
    report = copy_assets(
        items, "a", str(tmp_path), client=client, progress=False, max_concurrency=9, per_host=3
    )
    assert report.ok, report
    assert web.most_at_once == 3


def test_a_list_of_items_that_breaks_off(web: WebFiles, tmp_path: Path, client: Client) -> None:
    """What came before is copied and in the catalog; the failure is told all the same."""
    web.files = {f"/{n}": b"x" for n in range(21)}

    def search() -> Iterator[Any]:
        for n in range(21):
            yield item(f"i{n}", {"a": f"{web.url}/{n}"})
        raise ConnectionError("the API is gone")

    with pytest.raises(ConnectionError, match="the API is gone"):
        copy_assets(search(), "a", str(tmp_path), client=client, write_catalog=True, progress=False)
    found = read_catalog(tmp_path / "catalog.json").get_items()
    assert sorted(each.id for each in found) == sorted(f"i{n}" for n in range(21))


def test_an_interrupt_cancels_what_was_sent(
    web: WebFiles, tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files = {f"/{n}": b"x" for n in range(40)}
    go_on = threading.Event()

    def hold(handler: Any) -> bool:
        if handler.path != "/0":
            go_on.wait(60)
        return False

    def interrupt(_bar: Any) -> None:
        if any(each.name == "0" for each in tmp_path.rglob("0")):
            raise KeyboardInterrupt

    web.spoil = hold
    cancelled: list[Any] = []
    cancel = client.cancel

    def noted(futures: Any, *args: Any, **options: Any) -> Any:
        cancelled.extend(futures)
        return cancel(futures, *args, **options)

    monkeypatch.setattr(client, "cancel", noted)
    monkeypatch.setattr(bar.Bar, "tick", interrupt)
    items = [item(f"i{n}", {"a": f"{web.url}/{n}"}) for n in range(40)]
    try:
        with pytest.raises(KeyboardInterrupt):
            copy_assets(
                items,
                "a",
                str(tmp_path),
                client=client,
                progress=False,
                max_concurrency=4,
                per_host=4,
            )
    finally:
        go_on.set()
    assert cancelled
    assert all(future.cancelled() for future in cancelled)


@pytest.mark.parametrize(
    ("at_once", "per_host", "threads", "wanted"),
    [
        (16, 8, 2, Limits(4, 2, 4)),
        (16, 8, 1, Limits(2, 1, 8)),
        (16, 8, 100, Limits(16, 8, 1)),
        (4, 2, 8, Limits(4, 2, 1)),
        (1, 8, 4, Limits(1, 1, 1)),
        (640, 320, 80, Limits(160, 80, 4)),
        (16, 8, 0, Limits(2, 1, 8)),
    ],
)
def test_limits(at_once: int, per_host: int, threads: int, wanted: Limits) -> None:
    assert Limits.of(at_once, per_host, threads) == wanted


def test_a_busy_host_does_not_hold_up_others() -> None:
    jobs = [Job("i", ("a",), f"{host}/{n}", "") for n in range(20) for host in "ab"]
    lost = Outcome(jobs[0], "failed")
    told: list[Outcome] = []
    waiting = Waiting(
        iter([jobs[0], lost, *jobs[1:]]), Limits(5, 2, 2), lambda job: job.source[0], told.append
    )
    sent: list[tuple[str, int]] = []
    while batch := waiting.batch()[1]:
        host = batch[0].source[0]
        waiting.busy[host] += 1
        sent.append((host, len(batch)))
    # Though a fifth task might run, both hosts have all that they may have.
    assert sorted(sent) == [("a", 2), ("a", 2), ("b", 2), ("b", 2)]
    assert told == [lost]
    waiting.busy.clear()
    rest = list(waiting.drain())
    assert len(rest) == 32
    assert waiting.batch() == ("", [])


@pytest.mark.parametrize("threads", [1, 2, 16])
@pytest.mark.parametrize("hosts", [1, 10, 50, 2000])
def test_as_many_hosts_as_there_may_be(threads: int, hosts: int) -> None:
    """Though none of them ever has enough for a whole task, all is sent."""
    jobs = [Job("i", ("a",), f"h{n % hosts}/{n}", "") for n in range(2000)]
    waiting = Waiting(
        iter(jobs), Limits.of(16, 8, threads), lambda job: job.source.split("/")[0], pytest.fail
    )
    running: list[tuple[str, list[Job]]] = []
    sent: list[Job] = []
    while True:
        while (found := waiting.batch())[1]:
            waiting.busy[found[0]] += 1
            running.append(found)
        if not running:
            break
        host, batch = running.pop(0)
        waiting.busy[host] -= 1
        sent += batch
    assert waiting.ended
    assert sorted(job.source for job in sent) == sorted(job.source for job in jobs)


def test_a_copy_that_stands_still_is_no_success(
    web: WebFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Waiting, "batch", lambda _: ("", []))
    one = item("i", {"a": f"{web.url}/a"})
    with (
        LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as connected,
        pytest.raises(RuntimeError, match="some are left"),
    ):
        copy_assets(one, "a", str(tmp_path), client=connected, progress=False)


def test_an_asynchronous_client(tmp_path: Path) -> None:
    """It is told before anything is written."""

    async def copy() -> None:
        async with Client(processes=False, dashboard_address=None, asynchronous=True) as connected:
            one, to = item("i", {"a": str(tmp_path / "a")}), str(tmp_path / "to")
            copy_assets(one, "a", to, client=connected, write_catalog=True, progress=False)

    with pytest.raises(InvalidInput, match="not asynchronous"):
        asyncio.run(copy())
    assert not (tmp_path / "to").exists()
