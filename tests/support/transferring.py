"""A companion that only transfers, as a process that can be killed: for `tests.support.companion`.

`Companion(home, workspace, program="tests.support.transferring")`.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from rsdat.dcache.transfers.manager import TransferManager
from rsdat.dcache.transfers.workspace import Workspace
from rsdat.server.storage import Storage
from tests.support.companion import serve


async def _main(home: Path, root: Path) -> None:
    storage = Storage(home)
    manager = TransferManager(
        home, storage.client, Workspace(root), lambda _: None, lambda *_: None
    )
    try:
        await serve(manager)
    finally:
        await storage.close()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), Path(sys.argv[2])))
