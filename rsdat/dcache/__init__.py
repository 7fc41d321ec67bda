"""dCache: paths, credentials, REST, WebDAV, safe writes, the fsspec class."""

from __future__ import annotations

from rsdat.dcache.fs import DCacheFileSystem

__all__ = ["DCacheFileSystem"]
