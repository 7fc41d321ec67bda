"""In the place of what copies STAC assets for a transfer manager without Lab's other parts."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rsdat.base.errors import InvalidInput


class NeverReady:
    """What a process is prepared with can't be found, which shows when the test says so."""

    def __init__(self) -> None:
        self.may_fail = asyncio.Event()

    async def prepare(self, folder: Path) -> None:
        """Fail, then."""
        await self.may_fail.wait()
        raise InvalidInput(f"{folder.name} makes no sense")

    def start(self, folder: Path) -> None:
        """Never come to it."""
        raise AssertionError(f"nothing to start in {folder}")
