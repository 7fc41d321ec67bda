"""Results written as files that others read in parts: cloud-optimised GeoTIFF and zarr."""

from rsdat.stac.writing.cog import write_cog
from rsdat.stac.writing.zarr import write_zarr

__all__ = ["write_cog", "write_zarr"]
