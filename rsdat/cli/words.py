"""Words that commands have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rsdat.base.found import Found

_MARKS = {"ok": "ok       ", "warning": "warning  ", "failed": "FAILED   ", "skipped": "not tried"}


def sentence(words: str) -> str:
    """What a list of commands says of one, as its own help begins."""
    return f"{words[0].upper()}{words[1:]}."


def table(found: Iterable[Found]) -> Iterator[str]:
    """Lines that tell what a doctor found: how it is, what, and below what to do about it."""
    for each in found:
        yield f"{_MARKS[each.state]} {each.name:<11} {each.message}"
        if each.hint:
            yield f"{'':<9} {'':<11} {each.hint}"
