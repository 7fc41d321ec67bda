"""Registers attached clusters: a folder with nothing but a record, and a name of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

from rsdat.base.clock import Clock
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.naming import new_id
from rsdat.clusters.options import read_options
from rsdat.clusters.record import FIRST_GROUP, Attached, Group, Record
from rsdat.clusters.register import check_free, names_held

#: What such a cluster has in the place of a preset.
PRESET = "attached"


def make_attached(
    home: Path, attached: Attached, address: str, name: str | None, clock: Clock
) -> tuple[ClusterFolder, Record]:
    """Make the folder of an attached cluster. Blocks.

    Raises:
        Conflict: A live cluster has that name.
    """
    # Of no use here; a cluster without a group would be an exception everywhere.
    nothing = read_options({"cores": 1, "memory": "1GiB"}, {})
    with names_held(home) as taken:
        if name is not None:
            check_free(name, taken)
        now = clock.now()
        while True:
            folder = ClusterFolder(home / "clusters" / new_id())
            record = Record(
                id=folder.id,
                name=name or _name(address, taken.values()),
                created=now,
                preset=PRESET,
                groups=[Group(FIRST_GROUP, nothing, 0)],
                attached=attached,
            )
            with contextlib.suppress(FileExistsError):
                folder.make_bare(record)
                break
        folder.add_event(now, "attached", name=record.name, address=address)
    return folder, record


def _name(address: str, taken: Collection[str]) -> str:
    # 64 characters at most, and a number if need be.
    base = urlsplit(address).netloc[-56:]
    number, name = 1, base
    while name in taken:
        number += 1
        name = f"{base} ({number})"
    return name
