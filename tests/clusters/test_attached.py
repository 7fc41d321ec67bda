"""Schedulers that exist already: attached, looked at, never acted upon, no rpc over plain tcp."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import Conflict, DoorBroken, InvalidInput, NotFound
from rsdat.clusters.connect import connect
from tests.support.cluster_site import ClusterSite, stopped, until
from tests.support.other_scheduler import (
    OtherScheduler,
    make_keys,
    other_scheduler,
    pretender,
)

pytestmark = pytest.mark.timeout(180)
LIMIT_S = 60.0


@pytest.fixture
def home(tmp_path: Path) -> ClusterSite:
    return ClusterSite(tmp_path / "home", "local")


@pytest.fixture(scope="module")
def open_one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherScheduler]:
    with other_scheduler(tmp_path_factory.mktemp("open")) as running:
        yield running


@pytest.fixture(scope="module")
def locked_one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherScheduler]:
    folder = tmp_path_factory.mktemp("locked")
    with other_scheduler(folder, keys=make_keys(folder / "tls")) as running:
        yield running


def has_worker(cluster: dict[str, Any]) -> bool:
    return [worker["name"] for worker in cluster["dask_workers"]] == ["alien"]


def two() -> int:
    return 2


def test_by_its_scheduler_file(home: ClusterSite, open_one: OtherScheduler) -> None:
    """Kept over a restart; nothing but its name can be changed; detached, it lives on."""
    before = open_one.file.read_bytes()

    async def life() -> None:
        async with home.manager() as manager:
            made = await manager.create({"attach": {"scheduler_file": str(open_one.file)}})
            cluster_id = made["id"]
            assert made["name"] == open_one.address.removeprefix("tcp://")
            assert made["jobs"] == []
        async with home.manager() as manager:
            cluster = await until(manager, cluster_id, has_worker)
            assert cluster["state"] == "running"
            assert cluster["scheduler"]["mode"] == "attached"
            assert cluster["scheduler"]["address"] == open_one.address
            assert cluster["workers"]["connected"] == cluster["cores"] == 1
            assert cluster["dask_workers"][0]["address"].startswith("tcp://127.0.0.1:")
            assert "not encrypted" in cluster["diagnosis"]["message"]
            target = await manager.dashboard(cluster_id)
            assert (target.host, target.port) == ("127.0.0.1", open_one.dashboard_port)
            assert target.secret is None

            await manager.change(cluster_id, {"name": "theirs"})
            for change in ({"workers": 1}, {"idle_after": 60}, {"renew": True}):
                with pytest.raises(Conflict, match="attached"):
                    await manager.change(cluster_id, change)
            with pytest.raises(Conflict, match="attached"):
                await manager.add_group(cluster_id, {"name": "gpu"})
            with pytest.raises(NotFound):
                await manager.act_on_job(cluster_id, "1_0", "cancel")
            attach = {"scheduler_file": str(open_one.file)}
            with pytest.raises(Conflict, match="theirs"):
                await manager.create({"attach": attach, "name": "theirs"})

            client = await asyncio.to_thread(connect, "theirs", home=home.home)
            try:
                assert await asyncio.to_thread(client.submit(two).result, LIMIT_S) == 2
                assert (await manager.shutdown(cluster_id))["state"] == "stopping"
                await until(manager, cluster_id, stopped)
                assert (await manager.list())["clusters"] == []
                # It and its worker are none of our business.
                assert await asyncio.to_thread(client.submit(two, pure=False).result, LIMIT_S) == 2
            finally:
                await asyncio.to_thread(client.close)
            assert open_one.process.poll() is None
            assert open_one.worker.poll() is None
            assert open_one.file.read_bytes() == before
            (past,) = (await manager.attic.past())["clusters"]
            assert (past["mode"], past["end"]["message"]) == ("attached", "Detached by you")
            again = await manager.create({"again": cluster_id, "name": "again"})
            assert again["scheduler"]["mode"] == "attached"
            await until(manager, again["id"], has_worker)
            await home.end_all(manager)

    asyncio.run(life())


def test_with_tls_by_rpc(home: ClusterSite, locked_one: OtherScheduler, tmp_path: Path) -> None:
    """By its address and three files; other keys than its own open nothing."""
    asked = {"address": locked_one.address, **locked_one.keys}

    async def life() -> None:
        async with home.only_manager() as manager:
            made = await manager.create({"attach": asked, "name": "locked"})
            cluster = await until(manager, made["id"], has_worker)
            assert (cluster["state"], cluster["diagnosis"]) == ("running", None)
            target = await manager.dashboard(made["id"])
            assert target.port == locked_one.dashboard_port
            client = await asyncio.to_thread(connect, "locked", home=home.home)
            try:
                assert await asyncio.to_thread(client.submit(two).result, LIMIT_S) == 2
            finally:
                await asyncio.to_thread(client.close)
            stranger = make_keys(tmp_path / "stranger")
            with pytest.raises(DoorBroken):
                await manager.create({"attach": {**asked, **stranger}})
            with pytest.raises(InvalidInput, match="three files"):
                await manager.create({"attach": {"address": locked_one.address}})
            no_key = {**asked, "key_file": str(tmp_path / "none.pem")}
            with pytest.raises(InvalidInput, match="can't be used"):
                await manager.create({"attach": no_key})
            assert len((await manager.list())["clusters"]) == 1

    asyncio.run(life())


def identity(address: str, **more: Any) -> bytes:
    return json.dumps({"id": "Scheduler-1", "address": address, "workers": {}, **more}).encode()


def test_rpc_is_never_opened_over_tcp(home: ClusterSite) -> None:
    """Whoever holds such a port could run code here: nobody knocks at it."""

    async def life() -> None:
        knocked: list[bool] = []

        def knock(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            knocked.append(True)
            writer.close()

        trap = await asyncio.start_server(knock, "127.0.0.1", 0)
        port = trap.sockets[0].getsockname()[1]
        address = f"tcp://127.0.0.1:{port}"
        answers: dict[str, Any] = {"/json/identity.json": identity(address)}
        with pretender(answers) as http:
            async with trap, home.manager() as manager:
                made = await manager.create(
                    {"attach": {"address": address, "dashboard_port": http.port}}
                )
                await until(manager, made["id"], lambda c: c["state"] == "running")
                # Another one, at the same place: not the one that was meant.
                answers["/json/identity.json"] = identity(address, id="Scheduler-2")
                cluster = await until(manager, made["id"], lambda c: c["state"] == "failed")
                assert "Another scheduler" in cluster["diagnosis"]["message"]
                answers["/json/identity.json"] = identity(address)
                await until(manager, made["id"], lambda c: c["state"] == "running")
                await manager.shutdown(made["id"])
                await until(manager, made["id"], stopped)
        assert set(http.asked) == {"/json/identity.json"}
        assert knocked == []

    asyncio.run(life())


ADDRESS = "tcp://127.0.0.1:8786"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"<html>", "no scheduler"),
        (b"[" * 100_000, "no scheduler"),
        (b"[]", "no scheduler"),
        (b'{"id": 7}', "no scheduler"),
        (identity("tcp://127.0.0.1:9999"), "another scheduler's"),
        ((302, {"Location": "{trap}"}, b""), "answers with 302"),
        ((500, {}, b"oh"), "answers with 500"),
        ((200, {}, b"x" * (17 * 2**20)), "Nothing answers"),
    ],
    ids=["html", "deep", "list", "no-id", "other", "redirect", "error", "huge"],
)
def test_what_is_no_scheduler(home: ClusterSite, answer: Any, words: str) -> None:
    async def life() -> None:
        with pretender({}) as trap:
            given = answer
            if isinstance(answer, tuple) and "Location" in answer[1]:
                given = (302, {"Location": f"http://127.0.0.1:{trap.port}/"}, b"")
            with pretender({"/json/identity.json": given}) as http:
                async with home.manager() as manager:
                    attach = {"address": ADDRESS, "dashboard_port": http.port}
                    with pytest.raises(DoorBroken, match=words):
                        await manager.create({"attach": attach})
                    assert (await manager.list())["clusters"] == []
            assert trap.asked == []

    asyncio.run(life())


def test_numbers_that_are_none(home: ClusterSite) -> None:
    """What comes over open HTTP may be anything; the answer stays what the contract says."""
    worker = {
        "name": 5,
        "nthreads": float("nan"),
        "memory_limit": "much",
        "status": ["running"],
        "metrics": {
            "cpu": float("inf"),
            "memory": -1,
            "task_counts": {"executing": 1e300, "ready": True},
        },
    }
    body = identity(ADDRESS, workers={"tcp://a": worker, "tcp://b": "none", "tcp://c": {}})

    async def life() -> None:
        with pretender({"/json/identity.json": body}) as http:
            async with home.manager() as manager:
                made = await manager.create(
                    {"attach": {"address": ADDRESS, "dashboard_port": http.port}}
                )
                cluster = await until(manager, made["id"], lambda c: len(c["dask_workers"]) == 2)
                first = cluster["dask_workers"][0]
                assert (first["threads"], first["memory_limit"], first["cpu"]) == (0, 0, 0.0)
                assert (first["memory"], first["executing"], first["ready"]) == (0, 0, 0)
                json.dumps(cluster, allow_nan=False)
                await home.end_all(manager)

    asyncio.run(life())


PAGE = """<html><body><h1 class="title"> Scheduler {address} </h1><table><thead><tr>
<th> Worker </th><th> Name </th><th> Cores </th><th> Memory </th><th> Memory use </th>
<th> Processing </th><th> In-memory </th></tr></thead><tbody><tr>
<td><a href="x">tcp://127.0.0.1:1</a></td><td> <b>al</b>ien </td><td> 2 </td>
<td data-sort="1024"> 1 kiB </td><td><progress value="512" max="1024"></progress></td>
<td> 3 </td><td> 4 </td></tr><tr><td>broken</td></tr></tbody></table></body></html>"""


def test_a_scheduler_that_computes(home: ClusterSite) -> None:
    """Its JSON fails then: heartbeats with tuples as keys. Its page of workers does not."""

    async def life() -> None:
        answers: dict[str, Any] = {
            "/json/identity.json": (500, {}, b""),
            "/info/main/workers.html": PAGE.replace("{address}", ADDRESS).encode(),
        }
        with pretender(answers) as http:
            attach = {"address": ADDRESS, "dashboard_port": http.port}
            async with home.manager() as manager:
                made = await manager.create({"attach": attach})
                cluster = await until(manager, made["id"], has_worker)
                (worker,) = cluster["dask_workers"]
                assert worker["address"] == "tcp://127.0.0.1:1"
                assert (worker["threads"], worker["memory"], worker["memory_limit"]) == (
                    2,
                    512,
                    1024,
                )
                assert (worker["executing"], worker["in_memory"]) == (3, 4)
                other = PAGE.replace("{address}", "tcp://127.0.0.1:9999").encode()
                answers["/info/main/workers.html"] = other
                with pytest.raises(DoorBroken, match="another scheduler's"):
                    await manager.create({"attach": attach})
                await home.end_all(manager)

    asyncio.run(life())


@pytest.mark.parametrize(
    "attach",
    [
        {},
        {"address": ADDRESS, "scheduler_file": "/x"},
        {"address": "http://127.0.0.1:80"},
        {"address": "tcp://127.0.0.1"},
        {"address": "tcp://127.0.0.1:99999"},
        {"address": "tcp://me@127.0.0.1:1"},
        {"address": "tcp://127.0.0.1:1/path"},
        {"address": "tcp://a b:1"},
        {"address": "inproc://x"},
        {"address": ADDRESS, "dashboard_port": 0},
        {"address": ADDRESS, "dashboard_port": True},
        {"address": ADDRESS, "ca_file": "/etc/hostname"},
        {"address": 7},
        {"scheduler_file": "relative.json"},
        {"scheduler_file": "/nonexistent.json"},
        {"scheduler_file": "/dev/zero"},
        {"scheduler_file": "/etc/passwd"},
        {"scheduler_file": "/"},
        {"address": ADDRESS, "secret": "x"},
    ],
    ids=str,
)
def test_requests_that_make_no_sense(home: ClusterSite, attach: dict[str, Any]) -> None:
    async def life() -> None:
        async with home.manager() as manager:
            with pytest.raises(InvalidInput):
                await manager.create({"attach": attach})
            with pytest.raises(InvalidInput, match="takes no options"):
                await manager.create({"attach": attach, "workers": 3})

    asyncio.run(life())


def test_a_scheduler_that_ends_and_one_that_comes_back(home: ClusterSite, tmp_path: Path) -> None:
    folder = tmp_path / "other"

    async def life() -> None:
        async with home.manager() as manager:
            with other_scheduler(folder) as first:
                made = await manager.create({"attach": {"scheduler_file": str(first.file)}})
                await until(manager, made["id"], has_worker)
                port = int(first.address.rpartition(":")[2])
                first.kill()
                cluster = await until(manager, made["id"], lambda c: c["state"] == "failed")
                assert "Nothing answers" in cluster["diagnosis"]["message"]
                assert cluster["dask_workers"] == []
                with pytest.raises(Conflict):
                    await manager.dashboard(made["id"])
                first.file.unlink()  # killed, it could not do so itself
            _wait_free(port)
            # Its file is written anew: whoever may do that says which one is meant.
            with other_scheduler(folder):
                cluster = await until(manager, made["id"], has_worker)
                assert cluster["state"] == "running"
            await home.end_all(manager)

    asyncio.run(life())


def _wait_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
