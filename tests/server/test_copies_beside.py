"""Copies beside what they are copied from: a second attempt makes the copy, and makes it once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.files import write_json
from rsdat.dcache.transfers import manager
from tests.support.door import Door
from tests.support.server import until
from tests.support.transfers import Transfers, names


async def fail_once(transfers: Transfers, dcache: Door, **request: Any) -> str:
    """Begin a copy whose file gets no name; returns its id when it has failed."""
    # By the doors, and by this computer.
    for _ in range(2):
        dcache.fault("status", method="MOVE", status=403)
    made = await transfers.begin("copy", conflict="keep-both", **request)
    assert (await transfers.until(made["id"]))["state"] == "failed"
    assert not dcache.faults_to_come()
    return str(made["id"])


async def test_retry_beside_itself(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """The source is no copy of an earlier attempt."""
    (place / "f.tif").write_bytes(b"bytes")
    request = {"source": ("default", f"{folder}/f.tif"), "destination": ("default", folder)}
    id_ = await fail_once(transfers, dcache, **request)
    assert names(place) == ["f.tif"]
    await transfers.act(id_, "retry")
    await transfers.done(id_)
    assert names(place) == ["f (1).tif", "f.tif"]
    # Who pastes once more wants one more, though there is a file of the same bytes.
    id_ = await fail_once(transfers, dcache, **request)
    await transfers.act(id_, "retry")
    await transfers.done(id_)
    assert names(place) == ["f (1).tif", "f (2).tif", "f.tif"]


async def test_copy_that_was_made_is_not_made_again(
    transfers: Transfers, folder: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its companion was killed before it wrote down that the file was whole."""
    monkeypatch.setattr(manager, "WANTED_S", 0.0)
    (place / "f.tif").write_bytes(b"bytes")
    made = await transfers.begin(
        "copy",
        source=("default", f"{folder}/f.tif"),
        destination=("default", folder),
        conflict="keep-both",
    )
    await transfers.done(made["id"])
    assert names(place) == ["f (1).tif", "f.tif"]
    manager_ = await transfers.companion.transfers()
    await until(lambda: not manager_._live)
    # What a killed companion leaves: it runs, and the last line was not written.
    kept = manager_._store
    (kept.folder(made["id"]) / "ends.jsonl").unlink()
    record = kept.load(made["id"])
    record.state = "running"
    kept.save(record)
    await manager_._adopt()
    ended = await transfers.done(made["id"])
    assert ended["files"]["done"] == 1
    assert names(place) == ["f (1).tif", "f.tif"]


async def test_one_dcache_by_two_names(
    transfers: Transfers, folder: str, place: Path, dcache: Door, rsdat_home: Path
) -> None:
    """Under another endpoint's name the source is itself all the same."""
    file = rsdat_home / "endpoints.json"
    (one,) = json.loads(file.read_text())["endpoints"]
    write_json(file, {"endpoints": [one, {**one, "name": "twin"}]}, format_version=1)
    (place / "f.tif").write_bytes(b"bytes")
    id_ = await fail_once(
        transfers,
        dcache,
        source=("twin", f"{folder}/f.tif"),
        destination=("default", folder),
    )
    await transfers.act(id_, "retry")
    await transfers.done(id_)
    assert names(place) == ["f (1).tif", "f.tif"]
