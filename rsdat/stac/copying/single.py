"""`copy_asset`, with the arguments and the meaning of stac2dcache 0.4."""

from __future__ import annotations

import os
from typing import Any

import pystac

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.stac.catalog import find_item, read_catalog
from rsdat.stac.copying.assets import Copying, copied
from rsdat.stac.copying.layout import safe_name
from rsdat.stac.copying.places import Places
from rsdat.stac.copying.plan import Broken, access_of, items_in
from rsdat.stac.copying.report import CopyReport
from rsdat.stac.hrefs import absolute, parent


def copy_asset(
    catalog: pystac.Catalog | str | os.PathLike[str],
    asset_key: str,
    update_catalog: bool = False,
    item_id: str | None = None,
    to_uri: str | None = None,
    filesystem_from: Any = None,
    filesystem_to: Any = None,
    max_workers: int | None = None,
    *,
    progress: bool = True,
) -> CopyReport:
    """Copy one asset of all items of a catalog, or of one, beside the items or elsewhere.

    As stac2dcache's, and: many at once in one process, streamed, verified, what is there and whole
    is skipped. As there, `update_catalog` changes the catalog in memory: save it afterwards.
    `copy_assets` does more.

    Args:
        catalog: A catalog or collection, or its address.
        asset_key: The asset's key; every item must have it.
        update_catalog: Give the items' assets their new addresses: the file's name where it lies
            beside the item, else the whole address.
        item_id: The only item to copy from.
        to_uri: Address of the folder for the files, one folder an item; by default the folders of
            the items.
        filesystem_from: fsspec's file system that is read from, if not where fsspec's
            configuration says.
        filesystem_to: As `filesystem_from`, for what is written.
        max_workers: Files at once.
        progress: Show a bar.

    Returns:
        The report. It is an error if a file failed, but only after all others were copied.

    Raises:
        InvalidInput: The catalog has no address, and there is no `to_uri`.
        NotFound: There is no such item, or an item without that asset.
        CopyFailed: A file was not copied. What arrived stays, and is skipped the next time.
    """
    if isinstance(catalog, (str, os.PathLike)):
        catalog = read_catalog(catalog)
    if to_uri is None and catalog.get_self_href() is None:
        raise InvalidInput(
            "The catalog has no address beside which to save the assets",
            hint="Give to_uri, or save the catalog first.",
        )
    items = [find_item(catalog, item_id)] if item_id is not None else _all(catalog)
    for item in items:
        if asset_key not in item.assets:
            raise NotFound(
                f"the item '{item.id}' has no asset '{asset_key}'",
                hint="copy_assets goes on with the others.",
            )
    to = absolute(to_uri).rstrip("/") if to_uri is not None else None
    options = access_of(catalog)
    what = Copying(
        items=items,
        keys=asset_key,
        to=to or parent(absolute(str(catalog.get_self_href()))),
        update_catalog=update_catalog,
        save_items=False,
        options=options,
        target_options=options,
        at_once=max_workers,
        per_host=max_workers,
        folder_of=_beside if to is None else lambda item: f"{to}/{safe_name(item.id)}",
        places=Places(options, options, filesystem_from, filesystem_to),
    )
    report = copied(what, progress=progress)
    report.raise_for_failures()
    return report


def _all(catalog: pystac.Catalog) -> list[pystac.Item]:
    found = []
    for item in items_in(catalog):
        if isinstance(item, Broken):
            raise NotFound(item.reason, code=item.code)
        found.append(item)
    return found


def _beside(item: pystac.Item) -> str:
    own = item.get_self_href()
    if own is None:
        raise InvalidInput(f"The item '{item.id}' has no address beside which to save its asset")
    return parent(absolute(own))
