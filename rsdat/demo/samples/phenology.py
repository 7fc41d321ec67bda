"""A vegetation index over three years, one NetCDF file a year, and the zones it is about.

Every pixel follows the curve by which phenologists describe a season: a rise and a fall, both
logistic, with noise on it. The rise is half done on the day that is the start of the season; that
day is given by zone and year.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from rsdat.demo.samples.once import put_once

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = 1
YEARS = (2021, 2022, 2023)
SIZE = 120
STEP_DAYS = 8
#: Day of the year on which the season starts in the first year; by zone 1, 2, …
STARTS = (85.0, 97.0, 110.0, 124.0)
#: How much earlier it starts each year.
EARLIER_DAYS = 3.0
SEASON_DAYS = 150.0
#: Per day; a rise takes about four times its inverse.
STEEPNESS = 0.1
LOWEST, RANGE = 0.2, 0.6
NOISE = 0.03
PIXEL_M = 250.0
#: Upper left corner, in metres of Europe's common grid (EPSG:3035).
CORNER_M = (4_000_000.0, 3_200_000.0)


def zone_map() -> NDArray[Any]:
    """Zone of each pixel, 1 to 4, rows from the north; four fields with wavy borders."""
    import numpy as np

    row, column = np.mgrid[:SIZE, :SIZE]
    south = row > SIZE / 2 + 8 * np.sin(column / 9)
    east = column > SIZE / 2 + 8 * np.cos(row / 11)
    zones: NDArray[Any] = (1 + 2 * south + east).astype("int8")
    return zones


def season_start(zone: int, year: int) -> float:
    """The truth: day of the year (1 January is 1) on which the rise is half done."""
    return STARTS[zone - 1] - EARLIER_DAYS * (year - YEARS[0])


def vegetation_index(days: Any, start: Any) -> NDArray[Any]:
    """The index without noise, from days of the year and the start of the season."""
    import numpy as np

    def logistic(day: Any) -> Any:
        return 1 / (1 + np.exp(-STEEPNESS * day))

    rise, fall = logistic(days - start), logistic(days - start - SEASON_DAYS)
    index: NDArray[Any] = LOWEST + RANGE * (rise - fall)
    return index


def make_phenology(url: str) -> bool:
    """Write `<url>/ndvi-<year>.nc` and `<url>/zones.nc`, about 3 MB in all, unless they are there.

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
        lambda: {"zones.nc": _zones(), **{f"ndvi-{year}.nc": _year(year) for year in YEARS}},
    )


def _coordinates() -> dict[str, Any]:
    import numpy as np

    middle = (np.arange(SIZE) + 0.5) * PIXEL_M
    return {"y": CORNER_M[1] - middle, "x": CORNER_M[0] + middle}


def _zones() -> bytes:
    import xarray as xr

    zones = xr.DataArray(zone_map(), _coordinates(), ("y", "x"), name="zone")
    return _netcdf(zones.to_dataset(), {})


def _year(year: int) -> bytes:
    import numpy as np
    import xarray as xr

    days = np.arange(1, 366, STEP_DAYS)
    times = np.datetime64(f"{year}-01-01", "ns") + (days - 1).astype("timedelta64[D]")
    zones = zone_map()
    starts = np.array([season_start(zone, year) for zone in range(1, len(STARTS) + 1)])
    curves = vegetation_index(days[:, np.newaxis], starts)
    random = np.random.Generator(np.random.PCG64(year))
    values = curves[:, zones - 1] + random.normal(0, NOISE, (days.size, SIZE, SIZE))
    index = xr.DataArray(values, {"time": times, **_coordinates()}, ("time", "y", "x"), name="ndvi")
    # Packed as NASA packs it.
    packing = {
        "dtype": "int16",
        "scale_factor": 0.0001,
        "_FillValue": -3000,
        "zlib": True,
        "chunksizes": (days.size, SIZE // 2, SIZE // 2),
    }
    return _netcdf(index.to_dataset(), {"ndvi": packing})


def _netcdf(dataset: Any, encoding: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    dataset.to_netcdf(file, engine="h5netcdf", encoding=encoding)
    return file.getvalue()
