"""How a transfer ended is on disk before it is let go of, whenever it ended."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from rsdat.dcache.transfers.manager import TransferManager
from rsdat.dcache.transfers.record import Record
from rsdat.dcache.transfers.store import Store
from rsdat.dcache.transfers.workspace import Workspace
from tests.support.assets import NeverReady
from tests.support.server import until

LIMIT_S = 60


async def _no_client(name: str) -> Any:
    raise AssertionError(name)


def test_one_that_ends_while_it_is_being_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(_ends_while_it_is_written(tmp_path, monkeypatch))


async def _ends_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, written, go_on = [], threading.Event(), threading.Event()
    save = Store.save

    def slowly(store: Store, record: Record) -> None:
        save(store, record)
        asked.append(record.state)
        # The first is that of the request; the second is what is told of now and then.
        if len(asked) == 2:
            written.set()
            assert go_on.wait(LIMIT_S)

    monkeypatch.setattr(Store, "save", slowly)
    assets = NeverReady()
    workspace = Workspace(tmp_path)
    manager = TransferManager(
        tmp_path / "home", _no_client, workspace, lambda _: None, lambda *_: None, assets
    )
    await manager.start()
    try:
        record = Record("one", "assets", None, None, None, "replace", "t", "2024-01-01T00:00:00Z")
        await manager.begin_assets(record, {})
        assert await asyncio.to_thread(written.wait, LIMIT_S)
        assets.may_fail.set()
        await until(lambda: manager._live["one"].record.state == "failed", within_s=LIMIT_S)
        go_on.set()
        await until(lambda: "one" not in manager._live, within_s=LIMIT_S)
        assert (await manager.get("one"))["state"] == "failed"
    finally:
        go_on.set()
        await manager.stop()
