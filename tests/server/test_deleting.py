"""Deleting a large folder: it can be stopped, and says what is gone."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.support.door import Door
from tests.support.server import Lab, check_error, until

DELETE = "/api/dcache/default/delete"
STOP = "/api/dcache/{endpoint}/stop-deleting"


async def test_is_stopped(lab: Lab, dcache: Door, folder: str, place: Path) -> None:
    inner = place / "inner"
    inner.mkdir()
    for number in range(40):
        (inner / f"{number}").touch()
    dcache.fault("delay", server="frontend", method="DELETE", seconds=0.5, times=1000)
    value = {"path": f"{folder}/inner", "recursive": True}
    deleting = asyncio.ensure_future(lab.ask("POST", DELETE, value=value))
    await until(lambda: len(list(inner.iterdir())) < 40)

    async def stop(path: str) -> bool:
        answer = await lab.call("POST", STOP, 200, endpoint="default", value={"path": path})
        return bool(answer["stopped"])

    assert not await stop(f"{folder}/other")
    assert await stop(f"{folder}/inner")
    error = check_error(await deleting, 409, "stopped")
    left = len(list(inner.iterdir()))
    assert 0 < left < 40
    assert error["details"]["deleted"] == 40 - left
    assert not await stop(f"{folder}/inner")
