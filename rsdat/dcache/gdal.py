"""GDAL's own `/vsicurl/` with this endpoint's credential, told to GDAL's memory only.

No header file, environment variable or command line holds the secret, and GDAL sends it to this
door alone: the settings belong to the address, not to all that GDAL reads. Reading through fsspec
(`rasterio.open(path, opener=fs)`) is faster on doors that redirect and follows renewed tokens; this
is for what wants an address: VRTs, mosaics, `gdalwarp` in Python.

Source: GDAL's VSISetPathSpecificOption (C API since 3.6) and CPLHTTPGetOptionsFromEnv.
"""

from __future__ import annotations

import asyncio
import base64
import ctypes
import importlib
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.base.secret import Secret
from rsdat.dcache import paths
from rsdat.dcache.oserrors import file_errors

_LIBRARY = re.compile(r"(/\S*/libgdal[-.\w]*\.so[.\d]*)$", re.MULTILINE)
_PYTHON = ("rasterio", "osgeo.gdal", "pyogrio", "fiona")
_PREFIX = "/vsicurl/"


class GdalAccess:
    """What GDAL was told of one endpoint. `close` it, or use it in `with`, to take that back.

    Args:
        webdav_url: The door.
        options: GDAL's, by name; secrets as `Secret`.
    """

    def __init__(self, webdav_url: str, options: dict[str, str | Secret]) -> None:
        self._door = webdav_url.rstrip("/")
        self._told = _loaded()
        if not self._told:
            raise NotFound(
                "No GDAL is loaded in this process", hint="Install rasterio.", code="no_gdal"
            )
        for library in self._told:
            _forget(library, self._prefix)
            for name, value in options.items():
                text = value.reveal() if isinstance(value, Secret) else value
                library.VSISetPathSpecificOption(
                    self._prefix.encode(), name.encode(), text.encode()
                )

    @property
    def _prefix(self) -> str:
        # With a slash: the address of another port begins with this one's.
        return f"{_PREFIX}{self._door}/"

    def path(self, path: str) -> str:
        """What GDAL calls a path of this dCache: `/vsicurl/https://…`. It holds no secret."""
        with file_errors():
            return f"{_PREFIX}{self._door}{paths.encode(paths.parse(path))}"

    def close(self) -> None:
        """Let GDAL forget the credential, and what it keeps of the files read."""
        told, self._told = self._told, []
        for library in told:
            _forget(library, self._prefix)

    def __enter__(self) -> GdalAccess:  # noqa: PYI034 – typing.Self is newer than Python 3.10
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"GdalAccess({self._door!r})"


def configure_gdal(fs: Any = None, **options: Any) -> GdalAccess:
    """Let GDAL in this process read one dCache by `/vsicurl/`.

    For rasterio, rioxarray, GDAL's own Python and whatever else is loaded. On Dask workers call it
    there too (`client.run(configure_gdal)`). GDAL keeps the token as it is now: call it again when
    it was renewed. If the door redirects to plain http, GDAL follows; the token stays behind.

    Args:
        fs: A DCacheFileSystem; by default one is made of the options.
        **options: As for DCacheFileSystem; none is the default endpoint.

    Returns:
        Gives the paths (`access.path("/a.tif")`) and, closed, takes all back.

    Raises:
        FileNotFoundError: There is no GDAL here, or no endpoint is configured.
        PermissionError: The credential can't be read.
        ValueError: It is one that GDAL can't be told, such as a certificate.
    """
    if fs is None:
        from rsdat.dcache.fs import DCacheFileSystem

        fs = DCacheFileSystem(**options)
    elif options:
        raise TypeError("Give either a file system or its options")
    endpoint = fs.endpoint
    with file_errors():
        with ThreadPoolExecutor(1) as pool:  # this thread may be running an event loop
            header = pool.submit(asyncio.run, endpoint.credential.header()).result()
        settings: dict[str, str | Secret] = {
            # A redirected read holds one of the pool's movers until its connection closes.
            "GDAL_HTTP_HEADERS": "Connection: close",
            # Else GDAL reads the folder's page, which grows with the folder.
            "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
            "GDAL_HTTP_MAX_RETRY": "4",
            "GDAL_HTTP_RETRY_DELAY": "2",
            **({} if header is None else _credential(header)),
        }
        return GdalAccess(endpoint.webdav_url, settings)


def _credential(header: Secret) -> dict[str, str | Secret]:
    kind, _, value = header.reveal().partition(" ")
    if kind == "Bearer":
        return {"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": Secret(value)}
    if kind == "Basic":
        pair = base64.b64decode(value).decode()
        return {"GDAL_HTTP_AUTH": "BASIC", "GDAL_HTTP_USERPWD": Secret(pair)}
    raise InvalidInput("GDAL can't be told this kind of credential", hint="Use a token.")


def _loaded() -> list[ctypes.CDLL]:
    """Every GDAL in this process (rasterio and others bring one each); loads one if need be."""
    found = _libraries()
    if not found:
        for name in _PYTHON:
            with suppress(ImportError):
                importlib.import_module(name)
                found = _libraries()
                if found:
                    break
    return found


def _libraries() -> list[ctypes.CDLL]:
    mapped = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
    found = []
    for name in sorted(set(_LIBRARY.findall(mapped))):
        library = ctypes.CDLL(name)
        if _has(library, ("VSISetPathSpecificOption", "VSIClearPathSpecificOptions")):
            library.VSISetPathSpecificOption.argtypes = [ctypes.c_char_p] * 3
            library.VSISetPathSpecificOption.restype = None
            library.VSIClearPathSpecificOptions.argtypes = [ctypes.c_char_p]
            library.VSIClearPathSpecificOptions.restype = None
            library.VSICurlPartialClearCache.argtypes = [ctypes.c_char_p]
            library.VSICurlPartialClearCache.restype = None
            found.append(library)
    return found


def _has(library: ctypes.CDLL, names: Iterable[str]) -> bool:
    return all(hasattr(library, name) for name in names)


def _forget(library: ctypes.CDLL, prefix: str) -> None:
    library.VSIClearPathSpecificOptions(prefix.encode())
    library.VSICurlPartialClearCache(prefix.encode())
