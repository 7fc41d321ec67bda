"""Which properties and assets items have, of which kinds: seen while they are parsed anyway."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from rsdat.stac.index.row import clean


class Facts(NamedTuple):
    """Of one item.

    Attributes:
        properties: Names and kinds, as `kind_of` tells them.
        assets: Keys.
    """

    properties: tuple[tuple[str, str], ...]
    assets: tuple[str, ...]


def facts_of(item: Mapping[str, Any]) -> Facts:
    """What an item has; names that UTF-8 can't hold are left out."""
    properties, assets = item.get("properties"), item.get("assets")
    return Facts(
        tuple((name, kind_of(value)) for name, value in properties.items() if clean(name) == name)
        if isinstance(properties, dict)
        else (),
        tuple(key for key in assets if clean(key) == key) if isinstance(assets, dict) else (),
    )


def kind_of(value: Any) -> str:
    """`null`, `bool`, `int` (of 64 bits), `float`, `text`, `texts`, `numbers` or `other`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if -(2**63) <= value < 2**63 else "other"
    if isinstance(value, float):
        return "float"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list) and value:
        if all(isinstance(each, str) for each in value):
            return "texts"
        if {kind_of(each) for each in value} <= {"int", "float"}:
            return "numbers"
    return "other"


class Shape:
    """Of all items that were ever seen; those that are gone only add columns without values."""

    def __init__(self) -> None:
        self._seen: Counter[Facts] = Counter()
        self._kinds: dict[str, set[str]] = {}
        self._counts: Counter[str] = Counter()
        self._keys: Counter[str] = Counter()

    def add(self, facts: Facts) -> None:
        """One more item."""
        self._seen[facts] += 1  # most items have the same: the rest is done once for all of them

    def _sum_up(self) -> None:
        for facts, count in self._seen.items():
            for name, kind in facts.properties:
                self._counts[name] += count
                self._kinds.setdefault(name, set()).add(kind)
            for key in facts.assets:
                self._keys[key] += count
        self._seen.clear()

    def properties(self, most: int) -> dict[str, frozenset[str]]:
        """Names and kinds but `null`, the most frequent ones, those first."""
        self._sum_up()
        return {
            name: frozenset(self._kinds[name] - {"null"})
            for name, _ in self._counts.most_common(most)
        }

    def assets(self, most: int) -> list[str]:
        """Keys, the most frequent ones, those first."""
        self._sum_up()
        return [key for key, _ in self._keys.most_common(most)]

    def as_dict(self) -> dict[str, Any]:
        """As JSON keeps it."""
        self._sum_up()
        return {
            "properties": {
                name: [count, *sorted(self._kinds[name])] for name, count in self._counts.items()
            },
            "assets": dict(self._keys),
        }

    def load(self, told: Mapping[str, Any]) -> None:
        """Add what was kept.

        Raises:
            ValueError, KeyError, TypeError: It is damaged.
        """
        for name, (count, *kinds) in told["properties"].items():
            self._counts[name] += int(count)
            self._kinds.setdefault(name, set()).update(map(str, kinds))
        for key, count in told["assets"].items():
            self._keys[key] += int(count)
