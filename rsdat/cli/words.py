"""Words that commands have in common."""

from __future__ import annotations

MARKS = {"ok": "ok       ", "warning": "warning  ", "failed": "FAILED   ", "skipped": "not tried"}
