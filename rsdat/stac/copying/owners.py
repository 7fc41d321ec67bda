"""Whose items have the plain folders `<to>/<item id>` of a destination.

Ids are unique in a collection only, and collections of one grid and day have the same ones. So the
collection that is copied to a folder first has the plain names there, for ever, and items of others
have folders that name theirs too. A small hidden file at the destination says which that is: it is
made once, and never changed. Items of no collection need none: whoever comes later looks. Small
files go to tape as others do, and can't be read there: so the name of a second one says the same.

Folders that were there before that file may be of anybody: the item's JSON in them says of whom, or
files that are just those to be copied. No file of another item is ever replaced: where nobody can
say whose a folder is, the item fails.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pystac

from rsdat.base.errors import InvalidInput, NotFound, RsdatError
from rsdat.stac.copying import one
from rsdat.stac.copying.facts import Job
from rsdat.stac.copying.layout import MARK, named_folder, plain_folder, safe_name
from rsdat.stac.copying.trouble import passes, understood
from rsdat.stac.hrefs import shown
from rsdat.stac.store import Owner, filesystem_of, read_bytes, write_bytes

_log = logging.getLogger(__name__)

NAME = ".rsdat-copies.json"
#: Begin names that end in that of the collection: no folders were there before, or some were.
MARKER, MARKER_AFTER = ".rsdat-copies~", ".rsdat-copies+~"
_FORMAT = 1
#: Of more folders than these only that there were some is noted.
_MOST_NOTED = 20_000
_RETRIES = 4
#: No collection's id: folders of which nobody can say whose they are.
_NOBODYS = "\0"

_T = TypeVar("_T")


@dataclass(frozen=True)
class _Noted:
    """What the file says.

    Attributes:
        plain: The collection with plain names, as `_short` gives it; "" for items of none.
        before: Names of folders that were there before; None: there were very many.
    """

    plain: str
    before: Collection[str] | None


class OwnerUnknown(RsdatError):
    """Nobody can say whose a folder is that was there before."""

    default_code = "owner_unknown"


def collection_of(item: pystac.Item) -> str:
    """The id of an item's collection; "" if it has none. Copies keep it among the properties."""
    found = item.collection_id or item.properties.get("collection")
    return found if isinstance(found, str) else ""


class Owners:
    """The folder of each item at a destination. Its calls wait for the store.

    Args:
        to: Address of the folder.
        options: To write it with.
        stands: Tells whether a file is at its place, as it is to be; None: nothing is there.
        note: Write down whose the plain names are; False only looks.
    """

    def __init__(
        self,
        to: str,
        options: Owner,
        stands: Callable[[Job], bool | None],
        *,
        note: bool = True,
    ) -> None:
        self._to = to.rstrip("/")
        self._options = options
        self._stands = stands
        self._notes = note
        self._noted: _Noted | None = None
        self._looked = False
        self._first = ""
        self._retries = _RETRIES

    def folder(self, item: pystac.Item, jobs_in: Callable[[str], Sequence[Job]]) -> str:
        """The folder of an item.

        Args:
            item: The item.
            jobs_in: The files that are to be copied, for its folder.

        Raises:
            OwnerUnknown: It can't be told whose the folder is that the item may have.
            RsdatError, OSError: The destination can't be looked at.
        """
        collection = collection_of(item)
        plain = plain_folder(self._to, item.id)
        if not self._looked:
            try:
                self._noted = self._patiently(self._read)
            except (RsdatError, OSError) as error:
                self._noted = self._by_name(error)
            self._first, self._looked = collection, True
        if self._noted is None and collection:
            self._noted = self._patiently(lambda: self._begun(self._first))
        noted = self._noted or _Noted("", ())
        # With the mark of the others it could be the name of one of theirs.
        is_plain = _short(collection) == noted.plain and MARK not in item.id
        if (collection or noted.plain) and (
            noted.before is None or safe_name(item.id) in noted.before
        ):
            try:
                owner = self._owner_before(item, plain, jobs_in)
            except (RsdatError, OSError) as error:
                ours = understood(error, plain)
                raise OwnerUnknown(
                    f"Whose copies are in {shown(plain)} can't be told: {ours.message}",
                    hint=ours.hint or "Copy to another folder, or make that one readable.",
                    code=ours.code,
                ) from error
            if owner is not None:
                is_plain = owner == collection
        return plain if is_plain else named_folder(self._to, collection, item.id)

    def _patiently(self, look: Callable[[], _T]) -> _T:
        """What may pass must not end a copy of many files; what stays is waited for once."""
        tries = 0
        while True:
            try:
                found = look()
            except Exception as error:
                if not passes(understood(error, self._to)):
                    raise
                if tries >= self._retries:
                    self._retries = 0
                    raise
            else:
                self._retries = _RETRIES
                return found
            time.sleep(min(one.FIRST_PAUSE_S * 2**tries, one.LONGEST_PAUSE_S))
            tries += 1

    def _read(self) -> _Noted | None:
        href = f"{self._to}/{NAME}"
        try:
            value = json.loads(read_bytes(href, self._options))
            before = value["before"]
            return _Noted(
                _short(str(value["plain"])),
                None if before is None else frozenset(map(str, before)),
            )
        except (FileNotFoundError, NotADirectoryError, NotFound):
            return None
        except (ValueError, LookupError, TypeError) as error:
            raise InvalidInput(
                f"{shown(href)} does not say whose copies are there",
                hint="Copy to another folder. If you delete that file, what is there is looked at.",
            ) from error

    def _by_name(self, error: Exception) -> _Noted:
        """What the second file's name says where the first one can't be read."""
        try:
            names = [name for name, _ in self._entries(self._to)]
        except (RsdatError, OSError):
            raise error from None
        plain = {
            (name.removeprefix(marker), marker)
            for name in names
            for marker in (MARKER, MARKER_AFTER)
            if name.startswith(marker)
        }
        if len(plain) != 1:
            raise error
        ((short, marker),) = plain
        return _Noted(short, () if marker == MARKER else None)

    def _begun(self, collection: str) -> _Noted:
        before = self._folders(self._to)
        most = None if len(before) > _MOST_NOTED else frozenset(before)
        noted = _Noted(_short(collection), most)
        if not self._notes:
            return noted
        value = {
            "format": _FORMAT,
            "plain": collection,
            "before": None if most is None else sorted(most),
        }
        text = json.dumps(value, ensure_ascii=False) + "\n"
        try:
            write_bytes(f"{self._to}/{NAME}", text.encode(), self._options, replace=False)
            marker = MARKER_AFTER if before else MARKER
            write_bytes(f"{self._to}/{marker}{noted.plain}", text.encode(), self._options)
        except FileExistsError:
            return self._read() or noted  # another copy was faster
        except (RsdatError, OSError) as error:
            # Then no file can be written either, and whoever comes next looks at what is there.
            _log.warning("Whose copies are in %s can't be noted: %s", shown(self._to), error)
        return noted

    def _owner_before(
        self, item: pystac.Item, plain: str, jobs_in: Callable[[str], Sequence[Job]]
    ) -> str | None:
        """The collection of a folder that was there before; None: it is free."""
        unread: Exception | None = None
        href = f"{plain}/{safe_name(item.id)}.json"
        try:
            value = json.loads(self._patiently(lambda: read_bytes(href, self._options)))
            found = value.get("collection") or value["properties"].get("collection")
        except (FileNotFoundError, NotADirectoryError, NotFound):
            pass
        except (ValueError, LookupError, TypeError, AttributeError):
            return _NOBODYS
        except (RsdatError, OSError) as error:
            unread = error  # it is on tape, say
        else:
            return found if isinstance(found, str) else ""
        if not self._patiently(lambda: self._listed(plain)):
            return None
        there = [found for job in jobs_in(plain) if (found := self._stands(job)) is not None]
        if there and all(there):
            return collection_of(item)
        if unread is not None:
            raise unread
        return _NOBODYS

    def _folders(self, href: str) -> list[str]:
        return [name for name, each in self._listed(href) if each["type"] == "directory"]

    def _listed(self, href: str) -> list[tuple[str, Any]]:
        return [(name, each) for name, each in self._entries(href) if not name.startswith(".")]

    def _entries(self, href: str) -> list[tuple[str, Any]]:
        filesystem, path = filesystem_of(href, self._options)
        try:
            entries = filesystem.ls(path, detail=True)
        except (FileNotFoundError, NotADirectoryError, NotFound):
            return []
        return [(each["name"].rstrip("/").rpartition("/")[2], each) for each in entries]


def _short(collection: str) -> str:
    """A collection's id as a part of a name."""
    return safe_name(collection) if collection else ""
