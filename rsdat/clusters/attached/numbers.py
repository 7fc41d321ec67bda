"""Numbers from those who need not tell the truth."""

from __future__ import annotations

import math
from typing import Any

_MOST = 2.0**62


def number(value: Any) -> float:
    """A finite number, at least 0; 0 for whatever is none."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return 0.0
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0.0
    if not 0 < value < _MOST or not math.isfinite(value):
        return 0.0
    return float(value)
