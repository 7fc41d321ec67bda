"""Finds a text in the logs of a cluster, within bounds of time and bytes."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.logs import list_logs, open_log

MAX_S = 5.0
MAX_BYTES = 2 * 2**30
#: Small, because nothing else of Python runs while one is looked through.
_CHUNK_BYTES = 256 * 1024
#: Of a line is shown so much before and from the match on.
_BEFORE_BYTES = 120
_SHOWN_BYTES = 480


@dataclass(frozen=True)
class Match:
    """The first place of a text in a line.

    Attributes:
        line: Counted from 1.
        offset: The byte of the log at which it stands.
        text: The line; of a long one the part around the place.
    """

    source: str
    line: int
    offset: int
    text: str


@dataclass(frozen=True)
class Found:
    """Matches in the order of the logs. `more`: a bound was reached, there may be others."""

    matches: tuple[Match, ...]
    more: bool


@dataclass
class _Budget:
    until_s: float
    bytes_left: int

    @property
    def spent(self) -> bool:
        return self.bytes_left <= 0 or time.monotonic() > self.until_s


class _Needle:
    """What is looked for, in UTF-8 bytes. `longest`: bytes that a match has at most."""

    def __init__(self, text: str, *, match_case: bool) -> None:
        self._lower = not match_case and text.isascii()
        self._bytes = (text.lower() if self._lower else text).encode()
        self._pattern: re.Pattern[bytes] | None = None
        self.longest = len(self._bytes)
        #: Bytes that stand in every match, in small letters: quick to look for first.
        self._literal = b""
        self._may_match = True
        if not match_case and not self._lower:
            # Bytes know the case of a to z only: each character in all its forms.
            forms = [[form.encode() for form in {c, c.lower(), c.upper()}] for c in text]
            self._literal = max(re.split(r"[^\x00-\x7f]+", text), key=len).lower().encode()
            self.longest = sum(max(map(len, each)) for each in forms)
            self._pattern = re.compile(
                b"".join(b"(?:" + b"|".join(map(re.escape, each)) + b")" for each in forms)
            )

    def prepare(self, chunk: bytes) -> bytes:
        """The bytes in which `find` looks; places in them are the same."""
        if self._lower:
            return chunk.lower()
        self._may_match = not self._literal or self._literal in chunk.lower()
        return chunk

    def find(self, prepared: bytes, start: int) -> int:
        """Where the next match begins; -1 for none."""
        if self._pattern is None:
            return prepared.find(self._bytes, start)
        match = self._pattern.search(prepared, start) if self._may_match else None
        return match.start() if match else -1


def search_logs(
    folder: ClusterFolder,
    text: str,
    *,
    source: str | None = None,
    limit: int = 200,
    match_case: bool = False,
) -> Found:
    """Lines that hold `text`, at most `limit`; reads at most 2 GiB and takes about 5 s. Blocks.

    Args:
        folder: The cluster's.
        text: As it stands there; no pattern.
        source: Only in this log.
        limit: Most matches to give.
        match_case: Whether capitals and small letters differ.

    Raises:
        InvalidInput: The text is empty or has line breaks.
        NotFound: There is no such log.
    """
    try:
        needle = _Needle(text, match_case=match_case)
    except UnicodeEncodeError as error:
        raise InvalidInput("The text has halves of characters (lone surrogates)") from error
    if not text or "\n" in text:
        raise InvalidInput("Search for a part of one line")
    budget = _Budget(time.monotonic() + MAX_S, MAX_BYTES)
    matches: list[Match] = []
    sources = [log.source for log in list_logs(folder)] if source is None else [source]
    for each in sources:
        try:
            log = open_log(folder, each)
        except NotFound:
            if source is not None:
                raise
            continue  # gone since it was listed
        with log:
            for line, start, offset in _scan(log, needle, budget):
                if len(matches) == limit:
                    return Found(tuple(matches), more=True)
                matches.append(Match(each, line, offset, _shown(log, start, offset)))
        if budget.spent:
            return Found(tuple(matches), more=True)
    return Found(tuple(matches), more=False)


def _scan(log: BinaryIO, needle: _Needle, budget: _Budget) -> Iterator[tuple[int, int, int]]:
    """Line number, its first byte and the match's, of each line that holds one."""
    line, line_start = 1, 0
    counted = 0  # line ends before this byte are in `line`
    search_from = 0  # one match a line: the next is looked for from here on
    skipping = False  # the rest of a line that has been told already
    base, kept = 0, b""
    while not budget.spent:
        chunk = log.read(_CHUNK_BYTES)
        if not chunk:
            return
        budget.bytes_left -= len(chunk)
        buffer = kept + chunk
        prepared = needle.prepare(buffer)
        while True:
            if skipping:
                end = buffer.find(b"\n", max(search_from - base, 0))
                if end < 0:
                    search_from = base + len(buffer)
                    break
                search_from, skipping = base + end + 1, False
            at = needle.find(prepared, max(search_from - base, 0))
            if at < 0:
                break
            line += buffer.count(b"\n", counted - base, at)
            last = buffer.rfind(b"\n", counted - base, at)
            line_start = base + last + 1 if last >= 0 else line_start
            counted = search_from = base + at
            skipping = True
            yield line, line_start, base + at
        line += buffer.count(b"\n", counted - base)
        last = buffer.rfind(b"\n", counted - base)
        line_start = base + last + 1 if last >= 0 else line_start
        counted = base + len(buffer)
        # A match may lie across two chunks.
        cut = max(len(buffer) - needle.longest + 1, 0)
        base, kept = base + cut, buffer[cut:]


def _shown(log: BinaryIO, line_start: int, offset: int) -> str:
    start = max(line_start, offset - _BEFORE_BYTES)
    part = os.pread(log.fileno(), _SHOWN_BYTES, start)
    whole, end, _ = part.partition(b"\n")
    while start > line_start and whole and 0x80 <= whole[0] < 0xC0:
        whole = whole[1:]  # the rest of a character
    text = whole.decode(errors="ignore").rstrip("\r")
    cut = not end and len(part) == _SHOWN_BYTES
    return ("…" if start > line_start else "") + text + ("…" if cut else "")
