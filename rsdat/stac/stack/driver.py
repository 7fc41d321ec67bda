"""odc-loader's way to pixels, through rsdat's reader: fsspec's byte ranges with its credentials.

In place of GDAL's /vsicurl, which odc-loader uses by itself: that needs the credential in GDAL's
memory on each worker, keeps an old token, knows neither `dcache://` nor tape, and asks in more
requests (docs/decisions.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine
from odc.geo.converters import rio_geobox
from odc.geo.overlap import compute_reproject_roi
from odc.geo.roi import roi_is_empty, roi_shape
from odc.geo.warp import resampling_s2rio
from odc.loader import resolve_dst_dtype, resolve_dst_nodata, resolve_src_nodata
from rasterio.warp import reproject
from rasterio.windows import Window
from rasterio.windows import transform as window_transform

from rsdat.stac.access import Access
from rsdat.stac.again import again
from rsdat.stac.naming import named
from rsdat.stac.raster.opened import open_raster

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox
    from odc.loader import RasterLoadParams, RasterSource
    from rasterio.io import DatasetReader

# With which GDAL can make an image smaller while it reads it, by overviews where there are some.
DECIMATING = ("nearest", "bilinear", "cubic", "cubic_spline", "lanczos", "average", "mode")
# How far pixel centres may lie beside each other to be taken as they are, as odc-loader has it.
NEAREST_TOLERANCE, TOLERANCE = 0.9, 0.05


@dataclass(frozen=True)
class Source:
    """What a task must know of a file; travels as the text that odc-loader takes for its address.

    Attributes:
        href: The literal address.
        label: What errors call it.
        version: Changes when the file does: the tasks of a changed file are other tasks.
        access: Which of the driver's accesses opens it.
    """

    href: str
    label: str
    version: str
    access: int = 0

    def to_text(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Source:
        """The opposite of `to_text`."""
        return cls(**json.loads(text))


class FsspecDriver:
    """odc-loader's ReaderDriver. Holds no credential; options travel without secrets.

    Args:
        accesses: With what files are opened, which may be those of several endpoints.
    """

    md_parser = None
    dask_reader = None
    aux_reader = None

    def __init__(self, *accesses: Access) -> None:
        self._accesses = accesses

    def new_load(self, geobox: GeoBox, *, chunks: dict[str, int] | None = None) -> None:
        """Nothing is shared between the reads of a load."""

    def finalise_load(self, load_state: Any) -> None:
        """Nothing is left."""

    def capture_env(self) -> dict[str, Any]:
        """Nothing of this process goes to the workers."""
        return {}

    @contextmanager
    def restore_env(self, env: dict[str, Any], load_state: Any) -> Iterator[None]:
        """Each read sets its own options."""
        yield

    def open(self, src: RasterSource, ctx: None) -> FsspecReader:
        """Asks nobody; the file is opened when it is read."""
        source = Source.from_text(src.uri)
        return FsspecReader(source, src.band, self._accesses[source.access])


@dataclass(frozen=True)
class FsspecReader:
    """odc-loader's RasterReader of one band."""

    source: Source
    band: int
    access: Access

    def read(
        self,
        cfg: RasterLoadParams,
        dst_geobox: GeoBox,
        *,
        dst: NDArray[Any] | None = None,
        selection: Any = None,
    ) -> tuple[tuple[slice, slice], NDArray[Any]]:
        """The part of a destination grid that the file covers, and its pixels there.

        Raises:
            NotFound: The file is gone.
            InvalidInput: It is broken.
            RsdatError: What dCache said; all name item and asset.
        """

        def read() -> tuple[tuple[slice, slice], NDArray[Any]]:
            with open_raster(self.source.href, self.access) as raster:
                return _placed(raster, self.band, cfg, dst_geobox, dst)

        with named(self.source.label, self.source.href):
            return again(read)


def _placed(
    raster: DatasetReader,
    band: int,
    cfg: RasterLoadParams,
    dst_geobox: GeoBox,
    dst: NDArray[Any] | None,
) -> tuple[tuple[slice, slice], NDArray[Any]]:
    tolerance = NEAREST_TOLERANCE if cfg.nearest else TOLERANCE
    plan = compute_reproject_roi(rio_geobox(raster), dst_geobox, ttol=tolerance)
    down, across = plan.roi_dst
    target = (slice(down.start, down.stop), slice(across.start, across.stop))
    src_nodata = resolve_src_nodata(raster.nodatavals[band - 1], cfg)
    if src_nodata is None:
        # What only the item says, or who opened it: odc-loader takes it for the result alone.
        src_nodata = (
            cfg.fill_value if cfg.meta is None or cfg.meta.nodata is None else cfg.meta.nodata
        )
    if dst is None:
        out = np.empty(roi_shape(target), resolve_dst_dtype(raster.dtypes[band - 1], cfg))
    else:
        out = dst[target]
    dst_nodata = resolve_dst_nodata(out.dtype, cfg, src_nodata)
    if roi_is_empty(target):
        return target, out
    if roi_is_empty(plan.roi_src):
        out[...] = 0 if dst_nodata is None else dst_nodata
        return target, out

    rows, columns = plan.roi_src
    window = Window.from_slices(rows, columns)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    # Overviews are GDAL's choice: it takes the one that fits what is asked for.
    own = raster.nodatavals[band - 1]
    told = src_nodata is None or own == src_nodata or (own != own and src_nodata != src_nodata)
    shrink = plan.read_shrink
    if not _can_decimate(raster.dtypes[band - 1], cfg.resampling, told=told):
        shrink = 1
    shape = (-(-height // shrink), -(-width // shrink))
    resampling = resampling_s2rio(cfg.resampling)
    values = raster.read(
        band,
        window=window,
        out_shape=shape,
        **({"resampling": resampling} if shrink > 1 else {}),
    )
    if plan.paste_ok and shape == out.shape:
        np.copyto(out, values, casting="unsafe")
        if src_nodata is not None and dst_nodata is not None:
            nothing = np.isnan(values) if np.isnan(src_nodata) else values == src_nodata
            np.copyto(out, dst_nodata, where=nothing)
        return target, out
    place = window_transform(window, raster.transform)
    wider, higher = width / shape[1], height / shape[0]
    reproject(
        values,
        out,
        src_transform=Affine(
            place.a * wider, place.b * higher, place.c, place.d * wider, place.e * higher, place.f
        ),
        src_crs=raster.crs,
        src_nodata=src_nodata,
        dst_transform=dst_geobox[target].transform,
        dst_crs=str(dst_geobox.crs),
        dst_nodata=dst_nodata,
        resampling=resampling,
    )
    return target, out


def _can_decimate(dtype: str, resampling: str, *, told: bool) -> bool:
    # GDAL averages no complex numbers while it reads, and leaves out only what the file itself
    # calls no data.
    averages = told and resampling in DECIMATING and np.dtype(dtype).kind != "c"
    return resampling == "nearest" or averages
