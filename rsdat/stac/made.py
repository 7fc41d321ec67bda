"""Items made of JSON that an index or an API gave, as they are made of a catalog's files."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import pystac

from rsdat.stac.hrefs import shown
from rsdat.stac.index.links import own_href
from rsdat.stac.io import FsspecStacIO
from rsdat.stac.problems import OnProblem, Problem, problem_of
from rsdat.stac.versions import mend

_NAMED = 3


def made(
    found: Iterable[tuple[str | None, dict[str, Any]]],
    reading: FsspecStacIO | None,
    source: str,
    problems: list[Problem],
) -> list[pystac.Item]:
    """The items, mended, with the memory of what they were read with.

    Args:
        found: Address and JSON of each, with absolute hrefs; None: its own link says where it is.
            The JSON is changed.
        reading: With what they were read, and their assets are to be; None: with whatever the
            catalog is that they are put into.
        source: Where they were found.
        problems: Gets those of which no item can be made.
    """
    items: list[pystac.Item] = []
    making = reading or FsspecStacIO()
    for href, value in found:
        try:
            mend(value)
            if not value["id"]:
                raise ValueError("it has no id")
            item = making.stac_object_from_dict(value, href, preserve_dict=False)
            if not isinstance(item, pystac.Item):
                raise TypeError("it is no item")
        except Exception as error:  # noqa: BLE001 - PySTAC lets anything through
            name = href or own_href(value) or f"the item '{value['id']}' of {shown(source)}"
            problems.append(problem_of(error, name, source)[0])
            continue
        item._stac_io = reading  # noqa: SLF001 - where PySTAC keeps it
        items.append(item)
    return items


def tell(
    problems: Sequence[Problem], on_problem: OnProblem, source: str, *, stacklevel: int = 3
) -> None:
    """Tell what is left out: who asked for it, else in a warning, so that it is never silent."""
    if on_problem is not None:
        for problem in problems:
            on_problem(problem)
    elif problems:
        words = "; ".join(each.message for each in problems[:_NAMED])
        more = f"; and {len(problems) - _NAMED} more" if len(problems) > _NAMED else ""
        warnings.warn(
            f"Not all of {shown(source)} could be read, and what could not is left out: "
            f"{words}{more}. on_problem=problems.append gives them as a list.",
            stacklevel=stacklevel,
        )
