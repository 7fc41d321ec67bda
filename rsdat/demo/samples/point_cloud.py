"""A laser scan of a wood as LAZ tiles; the height of ground and trees is known for every cell.

In each square cell lie the same number of points: returns from the ground, evenly spread around
its height, and returns from the tree above it, of which the highest is its top. So the mean of a
cell's ground returns is the height of the ground, and its highest point less that the height of
the tree, whatever order the points are in: they are shuffled.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from rsdat.demo.samples.once import put_once

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = 1
#: Tiles a side, cells a side of each.
TILES, TILE_CELLS = 2, 32
CELL_M = 5.0
GROUND_POINTS, TREE_POINTS = 60, 40
#: How far ground returns lie from the ground at most.
ROUGHNESS_M = 0.1
#: Lower left corner, in metres of the Dutch national grid (EPSG:28992); somewhere in the Veluwe.
CORNER_M = (190_000.0, 460_000.0)
#: LAS classes.
GROUND, TREE = 2, 5
_SCALE_M = 0.001


def heights(rows: Any, columns: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """The truth: height of the ground and of the tree on it, both in metres, by cell.

    Args:
        rows: Cells from the south, over all tiles; array of integers.
        columns: Cells from the west.
    """
    import numpy as np

    y, x = np.asarray(rows) / 64, np.asarray(columns) / 64
    ground = 30 + 5 * np.sin(2 * np.pi * x) * np.cos(2 * np.pi * y)
    trees = 12 + 8 * np.cos(4 * np.pi * (x + y)) * np.sin(2 * np.pi * y)
    return ground, trees


def make_point_cloud(url: str) -> bool:
    """Write the tiles to `<url>/tile-<row>-<column>.laz`, about 3 MB in all, unless they are there.

    Args:
        url: A folder, as in `put_once`.

    Returns:
        Whether anything was written.

    Raises:
        OSError: The folder can't be read or written.
    """
    return put_once(
        url,
        VERSION,
        lambda: {
            f"tile-{row}-{column}.laz": _tile(row, column)
            for row in range(TILES)
            for column in range(TILES)
        },
    )


def _tile(tile_row: int, tile_column: int) -> bytes:
    """One tile as LAZ 1.4, point format 6."""
    import laspy
    import numpy as np

    random = np.random.Generator(np.random.PCG64([tile_row, tile_column]))
    cells = np.mgrid[:TILE_CELLS, :TILE_CELLS].reshape(2, -1)
    rows = cells[0] + tile_row * TILE_CELLS
    columns = cells[1] + tile_column * TILE_CELLS
    ground, trees = heights(rows, columns)
    spread = np.linspace(-ROUGHNESS_M, ROUGHNESS_M, GROUND_POINTS)
    parts = np.linspace(0.2, 1, TREE_POINTS)
    z = np.concatenate(
        [
            ground[:, np.newaxis] + spread,
            ground[:, np.newaxis] + trees[:, np.newaxis] * parts,
        ],
        axis=1,
    )
    # Off the edges of the cell: coordinates are rounded to millimetres.
    within = random.uniform(0.01, CELL_M - 0.01, (2, *z.shape))
    x = CORNER_M[0] + columns[:, np.newaxis] * CELL_M + within[0]
    y = CORNER_M[1] + rows[:, np.newaxis] * CELL_M + within[1]
    kind = np.repeat([GROUND, TREE], [GROUND_POINTS, TREE_POINTS])
    order = random.permutation(z.size)

    header = laspy.LasHeader(point_format=6, version="1.4")
    header.scales = np.full(3, _SCALE_M)
    header.offsets = np.array([*CORNER_M, 0.0])
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = (values.ravel()[order] for values in (x, y, z))
    cloud.classification = np.broadcast_to(kind, z.shape).ravel()[order]
    file = io.BytesIO()
    cloud.write(file, do_compress=True, laz_backend=laspy.LazBackend.Lazrs)
    return file.getvalue()
