"""What a catalog names: the catalogs, items and pages below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rsdat.base.errors import RsdatError
from rsdat.stac.index.problems import Problem
from rsdat.stac.index.source import words_of


class Links:
    """What a catalog names.

    Args:
        href: Of the catalog.
        resolve: See `Source`.
        known: The same address as the table has it, so that a hundred thousand are there once.
    """

    def __init__(
        self, href: str, resolve: Callable[[str, str], str], known: Callable[[str], str]
    ) -> None:
        self.href = href
        self.catalogs: list[str] = []
        self.items: list[str] = []
        self.pages: list[str] = []
        self.problems: list[Problem] = []
        #: Whether it took any.
        self.took = False
        self._kinds = {"child": self.catalogs, "item": self.items, "items": self.pages}
        self._resolve = resolve
        self._known = known

    def take(self, link: Any) -> bool:
        """Whether a link is of those that lead to what is below the catalog."""
        kind = link.get("rel") if isinstance(link, dict) else None
        if not isinstance(kind, str) or kind not in self._kinds:
            return False
        self.took = True
        place = link.get("href")
        if not isinstance(place, str) or not place:
            self.problems.append(Problem(self.href, f"A link to a {kind} leads nowhere"))
        elif kind == "items" and "json" not in str(link.get("type", "json")):
            pass  # a mirror of the items as Parquet
        else:
            try:
                self._kinds[kind].append(self._known(self._resolve(place, self.href)))
            except (RsdatError, ValueError) as error:
                self.problems.append(Problem(self.href, words_of(error)))
        return True

    def read(self, rest: dict[str, Any]) -> Links:
        """Told what else is in the catalog."""
        if not isinstance(rest.get("links"), list):
            self.problems.append(Problem(self.href, "It has no list of links"))
        return self
