"""Parquet, GeoParquet and CSV as lazy dask dataframes."""

from __future__ import annotations

import json
from typing import Any

from rsdat.stac.access import Access
from rsdat.stac.naming import named
from rsdat.stac.readers.packages import need


def open_parquet(href: str, access: Access, label: str, **options: Any) -> Any:
    """A Parquet file or folder; a partition a row group, only the columns that are used are read.

    Columns of GeoParquet's geometries become shapely's objects.

    Args:
        href: The address.
        access: With what it is opened; its names go to the workers.
        label: What errors call it.
        **options: Of `dask.dataframe.read_parquet`, such as `columns` or `filters`.

    Raises:
        ModuleNotFoundError: A package is missing.
        NoCredential: The credential was given as text, which does not go to workers.
    """
    frames = need("dask.dataframe", "tables")
    need("pyarrow", "tables")
    options.setdefault("split_row_groups", True)
    with named(label, href):
        address, said = access.travelling(href)
        table = frames.read_parquet(address, filesystem="fsspec", storage_options=said, **options)
        geometries = [name for name in _geometries(href, access) if name in table.columns]
    if not geometries:
        return table
    need("shapely", "GeoParquet geometries")
    meta = table._meta.astype(dict.fromkeys(geometries, object))  # noqa: SLF001 - dask's documented name
    return table.map_partitions(_with_shapes, geometries, meta=meta)


def open_csv(href: str, access: Access, label: str, **options: Any) -> Any:
    """A CSV file in parts of 64 MiB; see `dask.dataframe.read_csv` for its options.

    Raises:
        ModuleNotFoundError: A package is missing.
        NoCredential: The credential was given as text, which does not go to workers.
    """
    frames = need("dask.dataframe", "tables")
    with named(label, href):
        address, said = access.travelling(href)
        return frames.read_csv(address, storage_options=said, **options)


def _geometries(href: str, access: Access) -> list[str]:
    """The columns that GeoParquet's metadata call geometries in WKB."""
    parquet = need("pyarrow.parquet", "tables")
    filesystem, path = access.place(href)
    if filesystem.isdir(path):
        files = sorted(each for each in filesystem.find(path) if each.endswith("parquet"))
        if not files:
            return []
        path = files[0]
    with filesystem.open(path, "rb") as file:
        said = parquet.read_schema(file).metadata or {}
    columns: dict[str, Any] = json.loads(said.get(b"geo", b"{}")).get("columns", {})
    return [name for name, each in columns.items() if each.get("encoding", "WKB") == "WKB"]


def _with_shapes(part: Any, geometries: list[str]) -> Any:
    import shapely

    return part.assign(
        **{name: shapely.from_wkb(part[name].to_numpy(dtype=object)) for name in geometries}
    )
