"""What items say of their assets after a copy: only what arrived has a new address."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pystac

from rsdat.base.errors import NotFound, RsdatError
from rsdat.stac.add import link_items
from rsdat.stac.copying.described import (
    GEOJSON,
    STRUCTURE,
    as_written,
    assets_of,
    described,
    is_many,
    many_rewritten,
    rewritten,
)
from rsdat.stac.copying.facts import Job, Outcome
from rsdat.stac.copying.layout import safe_name
from rsdat.stac.copying.places import Places
from rsdat.stac.copying.plan import hrefs_of
from rsdat.stac.copying.trouble import understood
from rsdat.stac.hrefs import absolute, parent, resolve, scheme_of, shown, whole
from rsdat.stac.save import dumps
from rsdat.stac.swap import Change, update

STAC_VERSION = "1.0.0"
_SAVES_AT_ONCE = 8
#: Items that wait for that: small files are copied faster than their items are saved.
_SAVES_WAIT = 64


@dataclass(frozen=True)
class Held:
    """An item that is copied.

    Attributes:
        item: The item.
        places: Both ends; what it says is read with what it was read with.
        file: Address of the item collection that it is in; None if it has a file of its own.
    """

    item: pystac.Item
    places: Places
    file: str | None = None

    @property
    def own(self) -> str | None:
        """Its address."""
        found = self.item.get_self_href()
        return absolute(found) if found else None


@dataclass(frozen=True)
class Unsaved:
    """An item of which not all could be saved: what is needed for another try."""

    held: Held
    folder: str
    outcomes: list[Outcome]


class Keeper:
    """Follows the items of a copy, and saves each when all of its files have ended.

    Args:
        places: Both ends; what is written is written with its options.
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
        self._items: dict[str, tuple[Held, list[Outcome]]] = {}
        self._owner: dict[str, str] = {}
        self._links: set[str] = set()
        self._saving: set[asyncio.Task[None]] = set()
        self._limit = asyncio.Semaphore(_SAVES_AT_ONCE)
        # Items that are kept in one file: what arrived of them, by its address.
        self._together: dict[str, list[tuple[Unsaved, Mapping[str, str]]]] = {}
        #: Items that could not be saved: their address, and why.
        self.problems: dict[str, RsdatError] = {}
        self.unsaved: list[Unsaved] = []
        #: Whether anything has to be kept at all.
        self.idle = not update and catalog is None

    def expect(self, held: Held, folder: str, jobs: Sequence[Job]) -> None:
        """These are the files of an item; called in a thread before they begin."""
        if self.idle:
            return
        self._items[folder] = (held, [])
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

    def again(self, unsaved: Sequence[Unsaved]) -> None:
        """Save what an earlier run could not; called in the event loop."""
        for each in unsaved:
            self._begin(self._save(each))

    def _keep(self, folder: str) -> None:
        held, outcomes = self._items.pop(folder)
        self._left.pop(folder, None)
        self._begin(self._save(Unsaved(held, folder, outcomes)))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)

    async def _save(self, what: Unsaved) -> None:
        arrived = {
            key: outcome.job.target
            for outcome in what.outcomes
            if outcome.state != "failed"
            for key in outcome.job.keys
        }
        held, is_saved = what.held, True
        async with self._limit:
            if self._catalog is not None and (arrived or _NOTHING in what.outcomes):
                href = f"{what.folder}/{safe_name(held.item.id)}.json"
                is_saved = await self._told(href, self._save_there(held, href, arrived))
            if self._update and arrived:
                where = held.file or held.own or what.folder
                is_saved &= await self._told(where, self._save_here(what, arrived))
        if not is_saved:
            self.unsaved.append(what)

    async def _told(self, href: str, work: Coroutine[Any, Any, None]) -> bool:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - told in the report; the files are there
            self.problems[href] = understood(error, href)
            return False
        return True

    async def _save_there(self, held: Held, href: str, arrived: Mapping[str, str]) -> None:
        """Write an item for the new catalog, or add to it what is new."""
        sources = {
            key: await held.places.as_read(source, by=href, target=True)
            for key, source in hrefs_of(held.item).items()
        }
        links = await self._links_of(held, href)

        def change(old: bytes | None) -> bytes:
            value = described(
                held.item,
                href,
                str(self._catalog),
                sources=sources,
                links=links,
                arrived=arrived,
                before=assets_of(old),
            )
            return dumps(value).encode()

        await self._places.change(href, change, target=True)
        self._links.add(href)

    async def _links_of(self, held: Held, href: str) -> list[dict[str, Any]]:
        """An item's links but those of its place, as a file at `href` names what they lead to."""
        value = held.item.to_dict(include_self_link=False, transform_hrefs=False)
        links = [dict(link) for link in value["links"] if link.get("rel") not in STRUCTURE]
        own = held.own
        if own is not None and not any(link.get("rel") == "via" for link in links):
            links.append({"rel": "via", "href": shown(own), "type": GEOJSON})
        for link in links:
            target = link.get("href")
            if isinstance(target, str) and target and (own is not None or scheme_of(target)):
                target = resolve(target, own or href)
                target = await held.places.as_read(target, by=href, target=True)
                link["href"] = whole(target, href)
        return links

    async def _save_here(self, what: Unsaved, arrived: Mapping[str, str]) -> None:
        """Give an item its new addresses, and the file that it is in."""
        held, own = what.held, what.held.own
        hrefs = {}
        for key, target in arrived.items():
            named = await held.places.as_read(target, by=own or "", target=False)
            held.item.assets[key].href = hrefs[key] = as_written(named, own)
        file = held.file or own
        if not self._saves or file is None or scheme_of(file) in ("http", "https"):
            return
        if file in self._together:
            self._together[file].append((what, hrefs))
            return
        found_many = False

        def change(old: bytes | None) -> bytes | None:
            nonlocal found_many
            if old is None:
                return None  # it was never saved; whoever saves it saves the new addresses
            found_many = is_many(json.loads(old))
            return None if found_many else rewritten(old, hrefs)

        await self._change_here(held, file, change)
        if found_many:
            # Not written anew for each of its items, but once in the end.
            self._together.setdefault(file, []).append((what, hrefs))

    @staticmethod
    async def _change_here(held: Held, file: str, change: Change) -> None:
        """In another dCache the login for what is written says nothing; in one it may do more."""
        target = await held.places.is_where_written(file)
        await held.places.change(file, change, target=target)

    async def _save_together(self) -> None:
        """Save the items that are kept in one file."""
        together, self._together = self._together, {}
        for file, items in together.items():
            if not await self._told(file, self._save_many(file, items)):
                self.unsaved += [what for what, _ in items]

    async def _save_many(
        self, file: str, items: Sequence[tuple[Unsaved, Mapping[str, str]]]
    ) -> None:
        absent: list[str] = []

        def change(old: bytes | None) -> bytes | None:
            if old is None:
                return None
            each = ((what.held.item, hrefs) for what, hrefs in items)
            new = [(item.id, item.collection_id, hrefs) for item, hrefs in each]
            text, absent[:] = many_rewritten(old, new)
            return text

        await self._change_here(items[0][0].held, file, change)
        if absent:
            raise NotFound(
                f"{shown(file)} has no item '{absent[0]}'"
                + (f", nor {len(absent) - 1} others" if len(absent) > 1 else ""),
                hint="The files are copied, but the new addresses are not saved there.",
            )

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
            await self._save_together()
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


#: An item of which no file was to be copied.
_NOTHING = Outcome(Job("", (), "", ""), "skipped")
