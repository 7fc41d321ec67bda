"""Copies of STAC assets: what the processes that do them are prepared with."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rsdat.base.files import read_json
from rsdat.server.stacselection import choice_of

if TYPE_CHECKING:
    from rsdat.dcache.transfers.workspace import Workspace
    from rsdat.server.stacindexes import StacIndexes
    from rsdat.server.storage import Storage
    from rsdat.stac.copying.assets import Copying

_WORKSPACE = "workspace:/"


class StacCopies:
    """Knows what a copy that the page asked for means.

    Args:
        storage: The endpoints.
        indexes: What catalogs and searches hold.
        workspace: Jupyter's root folder, and whether its hidden files may be chosen.
    """

    def __init__(
        self,
        storage: Storage,
        indexes: StacIndexes,
        workspace: Callable[[], tuple[Path, bool]],
    ) -> None:
        self._storage = storage
        self._indexes = indexes
        self._workspace = workspace

    async def record(self, request: Mapping[str, Any]) -> Any:
        """The transfer of a request (StacCopy of the contract).

        Raises:
            InvalidInput: Its destination is no folder.
            NotFound: There is no such endpoint.
        """
        await asyncio.to_thread(importlib.import_module, "rsdat.stac.copying.background")
        from rsdat.dcache import paths
        from rsdat.dcache.transfers.record import Side
        from rsdat.stac.copying.background import new_record, title_of

        what = await self._what(request, request["href"])
        to = request["to"]
        if to["endpoint"] is None:
            destination = Side(None, ("/" + to["path"].strip("/"),))
        else:
            destination = Side(to["endpoint"], (paths.parse(to["path"]),))
        return new_record(title_of(what), source=_source(request), destination=destination)

    async def prepare(self, folder: Path) -> None:
        """Write the items and the order of a transfer, once.

        Raises:
            RsdatError: The selection can't be read (any more).
        """
        from rsdat.stac.copying.order import write_items, write_order

        if (folder / "order.json").exists():
            return
        request = await asyncio.to_thread(
            lambda: read_json(folder / "request.json", format_version=1)
        )
        what = await self._what(request, None)
        items, _ = await self._items(request)
        await asyncio.to_thread(write_items, folder, items)
        await asyncio.to_thread(write_order, folder, what)

    def start(self, folder: Path) -> None:
        """Start the process of a transfer."""
        from rsdat.stac.copying.background import start

        start(folder)

    async def estimate(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The StacEstimate of a request.

        Raises:
            RsdatError: The selection can't be read.
        """
        await asyncio.to_thread(importlib.import_module, "rsdat.stac.copying.estimating")
        from rsdat.stac.copying.estimating import MOST_ITEMS, estimated
        from rsdat.stac.copying.running import run

        items, total = await self._items(request, MOST_ITEMS)
        what = await self._what(request, items)
        # In fsspec's loop, where the file systems live.
        found = await asyncio.to_thread(lambda: run(estimated(what, total)))
        return found.as_dict()

    async def _what(self, request: Mapping[str, Any], items: Any) -> Copying:
        from rsdat.stac.copying.assets import Copying

        to = request["to"]
        target: dict[str, Any] = {}
        if to["endpoint"] is None:
            address = str(self._place(to["path"]))
        else:
            from rsdat.dcache import paths

            await self._storage.client(to["endpoint"])
            target = {"dcache": {"endpoint": to["endpoint"]}}
            address = "dcache://" + paths.parse(to["path"]).lstrip("/")
        source = await self._endpoint(request.get("endpoint"))
        return Copying(
            items=items,
            keys=request.get("assets"),
            to=address.rstrip("/"),
            write_catalog=request.get("id") or True,
            options={} if source is None else {"dcache": {"endpoint": source}},
            target_options=target,
        )

    async def _endpoint(self, name: str | None) -> str | None:
        """The endpoint that `dcache:` addresses mean; None where there is none at all."""
        if name is not None:
            await self._storage.client(name)
            return name
        endpoints = await self._storage.endpoints()
        return endpoints[0].name if endpoints else None

    async def _items(
        self, request: Mapping[str, Any], most: int | None = None
    ) -> tuple[list[dict[str, Any]], int]:
        """Those of a request, an even choice if there are more than `most`; how many there are."""
        found, total = await choice_of(
            self._indexes, request["href"], request.get("endpoint"), request.get("selection"), most
        )
        return await asyncio.to_thread(lambda: list(self._placed(found))), total

    def _placed(self, items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Items with addresses that fsspec knows."""
        for item in items:
            for part in (*item.get("assets", {}).values(), *item.get("links", ())):
                href = part.get("href", "")
                if isinstance(href, str) and href.startswith(_WORKSPACE):
                    part["href"] = str(self._inside(href.removeprefix(_WORKSPACE)))
            yield item

    def _place(self, path: str) -> Path:
        return self._jupyter_files().place(path)

    def _inside(self, path: str) -> Path:
        return self._jupyter_files().inside(path)

    def _jupyter_files(self) -> Workspace:
        from rsdat.dcache.transfers.workspace import Workspace

        return Workspace(*self._workspace())


def _source(request: Mapping[str, Any]) -> Any:
    """The catalog as one end of the transfer; None for what is on the web."""
    from rsdat.dcache import paths
    from rsdat.dcache.transfers.record import Side

    href, endpoint = request["href"], request.get("endpoint")
    if href.startswith(_WORKSPACE):
        return Side(None, ("/" + href.removeprefix(_WORKSPACE),))
    if href.startswith("dcache:/") and endpoint is not None:
        return Side(endpoint, (paths.parse("/" + href.removeprefix("dcache:").lstrip("/")),))
    return None
