"""Words that commands have in common."""

from __future__ import annotations

MARKS = {"ok": "ok       ", "warning": "warning  ", "failed": "FAILED   ", "skipped": "not tried"}


def sentence(words: str) -> str:
    """What a list of commands says of one, as its own help begins."""
    return f"{words[0].upper()}{words[1:]}."
