"""What dCache knows of a file and a disk doesn't, kept in SQLite beside the served folder."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

ONLINE = "ONLINE"
NEARLINE = "NEARLINE"
ON_BOTH = "ONLINE_AND_NEARLINE"
LOCALITIES = (ONLINE, NEARLINE, ON_BOTH, "LOST", "NONE", "UNAVAILABLE")


@dataclass(frozen=True)
class Attributes:
    """One entry's attributes; the defaults are those of a file just put into the folder.

    `state` is `""`, `"uploading"` (an entry without size) or `"broken"` (a failed redirected
    upload: it shows size and checksum, and reading it fails). `stamp` is the size and the
    modification time in ns for which `checksums` and `state` hold: a file changed on disk
    behind the door's back is a whole new file. `pins` are by request, with their end in ms since
    1970; -1 never ends.
    """

    pnfs_id: str = ""
    locality: str = ONLINE
    state: str = ""
    created_ms: int = 0
    checksums: dict[str, str] = field(default_factory=dict)
    stamp: tuple[int, int] = (-1, -1)
    labels: list[str] = field(default_factory=list)
    xattrs: dict[str, str] = field(default_factory=dict)
    forbidden: list[str] = field(default_factory=list)
    stage_delay_s: float | None = None
    stage_error: str = ""  # why tape can't read it
    target_qos: str = ""  # what it is about to become
    pins: dict[str, int] = field(default_factory=dict)
    mode: int | None = None

    def as_json(self) -> str:
        """Only what differs from the defaults."""
        changed = {k: v for k, v in asdict(self).items() if v != _DEFAULTS[k]}
        return json.dumps(changed)


_DEFAULTS: dict[str, Any] = asdict(Attributes())
_FIELDS = frozenset(f.name for f in fields(Attributes))


def _from_json(text: str) -> Attributes:
    value = {k: v for k, v in json.loads(text).items() if k in _FIELDS}
    if "stamp" in value:
        value["stamp"] = tuple(value["stamp"])
    return Attributes(**value)


class AttributeStore:
    """All attributes by path, in memory and, for the next start, in one SQLite file.

    Only the event loop's thread may write; `get` may be called from any. Close it at the end.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        # Losing the last second in a power cut is fine here; waiting for the disk is not.
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS attributes (path TEXT PRIMARY KEY, value TEXT NOT NULL)"
        )
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS long_names (disk TEXT PRIMARY KEY, name TEXT NOT NULL)"
        )
        rows = self._database.execute("SELECT path, value FROM attributes")
        self._entries = {path: _from_json(value) for path, value in rows}
        self._long_names: dict[str, str] = dict(
            self._database.execute("SELECT disk, name FROM long_names")
        )

    def close(self) -> None:
        """Flush and close the file."""
        self._database.close()

    def get(self, path: str) -> Attributes | None:
        """What is known of a path; change it only with `put`."""
        return self._entries.get(path)

    def put(self, path: str, attributes: Attributes) -> None:
        """Keep all attributes of a path."""
        self.put_many([(path, attributes)])

    def put_many(self, entries: Iterable[tuple[str, Attributes]]) -> None:
        """`put` for many paths in one transaction."""
        entries = list(entries)
        self._entries.update(entries)
        self._write(
            "INSERT OR REPLACE INTO attributes VALUES (?, ?)",
            [(path, attributes.as_json()) for path, attributes in entries],
        )

    def drop(self, path: str, *, below: bool) -> None:
        """Forget a path and, if `below`, everything under it."""
        gone = [path, *(self._below(path) if below else ())]
        for key in gone:
            self._entries.pop(key, None)
        self._write("DELETE FROM attributes WHERE path = ?", [(key,) for key in gone])

    def move(self, source: str, destination: str) -> None:
        """Carry over what is known of a path and everything under it."""
        moved = [
            (destination + key[len(source) :], self._entries[key])
            for key in (source, *self._below(source))
            if key in self._entries
        ]
        self.drop(source, below=True)
        self.put_many(moved)

    def marked(self, state: str) -> list[str]:
        """The paths whose `state` is this."""
        return [path for path, entry in self._entries.items() if entry.state == state]

    def located(self, locality: str) -> list[str]:
        """The paths whose locality is this."""
        return [path for path, entry in self._entries.items() if entry.locality == locality]

    def labelled(self, label: str) -> list[str]:
        """The paths that carry a label."""
        return [path for path, entry in self._entries.items() if label in entry.labels]

    def long_name(self, disk_name: str) -> str | None:
        """The real name behind a shortened one on disk."""
        return self._long_names.get(disk_name)

    def keep_long_name(self, disk_name: str, name: str) -> None:
        """Remember what a shortened name on disk stands for."""
        self._long_names[disk_name] = name
        self._write("INSERT OR REPLACE INTO long_names VALUES (?, ?)", [(disk_name, name)])

    def _below(self, path: str) -> list[str]:
        prefix = path if path.endswith("/") else path + "/"
        return [key for key in self._entries if key.startswith(prefix)]

    def _write(self, statement: str, rows: list[tuple[str, ...]]) -> None:
        with self._database:
            if len(rows) > 1:
                self._database.execute("BEGIN")
            self._database.executemany(statement, rows)
