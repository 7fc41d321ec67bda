"""Limits in words against what a real Slurm then does, and what `--test-only` says of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from rsdat.clusters.manager import ClusterManager
from rsdat.queue.slurm.queue import SlurmQueue
from tests.support.slurm_accounting import ACCOUNT
from tests.support.slurm_site import SlurmSite

pytestmark = pytest.mark.slurm


@asynccontextmanager
async def manager(home: Path) -> AsyncIterator[ClusterManager]:
    made = ClusterManager(home, SlurmQueue())
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


def preview(home: Path, **options: Any) -> dict[str, Any]:
    async def ask() -> Any:
        async with manager(home) as made:
            return await made.preview({"workers": 2, "options": options})

    return dict(asyncio.run(ask()))


def reason(site: SlurmSite, script: str) -> str:
    """Why a job with this script waits, or that it was refused."""
    folder = site.folder / "preview.sh"
    folder.write_text(script)
    done = site.command("sbatch", "--parsable", "-o", "/dev/null", str(folder), check=False)
    if done.returncode:
        return done.stderr
    job = done.stdout.strip()
    try:
        said = ""
        until = time.monotonic() + 10
        while said in ("", "PENDING None") and time.monotonic() < until:
            time.sleep(0.1)
            said = site.command("squeue", "-h", "-j", job, "-o", "%T %r").stdout.strip()
        return said
    finally:
        site.command("scancel", job)


@pytest.fixture
def site(slurm_site: SlurmSite, monkeypatch: pytest.MonkeyPatch) -> SlurmSite:
    monkeypatch.setenv("SLURM_CONF", slurm_site.env()["SLURM_CONF"])
    return slurm_site


@pytest.mark.parametrize(
    ("options", "words", "seen"),
    [
        ({"partition": "short", "walltime": "24:00:00"}, "short allows 1 h, you asked for 24 h",
         "PENDING Partition"),
        ({"cores": 5}, "A node of main has 4 cores, not 5", "node configuration is not available"),
        ({"constraint": "fast"}, "No node here has the feature 'fast'", "feature"),
        ({"gres": "gpu:1"}, "No node of main has 'gpu'", "gres"),
        ({"reservation": "course"}, "There is no reservation 'course' here", "reservation"),
    ],
)  # fmt: skip
def test_what_slurm_would_not_start(
    site: SlurmSite, tmp_path: Path, options: dict[str, Any], words: str, seen: str
) -> None:
    found = preview(tmp_path, **options)
    assert any(words in problem for problem in found["problems"]), found["problems"]
    assert seen in reason(site, found["script"])


def test_what_slurm_starts_has_no_problem(site: SlurmSite, tmp_path: Path) -> None:
    found = preview(tmp_path, cores=2, memory="2GiB", walltime="00:30:00", partition="short")
    assert (found["problems"], found["notes"]) == ([], [])
    assert (found["core_hours"], found["core_hours_per_hour"]) == (2, 4)
    assert found["start_estimate"] is not None


@pytest.fixture
def limited(
    slurm_accounting_site: SlurmSite, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SlurmSite]:
    """The account allows 20 minutes and ten jobs in the queue."""
    site = slurm_accounting_site
    monkeypatch.setenv("SLURM_CONF", site.env()["SLURM_CONF"])
    site.manage("modify", "account", ACCOUNT, "set", "MaxWall=00:20:00", "GrpSubmit=10")
    yield site
    site.manage("modify", "account", ACCOUNT, "set", "MaxWall=-1", "GrpSubmit=-1")


def test_limits_of_the_account(limited: SlurmSite, tmp_path: Path) -> None:
    async def ask() -> Any:
        async with manager(tmp_path) as made:
            body = {"workers": 11, "options": {"walltime": "00:30:00"}}
            return await made.site(), await made.preview(body)

    site, found = asyncio.run(ask())
    assert ACCOUNT in site["accounts"]
    assert site["default_account"] == ACCOUNT
    assert next(limit["walltime"] for limit in site["limits"] if limit["name"] == ACCOUNT) == 1200
    assert found["problems"][:2] == [
        f"Account {ACCOUNT} allows 20 min, you asked for 30 min",
        f"Account {ACCOUNT} allows 10 jobs in the queue, not 11: more are refused",
    ]
    assert "AssocMaxWallDurationPerJobLimit" in reason(limited, found["script"])
