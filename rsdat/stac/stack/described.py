"""The files of a stack with all that must be known before the first task runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.stac.access import Access
from rsdat.stac.asset import without_zone
from rsdat.stac.grids import Grid, fields_of, is_raw, raster_grid, raw_grid, stated_grid
from rsdat.stac.naming import label
from rsdat.stac.stack.items import moment_of
from rsdat.stac.stack.locality import LOOKUPS, Located

if TYPE_CHECKING:
    import pystac


@dataclass(frozen=True)
class Described:
    """One file of a stack.

    Attributes:
        item: Its item.
        asset_key: In the item.
        href: Its literal address.
        grid: How its pixels lie.
        fields: What STAC says of it.
        version: Changes when the file does.
        access: With what it is opened.
    """

    item: pystac.Item
    asset_key: str
    href: str
    grid: Grid
    fields: Mapping[str, Any]
    version: tuple[Any, ...]
    access: Access

    @property
    def label(self) -> str:
        """What errors call it."""
        return label(self.item.id, self.asset_key)

    @property
    def moment(self) -> Any:
        """Its item's time, without zone: UTC."""
        return without_zone(moment_of(self.item))


def described(found: Sequence[Located]) -> list[Described]:
    """What is known of the files; a header is read only of those whose item says too little.

    Raises:
        NotFound: A file is not there.
        InvalidInput: An item has no time, a file is no raster, or a raw one is not described.
    """
    timeless = next((each.item for each in found if moment_of(each.item) is None), None)
    if timeless is not None:
        raise InvalidInput(
            f"the item '{timeless.id}' has no time",
            hint="A stack has one for each item: set item.datetime or start_datetime.",
            code="no_time",
        )

    def describe(each: Located) -> Described:
        item = each.item
        asset = item.assets[each.asset_key]
        fields = fields_of(item, asset)
        if is_raw(asset, each.href):
            grid = raw_grid(each.href, fields)
        else:
            grid = stated_grid(fields, each.href) or raster_grid(
                each.href, fields, each.label, each.access
            )
        return Described(item, each.asset_key, each.href, grid, fields, each.version, each.access)

    with ThreadPoolExecutor(LOOKUPS, "rsdat-header") as pool:
        try:
            return list(pool.map(describe, found))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def need_assets(items: Sequence[pystac.Item], keys: Sequence[str]) -> None:
    """Check that each asset key is there in some item.

    Raises:
        NotFound: One is in no item.
    """
    for key in keys:
        if not any(key in item.assets for item in items):
            known = sorted({name for item in items for name in item.assets})
            raise NotFound(
                f"no item has an asset '{key}'",
                hint=f"They have: {', '.join(known) or 'none'}.",
                code="no_asset",
            )
