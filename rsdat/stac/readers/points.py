"""Point clouds in LAS and LAZ as lazy dask dataframes, a partition so many points."""

from __future__ import annotations

from typing import Any

from rsdat.base.errors import InvalidInput
from rsdat.stac.access import Access
from rsdat.stac.naming import named
from rsdat.stac.readers.file import AssetFile
from rsdat.stac.readers.packages import need

POINTS = 1_000_000


def open_points(href: str, access: Access, label: str, *, points: int = POINTS) -> Any:
    """The points with all that the file says of each; `x`, `y` and `z` in the file's map units.

    Only the header is read here. LAZ is packed in chunks (50 000 points mostly); a partition reads
    those that it needs.

    Args:
        href: The address.
        access: With what it is opened.
        label: What errors call it.
        points: In one partition.

    Raises:
        InvalidInput: It is no LAS or LAZ, or `points` is less than 1.
        ModuleNotFoundError: A package is missing.
    """
    if points < 1:
        raise InvalidInput(f"a partition has at least one point, not {points}")
    frames = need("dask.dataframe", "point clouds")
    laspy = need("laspy", "point clouds")
    try:
        with AssetFile(href, access, label) as file, laspy.open(file, closefd=False) as reader:
            count = reader.header.point_count
            empty = _frame(reader.read_points(0))
    except laspy.errors.LaspyException as error:
        raise InvalidInput(
            f"{label} is no LAS or LAZ file: {error}", code="asset_broken"
        ) from error
    starts = list(range(0, count, points)) or [0]
    return frames.from_map(
        _read_points, starts, points=points, href=href, access=access, who=label, meta=empty
    )


def _read_points(start: int, points: int, href: str, access: Access, who: str) -> Any:
    import laspy

    with (
        named(who, href),
        AssetFile(href, access, who) as file,
        laspy.open(file, closefd=False) as reader,
    ):
        reader.seek(start)
        return _frame(reader.read_points(points))


def _frame(record: Any) -> Any:
    import numpy as np
    import pandas as pd

    scaled = {name: np.asarray(getattr(record, name), "float64") for name in ("x", "y", "z")}
    others = [name for name in record.point_format.dimension_names if name not in ("X", "Y", "Z")]
    return pd.DataFrame({**scaled, **{name: np.array(record[name]) for name in others}})
