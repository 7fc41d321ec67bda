"""What items say of their assets after a copy: only what arrived has a new address."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pystac

from rsdat.base.errors import RsdatError
from rsdat.stac.add import link_items
from rsdat.stac.copying.facts import Job, Outcome
from rsdat.stac.copying.layout import safe_name
from rsdat.stac.copying.places import Places
from rsdat.stac.copying.plan import hrefs_of
from rsdat.stac.copying.trouble import understood
from rsdat.stac.hrefs import absolute, parent, relative, resolve, scheme_of, shown, whole
from rsdat.stac.save import dumps
from rsdat.stac.swap import update

STAC_VERSION = "1.0.0"
#: Links of an item that the new catalog makes anew.
_STRUCTURE = ("self", "root", "parent", "collection", "item", "child")
_SAVES_AT_ONCE = 8
#: Items that wait for that: small files are copied faster than their items are saved.
_SAVES_WAIT = 64
# PySTAC takes them for parts of a URL.
_ODD = frozenset("#?;%")


class Keeper:
    """Follows the items of a copy, and saves each when all of its files have ended.

    Args:
        places: Both ends.
        update: Give the items that were handed over their new addresses.
        save: And save those that have a file of their own where one can write.
        catalog: Address of a catalog to write of what arrived; None for none.
        catalog_id: Its id, if it is new; the folder's name if None.
    """

    def __init__(
        self,
        places: Places,
        *,
        update: bool = False,
        save: bool = True,
        catalog: str | None = None,
        catalog_id: str | None = None,
    ) -> None:
        self._places = places
        self._update = update
        self._saves = save
        self._catalog = catalog
        self._catalog_id = catalog_id
        self._left: dict[str, int] = {}
        self._items: dict[str, tuple[pystac.Item, list[Outcome]]] = {}
        self._owner: dict[str, str] = {}
        self._links: set[str] = set()
        self._saving: set[asyncio.Task[None]] = set()
        self._limit = asyncio.Semaphore(_SAVES_AT_ONCE)
        #: Items that could not be saved: their address, and why.
        self.problems: dict[str, RsdatError] = {}
        #: Whether anything has to be kept at all.
        self.idle = not update and catalog is None

    def expect(self, item: pystac.Item, folder: str, jobs: Sequence[Job]) -> None:
        """These are the files of an item; called in a thread before they begin."""
        if self.idle:
            return
        self._items[folder] = (item, [])
        for job in jobs:
            self._owner[job.target] = folder
        self._left[folder] = len(jobs)
        if not jobs and self._catalog is not None:
            self._items[folder][1].append(_NOTHING)

    def ended(self, outcome: Outcome) -> None:
        """A file has ended; called in the event loop."""
        folder = self._owner.pop(outcome.job.target, None)
        if folder is None:
            return
        self._items[folder][1].append(outcome)
        self._left[folder] -= 1
        if not self._left[folder]:
            self._keep(folder)

    async def room(self) -> None:
        """Come back when few items wait to be saved."""
        while len(self._saving) > _SAVES_WAIT:
            await asyncio.wait(set(self._saving), return_when=asyncio.FIRST_COMPLETED)

    def _keep(self, folder: str) -> None:
        item, outcomes = self._items.pop(folder)
        self._left.pop(folder, None)
        task = asyncio.ensure_future(self._save(item, folder, outcomes))
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)

    async def _save(self, item: pystac.Item, folder: str, outcomes: list[Outcome]) -> None:
        arrived = {
            key: outcome.job.target
            for outcome in outcomes
            if outcome.state != "failed"
            for key in outcome.job.keys
        }
        async with self._limit:
            if self._catalog is not None and (arrived or _NOTHING in outcomes):
                href = f"{folder}/{safe_name(item.id)}.json"
                with self._told(href):
                    value = self._described(item, href, arrived, await self._before(href))
                    await self._places.write(href, dumps(value).encode())
                    self._links.add(href)
            if self._update and arrived:
                own = item.get_self_href()
                own = absolute(own) if own else None
                for key, target in arrived.items():
                    item.assets[key].href = _as_written(target, own)
                if self._saves and own is not None and scheme_of(own) not in ("http", "https"):
                    with self._told(own):
                        await self._rewrite(own, arrived)

    @contextlib.contextmanager
    def _told(self, href: str) -> Any:
        try:
            yield
        except Exception as error:  # noqa: BLE001 - told in the report; the files are there
            self.problems[href] = understood(error, href)

    async def _rewrite(self, href: str, arrived: Mapping[str, str]) -> None:
        """Change the addresses in an item's file, and nothing else of it."""
        try:
            value = json.loads(await self._places.read(href))
        except FileNotFoundError:
            return  # it was never saved; whoever saves it saves the new addresses
        for key, target in arrived.items():
            if key in value.get("assets", {}):
                value["assets"][key]["href"] = _as_written(target, href)
        await self._places.write(href, dumps(value).encode())

    async def _before(self, href: str) -> dict[str, Any]:
        """Assets of an item that an earlier copy wrote."""
        try:
            value = json.loads(await self._places.read(href))
        except (FileNotFoundError, ValueError):
            return {}
        assets = value.get("assets") if isinstance(value, dict) else None
        return assets if isinstance(assets, dict) else {}

    def _described(
        self,
        item: pystac.Item,
        href: str,
        arrived: Mapping[str, str],
        before: Mapping[str, Any],
    ) -> dict[str, Any]:
        """An item as the new catalog has it."""
        value: dict[str, Any] = item.to_dict(include_self_link=False, transform_hrefs=False)
        sources = hrefs_of(item)
        for key, asset in value["assets"].items():
            old = before.get(key, {}).get("href", "")
            if key in arrived:
                asset["href"] = relative(arrived[key], href)
            elif old and parent(resolve(old, href)) == parent(href):
                # It came with an earlier copy, of other assets or before something failed.
                asset["href"] = old
            else:
                asset["href"] = whole(sources[key], href)
        own = item.get_self_href()
        links = [link for link in value["links"] if link.get("rel") not in _STRUCTURE]
        if own and not any(link.get("rel") == "via" for link in links):
            links.append({"rel": "via", "href": shown(own), "type": _GEOJSON})
        up = relative(str(self._catalog), href)
        value["links"] = [
            {"rel": "root", "href": up, "type": "application/json"},
            {"rel": "parent", "href": up, "type": "application/json"},
            *links,
        ]
        value.pop("collection", None)
        if item.collection_id:
            # Without its collection here it may not name it as STAC's own field.
            value["properties"].setdefault("collection", item.collection_id)
        return value

    async def finish(self) -> str | None:
        """Save what is left, and at last the catalog; its address.

        Raises:
            RsdatError: It can't be written: the one that was there stands.
        """
        for folder in list(self._items):
            self._keep(folder)
        try:
            while self._saving:
                await asyncio.gather(*self._saving)
        except BaseException:
            await self.give_up()
            raise
        if self._catalog is None:
            return None
        await asyncio.to_thread(self._link, self._catalog)
        return self._catalog

    async def give_up(self) -> None:
        """End what is being saved: what was begun of it is taken back."""
        for task in self._saving:
            task.cancel()
        await asyncio.gather(*self._saving, return_exceptions=True)

    def _link(self, href: str) -> None:
        """Link what arrived, as if nobody else wrote the catalog at the same time."""
        options = self._places.target_options
        if self._catalog_id:
            new: dict[str, Any] = {
                "type": "Catalog",
                "stac_version": STAC_VERSION,
                "id": self._catalog_id,
                "description": f"Copies in {parent(href).rpartition('/')[2]}.",
                "links": [],
            }
            update(href, lambda old: dumps(new).encode() if old is None else None, options)
        link_items(href, sorted(self._links), options)


_GEOJSON = "application/geo+json"
#: An item of which no file was to be copied.
_NOTHING = Outcome(Job("", (), "", ""), "skipped")


def _as_written(target: str, own: str | None) -> str:
    """How an item names a file: by its name where it lies beside it."""
    if own is not None and parent(own) == parent(target) and not _ODD & set(own):
        return f"./{target.rpartition('/')[2]}"
    return whole(target, own or "")
