"""All items below a catalog as columns: read lazily, kept on disk, brought up to date by change."""

from __future__ import annotations

from rsdat.stac.index.index import Index, Items
from rsdat.stac.index.opening import items, open_index
from rsdat.stac.index.query import Filter, parse_filter

__all__ = ["Filter", "Index", "Items", "items", "open_index", "parse_filter"]
