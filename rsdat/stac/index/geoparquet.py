"""Items of a stac-geoparquet file, ours or another's, a few at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_ROWS_AT_ONCE = 500


def is_geoparquet(href: str) -> bool:
    """Whether an address is that of such a file."""
    return href.split("?")[0].endswith((".parquet", ".geoparquet"))


def items_in(path: Path) -> Iterator[tuple[Any, str | None]]:
    """Its items, and where the file tells it their address, relative to the catalog's folder.

    Raises:
        ValueError: It is none.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from stac_geoparquet.arrow import stac_table_to_items

    try:
        with pq.ParquetFile(path) as file:
            ours = b"rsdat" in (file.schema_arrow.metadata or {})
            columns = ["rsdat.item", "rsdat.href"] if ours else None
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=columns, use_threads=False):
                if ours:
                    for row in batch.column("rsdat").to_pylist():
                        yield json.loads(row["item"]), row["href"]
                else:
                    for item in stac_table_to_items(pa.Table.from_batches([batch])):
                        yield item, None
    except (pa.ArrowException, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no stac-geoparquet file: {error}") from error
