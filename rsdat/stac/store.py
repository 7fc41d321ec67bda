"""Small whole files (the JSON of a catalog, a finished map) on any fsspec file system."""

from __future__ import annotations

from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

from rsdat.base.files import write_bytes as write_local_bytes


def read_text(href: str) -> str:
    """A UTF-8 text file.

    Raises:
        FileNotFoundError: There is none.
    """
    filesystem, path = fsspec.core.url_to_fs(href)
    data: bytes = filesystem.cat_file(path)
    return data.decode()


def write_bytes(href: str, data: bytes) -> None:
    """Write a file, its folders included; an old one is replaced.

    Whole or not at all where the file system can do that; dCache and local folders can.
    """
    filesystem, path = fsspec.core.url_to_fs(href)
    filesystem.makedirs(filesystem._parent(path), exist_ok=True)  # noqa: SLF001 - no public name
    if isinstance(filesystem, LocalFileSystem):
        # fsspec opens the old file for writing: readers could see half of the new one.
        write_local_bytes(Path(path), data, mode=0o644)
    else:
        filesystem.pipe_file(path, data)


def exists(href: str) -> bool:
    """Whether there is anything at `href`."""
    filesystem, path = fsspec.core.url_to_fs(href)
    return bool(filesystem.exists(path))
