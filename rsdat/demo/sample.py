"""Sample data for the demo and the tests: a radar stack with a known truth, a real scene.

The radar images look like single-look complex (SLC) data: complex64, row by row, no header.
Image *i* of *n* has the amplitude

    a(y, x) · (1 + SWING · cos(2π (i + ¼) / n))

with a phase that looks like noise. The cosines of a full turn add up to zero, so the mean
amplitude over all images (what radar people call the mean reflectance map) is a(y, x) itself,
for every n. `mean_amplitude` is that a(y, x).
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rsdat.base.clock import to_iso
from rsdat.base.errors import InvalidInput
from rsdat.demo.static_catalog import catalog_files, item_geometry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"

# How strongly images differ from their mean; below 1, so that amplitudes stay positive.
SWING = 0.5
# One random stream per this many rows: the images do not depend on how they are cut for writing.
ROWS_PER_STREAM = 64
PIXEL_M = 20.0
# Somewhere west of Delft, in UTM zone 31 north.
UPPER_LEFT_M = (590_000.0, 5_765_000.0)
CRS = "EPSG:32631"
FIRST_IMAGE = datetime(2024, 1, 1, 5, 50, tzinfo=timezone.utc)
# Sentinel-1's repeat cycle.
REPEAT_DAYS = 12


def mean_amplitude(size: int, rows: slice = slice(None)) -> NDArray[np.float64]:
    """The truth a(y, x) of a stack with images of `size` × `size` pixels, or some rows of it.

    Smooth hills between 0.5 and 3.5, without unit.
    """
    import numpy as np

    y = np.arange(size)[rows, np.newaxis] / size
    x = np.arange(size)[np.newaxis, :] / size
    hills: NDArray[np.float64] = 2 + np.sin(6 * np.pi * x) * np.cos(4 * np.pi * y)
    return hills + 0.5 * np.cos(2 * np.pi * (x + y))


def radar_rows(index: int, n: int, size: int, block: int) -> NDArray[np.complex64]:
    """One block of `ROWS_PER_STREAM` rows (the last may be shorter) of image `index` of `n`."""
    import numpy as np

    rows = slice(block * ROWS_PER_STREAM, min(size, (block + 1) * ROWS_PER_STREAM))
    random = np.random.Generator(np.random.PCG64([index, block]))
    phase = random.uniform(0, 2 * np.pi, (rows.stop - rows.start, size))
    brightness = 1 + SWING * np.cos(2 * np.pi * (index + 0.25) / n)
    values = mean_amplitude(size, rows) * brightness * np.exp(1j * phase)
    image: NDArray[np.complex64] = values.astype("<c8")
    return image


def make_radar_stack(url: str, n: int = 8, size: int = 512) -> str:
    """Write `n` raw complex64 images of `size` × `size` pixels and a STAC catalog of them.

    An image takes 8 · size² bytes, 8 MiB at size 1024. Only a few rows are in memory at a time;
    what the file system behind `url` holds back until a file is closed is its own affair.

    Args:
        url: A folder: local path or any URL that fsspec knows. Made if it is not there; files of
            the same name are replaced.
        n: Number of images, at least 1.
        size: Rows and columns of each, at least 1.

    Returns:
        The address of the catalog, `<url>/catalog.json`, written last.

    Raises:
        InvalidInput: `n` or `size` is less than 1.
    """
    import fsspec

    if n < 1 or size < 1:
        raise InvalidInput(f"a radar stack needs images and pixels, got n={n} and size={size}")
    filesystem, folder = fsspec.core.url_to_fs(url.rstrip("/"))
    items = [_radar_item(index, size) for index in range(n)]
    for index, item in enumerate(items):
        image_folder = f"{folder}/slc-stack/{item['id']}"
        filesystem.makedirs(image_folder, exist_ok=True)
        with filesystem.open(f"{image_folder}/slc.raw", "wb") as file:
            for block in range(-(-size // ROWS_PER_STREAM)):
                file.write(radar_rows(index, n, size, block).tobytes())
    files = catalog_files(
        title="Synthetic radar stack",
        description=(
            f"{n} images like single-look complex radar data, made by rsdat. Their mean amplitude "
            "is known in closed form."
        ),
        collection_id="slc-stack",
        collection_title=f"{n} complex images of {size} × {size} pixels",
        licence="CC0-1.0",
        providers=[{"name": "rsdat", "roles": ["producer"]}],
        extensions=["projection", "raster", "file"],
        items=items,
    )
    # From the leaves to the root: nothing is linked before it is there.
    for path, value in reversed(files.items()):
        filesystem.pipe_file(f"{folder}/{path}", json.dumps(value, indent=1).encode())
    return f"{url.rstrip('/')}/catalog.json"


def put_sentinel2_scene(url: str) -> str:
    """Copy the shipped crop of a Sentinel-2 scene, with its catalog, to a folder.

    Args:
        url: As in `make_radar_stack`.

    Returns:
        The address of the catalog.
    """
    import fsspec

    filesystem, folder = fsspec.core.url_to_fs(url.rstrip("/"))
    source = DATA / "sentinel2"
    # `catalog.json` lies highest and comes last.
    files = sorted(source.rglob("*.*"), key=lambda path: (-len(path.parts), path.name))
    for file in files:
        target = f"{folder}/{file.relative_to(source).as_posix()}"
        filesystem.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
        filesystem.pipe_file(target, file.read_bytes())
    return f"{url.rstrip('/')}/catalog.json"


def _radar_item(index: int, size: int) -> dict[str, Any]:
    moment = FIRST_IMAGE + timedelta(days=REPEAT_DAYS * index)
    projection = {
        "proj:code": CRS,
        "proj:shape": [size, size],
        "proj:transform": [PIXEL_M, 0.0, UPPER_LEFT_M[0], 0.0, -PIXEL_M, UPPER_LEFT_M[1]],
    }
    bbox, geometry = item_geometry(projection)
    return {
        # The date alone would do for 30 years of images; the number keeps ids apart for any n.
        "id": f"slc-{index:04d}-{moment:%Y%m%d}",
        "bbox": bbox,
        "geometry": geometry,
        "properties": {"datetime": to_iso(moment), **projection},
        "assets": {
            "slc": {
                "href": "./slc.raw",
                "type": "application/octet-stream",
                "title": "Complex image, row by row",
                "roles": ["data"],
                "raster:bands": [{"data_type": "cfloat32", "spatial_resolution": PIXEL_M}],
                "file:byte_order": "little-endian",
                "file:header_size": 0,
                "file:size": size * size * 8,
                **projection,
            }
        },
    }
