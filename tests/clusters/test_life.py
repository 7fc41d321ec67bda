"""A cluster's life with real schedulers and workers: made, scaled, found again, ended."""

from __future__ import annotations

import asyncio
import socket
import stat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dask.config
import distributed
import pytest

from rsdat.base.errors import Conflict, InvalidInput, NotFound
from rsdat.clusters.connect import connect
from tests.support.cluster_site import SMALL, ClusterSite, connected, living, stopped, until

pytestmark = pytest.mark.timeout(180)

# Each of these takes seconds: where the queue makes no difference, one of them is enough.
LOCAL = pytest.mark.parametrize("site", ["local"], indirect=True)
SLURM = pytest.mark.parametrize(
    "site", [pytest.param("slurm", marks=pytest.mark.slurm)], indirect=True
)


def a_cluster(**request: Any) -> dict[str, Any]:
    return {"options": SMALL, **request}


def test_made_scaled_and_ended(site: ClusterSite) -> None:
    """Up in one step, one array a step, data kept on the way down, nothing left at the end."""

    async def life() -> None:
        async with site.only_manager() as manager:
            made = await manager.create(a_cluster(workers=1))
            cluster_id = made["id"]
            assert (made["state"], made["name"]) == ("starting", "SLURMCluster 1")
            cluster = await until(manager, cluster_id, connected(1))
            assert cluster["state"] == "running"
            assert cluster["cores"] == 1
            assert cluster["memory"] == (600 - 256) * 2**20

            await manager.change(cluster_id, {"workers": 4})
            cluster = await until(manager, cluster_id, connected(4))
            assert len(living(cluster)) == 4
            assert all(job["worker"].startswith("tls://") for job in cluster["jobs"])
            if site.kind == "slurm":
                assert [
                    argument
                    for argv in site.submissions()
                    for argument in argv
                    if argument.startswith("--array")
                ] == ["--array=0-0", "--array=0-2"]

            client = await asyncio.to_thread(connect, made["name"], home=site.home)
            try:
                futures = await asyncio.to_thread(client.scatter, list(range(40)))
                await manager.change(cluster_id, {"workers": 1})
                cluster = await until(manager, cluster_id, lambda c: len(living(c)) == 1)
                assert await asyncio.to_thread(client.gather, futures) == list(range(40))
            finally:
                await asyncio.to_thread(client.close)
            gone = [job for job in cluster["jobs"] if job["id"] not in living(cluster)]
            assert {job["state"] for job in gone} == {"COMPLETED"}  # retired, not cancelled
            assert cluster["diagnosis"] is None

            target = await manager.dashboard(cluster_id)
            address = urlsplit(cluster["scheduler"]["address"])
            ports = [(address.hostname, address.port), (target.host, target.port)]
            assert (await manager.shutdown(cluster_id))["state"] == "stopping"
            cluster = await until(manager, cluster_id, stopped)
            assert living(cluster) == []
            assert site.processes(cluster_id) == []
            for port in ports:
                with pytest.raises(ConnectionRefusedError), socket.create_connection(port, 5):
                    pass
            folder = site.home / "clusters" / cluster_id
            assert not (folder / "tls").exists()
            assert not (folder / "dashboard.key").exists()
            assert b"Scheduler at" in (await manager.log(cluster_id, "scheduler")).text
            assert (await manager.list())["clusters"] == []
            with pytest.raises(NotFound):
                connect(made["name"], home=site.home)
            assert cluster_id in site.changed

    asyncio.run(life())


def test_found_again_after_a_restart(site: ClusterSite) -> None:
    """Another companion shows the same cluster, computation unharmed, and can end it."""

    async def life() -> None:
        async with site.manager() as manager:
            cluster_id = (await manager.create(a_cluster(workers=1, name="kept é & 日")))["id"]
            before = await until(manager, cluster_id, connected(1))
        client = await asyncio.to_thread(connect, "kept é & 日", home=site.home)
        try:
            future = client.submit(lambda: 6 * 7)
            async with site.only_manager() as manager:
                (after,) = (await manager.list())["clusters"]
                assert after["scheduler"] == before["scheduler"]
                assert after["name"] == "kept é & 日"
                await until(manager, cluster_id, connected(1))
                assert await asyncio.to_thread(future.result, 30) == 42
        finally:
            await asyncio.to_thread(client.close)
        assert site.processes(cluster_id) == []

    asyncio.run(life())


@LOCAL
def test_a_shutdown_that_was_cut_off_is_finished_at_the_next_start(site: ClusterSite) -> None:
    async def life() -> None:
        async with site.manager() as manager:
            cluster_id = (await manager.create(a_cluster(workers=1)))["id"]
            await until(manager, cluster_id, connected(1))
            await manager.shutdown(cluster_id)
        async with site.manager() as manager:
            await until(manager, cluster_id, stopped)
        assert site.processes(cluster_id) == []

    asyncio.run(life())


@SLURM
def test_two_companions_on_one_home(site: ClusterSite) -> None:
    """What one does the other shows; together they submit no more than one alone."""

    async def life() -> None:
        async with site.only_manager() as one, site.manager() as two:
            cluster_id = (await one.create(a_cluster(workers=2, name="shared")))["id"]
            await until(two, cluster_id, connected(2))
            await two.change(cluster_id, {"workers": 3})
            await until(one, cluster_id, connected(3))
            cluster = await until(two, cluster_id, connected(3))
            assert len(cluster["jobs"]) == 3
            with pytest.raises(Conflict, match="shared"):
                await two.create(a_cluster(name="shared"))
            await two.change(cluster_id, {"name": "renamed"})
            await until(one, cluster_id, lambda c: c["name"] == "renamed")
            await one.shutdown(cluster_id)
            await until(two, cluster_id, stopped)

    asyncio.run(life())


def test_a_job_that_ends_at_once_is_not_submitted_for_ever(site: ClusterSite) -> None:
    async def life() -> None:
        async with site.only_manager() as manager:
            request = a_cluster(workers=1)
            request["options"] = {
                **SMALL,
                "prologue": ["echo 'no such module: gdal' >&2", "exit 7"],
            }
            cluster_id = (await manager.create(request))["id"]
            cluster = await until(
                manager,
                cluster_id,
                lambda c: c["diagnosis"] and "no more are started" in c["diagnosis"]["message"],
            )
            assert cluster["state"] in ("starting", "running")  # the scheduler is well
            assert "exit code 7" in cluster["diagnosis"]["message"]
            assert "no such module: gdal" in cluster["diagnosis"]["log"]
            assert len(cluster["jobs"]) == 3
            assert cluster["jobs"][0]["exit"] == "7:0"
            # A new wish is a new chance.
            await manager.change(cluster_id, {"workers": 0})
            cluster = await manager.get(cluster_id)
            assert cluster["diagnosis"] is None

    asyncio.run(life())


@SLURM
def test_a_worker_that_cannot_reach_the_scheduler(site: ClusterSite) -> None:
    """Its job's last words are on the card, with what to do."""

    async def life() -> None:
        async with site.only_manager() as manager:
            elsewhere = str(site.home / "nowhere.json")  # the last --scheduler-file counts
            settings = {"death-timeout": 3, "worker-extra-args": ["--scheduler-file", elsewhere]}
            with dask.config.set({"jobqueue.slurm": settings}):
                cluster_id = (await manager.create(a_cluster(workers=3)))["id"]
            cluster = await until(
                manager,
                cluster_id,
                lambda c: c["diagnosis"] and "no more are started" in c["diagnosis"]["message"],
            )
            assert "did not reach the scheduler" in cluster["diagnosis"]["message"]
            assert "interface" in cluster["diagnosis"]["hint"]

    asyncio.run(life())


@LOCAL
def test_scheduler_that_dies(site: ClusterSite) -> None:
    async def life() -> None:
        async with site.only_manager() as manager:
            cluster_id = (await manager.create(a_cluster(workers=1)))["id"]
            await until(manager, cluster_id, connected(1))
            (scheduler,) = [
                process
                for process in site.processes(cluster_id)
                if "distributed.cli.dask_scheduler" in process.cmdline()
            ]
            scheduler.kill()
            cluster = await until(manager, cluster_id, lambda c: c["state"] == "failed")
            assert "scheduler has ended" in cluster["diagnosis"]["message"]
            await until(manager, cluster_id, lambda c: living(c) == [])
            with pytest.raises(Conflict):
                await manager.change(cluster_id, {"workers": 2})
            with pytest.raises(Conflict):
                await manager.dashboard(cluster_id)

    asyncio.run(life())


@LOCAL
def test_a_start_that_fails_leaves_nothing(site: ClusterSite) -> None:
    async def life() -> None:
        async with site.only_manager() as manager:
            cluster_id = (await manager.create(a_cluster(workers=0)))["id"]
            folder = site.home / "clusters" / cluster_id
            (folder / "tls" / "key.pem").write_text("no key")
            cluster = await until(manager, cluster_id, lambda c: c["state"] == "failed")
            assert "did not start" in cluster["diagnosis"]["message"]
            assert cluster["diagnosis"]["log"]
            assert site.processes(cluster_id) == []

    asyncio.run(life())


def test_dashboard_opens_only_with_the_secret(tmp_path: Path) -> None:
    site = ClusterSite(tmp_path / "home", "local")

    async def life() -> None:
        from tornado.httpclient import AsyncHTTPClient

        async with site.only_manager() as manager:
            cluster_id = (await manager.create(a_cluster()))["id"]
            await until(manager, cluster_id, lambda c: c["state"] == "running")
            target = await manager.dashboard(cluster_id)
            base = f"http://{target.host}:{target.port}"
            http = AsyncHTTPClient()

            async def status(path: str, **headers: str) -> int:
                answer = await http.fetch(base + path, headers=headers, raise_error=False)
                return int(answer.code)

            key = {"X-Rsdat-Cluster-Key": target.secret.reveal()}
            for path in ("/status", "/health", "/metrics", "/json/identity.json", "/nothing"):
                assert await status(path) == 403, path
                assert await status(path, **{"X-Rsdat-Cluster-Key": "wrong"}) == 403, path
            assert await status("/status", **key) == 200
            assert await status("/health", **key) == 200
            assert await status("/proxy/8888/127.0.0.1/", **key) == 404

    asyncio.run(life())


def test_keys_are_private_and_not_in_command_lines(tmp_path: Path) -> None:
    site = ClusterSite(tmp_path / "home", "local")

    async def life() -> None:
        async with site.only_manager() as manager:
            cluster_id = (await manager.create(a_cluster(workers=1)))["id"]
            await until(manager, cluster_id, connected(1))
            folder = site.home / "clusters" / cluster_id
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            for file in ("tls/key.pem", "dashboard.key", "cluster.json", "logs/scheduler.log"):
                assert stat.S_IMODE((folder / file).stat().st_mode) == 0o600, file
            secret = (folder / "dashboard.key").read_text()
            for process in site.processes(cluster_id):
                line = " ".join(process.cmdline())
                assert "key.pem" not in line
                assert secret not in line
            shown = str(await manager.get(cluster_id)) + str(await manager.dashboard(cluster_id))
            assert secret not in shown
            stranger = distributed.Security(
                require_encryption=True,
                **dict.fromkeys(("tls_ca_file", "tls_client_cert"), str(_other_key(tmp_path))),
                tls_client_key=str(_other_key(tmp_path)),
            )
            address = (await manager.get(cluster_id))["scheduler"]["address"]
            with pytest.raises(OSError):
                await distributed.Client(address, security=stranger, timeout=3, asynchronous=True)

    asyncio.run(life())


def _other_key(folder: Path) -> Path:
    from datetime import datetime, timezone

    from rsdat.clusters.certificate import make_certificate

    file = folder / "stranger.pem"
    if not file.exists():
        file.write_bytes(b"".join(make_certificate("stranger", datetime.now(timezone.utc))))
    return file


def test_requests_that_make_no_sense(tmp_path: Path) -> None:
    site = ClusterSite(tmp_path / "home", "local")

    async def life() -> None:
        async with site.only_manager() as manager:
            for body in (
                {"name": ""},
                {"name": "a\nb"},
                {"name": "x" * 65},
                {"workers": -1},
                {"workers": True},
                {"workers": 10001},
                {"preset": "nowhere"},
                {"options": {"colour": "red"}},
                {"options": {"interface": "nosuch0"}},
                {"surprise": 1},
            ):
                with pytest.raises(InvalidInput):
                    await manager.create(body)
            assert (await manager.list())["clusters"] == []
            cluster_id = (await manager.create({"options": SMALL}))["id"]
            for change in ({}, {"workers": 1, "name": "b"}, {"workers": 1.5}, {"adapt": {}},
                           {"adapt": {"minimum": 3, "maximum": 2}}):  # fmt: skip
                with pytest.raises(InvalidInput):
                    await manager.change(cluster_id, change)
            for unknown in ("nosuch", "../x", "C", ""):
                with pytest.raises(NotFound):
                    await manager.get(unknown)
            for source in ("../cluster.json", "1_0/../../x", "%2e", "", "scheduler.log"):
                with pytest.raises(NotFound):
                    await manager.log(cluster_id, source)

    asyncio.run(life())
