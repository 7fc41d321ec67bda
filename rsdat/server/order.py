"""The order and the filter of a folder's rows. Runs in threads, in slices that let others in."""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Callable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from rsdat.dcache.rows import UNKNOWN

if TYPE_CHECKING:
    from rsdat.dcache.rows import Rows

#: Of one sort: it holds the interpreter, and with it the event loop, until it is done.
_SLICE = 16_384
_FOLDER = 1
_SHAPE = {code: "0" if chr(code).isdigit() else "a" for code in range(128)}
_NUMBER = re.compile("[0-9]+")


def natural_key(name: str) -> str:
    """Sorts as people count: `scene 9` before `Scene 10`; equal ones by their exact spelling.

    One text and no tuple of parts: comparing 50 000 tuples would hold up the event loop from
    whatever thread.
    """
    text = folded(name)
    if not text.isascii():
        # é stands beside e, not behind z.
        letters = unicodedata.normalize("NFD", text)
        text = "".join(c for c in letters if not unicodedata.combining(c))
    return f"{_NUMBER.sub(_by_length, text)}\0{name}"


def _by_length(number: re.Match[str]) -> str:
    digits = number[0].lstrip("0")
    return f"\1{len(digits):03}{digits}"


def folded(text: str) -> str:
    """The text without the differences that a reader does not see: case, Unicode's two forms."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


def _plain_key(name: str) -> str:
    return f"{name.lower()}\0{name}"


def _have_one_shape(names: Sequence[str]) -> bool:
    """Whether digits stand at the same places in all names, as in `scene_0001.tif`.

    Then plain texts sort as numbers do, in a quarter of the time.
    """
    shape = names[0].translate(_SHAPE) if names else ""
    return all(name.isascii() and name.translate(_SHAPE) == shape for name in names)


def by_name(rows: Rows) -> array[int]:
    """The rows' numbers, folders first, then by `natural_key`."""
    key = _plain_key if _have_one_shape(rows.names) else natural_key
    keys = [
        f"{'0' if kind == _FOLDER else '1'}{key(name)}"
        for name, kind in zip(rows.names, rows.types, strict=True)
    ]
    return array("i", _sorted(range(len(keys)), keys.__getitem__))


def arrange(rows: Rows, names: Sequence[int], sort: str) -> array[int]:
    """The rows' numbers in an order of the contract: folders first, then by key, ties by name.

    Args:
        rows: The folder.
        names: Its order by name.
        sort: `name`, `size`, `modified` or `locality`; with `-` in front, reversed.
    """
    key, descending = sort.removeprefix("-"), sort.startswith("-")
    folders = [number for number in names if rows.types[number] == _FOLDER]
    others = [number for number in names if rows.types[number] != _FOLDER]
    values = _values(rows, key)
    return array("i", (n for part in (folders, others) for n in _part(part, values, descending)))


def hidden(rows: Rows) -> array[int]:
    """The rows' numbers whose names begin with a dot, ours of what is not finished among them."""
    return array("i", (number for number, name in enumerate(rows.names) if name.startswith(".")))


def visible(rows: Rows, order: Sequence[int]) -> array[int]:
    """Those of an order that are not `hidden`."""
    names = rows.names
    return array("i", (number for number in order if not names[number].startswith(".")))


def matching(rows: Rows, order: Sequence[int], wanted: str) -> array[int]:
    """Those of an order whose names hold a text, which is `folded` already."""
    names = rows.names
    return array("i", (number for number in order if wanted in folded(names[number])))


def beginning(rows: Rows, order: Sequence[int], start: str, place: int) -> int | None:
    """The place in an order, from one on and round the end, of a name that begins with a text.

    Args:
        rows: The folder.
        order: Numbers of its rows.
        start: The text, `folded` already.
        place: Where to begin; one behind the end begins at the top.
    """
    names = rows.names
    places = chain(range(place, len(order)), range(min(place, len(order))))
    return next((at for at in places if folded(names[order[at]]).startswith(start)), None)


def _values(rows: Rows, key: str) -> Callable[[int], int] | None:
    """Gives the value of a row, `UNKNOWN` where there is none; None for the order by name."""
    if key == "size":
        return rows.sizes.__getitem__
    if key == "modified":
        return rows.modified.__getitem__
    if key == "locality":
        numbers, ranks = rows.locality_ranks()
        return lambda number: ranks[numbers[number]]
    return None


def _part(part: list[int], values: Callable[[int], int] | None, descending: bool) -> list[int]:
    if descending:
        part.reverse()
    if values is None:
        return part
    # What has no value stands last in both directions: there is nothing to compare.
    unknown = [number for number in part if values(number) == UNKNOWN]
    known = [number for number in part if values(number) != UNKNOWN]
    return _sorted(known, values, reverse=descending) + unknown


def _sorted(
    numbers: Sequence[int],
    key: Callable[[int], str] | Callable[[int], int],
    *,
    reverse: bool = False,
) -> list[int]:
    """As `sorted`, in slices; the last sort only merges what is in order already."""
    merged: list[int] = []
    for start in range(0, len(numbers), _SLICE):
        merged += sorted(numbers[start : start + _SLICE], key=key, reverse=reverse)
    if len(numbers) > _SLICE:
        merged.sort(key=key, reverse=reverse)
    return merged
