"""A folder's listing, parsed while it arrives.

200 000 entries are 60 MB of JSON. Read whole, parsed and made into objects they would hold half a
gigabyte, and the event loop for seconds; here a part is parsed in a thread while the next arrives.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import re
from typing import Any

import aiohttp

from rsdat.base.errors import DoorBroken
from rsdat.dcache.entry import moment, to_ms
from rsdat.dcache.http import LISTING, Http, door_failure
from rsdat.dcache.rest import not_a_folder
from rsdat.dcache.rows import Rows

#: A piece to parse at once: some 10 ms of work, so that no other thread waits long.
_PIECE_BYTES = 512 * 1024
#: Braces from the end of a piece that may be a child's: its own, one in its name, the folder's.
_GUESSES = 3
_SPACE = re.compile(r"[ \t\n\r]*")
_decode = json.JSONDecoder().raw_decode


async def rows(http: Http, path: str, *, limit: int | None = None) -> Rows:
    """What is in a folder, in dCache's order, which is none.

    Args:
        http: The endpoint.
        path: Literal path.
        limit: At most so many; all if not given. A first page of some hundred comes at once, all
            of a large folder in a minute and more.

    Raises:
        NotFound: There is no such folder.
        Conflict: It is no folder (`not_a_folder`).
        RsdatError: dCache refused, broke off, or gave no usable answer.
    """
    query = "children=true&locality=true" + ("" if limit is None else f"&limit={limit}")
    url = http.rest_url("namespace", path, query)
    parser = ListingParser(path)
    async with http.exchange(
        "GET", url, doing=f"list '{path}'", path=path, timeout=LISTING
    ) as response:
        piece = bytearray()
        try:
            async for data in response.content.iter_any():
                piece += data
                if len(piece) >= _PIECE_BYTES:
                    await asyncio.to_thread(parser.feed, bytes(piece))
                    piece.clear()
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise door_failure(url, error) from error
    if len(piece) < _PIECE_BYTES // 8:
        parser.feed(bytes(piece))
    else:
        await asyncio.to_thread(parser.feed, bytes(piece))
    return parser.end()


class ListingParser:
    """Makes rows of the bytes of an answer, whole object by whole object.

    Args:
        path: The folder's literal path.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._rows = Rows(path)
        # A name that is no UTF-8 is kept, and can't be asked for (`paths.encode`): "replace" would
        # make it another file's.
        self._utf8 = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._text = ""
        self._at = 0
        self._step = self._open
        self._is_folder = False
        self._done = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            DoorBroken: This is no listing of dCache's.
        """
        try:
            self._text = self._text[self._at :] + self._utf8.decode(data)
            self._at = 0
            while not self._done and self._step():
                pass
        except (ValueError, RecursionError) as error:
            raise self._not_dcache() from error

    def end(self) -> Rows:
        """The rows, when all bytes came.

        Raises:
            Conflict: It is no folder (`not_a_folder`).
            DoorBroken: The listing is not whole, or none.
        """
        if not self._done:
            if self._text or len(self._rows):
                raise DoorBroken(
                    f"dCache's listing of '{self._path}' ends in its middle",
                    hint="Try again.",
                    code="cut",
                )
            raise self._not_dcache()
        if not self._is_folder:
            raise not_a_folder(self._path)
        return self._rows

    # Each step consumes one thing and says whether it could; False waits for more bytes.

    def _next(self) -> str:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._text[self._at : self._at + 1]

    def _open(self) -> bool:
        found = self._next()
        if found and found != "{":
            raise ValueError("no object")
        if found:
            self._at += 1
            self._step = self._key
        return bool(found)

    def _key(self) -> bool:
        found = self._next()
        if found == ",":
            self._at += 1
            found = self._next()
        if not found:
            return False
        if found == "}":
            self._at += 1
            self._done = True
            return True
        if found != '"':
            raise ValueError("no key")
        before = self._at
        value = self._value_of_key()
        if value is None:
            self._at = before
            return False
        return True

    def _value_of_key(self) -> bool | None:
        """Read `"key" : value`, or up to the children's bracket; None if it is not all here."""
        try:
            key, self._at = _decode(self._text, self._at)
        except ValueError:
            self._incomplete()
            return None
        if self._next() == ":":
            self._at += 1
        elif self._next():
            raise ValueError("no colon")
        found = self._next()
        if not found:
            return None
        if key == "children" and found == "[":
            self._at += 1
            self._is_folder = True
            self._step = self._children
            return True
        try:
            value, self._at = _decode(self._text, self._at)
        except ValueError:
            self._incomplete()
            return None
        if not self._next():
            return None  # a number at the end may go on in the next bytes
        if key == "mtime":
            self._rows.folder_modified = to_ms(moment(value))
        return True

    def _children(self) -> bool:
        self._many_children()
        text, at = self._text, self._at
        batch: list[Any] = []
        space = _SPACE.match
        waiting = False
        while True:
            match = space(text, at)
            at = match.end() if match else at
            found = text[at : at + 1]
            if found == ",":
                at += 1
            elif found == "{":
                try:
                    child, at = _decode(text, at)
                except ValueError:
                    waiting = True
                    break
                batch.append(child)
            elif found == "]":
                at += 1
                self._step = self._key
                break
            elif found:
                raise ValueError("no child")
            else:
                waiting = True
                break
        self._at = at
        self._rows.add(batch)
        if waiting:
            self._incomplete()
        return not waiting

    def _many_children(self) -> None:
        """Read all whole children at once, which takes half the time of one by one.

        A text that ends within a child or within a text of it is no JSON; so if it is JSON up to a
        brace, it ends behind a child.
        """
        start = self._at + (1 if self._next() == "," else 0)
        end = len(self._text)
        for _ in range(_GUESSES):
            end = self._text.rfind("}", start, end)
            if end < 0:
                return
            try:
                batch = json.loads(f"[{self._text[start : end + 1]}]")
            except ValueError:
                continue
            self._at = end + 1
            self._rows.add(batch)
            return

    def _incomplete(self) -> None:
        """What can't be read may be cut only; but no single entry is larger than this."""
        if len(self._text) - self._at > 8 * _PIECE_BYTES:
            raise ValueError("no JSON")

    def _not_dcache(self) -> DoorBroken:
        return DoorBroken(
            "What answers at the configured address is no dCache frontend",
            hint="The REST address (api_url) must end in /api/v1.",
            code="not_dcache",
        )
