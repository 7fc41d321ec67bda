"""What one look of a doctor found, as `rsdat doctor` and dCache's doctor tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True)
class Found:
    """What one look found, and what to do about it."""

    name: str
    state: State
    message: str
    hint: str | None = None
