"""Copies in a process of their own: begun by a notebook or by the companion, shown as transfers."""

from __future__ import annotations

import os
import secrets
import sys
from datetime import datetime, timezone
from pathlib import Path

import pystac

from rsdat.base import process
from rsdat.base.clock import to_iso_ms
from rsdat.base.files import rsdat_home
from rsdat.dcache.configured import load_endpoints
from rsdat.dcache.fs import DCacheFileSystem
from rsdat.dcache.transfers.outside import note_process
from rsdat.dcache.transfers.record import Record, Side
from rsdat.dcache.transfers.store import Store
from rsdat.stac.copying.assets import Copying
from rsdat.stac.copying.order import write_items, write_order
from rsdat.stac.copying.plan import items_in
from rsdat.stac.hrefs import scheme_of, shown
from rsdat.stac.store import filesystem_of, options_for

#: Names of files that say nothing: their folder's does.
_EVERYBODYS = ("catalog.json", "collection.json")
# What belongs to the Jupyter server alone, and tokens: the process reads the endpoint's files.
_LEFT_OUT = ("JUPYTER", "JPY_", "CONFIGPROXY_")


def begin(what: Copying) -> str:
    """Begin a copy that outlives this process; the id of its transfer.

    Raises:
        InvalidInput: Its modifier can't be imported by another process.
        NoSpace: It can't be noted.
    """
    store = Store(rsdat_home())
    record = new_record(title_of(what), source=None, destination=_destination(what))
    lock = store.make(record)
    folder = store.folder(record.id)
    try:
        write_order(folder, what)
        if not isinstance(what.items, (str, os.PathLike)):
            write_items(folder, items_in(what.items, what.options), what.access)
        start(folder)
    except BaseException:
        store.remove(record.id)
        raise
    finally:
        # Whichever companion looks next follows it from here.
        lock.release()
    return record.id


def new_record(title: str, *, source: Side | None, destination: Side | None) -> Record:
    """A transfer that is to begin."""
    return Record(
        id=secrets.token_hex(8),
        kind="assets",
        source=source,
        destination=destination,
        format=None,
        conflict="replace",
        title=title,
        created=to_iso_ms(datetime.now(timezone.utc)),
    )


def title_of(what: Copying) -> str:
    """What the list of transfers calls it."""
    if isinstance(what.items, pystac.Catalog):
        name = what.items.id
    elif isinstance(what.items, (str, os.PathLike)):
        *above, name = shown(os.fspath(what.items)).rstrip("/").split("/")
        if name in _EVERYBODYS and above:
            name = above[-1] or name
        elif name.startswith("search:"):
            name = "search"
    else:
        name = "items"
    if what.keys is None:
        return name
    keys = [what.keys] if isinstance(what.keys, str) else list(what.keys)
    return f"{', '.join(keys[:3])}{'…' if len(keys) > 3 else ''} of {name}" if keys else name


def _destination(what: Copying) -> Side | None:
    if scheme_of(what.to) == "dcache":
        filesystem, path = filesystem_of(what.to, what.target_options)
        name = options_for(what.to, what.target_options).get("endpoint")
        if name is None and isinstance(filesystem, DCacheFileSystem):
            name = filesystem.endpoint.name
        known = {endpoint.name for endpoint in load_endpoints(rsdat_home())}
        return Side(name, (path,)) if name in known else None
    return None


def start(folder: Path) -> None:
    """Start the process of a transfer, detached: it lives on when we die."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_LEFT_OUT) and not name.endswith("_TOKEN")
    }
    environment["RSDAT_HOME"] = str(folder.parent.parent)
    pid = process.start_detached(
        [sys.executable, "-m", "rsdat.stac.copying", str(folder)],
        env=environment,
        log=folder / "process.log",
        cwd=folder,
    )
    note_process(folder, pid)
