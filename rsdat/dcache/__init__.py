"""dCache: paths, credentials, REST, WebDAV, safe writes, the fsspec class."""
