"""java.time.Duration's text: days and smaller, no weeks, months or years."""

from __future__ import annotations

import re

_DURATION = re.compile(r"P(?=.)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?\Z", re.IGNORECASE)
_FACTORS = (86400, 3600, 60, 1)


class BadDurationError(ValueError):
    """The text is no duration."""


def seconds_of(text: str) -> float:
    """Its length in seconds.

    Raises:
        BadDurationError: It has none.
    """
    found = _DURATION.match(text)
    if found is None:
        raise BadDurationError(text)
    parts = (found[1], found[3], found[4], found[5])
    return sum(
        float(part[:-1]) * factor for part, factor in zip(parts, _FACTORS, strict=True) if part
    )
