"""How an asset's pixels lie: shape, type and place, from its STAC fields or from its header."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rsdat.base.errors import InvalidInput
from rsdat.stac.access import Access
from rsdat.stac.again import again
from rsdat.stac.hrefs import shown
from rsdat.stac.naming import named
from rsdat.stac.pixels import Pixels, RasterPixels, RawPixels
from rsdat.stac.raster.opened import open_raster

if TYPE_CHECKING:
    import pystac
    from affine import Affine

# STAC's names of data types that are not numpy's (raster extension 1.1, STAC 1.1 `data_type`);
# complex integers have no type in numpy.
DATA_TYPES = {"cfloat32": "complex64", "cfloat64": "complex128"}
RAW_MEDIA_TYPES = ("application/octet-stream", "application/x-raw")
RAW_SUFFIXES = (".raw", ".bin", ".dat")


@dataclass(frozen=True)
class Grid:
    """The pixels of one asset.

    Attributes:
        shape: Rows and columns.
        dtypes: Of each band, in numpy's words.
        transform: From pixel to map coordinates, GDAL's six in Affine's order; None: not known.
        crs: In any form that GDAL reads; None: not known.
        nodata: The value that means "none", of the first band.
        nodatas: Of each band; empty: `nodata` in all of them.
        tile: Rows and columns that lie together in the file.
        raw: Whether it is a file of values row by row, which GDAL does not know.
        header_bytes: Before the first value of a raw file.
    """

    shape: tuple[int, int]
    dtypes: tuple[str, ...]
    transform: tuple[float, ...] | None = None
    crs: str | None = None
    nodata: float | None = None
    nodatas: tuple[float | None, ...] = ()
    tile: tuple[int, int] = (256, 256)
    raw: bool = False
    header_bytes: int = 0

    def nodata_of(self, band: int) -> float | None:
        """The value that means "none" in a band, counted from 0."""
        return self.nodatas[band] if self.nodatas else self.nodata

    @property
    def affine(self) -> Affine | None:
        """The transform as affine has it."""
        from affine import Affine

        return None if self.transform is None else Affine(*self.transform)

    def pixels(self, href: str, label: str, access: Access) -> Pixels:
        """The values, to be read when they are sliced; several bands are the first axis."""
        dtype = np.dtype(self.dtypes[0])
        if self.raw:
            return RawPixels(href, self.shape, dtype, self.header_bytes, label=label, access=access)
        bands = () if len(self.dtypes) == 1 else (len(self.dtypes),)
        return RasterPixels(href, (*bands, *self.shape), dtype, label=label, access=access)


def fields_of(item: pystac.Item, asset: pystac.Asset) -> dict[str, Any]:
    """What is said of the asset: its own fields, then its item's."""
    return {**item.properties, **asset.extra_fields}


def is_raw(asset: pystac.Asset, href: str) -> bool:
    """Whether it is a file of values row by row: by its media type, else by its name."""
    if asset.media_type is not None:
        return asset.media_type.split(";")[0].strip().lower() in RAW_MEDIA_TYPES
    return href.lower().endswith(RAW_SUFFIXES)


def raw_grid(href: str, fields: dict[str, Any]) -> Grid:
    """Of a raw file, which has no header that tells it.

    Raises:
        InvalidInput: The fields don't say enough (`raw_undescribed`).
    """
    band = band_of(fields)
    missing = [
        name
        for name, value in (
            ("proj:shape", fields.get("proj:shape")),
            ("data_type", band.get("data_type")),
        )
        if not value
    ]
    if missing:
        raise InvalidInput(
            f"the STAC item does not say how to read {shown(href)}: {' and '.join(missing)} "
            "missing",
            code="raw_undescribed",
        )
    # The file extension's default for what nobody says is the machine's order: little, today.
    big = fields.get("file:byte_order") == "big-endian"
    rows, columns = fields["proj:shape"]
    return Grid(
        shape=(rows, columns),
        dtypes=(_dtype(band["data_type"], href).newbyteorder(">" if big else "<").str,),
        transform=_transform(fields),
        crs=_crs(fields),
        nodata=_number(band.get("nodata")),
        tile=(1, columns),
        raw=True,
        header_bytes=fields.get("file:header_size", 0),
    )


def raster_grid(href: str, fields: dict[str, Any], label: str, access: Access) -> Grid:
    """Of a raster, by its header; the reference system by the fields where the header has none.

    Raises:
        NotFound: There is no such file.
        InvalidInput: It is no raster.
    """

    def read() -> Grid:
        with open_raster(href, access) as raster:
            # GDAL gives the identity for what has no place on a map.
            placed = raster.crs is not None or not raster.transform.is_identity
            return Grid(
                shape=(raster.height, raster.width),
                dtypes=tuple(raster.dtypes),
                transform=tuple(raster.transform)[:6] if placed else _transform(fields),
                crs=raster.crs.to_wkt() if raster.crs else _crs(fields),
                nodata=raster.nodata,
                nodatas=tuple(
                    _number(band_of(fields, band).get("nodata")) if own is None else own
                    for band, own in enumerate(raster.nodatavals)
                ),
                tile=raster.block_shapes[0],
            )

    with named(label, href):
        return again(read)


def stated_grid(fields: dict[str, Any], href: str) -> Grid | None:
    """Of a raster, by its item alone; None where that says too little: then the file is asked."""
    bands = fields.get("raster:bands") or fields.get("bands") or [{}]
    types: list[Any] = [band.get("data_type") or fields.get("data_type") for band in bands]
    transform, crs, shape = _transform(fields), _crs(fields), fields.get("proj:shape")
    if not all(types) or transform is None or crs is None or not shape:
        return None
    return Grid(
        shape=(shape[0], shape[1]),
        dtypes=tuple(_dtype(each, href).name for each in types),
        transform=transform,
        crs=crs,
        nodata=_number(band_of(fields).get("nodata")),
        nodatas=tuple(_number(band_of(fields, n).get("nodata")) for n in range(len(types))),
    )


def band_of(fields: dict[str, Any], index: int = 0) -> dict[str, Any]:
    """What is said of a band: STAC 1.1 beside or in `bands`, 1.0 in `raster:bands`.

    Of one that is not in a list only what is said beside it, for all.
    """
    found: dict[str, Any] = {key: fields[key] for key in ("data_type", "nodata") if key in fields}
    for key in ("raster:scale", "raster:offset"):
        if key in fields:
            found[key.removeprefix("raster:")] = fields[key]
    for bands in ("raster:bands", "bands"):
        said = fields.get(bands) or []
        if index < len(said):
            found |= {key.removeprefix("raster:"): value for key, value in said[index].items()}
    return found


def _dtype(name: str, href: str) -> np.dtype[Any]:
    name = DATA_TYPES.get(name, name)
    try:
        return np.dtype(name)
    except TypeError as error:
        raise InvalidInput(
            f"{shown(href)} has the data type '{name}', which can't be read"
        ) from error


def _number(value: Any) -> float | None:
    """STAC writes what JSON has no number for as "nan", "inf" and "-inf"."""
    return float(value) if isinstance(value, str) else value


def _transform(fields: dict[str, Any]) -> tuple[float, ...] | None:
    numbers = fields.get("proj:transform")
    return tuple(numbers[:6]) if numbers else None


def _crs(fields: dict[str, Any]) -> str | None:
    """The reference system in any form that GDAL reads; `proj:epsg` is that of STAC before 1.1."""
    epsg = fields.get("proj:epsg")
    return fields.get("proj:code") or fields.get("proj:wkt2") or (epsg and f"EPSG:{epsg}") or None
