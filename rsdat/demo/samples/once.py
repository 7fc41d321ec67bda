"""Sample data are written where they are wanted, once: a note beside them says they are whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

#: Written last; without it, or with another version in it, the data are made again.
NOTE = "made-by-rsdat.json"


def put_once(url: str, version: int, make: Callable[[], dict[str, bytes]]) -> bool:
    """Write files below `url` unless an earlier call has.

    Args:
        url: A folder: local path or any URL that fsspec knows. Made if it is not there; files of
            the same name are replaced.
        version: Of the data; raised when they change.
        make: Gives content by path below the folder. Only called if something is to be written.

    Returns:
        Whether anything was written.

    Raises:
        OSError: The folder can't be read or written.
    """
    import fsspec

    filesystem, folder = fsspec.core.url_to_fs(url.rstrip("/"))
    note = json.dumps({"version": version}).encode()
    if _read(filesystem, f"{folder}/{NOTE}") == note:
        return False
    folders = {folder}
    filesystem.makedirs(folder, exist_ok=True)
    for path, content in make().items():
        target = f"{folder}/{path}"
        parent = target.rpartition("/")[0]
        if parent not in folders:
            filesystem.makedirs(parent, exist_ok=True)
            folders.add(parent)
        filesystem.pipe_file(target, content)
    filesystem.pipe_file(f"{folder}/{NOTE}", note)
    return True


def _read(filesystem: Any, path: str) -> bytes | None:
    try:
        content: bytes = filesystem.cat_file(path)
    except FileNotFoundError:
        return None
    return content
