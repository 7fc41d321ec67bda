"""Where the files of many assets lie before anything is read: on disk, only on tape, or nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pystac

from rsdat.base.errors import InvalidInput, OnTape
from rsdat.stac.access import Access, access_to
from rsdat.stac.again import again
from rsdat.stac.asset import version_of
from rsdat.stac.naming import label, named
from rsdat.stac.stack.items import Assets, address_of, assets_of, items_of

OnTapeChoice: TypeAlias = Literal["raise", "skip", "ignore"]
ON_TAPE = ("raise", "skip", "ignore")
# Questions at once; dCache allows one address 250 a second.
LOOKUPS = 12
# From so many files in one folder on its listing is cheaper than a question for each.
LISTED_FROM = 32
NAMED = 3


@dataclass(frozen=True)
class Located:
    """One asset's file.

    Attributes:
        item: Whose asset it is.
        asset_key: In the item.
        href: Its literal address.
        size_bytes: None where the file system does not tell.
        locality: dCache's word, such as NEARLINE; None for other file systems.
        version: Changes when the file does.
        access: With what it is opened.
    """

    item: pystac.Item
    asset_key: str
    href: str
    size_bytes: int | None
    locality: str | None
    version: tuple[Any, ...]
    access: Access

    @property
    def label(self) -> str:
        """What errors call it."""
        return label(self.item.id, self.asset_key)

    @property
    def on_tape(self) -> bool:
        """Whether its only copy is on tape, and reading it would fail."""
        return self.locality == "NEARLINE"


def localities(
    items: Any, assets: Assets = None, *, storage_options: Mapping[str, Any] | None = None
) -> list[Located]:
    """Look up the files of assets: a dozen questions at once, one listing for a full folder.

    Args:
        items: As `open_stack` takes them.
        assets: Keys; an item without one of them is passed over for it.
        storage_options: Of the assets' file system; by default what their catalog was read with.

    Returns:
        In the order of the items; web addresses without size and locality, as each would cost a
        request that signed addresses refuse.

    Raises:
        NotFound: A file is not there (`asset_gone`), or no item is.
    """
    found = items_of(items, storage_options)
    wanted = [
        (item, key, address_of(item, item.assets[key]))
        for item in found
        for key in assets_of(found, assets)
        if key in item.assets
    ]
    accesses = [access_to(href, item, storage_options) for item, _, href in wanted]
    places = [
        None if access.on_web(href) else access.place(href)
        for access, (_, _, href) in zip(accesses, wanted, strict=True)
    ]
    folders: dict[tuple[int, str], list[int]] = {}
    for index, place in enumerate(places):
        if place is not None:
            filesystem, path = place
            # fsspec gives the same object for the same options.
            folders.setdefault((id(filesystem), filesystem._parent(path)), []).append(index)  # noqa: SLF001 - no public name
    known: dict[int, Mapping[str, Any]] = {}
    with ThreadPoolExecutor(LOOKUPS, "rsdat-locality") as pool:
        listed = {
            key: pool.submit(_listing, places[indices[0]], key[1])
            for key, indices in folders.items()
            if len(indices) >= LISTED_FROM
        }
        asked = {
            index: pool.submit(_asked, places[index], *wanted[index])
            for key, indices in folders.items()
            if key not in listed
            for index in indices
        }
        try:
            for key, listing in listed.items():
                entries = listing.result()
                for index in folders[key]:
                    known[index] = _listed(entries, places[index], *wanted[index])
            for index, answer in asked.items():
                known[index] = answer.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [
        Located(
            item,
            key,
            href,
            known[index].get("size") if index in known else None,
            known[index].get("locality") if index in known else None,
            version_of(known[index]) if index in known else (),
            accesses[index],
        )
        for index, (item, key, href) in enumerate(wanted)
    ]


def readable(found: Sequence[Located], on_tape: OnTapeChoice) -> list[Located]:
    """The files of items that can be read now; those that need one on tape are left out.

    Raises:
        OnTape: There are such items, and `on_tape` is "raise"; details: `items` and `count`.
        InvalidInput: No such choice.
    """
    if on_tape not in ON_TAPE:
        raise InvalidInput(f"on_tape is one of {', '.join(ON_TAPE)}, not '{on_tape}'")
    nearline = [each for each in found if each.on_tape]
    if not nearline or on_tape == "ignore":
        return list(found)
    waiting = {id(each.item) for each in nearline}
    if on_tape == "skip":
        return [each for each in found if id(each.item) not in waiting]
    gib = sum(each.size_bytes or 0 for each in nearline) / 2**30
    names = ", ".join(each.label for each in nearline[:NAMED])
    more = f" and {len(nearline) - NAMED} more" if len(nearline) > NAMED else ""
    raise OnTape(
        f"{len(nearline)} of {len(found)} files ({gib:.1f} GiB) are only on tape: {names}{more}",
        hint="rsdat.stac.stage(items, assets) brings them to disk; on_tape='skip' leaves their "
        "items out.",
        count=len(nearline),
        items=list(dict.fromkeys(each.item.id for each in nearline)),
    )


_Place: TypeAlias = "tuple[Any, str] | None"


def _asked(place: _Place, item: pystac.Item, key: str, href: str) -> Mapping[str, Any]:
    if place is None:
        return {}
    filesystem, path = place
    with named(label(item.id, key), href):
        found: Mapping[str, Any] = again(lambda: filesystem.info(path))
    return found


def _listing(place: _Place, folder: str) -> dict[str, Mapping[str, Any]]:
    if place is None:
        return {}
    try:
        entries = again(lambda: place[0].ls(folder, detail=True, refresh=True))
    except FileNotFoundError:
        return {}
    return {entry["name"]: entry for entry in entries}


def _listed(
    entries: Mapping[str, Mapping[str, Any]], place: _Place, item: pystac.Item, key: str, href: str
) -> Mapping[str, Any]:
    if place is None or place[1] not in entries:
        # Some file systems list under another name than they take: the file itself counts.
        return _asked(place, item, key, href)
    return entries[place[1]]
