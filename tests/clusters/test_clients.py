"""Clients of a cluster: the way to it without rsdat, who is there, whose versions fit."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, Security

from rsdat.base.errors import Conflict
from rsdat.clusters.diagnosis.versions import own_versions
from rsdat.clusters.manager import ClusterManager
from tests.support.cluster_site import SMALL, ClusterSite, connected, until
from tests.support.other_scheduler import make_keys, other_scheduler

#: For a cluster whose folder is FOLDER.
CODE = Path(__file__).parent / "golden" / "client_code.txt"
FOLDER = "/home/ann/.rsdat/clusters/c0ffee00"

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def home(tmp_path: Path) -> ClusterSite:
    return ClusterSite(tmp_path / "home", "local")


def running(cluster: dict[str, Any]) -> bool:
    return bool(cluster["state"] == "running" and cluster["scheduler"]["id"])


def client_of(connection: dict[str, str | None]) -> Client:
    """As the code does that goes into a notebook."""
    security = None
    if connection["key_file"]:
        security = Security(
            require_encryption=True,
            tls_ca_file=connection["ca_file"],
            tls_client_cert=connection["cert_file"],
            tls_client_key=connection["key_file"],
        )
    return Client(
        connection["address"], scheduler_file=connection["scheduler_file"], security=security
    )


def test_who_is_there_and_whose_versions_fit(home: ClusterSite) -> None:
    """Counted by the scheduler, for a client that came by what the cluster tells."""

    async def life() -> None:
        async with home.only_manager() as manager:
            cluster_id = (await manager.create({"options": SMALL}))["id"]
            await until(manager, cluster_id, running)
            same = own_versions()
            answer = await manager.compare_versions(cluster_id, same)
            assert answer == {"workers": 0, "mismatch": None}
            old = {**same, "distributed": "2021.1.0"}
            found = (await manager.compare_versions(cluster_id, old))["mismatch"]
            assert "2021.1.0 in the notebook" in found["message"]
            assert found["serious"]

            await manager.change(cluster_id, {"workers": 1})
            cluster = await until(manager, cluster_id, connected(1))
            answer = await manager.compare_versions(cluster_id, {**same, "cloudpickle": "0.1"})
            assert answer["workers"] == 1
            assert "the one worker" in answer["mismatch"]["message"]
            assert not answer["mismatch"]["serious"]

            nobody = await manager.clients(cluster_id)
            assert (nobody["clients"], nobody["bytes"]) == ([], 0)
            client = await asyncio.to_thread(client_of, cluster["connection"])
            try:
                # What a notebook's kernel says of itself is what the panel knows the cluster by.
                identity = await asyncio.to_thread(client.scheduler_info)
                assert identity["id"] == cluster["scheduler"]["id"]
                kept = await asyncio.to_thread(client.scatter, bytes(1_000_000))
                slow = client.map(time.sleep, [60] * 5, pure=False)
                told = await counted(manager, cluster_id, 5)
                assert told["clients"] == [client.id]
                assert told["tasks"]["in_memory"] == 1
                assert told["tasks"]["processing"] >= 1
                assert told["bytes"] >= 1_000_000
                await asyncio.to_thread(client.cancel, [*slow, kept])
            finally:
                await asyncio.to_thread(client.close)
            while (await manager.clients(cluster_id))["clients"]:
                await asyncio.sleep(0.05)
        assert (await manager.get(cluster_id))["connection"] is None
        with pytest.raises(Conflict, match="not up"):
            await manager.clients(cluster_id)

    asyncio.run(life())


async def counted(manager: ClusterManager, cluster_id: str, unfinished: int) -> dict[str, Any]:
    """What is told as soon as so many Dask tasks have come and none has ended."""
    deadline = time.monotonic() + 60
    while True:
        told = await manager.clients(cluster_id)
        if told["tasks"]["processing"] + told["tasks"]["waiting"] == unfinished:
            return told
        assert time.monotonic() < deadline, told
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("encrypted", [True, False])
def test_an_attached_scheduler(home: ClusterSite, tmp_path: Path, encrypted: bool) -> None:
    """One that has no preload of ours; one that must not be asked at all."""
    keys = make_keys(tmp_path / "tls") if encrypted else None

    async def life() -> None:
        with other_scheduler(tmp_path / "other", keys=keys) as other:
            async with home.only_manager() as manager:
                attach: dict[str, Any] = {"address": other.address, **(keys or {})}
                if not encrypted:
                    attach["dashboard_port"] = other.dashboard_port
                cluster_id = (await manager.create({"attach": attach}))["id"]
                cluster = await until(manager, cluster_id, running)
                client = await asyncio.to_thread(client_of, cluster["connection"])
                try:
                    identity = await asyncio.to_thread(client.scheduler_info)
                    assert identity["id"] == cluster["scheduler"]["id"]
                finally:
                    await asyncio.to_thread(client.close)
                with pytest.raises(Conflict) as caught:
                    await manager.clients(cluster_id)
                assert caught.value.code == "not_told"
                asked = manager.compare_versions(cluster_id, {"dask": "2021.1.0"})
                if encrypted:
                    assert "2021.1.0" in (await asked)["mismatch"]["message"]
                else:
                    with pytest.raises(Conflict, match="not encrypted"):
                        await asked

    asyncio.run(life())


def test_a_kernel_without_rsdat(home: ClusterSite, tmp_path: Path) -> None:
    """What is inserted into a notebook runs where only distributed is; keys gone, it says so."""
    blocked = tmp_path / "blocked" / "rsdat"
    blocked.mkdir(parents=True)
    (blocked / "__init__.py").write_text("raise ImportError('there is no rsdat here')\n")

    def run(code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            env={"PYTHONPATH": str(blocked.parent), "PATH": "/usr/bin:/bin"},
        )

    async def life() -> str:
        async with home.only_manager() as manager:
            # At once: the code waits for the scheduler to come up.
            made = await manager.create({"name": "maps", "options": SMALL})
            code = inserted(made)
            done = await asyncio.to_thread(
                run, f"{code}\nprint('rsdat' in __import__('sys').modules)"
            )
            assert done.returncode == 0, done.stderr
            assert done.stdout.strip() == "False"
            await until(manager, made["id"], running)
            return code

    gone = run(asyncio.run(life()))
    assert "FileNotFoundError" in gone.stderr


def inserted(cluster: dict[str, Any]) -> str:
    """What the panel inserts, held against src/clusters/code.ts by its own test."""
    folder = str(Path(cluster["connection"]["scheduler_file"]).parent)
    return CODE.read_text().replace(FOLDER, folder)
