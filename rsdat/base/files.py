"""Files that are whole or absent: written beside, synced, renamed; private by default."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rsdat.base.errors import Conflict, NoSpace

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def rsdat_home() -> Path:
    """Where everything of this user lives: `$RSDAT_HOME`, by default `~/.rsdat`."""
    return Path(os.environ.get("RSDAT_HOME") or "~/.rsdat").expanduser().absolute()


@contextlib.contextmanager
def room_for(path: Path) -> Iterator[None]:
    """Lets what the operating system says of a full disk or quota be read by people.

    Raises:
        NoSpace: There is no room for `path`.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        what = "Your quota is used up" if error.errno == errno.EDQUOT else "There is no space left"
        raise NoSpace(
            f"{what} in {path.parent}", hint="Make room there; rsdat goes on by itself then."
        ) from error


def private_folder(path: Path) -> Path:
    """Make a folder (and its parents) that only its owner may enter; returns it."""
    if not path.parent.is_dir():
        # `parents=True` would make them open to whom the umask lets in.
        private_folder(path.parent)
    with room_for(path):
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    path.chmod(PRIVATE_FOLDER)
    return path


def write_bytes(path: Path, data: bytes, *, mode: int = PRIVATE_FILE) -> None:
    """Replace a file in one step: readers see the old bytes or the new, never a part.

    Raises:
        NoSpace: The disk or the quota is full; the old file stands.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    with room_for(path):
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


def write_text(path: Path, text: str, *, mode: int = PRIVATE_FILE) -> None:
    """`write_bytes` for UTF-8 text."""
    write_bytes(path, text.encode(), mode=mode)


def write_json(path: Path, value: dict[str, Any], *, format_version: int) -> None:
    """Write an object with its `format` number, atomically, 0600."""
    body = {"format": format_version, **value}
    write_text(path, json.dumps(body, indent=1, sort_keys=False) + "\n")


def read_json(path: Path, *, format_version: int) -> dict[str, Any]:
    """Read what `write_json` wrote.

    Raises:
        FileNotFoundError: There is no such file.
        Conflict: It is damaged, or a newer rsdat wrote it.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Conflict(f"{path.name} is damaged: {error}", code="damaged_file") from error
    if not isinstance(value, dict) or not isinstance(value.get("format"), int):
        raise Conflict(f"{path.name} is not a file of rsdat", code="damaged_file")
    if value["format"] > format_version:
        raise Conflict(
            f"{path.name} was written by a newer rsdat (format {value['format']})",
            hint="Update rsdat in this environment.",
            code="newer_format",
        )
    return value
