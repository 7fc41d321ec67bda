"""dCache: paths, credentials, REST, WebDAV, safe writes, the fsspec class."""

from __future__ import annotations

from rsdat.dcache.fs import DCacheFileSystem
from rsdat.dcache.gdal import configure_gdal

__all__ = ["DCacheFileSystem", "configure_gdal"]
