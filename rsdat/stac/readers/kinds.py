"""What an asset is, by its media type; by its name only where none is given."""

from __future__ import annotations

from rsdat.stac.grids import RAW_MEDIA_TYPES, RAW_SUFFIXES

IMAGE, RAW, CUBE, ZARR, PARQUET, CSV, GEOJSON, JSON, POINTS, TEXT, BYTES = (
    "image",
    "raw",
    "netcdf",
    "zarr",
    "parquet",
    "csv",
    "geojson",
    "json",
    "points",
    "text",
    "bytes",
)
_BY_TYPE = {
    **dict.fromkeys(RAW_MEDIA_TYPES, RAW),
    **dict.fromkeys(
        (
            "application/x-netcdf",
            "application/netcdf",
            "application/x-netcdf4",
            "application/x-hdf5",
            "application/x-hdf",
            "application/hdf5",
        ),
        CUBE,
    ),
    **dict.fromkeys(
        (
            "application/vnd+zarr",
            "application/vnd.zarr",
            "application/x-zarr",
            "application/zarr",
        ),
        ZARR,
    ),
    **dict.fromkeys(
        (
            "application/vnd.apache.parquet",
            "application/x-parquet",
            "application/parquet",
            "application/vnd.apache.parquet+geo",
        ),
        PARQUET,
    ),
    "text/csv": CSV,
    "application/geo+json": GEOJSON,
    "application/json": JSON,
    "application/schema+json": JSON,
    **dict.fromkeys(
        (
            "application/vnd.las",
            "application/vnd.laszip",
            "application/vnd.laszip+copc",
            "application/x-laszip",
            "application/x-las",
        ),
        POINTS,
    ),
    "application/xml": TEXT,
    "application/gml+xml": TEXT,
    "application/yaml": TEXT,
}
_BY_SUFFIX = {
    **dict.fromkeys((".tif", ".tiff", ".jp2", ".png", ".jpg", ".jpeg", ".vrt", ".img"), IMAGE),
    **dict.fromkeys(RAW_SUFFIXES, RAW),
    **dict.fromkeys((".nc", ".nc4", ".h5", ".hdf5", ".he5"), CUBE),
    ".zarr": ZARR,
    **dict.fromkeys((".parquet", ".geoparquet"), PARQUET),
    ".csv": CSV,
    ".geojson": GEOJSON,
    ".json": JSON,
    **dict.fromkeys((".laz", ".las"), POINTS),
    **dict.fromkeys((".txt", ".xml", ".md", ".yaml", ".yml", ".html", ".log"), TEXT),
}


def kind_of(media_type: str | None, href: str) -> str:
    """One of the kinds above; bytes where nothing else is known.

    Args:
        media_type: As the asset says, with or without parameters.
        href: Its address.
    """
    if media_type:
        plain = media_type.split(";")[0].strip().lower()
        if plain in _BY_TYPE:
            return _BY_TYPE[plain]
        if plain.startswith("image/"):
            return IMAGE
        if plain.startswith("text/"):
            return TEXT
        if plain.endswith("+json"):
            return JSON
        return TEXT if plain.endswith("+xml") else BYTES
    name = href.rstrip("/").rpartition("/")[2].lower()
    return next((kind for suffix, kind in _BY_SUFFIX.items() if name.endswith(suffix)), BYTES)
