"""Caps on all clusters together hold for wishes that come in the same instant."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.config
import pytest

from rsdat.base.clock import SystemClock
from rsdat.base.errors import Conflict
from rsdat.base.files import private_folder
from rsdat.clusters import register, wishes
from rsdat.clusters.caps import Usage
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.register import make_cluster, register_held
from rsdat.clusters.request import GroupRequest, read_change, read_request
from rsdat.presets import load_presets
from tests.clusters.test_unwatched import HandClock, Line, kept
from tests.support.cluster_parts import ID, NOW, job, options
from tests.support.companion import ROOT

MOST = 4
CAPS = {"rsdat.clusters.caps": {"all": {"workers": MOST}}}


def make(home: Path, workers: int = 0) -> ClusterFolder:
    private_folder(home / "clusters")
    request = read_request({"workers": workers}, load_presets(), "generic")
    return make_cluster(home, request, SystemClock())[0]


def wanted(home: Path) -> int:
    with register_held(home) as live:
        return sum(record.wanted for record in live.values())


def resize(home: Path, folder: ClusterFolder) -> None:
    wishes.wish_change(home, folder, read_change({"workers": 3}), NOW)


def add_group(home: Path, folder: ClusterFolder) -> None:
    wishes.wish_group(home, folder, GroupRequest("fat", options(), 3, None, {}), NOW)


def make_another(home: Path, _: ClusterFolder) -> None:
    make(home, 3)


@pytest.mark.parametrize("wish", [resize, add_group, make_another])
def test_two_requests_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wish: Callable[[Path, ClusterFolder], None]
) -> None:
    """Each waits, with its check made, for the other: which must not have been let that far."""
    both_checked = threading.Barrier(2)
    check = register.check_room

    def check_and_wait(*facts: Any) -> None:
        check(*facts)
        with contextlib.suppress(threading.BrokenBarrierError):
            both_checked.wait(0.5)

    refused = []

    def act(folder: ClusterFolder) -> None:
        try:
            wish(tmp_path, folder)
        except Conflict as error:
            refused.append(error)

    with dask.config.set(CAPS):
        folders = [make(tmp_path), make(tmp_path)]
        for module in (register, wishes):
            monkeypatch.setattr(module, "check_room", check_and_wait)
        threads = [threading.Thread(target=act, args=(folder,)) for folder in folders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert wanted(tmp_path) == 3
        (error,) = refused
        assert error.code == "cap"
        assert "all your clusters together" in error.message


WISHES = """\
import sys
from pathlib import Path
import dask.config
from rsdat.base.clock import SystemClock
from rsdat.base.errors import Conflict
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.request import read_change
from rsdat.clusters.wishes import wish_change

home, cluster_id, most, rounds, mine, other = sys.argv[1:]
folder = ClusterFolder(Path(home) / "clusters" / cluster_id)
dask.config.set({"rsdat.clusters.caps": {"all": {"workers": int(most)}}})
Path(mine).touch()
while not Path(other).exists():
    pass
for _ in range(int(rounds)):
    for workers in (3, 0):
        try:
            change = read_change({"workers": workers})
            wish_change(Path(home), folder, change, SystemClock().now())
        except Conflict as error:
            assert error.code == "cap", error
        print(folder.read_record().wanted)
"""


def test_two_companions_at_once(tmp_path: Path) -> None:
    """Both scale up and down at will; whoever looks never sees more than there may be."""
    folders = [make(tmp_path), make(tmp_path)]
    ready = [tmp_path / "one", tmp_path / "two"]
    rounds = 30
    with contextlib.ExitStack() as stack:
        companions = [
            stack.enter_context(
                subprocess.Popen(
                    [
                        *(sys.executable, "-c", WISHES, str(tmp_path), folder.id, str(MOST)),
                        *(str(rounds), str(mine), str(other)),
                    ],
                    cwd=ROOT,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for folder, mine, other in zip(folders, ready, reversed(ready), strict=True)
        ]
        while any(each.poll() is None for each in companions):
            assert wanted(tmp_path) <= MOST
        sizes = []
        for each in companions:
            out, _ = each.communicate(timeout=20)
            assert each.returncode == 0
            sizes += out.split()
    assert len(sizes) == 4 * rounds
    assert "3" in sizes


class BusyLine(Line):
    """A scheduler with work for many workers."""

    async def target(self) -> int:
        return 30


def test_an_adaptive_cluster_grows_by_what_is_left_now(tmp_path: Path) -> None:
    """What its keeper last saw of the others is older than what they have taken since."""

    async def life() -> None:
        keeper = kept(tmp_path, BusyLine(), HandClock(), adapt=(0, 50), held=True)
        keeper.others = Usage
        await keeper.turn([job("7_0"), job("7_1")])
        await keeper.close()

    with dask.config.set({"rsdat.clusters.caps": {"all": {"workers": 6}}}):
        make(tmp_path, 3)
        asyncio.run(life())
        assert ClusterFolder(tmp_path / "clusters" / ID).read_record().wanted == 3
