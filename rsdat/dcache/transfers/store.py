"""Where transfers lie on disk, who acts for each, and how long ended ones are kept.

`$RSDAT_HOME/transfers/<id>/` holds `transfer.json`, the two lists of `items.py` and `lock`. Who
holds the flock on `lock` acts for the transfer; other companions on the same home only show it.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from rsdat.base.clock import from_iso
from rsdat.base.errors import Conflict, RsdatError
from rsdat.base.files import private_folder, read_json, write_json
from rsdat.base.lock import Lock
from rsdat.dcache.transfers.record import FORMAT, Record

_log = logging.getLogger(__name__)

#: Ended transfers beyond these are forgotten, the oldest first.
KEEP_NUMBER = 200
KEEP_AGE = timedelta(days=30)
_ID = re.compile(r"[a-z0-9-]+\Z")


class Store:
    """Records by id. All methods but `take_aside` block: call them in a thread.

    Args:
        home: `$RSDAT_HOME`.
    """

    def __init__(self, home: Path) -> None:
        self._root = home / "transfers"
        self._read: dict[str, tuple[tuple[int, int], Record]] = {}

    def folder(self, id_: str) -> Path:
        """Where one lies."""
        return self._root / id_

    def ids(self) -> list[str]:
        """All that are on disk."""
        if not self._root.is_dir():
            return []
        return [path.name for path in self._root.iterdir() if _ID.match(path.name)]

    def make(self, record: Record) -> Lock:
        """The folder of a new one; it is ours.

        Raises:
            NoSpace: There is no room for it.
        """
        folder = private_folder(self.folder(record.id))
        lock = Lock.take(folder / "lock")
        if lock is None:
            raise Conflict(f"There is a transfer '{record.id}' already")
        try:
            self.save(record)
        except BaseException:
            lock.release()
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return lock

    def save(self, record: Record) -> None:
        """Write its state, atomically.

        Raises:
            NoSpace: There is no room for it; the earlier state stands.
        """
        path = self.folder(record.id) / "transfer.json"
        write_json(path, {"transfer": record.as_dict()}, format_version=FORMAT)

    def load(self, id_: str) -> Record | None:
        """The state on disk, read only if it has changed; None if there is none to be read."""
        path = self.folder(id_) / "transfer.json"
        try:
            facts = path.stat()
            seen = (facts.st_mtime_ns, facts.st_ino)
            known = self._read.get(id_)
            if known is not None and known[0] == seen:
                return known[1]
            record = Record.from_dict(read_json(path, format_version=FORMAT)["transfer"])
        except FileNotFoundError:
            return None
        except (OSError, TypeError, KeyError, RsdatError) as error:
            # Damaged or a newer rsdat's: nothing that could be gone on with.
            _log.warning("The transfer in %s can't be read: %s", path.parent, error)
            return None
        self._read[id_] = (seen, record)
        return record

    def take(self, id_: str) -> Lock | None:
        """The right to act for one, or None while another companion has it."""
        return Lock.take(self.folder(id_) / "lock")

    async def take_aside(self, id_: str) -> Lock | None:
        """`take`, for who may be cancelled meanwhile: it leaves no lock behind."""
        return await Lock.take_aside(self.folder(id_) / "lock")

    def remove(self, id_: str) -> None:
        """Forget one."""
        self._read.pop(id_, None)
        shutil.rmtree(self.folder(id_), ignore_errors=True)

    def tidy(self, now: datetime, before: Callable[[Record], None]) -> list[str]:
        """Remove ended ones that are too many or too old; returns their ids.

        Args:
            now: The time.
            before: Is given each before it is removed.
        """
        ended = []
        for id_ in self.ids():
            record = self.load(id_)
            if record is not None and not record.active:
                ended.append((record.ended or record.created, id_, record))
        ended.sort(key=lambda each: each[:2], reverse=True)
        gone = [
            record
            for number, (moment, _, record) in enumerate(ended)
            if number >= KEEP_NUMBER or now - from_iso(moment) > KEEP_AGE
        ]
        for record in gone:
            lock = self.take(record.id)
            if lock is not None:
                try:
                    before(record)
                    self.remove(record.id)
                finally:
                    lock.release()
        return [record.id for record in gone]
