"""Failures to read an asset, with the names by which a user knows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from rsdat.base.errors import InvalidInput, NotFound, RsdatError
from rsdat.stac.hrefs import shown

# The name under which GDAL knows a file of ours, which says nothing to anybody.
_OURS = re.compile(r"'?/vsiriopener_\w+/rsdat-\w+'?")


def label(item_id: str, asset_key: str) -> str:
    """What errors call an asset."""
    return f"the asset '{asset_key}' of the item '{item_id}'"


@contextmanager
def named(who: str, href: str) -> Iterator[None]:
    """Name the asset in what is raised while it is read.

    Args:
        who: As `label` gives it; empty: errors stay as they are.
        href: Its address.

    Raises:
        NotFound: The file is gone (`asset_gone`).
        InvalidInput: It is there, and no raster or a broken one (`asset_broken`).
        RsdatError: What the file system raised, the asset named.
    """
    if not who:
        yield
        return
    href = shown(href)
    try:
        yield
    except RsdatError as error:
        # A file error of dCache's is one of ours: the class stays, and with it what catches it.
        if isinstance(error, NotFound):
            raise type(error)(
                f"{who} is gone: there is no file at {href}",
                hint="Has it been moved or deleted since the catalog was written?",
                code="asset_gone",
            ) from error
        raise type(error)(
            f"{who} can't be read: {error.message}",
            hint=error.hint,
            code=error.code,
            **error.details,
        ) from error
    except FileNotFoundError as error:
        raise NotFound(
            f"{who} is gone: there is no file at {href}",
            hint="Has it been moved or deleted since the catalog was written?",
            code="asset_gone",
        ) from error
    except OSError as error:
        # rasterio's own errors are OSErrors too.
        if type(error).__module__.startswith("rasterio"):
            raise InvalidInput(
                f"{who} is broken, or no raster: {_OURS.sub('the file', str(error))} ({href})",
                code="asset_broken",
            ) from error
        words = f"{who} can't be read: {error} ({href})"
        raise (OSError(words) if error.errno is None else OSError(error.errno, words)) from error
