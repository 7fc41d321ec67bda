"""What is done of a transfer by itself: begun in the background, and taken back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable

from rsdat.base.errors import RsdatError
from rsdat.dcache.transfers import copying, outside
from rsdat.dcache.transfers.live import Transfer


def begin(transfer: Transfer, assets: outside.Outside | None) -> None:
    """Copy, have copied or plan, in a task of the transfer's.

    Args:
        transfer: It is ours.
        assets: Does copies of STAC assets.
    """
    if transfer.record.kind == "copy":
        work = copying.Copying(transfer).run()
    elif transfer.record.kind == "assets":
        work = _follow(transfer, assets)
    else:
        work = _plan(transfer)
    transfer.task = asyncio.create_task(_guarded(transfer, work))


async def take_back(transfer: Transfer) -> None:
    """Remove what is half done, when nothing of it is under way here any more."""
    if transfer.record.kind == "copy":
        await copying.clean(transfer)
    elif transfer.record.kind == "assets":
        await outside.stop(transfer.folder)


async def _follow(transfer: Transfer, assets: outside.Outside | None) -> None:
    if assets is None:
        transfer.interrupt("This program copies no STAC assets", "Retry it in JupyterLab.")
        return
    await outside.Following(transfer, transfer.folder, assets).run()


async def _plan(transfer: Transfer) -> None:
    # What fails here fails again, and is told, when the bytes are fetched.
    with contextlib.suppress(RsdatError):
        await copying.plan(transfer)


async def _guarded(transfer: Transfer, work: Awaitable[None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - a bug must not leave it running for ever
        transfer.broke(error)
    finally:
        transfer.task = None
