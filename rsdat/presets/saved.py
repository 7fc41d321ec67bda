"""Presets that users save from the form: one file each in `$RSDAT_HOME/presets`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rsdat.base.errors import Conflict, InvalidInput, NotFound
from rsdat.base.files import private_folder, read_json, write_json

FORMAT = 1
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")


def write_saved(
    home: Path,
    name: str,
    *,
    title: str,
    like: str,
    settings: Mapping[str, Any],
    request: Mapping[str, Any],
) -> bool:
    """Save a preset; whether it is new. Blocks.

    Args:
        home: `$RSDAT_HOME`.
        name: Letters, digits and `_.-`.
        title: As shown.
        like: The preset it was made from: what it knows of its site counts here too.
        settings: Complete, in keys of `jobqueue.slurm`.
        request: As `Preset.request`.

    Raises:
        InvalidInput: The name can't be one.
    """
    path = _path(home, name)
    private_folder(path.parent)
    new = not path.exists()
    body = {"title": title, "like": like, "settings": dict(settings), "request": dict(request)}
    write_json(path, body, format_version=FORMAT)
    return new


def delete_saved(home: Path, name: str) -> None:
    """Delete a saved preset. Blocks.

    Raises:
        NotFound: There is none of that name.
    """
    try:
        _path(home, name).unlink()
    except (FileNotFoundError, InvalidInput):
        raise NotFound(f"You have saved no preset '{name}'") from None


def read_saved(home: Path) -> dict[str, dict[str, Any]]:
    """All of them by name, as written. Blocks; what can't be read is left out."""
    found = {}
    for path in sorted((home / "presets").glob("*.json")):
        try:
            value = read_json(path, format_version=FORMAT)
        except (OSError, Conflict):
            # Damaged, or a newer rsdat's: the others must not suffer from it.
            continue
        if all(isinstance(value.get(key), Mapping) for key in ("settings", "request")):
            found[path.stem] = value
    return found


def origin(home: Path, name: str) -> str:
    """The preset that a saved one was made from, through all in between; others are it. Blocks."""
    saved, seen = read_saved(home), set()
    while name in saved and name not in seen:
        seen.add(name)
        name = str(saved[name].get("like"))
    return name


def _path(home: Path, name: str) -> Path:
    if not _NAME.match(name):
        raise InvalidInput(
            f"'{name}' can't be the name of a preset", hint="Use letters, digits and _ . - only."
        )
    return home / "presets" / f"{name}.json"
