"""The Range header, read as a pool reads it and as a proxying door does (which is wrong)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPEC = re.compile(r"\s*(\d*)\s*-\s*(\d*)\s*\Z")


class BadRangeError(ValueError):
    """The header is malformed, or no range of it can be had."""


@dataclass(frozen=True)
class Range:
    """Bytes `first` to `last` of a file; empty if `last` is before `first`."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """In bytes."""
        return max(0, self.last - self.first + 1)

    def content_range(self, size: int) -> str:
        """The value of Content-Range."""
        return f"bytes {self.first}-{self.last}/{size}"


def _specs(header: str) -> list[tuple[str, str]]:
    unit, _, rest = header.partition("=")
    found = []
    for item in rest.split(","):
        match = _SPEC.match(item)
        if unit.strip() != "bytes" or not match or not (match[1] or match[2]):
            raise BadRangeError(header)
        found.append((match[1], match[2]))
    return found


def read_by_pool(header: str, size: int) -> list[Range]:
    """The ranges that can be had.

    Raises:
        BadRangeError: None can: malformed, or all begin beyond the end.
    """
    ranges = []
    for first, last in _specs(header):
        if not first:
            wanted = Range(max(0, size - int(last)), size - 1)
        else:
            wanted = Range(int(first), min(int(last or size - 1), size - 1))
        if wanted.length:
            ranges.append(wanted)
    if not ranges:
        raise BadRangeError(header)
    return ranges


def read_by_door(header: str, size: int) -> list[Range]:
    """The ranges as the proxying door takes them.

    A suffix range is read as one from the start, and one beyond the end gives an empty range.

    Raises:
        BadRangeError: Malformed.
    """
    return [
        Range(int(first or 0), min(int(last or size - 1), size - 1))
        for first, last in _specs(header)
    ]
