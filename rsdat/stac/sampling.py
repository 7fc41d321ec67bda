"""Some of many, that stand for all."""

from __future__ import annotations

import random
from collections.abc import Sequence


def some_of(count: int, most: int | None) -> Sequence[int]:
    """Which of `count` things are looked at, in their order.

    From each of `most` equal parts one, by chance: each n-th would be the same asset of each item.
    The same numbers give the same choice.

    Args:
        count: How many there are.
        most: How many are wanted; None: all.
    """
    if most is None or count <= most:
        return range(count)
    chance = random.Random(count)  # noqa: S311 - no secret
    return [
        chance.randrange(part * count // most, (part + 1) * count // most) for part in range(most)
    ]
