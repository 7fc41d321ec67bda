"""The features of an item collection one by one, however large the file is."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

_SPACE = re.compile(r"[ \t\n\r]*")
_decode = json.JSONDecoder().raw_decode
#: One feature, or one other value of the file, may be as large.
_MOST_LETTERS = 256 * 1024 * 1024
#: A larger catalog is parsed link by link: parsed at once it would stop all other threads, the
#: server's among them, for a tenth of a second and more.
LARGE_BYTES = 256 * 1024
_PIECE_BYTES = 64 * 1024


def _takes_none(_link: Any) -> bool:
    return False


class Document:
    """A JSON object whose array `features` passes by; the rest is kept.

    Args:
        chunks: Its bytes.
        takes: Told each of its links. What it takes is not kept: a catalog may have 100 000, and
            as Python's objects they are ten times as large as in the file.
    """

    def __init__(self, chunks: Iterable[bytes], takes: Callable[[Any], bool] = _takes_none) -> None:
        self.rest: dict[str, Any] = {}
        self._takes = takes
        self._chunks = iter(chunks)
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")("strict")
        self._text = ""
        self._at = 0
        self._ended = False

    def whole(self) -> dict[str, Any]:
        """All but its features.

        Raises:
            ValueError: It is no JSON object.
        """
        for _ in self.features():
            pass
        return self.rest

    def features(self) -> Iterator[Any]:
        """Its features; `rest` is whole afterwards.

        Raises:
            ValueError: It is no JSON object.
        """
        if self._next() != "{":
            raise ValueError("its JSON is not an object")
        self._at += 1
        while (found := self._next()) != "}":
            if found == ",":
                self._at += 1
                found = self._next()
            key = self._value()
            if not isinstance(key, str) or self._next() != ":":
                raise ValueError("it is not JSON")
            self._at += 1
            if key == "features" and self._next() == "[":
                yield from self._array()
            elif key == "links" and self._next() == "[":
                # One by one too: a catalog's links may be most of it, and while C parses, no other
                # thread of Python runs.
                self.rest[key] = [link for link in self._array() if not self._takes(link)]
            else:
                self.rest[key] = self._value()

    def _array(self) -> Iterator[Any]:
        self._at += 1
        while (found := self._next()) != "]":
            if found == ",":
                self._at += 1
            yield self._value()
        self._at += 1

    def _next(self) -> str:
        """The next letter that is no space."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                raise ValueError("it ends in its middle")

    def _value(self) -> Any:
        self._next()
        wanted = 0
        while True:
            if len(self._text) - self._at >= wanted or self._ended:
                try:
                    value, end = _decode(self._text, self._at)
                except RecursionError as error:
                    raise ValueError("it is nested too deeply") from error
                except ValueError:
                    if self._ended or wanted > _MOST_LETTERS:
                        raise
                else:
                    # A number at the end may go on in the next bytes.
                    if end < len(self._text) or self._ended:
                        self._at = end
                        return value
                # Twice as much at each try, or a large value would be looked at for ever.
                wanted = max(2 * (len(self._text) - self._at), 1)
            self._more()

    def _more(self) -> bool:
        if self._ended:
            return False
        data = next(self._chunks, None)
        self._ended = data is None
        self._text = self._text[self._at :] + self._utf8.decode(data or b"", final=data is None)
        self._at = 0
        return True


class Ahead:
    """An iterator whose first step was done, so that its failure shows at once."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._first = next(chunks, b"")

    def __iter__(self) -> Iterator[bytes]:
        yield self._first
        yield from self._chunks


def loads(data: bytes) -> Any:
    """As `json.loads`, several times as fast.

    Raises:
        ValueError: It is no JSON.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        # NaN, half letters, a byte order mark, UTF-16: what Python takes and others write.
        return json.loads(data)


def dumps(value: Any) -> bytes:
    """As `json.dumps`, several times as fast."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def parsed(data: bytes, takes: Callable[[Any], bool] = _takes_none) -> Any:
    """The JSON of a catalog, but for the links that `takes` takes; see `Document`.

    Raises:
        ValueError: It is none.
    """
    if len(data) < LARGE_BYTES:
        value = loads(data)
        if isinstance(value, dict) and isinstance(value.get("links"), list):
            value["links"] = [link for link in value["links"] if not takes(link)]
        return value
    return Document(_pieces(data), takes).whole()


def _pieces(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), _PIECE_BYTES):
        yield data[at : at + _PIECE_BYTES]
