"""What a satellite sees of a landscape whose land cover is known: to train with, and to map.

Each class has its own mean in each of four bands, and pixels lie around it with normal noise. The
two classes most alike are six standard deviations of it apart, so that the best any classifier can
do is to confuse a pixel in some hundreds.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from rsdat.demo.samples.once import put_once

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = 1
EPSG = 32631
CLASSES = ("water", "forest", "grass", "town")
BANDS = ("green", "red", "nir", "swir")
#: Reflectance by class and band.
MEANS = (
    (0.06, 0.04, 0.03, 0.02),
    (0.07, 0.05, 0.30, 0.14),
    (0.12, 0.09, 0.38, 0.24),
    (0.16, 0.18, 0.24, 0.28),
)
NOISE = 0.02
SIZE = 240
TRAINING_ROWS, TRAINING_FILES = 4000, 4
PIXEL_M = 30.0
#: Upper left corner, in metres of UTM zone 31 north.
CORNER_M = (660_000.0, 5_790_000.0)


def true_classes() -> NDArray[Any]:
    """The truth: index into `CLASSES` of each pixel, rows from the north."""
    import numpy as np

    row, column = np.mgrid[:SIZE, :SIZE] / SIZE
    classes = np.where(np.sin(9 * row + 2 * np.sin(7 * column)) > 0.1, 1, 2)
    classes[np.hypot(row - 0.35, column - 0.65) < 0.16 + 0.03 * np.sin(14 * column)] = 3
    # A river.
    classes[np.abs(row - 0.6 - 0.15 * np.sin(5 * column)) < 0.035] = 0
    return classes.astype("int8")


def make_land_cover(url: str) -> bool:
    """Write training table, image and truth, about 1.5 MB in all, unless they are there.

    `<url>/training/part-<n>.parquet` have a column for each band and `cover`, the class by name;
    `<url>/image.nc` has a variable for each band; `<url>/truth.nc` has `cover`, an index.

    Args:
        url: A folder, as in `put_once`.

    Returns:
        Whether anything was written.

    Raises:
        OSError: The folder can't be read or written.
    """
    return put_once(url, VERSION, _files)


def _files() -> dict[str, bytes]:
    import numpy as np
    import pandas as pd
    import xarray as xr
    from rasterio.crs import CRS

    random = np.random.Generator(np.random.PCG64(2024))
    means = np.array(MEANS)

    def seen(classes: NDArray[Any]) -> NDArray[Any]:
        spread = random.normal(0, NOISE, (*classes.shape, len(BANDS)))
        values: NDArray[Any] = (means[classes] + spread).astype("float32")
        return values

    files = {}
    names = np.array(CLASSES)
    for part in range(TRAINING_FILES):
        classes = random.integers(0, len(CLASSES), TRAINING_ROWS // TRAINING_FILES)
        table = pd.DataFrame(seen(classes), columns=list(BANDS)).assign(cover=names[classes])
        buffer = io.BytesIO()
        table.to_parquet(buffer, index=False)
        files[f"training/part-{part}.parquet"] = buffer.getvalue()

    middle = (np.arange(SIZE) + 0.5) * PIXEL_M
    place = {
        "y": CORNER_M[1] - middle,
        "x": CORNER_M[0] + middle,
        # As CF has it, and rioxarray.
        "spatial_ref": ((), 0, {"crs_wkt": CRS.from_epsg(EPSG).to_wkt()}),
    }
    truth = true_classes()
    values = seen(truth)
    mapping = {"grid_mapping": "spatial_ref"}
    bands = {band: (("y", "x"), values[..., index], mapping) for index, band in enumerate(BANDS)}
    chunks = {band: {"chunksizes": (SIZE // 4, SIZE)} for band in BANDS}
    for name, dataset, encoding in (
        ("image.nc", xr.Dataset(bands, place), chunks),
        ("truth.nc", xr.Dataset({"cover": (("y", "x"), truth)}, place), {}),
    ):
        buffer = io.BytesIO()
        dataset.to_netcdf(buffer, engine="h5netcdf", encoding=encoding)
        files[name] = buffer.getvalue()
    return files
